//! Zenoh by itself: queries, and, as a second reference, samples there and back. A flow of the fabric consists of
//! samples, too.

use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use zenoh::Wait;
use zenoh::bytes::ZBytes;
use zenoh::handlers::FifoChannelHandler;
use zenoh::qos::CongestionControl;
use zenoh::query::{ConsolidationMode, Querier, Query};
use zenoh::sample::Sample;
use zenoh::session::Session;

use crate::table::Subject;
use crate::{IN_FLIGHT, port};

const ECHO: &str = "bench/echo";
const FLOOD: &str = "bench/flood";
const APPEAR: &str = "bench/appear";
const NOTES: &str = "bench/notes";
const THERE: &str = "bench/there";
const BACK: &str = "bench/back";

/// Answers queries, until the result is dropped.
pub fn provide(address: &str) -> Session {
    let session = open("listen", address);
    let answer = |query: &Query, payload: ZBytes| {
        let _ = query.reply(query.key_expr(), payload).express(true).wait();
    };
    let echo = session.declare_queryable(ECHO).callback(move |query| {
        let payload = query.payload().cloned().unwrap_or_default();
        answer(&query, payload);
    });
    echo.background().wait().expect("a queryable");

    let notes = session.declare_publisher(NOTES).congestion_control(CongestionControl::Block);
    let notes = notes.wait().expect("a publisher");
    let flood = session.declare_queryable(FLOOD).callback(move |query| {
        let count = query.payload().map_or(0, number);
        for number in 0..count {
            let _ = notes.put(number.to_le_bytes().to_vec()).wait();
        }
        answer(&query, ZBytes::default());
    });
    flood.background().wait().expect("a queryable");

    let (declaring, tokens) = (session.clone(), std::sync::Mutex::new(Vec::new()));
    let appear = session.declare_queryable(APPEAR).callback(move |query| {
        let number = query.payload().map_or(0, number);
        let token = declaring.liveliness().declare_token(format!("bench/token/{number}"));
        tokens.lock().expect("no panic").push(token.wait().expect("a token"));
        answer(&query, ZBytes::default());
    });
    appear.background().wait().expect("a queryable");

    let back = session.clone();
    let there = session.declare_subscriber(THERE).callback(move |sample| {
        let put = back.put(BACK, sample.payload().clone());
        let _ = put.congestion_control(CongestionControl::Block).express(true).wait();
    });
    there.background().wait().expect("a subscriber");
    session
}

fn number(bytes: &ZBytes) -> i64 {
    bytes.to_bytes()[..].try_into().map_or(0, i64::from_le_bytes)
}

/// Opens a session with the settings of the fabric.
fn open(side: &str, address: &str) -> Session {
    let mut config = zenoh::Config::default();
    for (key, value) in [
        ("scouting/multicast/enabled", "false".to_owned()),
        ("listen/endpoints", "['tcp/127.0.0.1:0']".to_owned()),
        (&format!("{side}/endpoints"), format!("['tcp/{address}:{}']", port::QUERY)),
    ] {
        config.insert_json5(key, &value).expect("a setting of Zenoh");
    }
    zenoh::open(config).wait().expect("a session")
}

/// A client by queries, or by samples there and back.
pub struct Client {
    runtime: Runtime,
    session: Session,
    querier: Querier<'static>,
    by_samples: bool,
}

pub fn connect(address: &str, by_samples: bool) -> Client {
    let session = open("connect", address);
    let querier = session.declare_querier(ECHO).consolidation(ConsolidationMode::None).express(true);
    let querier = querier.wait().expect("a querier");
    let runtime = Runtime::new().expect("threads");
    // The session learns of the other side a little later.
    while runtime.block_on(echo(&querier, vec![0; 8])).is_none() {
        std::thread::sleep(Duration::from_millis(100));
    }
    Client { runtime, session, querier, by_samples }
}

async fn echo(querier: &Querier<'static>, bytes: Vec<u8>) -> Option<usize> {
    let replies = querier.get().payload(bytes).await.ok()?;
    let reply = replies.recv_async().await.ok()?;
    reply.into_result().ok().map(|sample| sample.payload().to_bytes().len())
}

impl Client {
    fn ask(&self, key: &str, number: i64) {
        let get =
            self.session.get(key).payload(number.to_le_bytes().to_vec()).timeout(Duration::from_secs(60));
        let replies = get.consolidation(ConsolidationMode::None).express(true).wait().expect("a query");
        replies.recv().expect("an answer").into_result().expect("an answer");
    }

    fn subscribe(&self, key: &str) -> zenoh::pubsub::Subscriber<FifoChannelHandler<Sample>> {
        let all = zenoh::handlers::FifoChannel::new(100_000);
        self.session.declare_subscriber(key.to_owned()).with(all).wait().expect("a subscriber")
    }

    fn echoes(&self, bytes: Vec<u8>, count: usize) -> Vec<Duration> {
        if self.by_samples {
            return self.samples(&bytes, count);
        }
        self.runtime.block_on(async {
            let mut times = Vec::with_capacity(count);
            for _ in 0..count {
                let begin = Instant::now();
                assert_eq!(echo(&self.querier, bytes.clone()).await, Some(bytes.len()));
                times.push(begin.elapsed());
            }
            times
        })
    }

    fn samples(&self, bytes: &[u8], count: usize) -> Vec<Duration> {
        let back = self.subscribe(BACK);
        // The other side learns of the subscription a little later.
        std::thread::sleep(Duration::from_millis(200));
        self.runtime.block_on(async {
            let mut times = Vec::with_capacity(count);
            for _ in 0..count {
                let begin = Instant::now();
                let put = self.session.put(THERE, bytes.to_vec());
                put.congestion_control(CongestionControl::Block).express(true).await.expect("a sample");
                back.recv_async().await.expect("the sample comes back");
                times.push(begin.elapsed());
            }
            times
        })
    }
}

impl Subject for Client {
    fn name(&self) -> &'static str {
        if self.by_samples { "Zenoh, samples" } else { "Zenoh, query" }
    }

    fn calls(&self, count: usize) -> Vec<Duration> {
        self.echoes(vec![7; 8], count)
    }

    fn concurrent(&self, count: usize) -> Duration {
        if self.by_samples {
            return self.concurrent_samples(count);
        }
        let begin = Instant::now();
        self.runtime.block_on(async {
            let tasks = (0..IN_FLIGHT).map(|_| {
                let querier = self.querier.key_expr().clone();
                let session = self.session.clone();
                tokio::spawn(async move {
                    for _ in 0..count / IN_FLIGHT {
                        let get = session.get(&querier).payload(vec![7; 8]);
                        let replies = get.consolidation(ConsolidationMode::None).await.expect("a query");
                        replies.recv_async().await.expect("an answer");
                    }
                })
            });
            for task in tasks.collect::<Vec<_>>() {
                task.await.expect("no panic");
            }
        });
        begin.elapsed()
    }

    fn large(&self, size: usize, count: usize) -> Vec<Duration> {
        self.echoes(vec![7; size], count)
    }

    fn notifications(&self, count: usize) -> Duration {
        let notes = self.subscribe(NOTES);
        std::thread::sleep(Duration::from_millis(200));
        let begin = Instant::now();
        let replies = self.session.get(FLOOD).payload((count as i64).to_le_bytes().to_vec());
        let _replies = replies.timeout(Duration::from_secs(60)).wait().expect("a query");
        self.runtime.block_on(async {
            for _ in 0..count {
                notes.recv_async().await.expect("a notification");
            }
        });
        begin.elapsed()
    }

    fn discovery(&self) -> Option<Duration> {
        let number = uuid::Uuid::new_v4().as_u128() as i64;
        let key = format!("bench/token/{number}");
        let tokens = self.session.liveliness().declare_subscriber("bench/token/**").history(true);
        let tokens = tokens.with(zenoh::handlers::FifoChannel::new(100_000)).wait().expect("a subscriber");
        std::thread::sleep(Duration::from_millis(50));
        let begin = Instant::now();
        self.ask(APPEAR, number);
        while tokens.recv().expect("the token").key_expr().as_str() != key {}
        Some(begin.elapsed())
    }
}

impl Client {
    fn concurrent_samples(&self, count: usize) -> Duration {
        let back = self.subscribe(BACK);
        std::thread::sleep(Duration::from_millis(200));
        let put = || async {
            let put = self.session.put(THERE, vec![7; 8]);
            put.congestion_control(CongestionControl::Block).await.expect("a sample");
        };
        let begin = Instant::now();
        self.runtime.block_on(async {
            for _ in 0..IN_FLIGHT {
                put().await;
            }
            for number in 0..count {
                back.recv_async().await.expect("a sample comes back");
                if number + IN_FLIGHT < count {
                    put().await;
                }
            }
        });
        begin.elapsed()
    }
}
