//! Toit and Rust in one system: each is a client of the other.
#![cfg(feature = "toit")]
#![allow(missing_docs, reason = "the traits are for this test alone")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lucarne::prelude::*;
use lucarne::{CapturedOutput, RunningProgram, Stream};

#[lucarne::service(uuid = "dd9e5fd1-a5e9-464e-b2ef-92bf15ea02ca", version = "0.1")]
pub trait Counter {
    type Cell: Cell;
    #[index(1)]
    async fn add(&self, left: i64, right: i64) -> Result<i64, CounterError>;
    #[index(2)]
    async fn make(&self, start: i64) -> Resource<Self::Cell>;
    #[index(4)]
    async fn describe(&self) -> std::collections::BTreeMap<String, Value>;
    #[index(5)]
    async fn forever(&self);
}

#[lucarne::resource(notifies = i64)]
pub trait Cell {
    #[index(3)]
    async fn bump(&self) -> i64;
}

#[derive(Debug, PartialEq, lucarne::Fault)]
pub enum CounterError {
    OutOfRange,
}

const PROVIDER: &str = r#"
import system.services show ServiceProvider ServiceHandler ServiceResource ServiceSelector

SELECTOR ::= ServiceSelector --uuid="dd9e5fd1-a5e9-464e-b2ef-92bf15ea02ca" --major=0 --minor=1

class Provider extends ServiceProvider implements ServiceHandler:
  constructor:
    super "toit/counter" --major=3 --minor=1 --tags=["toit"]
    provides SELECTOR --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == 1:
      sum := arguments[0] + arguments[1]
      if sum > 1000: throw "OUT_OF_RANGE"
      return sum
    if index == 2: return Cell arguments this client
    if index == 3: return ((resource client arguments) as Cell).bump
    if index == 4: return {"kind": "counter", "sizes": [1, 2.5, null], "bytes": #[1, 2]}
    if index == 5:
      try:
        sleep --ms=3_600_000
      finally:
        print "canceled"
    throw "no such thing"

class Cell extends ServiceResource:
  value_ := ?
  constructor .value_ provider/ServiceProvider client/int:
    super provider client --notifiable

  bump -> int:
    value_++
    notify_ value_
    return value_

  on-closed -> none:
    print "closed $value_"

main:
  (Provider).install
"#;

const CLIENT: &str = r#"
import monitor
import system.services show ServiceClient ServiceSelector ServiceResourceProxy

SELECTOR ::= ServiceSelector --uuid="dd9e5fd1-a5e9-464e-b2ef-92bf15ea02ca" --major=0 --minor=1

class Client extends ServiceClient:
  constructor:
    super SELECTOR

class Cell extends ServiceResourceProxy:
  heard/monitor.Channel ::= monitor.Channel 8
  constructor client/ServiceClient handle/int:
    super client handle
  on-notified_ value/any -> none:
    heard.send value

main:
  client := Client
  client.open --timeout=(Duration --s=10) --if-absent=: throw "absent"
  print client
  print (client.invoke_ 1 [30, 12])
  print (catch: client.invoke_ 1 [1000, 1])
  print (catch: client.invoke_ 77 null)
  print (client.invoke_ 4 null)
  cell := Cell client (client.invoke_ 2 7)
  2.repeat: print (client.invoke_ 3 cell.handle_)
  2.repeat: print "heard $cell.heard.receive"
  cell.close
  print (catch: client.invoke_ 3 -1)
  print (catch: with-timeout --ms=20: client.invoke_ 5 null)
  client.close
"#;

fn run(system: &System, name: &str, source: &str) -> RunningProgram {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{name}.toit"));
    std::fs::write(&file, source).unwrap();
    system.run(&file, &[]).unwrap_or_else(|error| panic!("{error}"))
}

fn captured() -> (System, Arc<CapturedOutput>) {
    let output = Arc::new(CapturedOutput::default());
    (System::with_output(output.clone()), output)
}

fn until(done: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("the condition does not hold after 10 seconds");
}

struct Rusty;
struct RustyCell(std::sync::atomic::AtomicI64, Notifier<i64>);

impl Counter for Rusty {
    type Cell = RustyCell;

    async fn add(&self, left: i64, right: i64) -> Result<i64, CounterError> {
        let sum = left + right;
        if sum > 1_000 { Err(CounterError::OutOfRange) } else { Ok(sum) }
    }

    async fn make(&self, start: i64) -> Resource<RustyCell> {
        RustyCell::resource(|notifier| RustyCell(start.into(), notifier))
    }

    async fn describe(&self) -> std::collections::BTreeMap<String, Value> {
        [
            ("kind".to_owned(), "rusty".into()),
            ("sizes".to_owned(), vec![1.into(), 2.5.into(), Value::Null].into()),
        ]
        .into()
    }

    async fn forever(&self) {
        std::future::pending().await
    }
}

impl Cell for RustyCell {
    async fn bump(&self) -> i64 {
        let value = 1 + self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let _ = self.1.send(value).await;
        value
    }
}

#[test]
fn a_rust_client_uses_a_toit_provider() {
    let (system, output) = captured();
    let program = run(&system, "provider", PROVIDER);
    let guest = system.container("guest");
    let counter = CounterClient::open(&guest).within(Duration::from_secs(10)).wait().unwrap();
    let service = counter.client().service();
    assert_eq!(
        (service.name.as_str(), service.major, service.tags.as_slice()),
        ("toit/counter", 3, &["toit".to_owned()][..])
    );
    assert_eq!(counter.add(30, 12).wait(), Ok(42));
    assert_eq!(counter.add(1_000, 1).wait(), Err(CallError::Provider(CounterError::OutOfRange)));
    let description = counter.describe().wait().unwrap();
    assert_eq!(description["sizes"], vec![1.into(), 2.5.into(), Value::Null].into());
    assert_eq!(description["bytes"], Bytes::from_static(&[1, 2]).into());

    let cell = counter.make(7).wait().unwrap();
    let mut heard = cell.notifications();
    assert_eq!(cell.bump().wait(), Ok(8));
    assert_eq!(cell.bump().wait(), Ok(9));
    assert_eq!((heard.next().wait(), heard.next().wait()), (Some(Ok(8)), Some(Ok(9))));
    cell.close().wait().unwrap();
    assert_eq!(output.text(Stream::Out), "closed 9\n");

    let late = counter.forever().within(Duration::from_millis(20)).wait();
    assert_eq!(late, Err(CallError::Deadline));
    until(|| output.text(Stream::Out).ends_with("canceled\n"));
    let Err(CallError::Thrown(thrown)) = counter.client().invoke(77, Value::Null).wait() else { panic!() };
    assert_eq!(thrown.text(), "no such thing");

    let other = counter.make(1).wait().unwrap();
    let mut broken = other.notifications();
    program.stop(0);
    assert_eq!(broken.next().wait(), Some(Err(Broken::Gone)));
    assert_eq!(counter.add(1, 1).wait(), Err(CallError::Gone));
}

#[test]
fn a_toit_client_uses_a_rust_provider() {
    let (system, output) = captured();
    let program = run(&system, "client", CLIENT);
    let house = system.container("house");
    house.provider("rust/counter", "2.5.1").handle(CounterHandler::new(Rusty)).install().wait().unwrap();
    assert_eq!(program.wait(), 0, "{}", output.text(Stream::Error));
    let expected = "service:rust/counter@2.5.1\n42\nOUT_OF_RANGE\nno method 77 in service:rust/counter\n\
        {kind: rusty, sizes: [1, 2.5, null]}\n8\n9\nheard 8\nheard 9\nNO_SUCH_RESOURCE\nDEADLINE_EXCEEDED\n";
    assert_eq!(output.text(Stream::Out), expected);
}
