//! A provider that does not answer an open or a close: its clients get an error in time, and what it gives late is taken
//! back. In virtual time.
#![cfg(feature = "toit")]

mod common;

use std::sync::{Arc, Mutex};

use common::compile;
use lucarne::prelude::*;
use lucarne::{CapturedOutput, Container, Stream};
use lucarne_kernel::Faults;
use lucarne_toit::Grants;

const STEPS_MAX: u64 = 1_000_000;

const SLUG: Selector = Selector::new(uuid!("6d6c0b0d-8a34-4f0e-9e0a-2b8f8a0e3c11"), 1, 0);

/// The first client is opened at once. Opening another one takes an hour, and so does closing the last one.
const PROVIDER: &str = r#"
import system.services show ServiceHandler ServiceProvider ServiceSelector

class Provider extends ServiceProvider implements ServiceHandler:
  opened := 0
  constructor:
    super "test/slug" --major=1 --minor=0
    provides (ServiceSelector --uuid="6d6c0b0d-8a34-4f0e-9e0a-2b8f8a0e3c11" --major=1 --minor=0) --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    sleep --ms=3_600_000
    return "answered"

  on-opened client/int -> none:
    opened++
    number := opened
    if number == 1: return
    // The client gives up, and so this ends early.
    catch --unwind=(: it == "CANCELED"): sleep --ms=3_600_000

  on-closed client/int -> none:
    if clients_.is-empty: sleep --ms=3_600_000
    print "closed"

main:
  (Provider).install
"#;

const CLIENT: &str = r#"
import system.services show ServiceClient ServiceSelector

class Client extends ServiceClient:
  constructor:
    super (ServiceSelector --uuid="6d6c0b0d-8a34-4f0e-9e0a-2b8f8a0e3c11" --major=1 --minor=0)

main:
  first := (Client).open as Client
  begin := Time.monotonic-us
  print (catch: (Client).open)
  print "after $((Time.monotonic-us - begin) / 1_000_000) s"
  begin = Time.monotonic-us
  print (catch: with-timeout --ms=3_000: (Client).open)
  print "after $((Time.monotonic-us - begin) / 1_000_000) s"
  print (first.invoke_ 0 null)
  begin = Time.monotonic-us
  print (catch: first.close)
  print "after $((Time.monotonic-us - begin) / 1_000_000) s"
"#;

const NO_ANSWER: &str =
    "NO_ANSWER: the other side has not answered within 20 seconds: it is frozen, blocked or overloaded";

#[test]
fn opens_and_closes_end_in_time_and_calls_do_not() {
    let output = Arc::new(CapturedOutput::default());
    let builder = System::builder().output(output.clone()).without_services();
    let mut system = builder.simulate(3, Faults::default());
    let kernel = system.kernel().clone();
    let start = |name, source| {
        let grants = Grants::new(output.clone(), system.presence());
        lucarne_toit::start(&kernel, compile(name, source), grants)
    };
    let _provider = start("slug-provider", PROVIDER);
    let client = start("slug-client", CLIENT);
    assert!(system.simulation.run_until(STEPS_MAX, || client.code().is_some()), "the client hangs");
    let expected =
        [NO_ANSWER, "after 20 s", "DEADLINE_EXCEEDED", "after 3 s", "answered", NO_ANSWER, "after 20 s"];
    let printed = output.text(Stream::Out);
    let lines: Vec<&str> = printed.lines().filter(|line| *line != "closed").collect();
    assert_eq!(lines, expected);
    // Both opens that were given up are taken back, while the provider works on.
    assert_eq!(printed.matches("closed\n").count(), 2, "{printed}");

    let guest = Container::start(&kernel, "guest");
    let opened = Arc::new(Mutex::new(None));
    let (place, own) = (opened.clone(), guest.clone());
    let begun_us = kernel.clock().now_us();
    guest.spawn(async move {
        let result = Client::open(&own, SLUG).await.map(|_| ());
        *place.lock().unwrap() = Some(result);
    });
    assert!(system.simulation.run_until(STEPS_MAX, || opened.lock().unwrap().is_some()), "the open hangs");
    assert_eq!(kernel.clock().now_us() - begun_us, 20_000_000);
    assert_eq!(opened.lock().unwrap().take(), Some(Err(OpenError::Unresponsive)));
}
