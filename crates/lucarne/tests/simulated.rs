//! Toit processes and Rust containers in one simulated system use each other's services, and some are killed at any
//! step. No process hangs, no resource is left, and equal seeds give equal runs.
#![cfg(feature = "toit")]

mod common;

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use common::compile;
use lucarne::prelude::*;
use lucarne::{CapturedOutput, Container, RunningProgram, Stream};
use lucarne_kernel::Faults;
use lucarne_toit::{Grants, LoadedProgram};

const SEEDS: u64 = 1_000;

/// More steps than any run takes.
const STEPS_MAX: u64 = 200_000;

/// Lamps of a container in Rust; a container in Toit provides the same service.
const RUST_LAMPS: Selector = Selector::new(uuid!("6d6c0b0d-8a34-4f0e-9e0a-2b8f8a0e3c01"), 1, 0);
const TOIT_LAMPS: Selector = Selector::new(uuid!("6d6c0b0d-8a34-4f0e-9e0a-2b8f8a0e3c02"), 1, 0);

const ECHO: u32 = 0;
const WAIT: u32 = 1;
const MAKE: u32 = 2;
const BLINK: u32 = 3;

const PROVIDER: &str = r#"
import system.services show ServiceHandler ServiceProvider ServiceResource ServiceSelector

SELECTOR ::= ServiceSelector --uuid="6d6c0b0d-8a34-4f0e-9e0a-2b8f8a0e3c02" --major=1 --minor=0

class Provider extends ServiceProvider implements ServiceHandler:
  constructor:
    super "toit/lamps" --major=1 --minor=0
    provides SELECTOR --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == 0: return arguments
    if index == 1: return sleep --ms=3_600_000
    if index == 2: return Lamp this client
    return ((resource client arguments) as Lamp).blink

class Lamp extends ServiceResource:
  times_ := 0
  constructor provider/ServiceProvider client/int:
    super provider client --notifiable

  blink -> int:
    times_++
    notify_ times_
    return times_

  on-closed -> none:
    print "off after $times_"

main:
  (Provider).install
"#;

const CLIENT: &str = r#"
import monitor
import system.services show ServiceClient ServiceResourceProxy ServiceSelector

class Client extends ServiceClient:
  constructor uuid/string:
    super (ServiceSelector --uuid=uuid --major=1 --minor=0)

class Lamp extends ServiceResourceProxy:
  seen/monitor.Channel ::= monitor.Channel 8
  constructor client/ServiceClient handle/int:
    super client handle
  on-notified_ value/any -> none:
    seen.send value

main:
  ["6d6c0b0d-8a34-4f0e-9e0a-2b8f8a0e3c01", "6d6c0b0d-8a34-4f0e-9e0a-2b8f8a0e3c02"].do: | uuid |
    error := catch: use-everything (Client uuid)
    print "$uuid[35..]: $error"

use-everything client/Client -> none:
  client.open --timeout=(Duration --s=1)
  if (client.invoke_ 0 [1, "two", null]) != [1, "two", null]: throw "changed"
  catch: with-timeout --ms=5: client.invoke_ 1 null
  lamp := Lamp client (client.invoke_ 2 null)
  first := client.invoke_ 3 lamp.handle_
  with-timeout --ms=100: if lamp.seen.receive != first: throw "another"
  lamp.close
  client.invoke_ 2 null
  client.close
"#;

/// A value that counts its live instances.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);
struct Counted(Count);

impl Count {
    fn one(&self) -> Counted {
        self.0.fetch_add(1, Ordering::Relaxed);
        Counted(self.clone())
    }

    fn now(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Lamps {
    alive: Count,
}

struct Lamp {
    times: AtomicI64,
    notifier: Notifier<i64>,
    _counted: Counted,
}

impl Handler for Lamps {
    async fn handle(&self, call: &Call, index: u32, arguments: Value) -> Result<Value, Thrown> {
        let _counted = self.alive.one();
        match index {
            ECHO => Ok(arguments),
            WAIT => {
                let _ = call.container().sleep(Duration::from_secs(3_600)).await;
                Ok(Value::Null)
            }
            MAKE => {
                let _counted = self.alive.one();
                let lamp =
                    Resource::notifying(|notifier| Lamp { times: AtomicI64::new(0), notifier, _counted });
                Ok(call.give(lamp)?.into())
            }
            BLINK => {
                let lamp = call.resource::<Lamp>(arguments.as_int().unwrap_or_default())?;
                let times = lamp.times.fetch_add(1, Ordering::Relaxed) + 1;
                let _ = lamp.notifier.send(times).await;
                Ok(times.into())
            }
            _ => Err(call.no_such_method(index)),
        }
    }
}

async fn use_both(guest: Container, _counted: Counted) {
    for selector in [RUST_LAMPS, TOIT_LAMPS] {
        // If the other side ends, this test continues.
        let _ = use_everything(&guest, selector).await;
    }
}

async fn use_everything(guest: &Container, selector: Selector) -> Result<(), CallError> {
    let Ok(client) = Client::open(guest, selector).within(Duration::from_secs(1)).await else {
        return Ok(());
    };
    let arguments = Value::List(vec![1.into(), "two".into(), Value::Null]);
    assert_eq!(client.invoke(ECHO, arguments.clone()).await?, arguments);
    let waited = client.invoke(WAIT, Value::Null).within(Duration::from_millis(5)).await;
    assert!(matches!(waited, Err(CallError::Deadline | CallError::Gone)), "{waited:?}");
    let handle = client.call::<i64, CallError>(MAKE, &()).await?;
    let lamp = client.proxy(handle);
    let mut seen = lamp.notifications::<i64>();
    let first = lamp.call::<i64, CallError>(BLINK, &handle).await?;
    if let Some(Ok(times)) = seen.next().await {
        assert_eq!(times, first);
    }
    lamp.close().await?;
    let _unread = client.invoke(MAKE, Value::Null).await?;
    Ok(())
}

struct Images {
    provider: Arc<LoadedProgram>,
    client: Arc<LoadedProgram>,
}

/// The observable result of a run.
#[derive(Debug, PartialEq)]
struct Run {
    steps: u64,
    printed: String,
}

fn run(images: &Images, seed: u64, kill_at_steps: Vec<u64>) -> Run {
    let output = Arc::new(CapturedOutput::default());
    let builder = System::builder().output(output.clone()).without_services();
    let mut system = builder.simulate(seed, Faults { kill_at_steps });
    let kernel = system.kernel().clone();
    let toit = |image: &Arc<LoadedProgram>| {
        let grants = Grants::new(output.clone(), system.presence());
        lucarne_toit::start(&kernel, image.clone(), grants)
    };

    let (alive, at_work) = (Count::default(), Count::default());
    let house = Container::start(&kernel, "house");
    let lamps = Lamps { alive: alive.clone() };
    let install = house.provider("rust/lamps", "1.0").provides(RUST_LAMPS, lamps).install();
    house.spawn(async move {
        let _ = install.await;
    });
    let provider = toit(&images.provider);
    let clients: Vec<RunningProgram> = (0..2).map(|_| toit(&images.client)).collect();
    let guests: Vec<Container> = (0..2).map(|_| Container::start(&kernel, "guest")).collect();
    for guest in &guests {
        guest.spawn(use_both(guest.clone(), at_work.one()));
    }

    let are_done = || at_work.now() == 0 && clients.iter().all(|client| client.code().is_some());
    assert!(system.simulation.run_until(STEPS_MAX, are_done), "seed {seed}: a process hangs");
    let steps = system.simulation.steps();
    guests.iter().for_each(Container::kill);
    assert!(system.simulation.run_until_quiet(STEPS_MAX), "seed {seed}: the system does not become idle");
    assert_eq!(alive.now(), 0, "seed {seed}: a lamp, or a call, is left");
    house.kill();
    provider.stop(0);
    assert!(system.simulation.run_until_quiet(STEPS_MAX), "seed {seed}: the system does not end");
    assert_eq!(kernel.process_count(), 1, "seed {seed}: only the service manager is left");
    Run { steps, printed: output.text(Stream::Out) }
}

fn images() -> &'static Images {
    static IMAGES: OnceLock<Images> = OnceLock::new();
    IMAGES.get_or_init(|| Images {
        provider: compile("lamps-provider", PROVIDER),
        client: compile("lamps-client", CLIENT),
    })
}

#[test]
fn containers_in_rust_and_toit_use_each_other() {
    let images = images();
    for seed in 0..20 {
        let Run { printed, .. } = run(images, seed, Vec::new());
        assert_eq!(printed.matches(": null\n").count(), 4, "seed {seed}: {printed}");
        assert_eq!(printed.matches("off after 1\n").count(), 4, "seed {seed}: {printed}");
        assert_eq!(printed.matches("off after 0\n").count(), 4, "seed {seed}: {printed}");
    }
}

#[test]
fn no_process_hangs_and_no_resource_leaks_after_kills() {
    let images = images();
    let undisturbed = run(images, 0, Vec::new()).steps;
    for seed in 0..SEEDS {
        let somewhere = |salt: u64| (seed + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15) % undisturbed + 1;
        let kills = vec![somewhere(1), somewhere(7)];
        let first = run(images, seed, kills.clone());
        if seed % 10 == 0 {
            assert_eq!(run(images, seed, kills), first, "seed {seed} does not repeat itself");
        }
    }
}
