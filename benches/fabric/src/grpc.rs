//! The same service by gRPC: `tonic`, with messages of `prost`. What `tonic-build` would generate is written here.

use std::convert::Infallible;
use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::tokio_stream::{self, Stream};
use tonic::codegen::{BoxFuture, Context, Poll, Service, http};
use tonic::server::{NamedService, ServerStreamingService, UnaryService};
use tonic::transport::{Channel, Server};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use crate::table::Subject;
use crate::{IN_FLIGHT, port};

#[derive(Clone, PartialEq, prost::Message)]
struct Number {
    #[prost(int64, tag = "1")]
    value: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Blob {
    #[prost(bytes = "vec", tag = "1")]
    value: Vec<u8>,
}

const ECHO: &str = "/bench.Bench/Echo";
const LARGE: &str = "/bench.Bench/Large";
const FLOOD: &str = "/bench.Bench/Flood";

#[derive(Clone)]
struct Bench;

struct Echo;
struct Flood;

impl UnaryService<Number> for Echo {
    type Response = Number;
    type Future = BoxFuture<Response<Number>, Status>;

    fn call(&mut self, request: Request<Number>) -> Self::Future {
        Box::pin(async move { Ok(Response::new(request.into_inner())) })
    }
}

impl UnaryService<Blob> for Echo {
    type Response = Blob;
    type Future = BoxFuture<Response<Blob>, Status>;

    fn call(&mut self, request: Request<Blob>) -> Self::Future {
        Box::pin(async move { Ok(Response::new(request.into_inner())) })
    }
}

impl ServerStreamingService<Number> for Flood {
    type Response = Number;
    type ResponseStream = Pin<Box<dyn Stream<Item = Result<Number, Status>> + Send>>;
    type Future = BoxFuture<Response<Self::ResponseStream>, Status>;

    fn call(&mut self, request: Request<Number>) -> Self::Future {
        let count = request.into_inner().value;
        let numbers = tokio_stream::iter((0..count).map(|value| Ok(Number { value })));
        Box::pin(async move { Ok(Response::new(Box::pin(numbers) as Self::ResponseStream)) })
    }
}

impl NamedService for Bench {
    const NAME: &'static str = "bench.Bench";
}

impl Service<http::Request<Body>> for Bench {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            Ok(match request.uri().path() {
                LARGE => {
                    tonic::server::Grpc::new(ProstCodec::<Blob, Blob>::default()).unary(Echo, request).await
                }
                FLOOD => {
                    let codec = ProstCodec::<Number, Number>::default();
                    tonic::server::Grpc::new(codec).server_streaming(Flood, request).await
                }
                _ => {
                    let codec = ProstCodec::<Number, Number>::default();
                    tonic::server::Grpc::new(codec).unary(Echo, request).await
                }
            })
        })
    }
}

/// Starts the server. It answers until the program ends.
pub fn provide(address: &str) {
    let at = format!("{address}:{}", port::GRPC).parse().expect("an address");
    std::thread::spawn(move || {
        let runtime = Runtime::new().expect("threads");
        runtime.block_on(Server::builder().add_service(Bench).serve(at)).expect("a server");
    });
}

pub struct Client {
    runtime: Runtime,
    channel: Channel,
}

pub fn connect(address: &str) -> Client {
    let runtime = Runtime::new().expect("threads");
    let endpoint = Channel::from_shared(format!("http://{address}:{}", port::GRPC)).expect("a URI");
    let channel = runtime.block_on(endpoint.connect()).expect("a server");
    Client { runtime, channel }
}

async fn call<M: prost::Message + Default + Send + Sync + 'static>(
    grpc: &mut Grpc<Channel>,
    path: &'static str,
    message: M,
) -> M {
    grpc.ready().await.expect("a connection");
    let path = PathAndQuery::from_static(path);
    let answer = grpc.unary(Request::new(message), path, ProstCodec::<M, M>::default()).await;
    answer.expect("an answer").into_inner()
}

impl Client {
    fn times<M>(&self, path: &'static str, message: &M, count: usize) -> Vec<Duration>
    where
        M: prost::Message + Default + Clone + PartialEq + Send + Sync + 'static,
    {
        let mut grpc = Grpc::new(self.channel.clone());
        self.runtime.block_on(async {
            let mut times = Vec::with_capacity(count);
            for _ in 0..count {
                let message = message.clone();
                let begin = Instant::now();
                call(&mut grpc, path, message).await;
                times.push(begin.elapsed());
            }
            times
        })
    }
}

impl Subject for Client {
    fn name(&self) -> &'static str {
        "tonic"
    }

    fn calls(&self, count: usize) -> Vec<Duration> {
        self.times(ECHO, &Number { value: 7 }, count)
    }

    fn concurrent(&self, count: usize) -> Duration {
        let begin = Instant::now();
        self.runtime.block_on(async {
            let tasks = (0..IN_FLIGHT).map(|_| {
                let mut grpc = Grpc::new(self.channel.clone());
                tokio::spawn(async move {
                    for value in 0..(count / IN_FLIGHT) as i64 {
                        call(&mut grpc, ECHO, Number { value }).await;
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
        self.times(LARGE, &Blob { value: vec![7; size] }, count)
    }

    fn notifications(&self, count: usize) -> Duration {
        let mut grpc = Grpc::new(self.channel.clone());
        let begin = Instant::now();
        self.runtime.block_on(async {
            grpc.ready().await.expect("a connection");
            let (path, codec) = (PathAndQuery::from_static(FLOOD), ProstCodec::<Number, Number>::default());
            let asked = Request::new(Number { value: count as i64 });
            let mut numbers = grpc.server_streaming(asked, path, codec).await.expect("a stream").into_inner();
            for _ in 0..count {
                numbers.message().await.expect("a notification").expect("a notification");
            }
        });
        begin.elapsed()
    }

    fn discovery(&self) -> Option<Duration> {
        None
    }
}
