//! A service that tests use from other machines, and fabrics under simulation.
#![allow(dead_code, reason = "each test program uses its part")]
#![allow(clippy::print_stdout, reason = "shows the events of a seed that fails")]

pub(crate) mod authority;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lucarne_fabric::simulation::SimulatedFabric;
use lucarne_fabric::{Options, Rules};
use lucarne_services::{
    Call, Container, Handler, Notifier, Provider, Resource, Selector, Thrown, Value, uuid,
};

pub(crate) const SENSOR: Selector = Selector::new(uuid!("7a4f6c1e-2c52-4f0b-8f5b-5d6f2f0d5a11"), 1, 0);
/// The same interface under another id: for a service that is not exported.
pub(crate) const SECRET: Selector = Selector::new(uuid!("1d0fbb0c-5b2e-4a57-9e0e-3a7d0a9c4e22"), 1, 0);

pub(crate) const ECHO: u32 = 0;
pub(crate) const WAIT: u32 = 1;
pub(crate) const MAKE: u32 = 2;
pub(crate) const TELL: u32 = 3;
pub(crate) const ONCE: u32 = 4;
pub(crate) const POUR: u32 = 5;
pub(crate) const WHERE: u32 = 6;
pub(crate) const DEADLINE: u32 = 7;

/// Counts the values that exist.
#[derive(Clone, Default)]
pub(crate) struct Count(Arc<AtomicUsize>);

pub(crate) struct Counted(Count);

impl Count {
    pub(crate) fn one(&self) -> Counted {
        self.0.fetch_add(1, Ordering::SeqCst);
        Counted(self.clone())
    }

    pub(crate) fn now(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The service of the tests. Its calls and its resources are counted.
#[derive(Clone, Default)]
pub(crate) struct Sensor {
    pub(crate) name: &'static str,
    pub(crate) calls: Count,
    pub(crate) channels: Count,
    /// The numbers that `ONCE` has got.
    pub(crate) executed: Arc<Mutex<BTreeSet<i64>>>,
    /// How many times a number was executed a second time.
    pub(crate) twice: Arc<AtomicUsize>,
}

pub(crate) struct Channel {
    notifier: Notifier<Value>,
    _counted: Counted,
}

impl Handler for Sensor {
    async fn handle(&self, call: &Call, index: u32, arguments: Value) -> Result<Value, Thrown> {
        let _counted = self.calls.one();
        match index {
            ECHO => Ok(arguments),
            WHERE => Ok(Value::from(self.name)),
            DEADLINE => Ok(call.deadline().map(|left| left.as_millis() as i64).into()),
            WAIT => {
                let duration = Duration::from_millis(arguments.as_int().unwrap_or(3_600_000).cast_unsigned());
                let _ = call.container().sleep(duration).await;
                Ok(Value::Null)
            }
            ONCE => {
                let number = arguments.as_int().unwrap_or_default();
                if !self.executed.lock().unwrap().insert(number) {
                    self.twice.fetch_add(1, Ordering::SeqCst);
                }
                Ok(arguments)
            }
            MAKE => {
                let counted = self.channels.one();
                Ok(call.give(Resource::notifying(|notifier| Channel { notifier, _counted: counted }))?.into())
            }
            TELL => {
                let [handle, value] = arguments.as_list().unwrap_or_default() else { return Ok(Value::Null) };
                let channel = call.resource::<Channel>(handle.as_int().unwrap_or_default())?;
                Ok(channel.notifier.try_send(value.clone()).is_ok().into())
            }
            POUR => {
                let channel = call.resource::<Channel>(arguments.as_int().unwrap_or_default())?;
                for number in 0..5_000 {
                    if channel.notifier.send(Value::from(number)).await.is_err() {
                        return Ok(number.into());
                    }
                }
                Ok(Value::from(5_000))
            }
            _ => Err(call.no_such_method(index)),
        }
    }
}

pub(crate) fn rules(texts: &[&str]) -> Rules {
    texts.iter().map(|text| text.parse().expect("a rule")).collect()
}

/// Creates a fabric in which each machine exports and imports everything.
pub(crate) fn open_fabric(seed: u64) -> SimulatedFabric {
    fabric(seed, |_, options| options)
}

/// Creates a fabric whose machines join with changed options.
pub(crate) fn fabric(
    seed: u64,
    change: impl Fn(&str, Options) -> Options + Send + Sync + 'static,
) -> SimulatedFabric {
    SimulatedFabric::new(seed, move |name, network| {
        let text = name.as_str().to_owned();
        let shown = text.clone();
        let log = Box::new(move |line: &str| {
            if std::env::var_os("LUCARNE_SHOW").is_some() {
                println!("{shown}: {line}");
            }
        });
        let options = Options { log, ..Options::new(name, network) };
        change(&text, Options { exports: rules(&["all"]), imports: rules(&["all"]), ..options })
    })
}

/// The result of a task.
pub(crate) struct Outcome<T>(Arc<Mutex<Option<T>>>);

impl<T> Outcome<T> {
    pub(crate) fn is_there(&self) -> bool {
        self.0.lock().unwrap().is_some()
    }

    pub(crate) fn take(&self) -> Option<T> {
        self.0.lock().unwrap().take()
    }
}

/// Starts a task in a container.
pub(crate) fn begin<T: Send + 'static>(
    container: &Container,
    task: impl Future<Output = T> + Send + 'static,
) -> Outcome<T> {
    let place = Arc::new(Mutex::new(None));
    let inner = place.clone();
    container.spawn(async move {
        let value = task.await;
        *inner.lock().unwrap() = Some(value);
    });
    Outcome(place)
}

/// Runs a task in a container to its end.
pub(crate) fn done<T: Send + 'static>(
    fabric: &mut SimulatedFabric,
    container: &Container,
    task: impl Future<Output = T> + Send + 'static,
) -> T {
    let outcome = begin(container, task);
    fabric.run_until(1_000_000, |_| outcome.is_there());
    outcome.take().expect("the task has ended")
}

/// Starts a container on a machine.
pub(crate) fn container(fabric: &SimulatedFabric, machine: usize, name: &str) -> Container {
    Container::start(fabric.machine(machine).kernel(), name)
}

/// Installs a service in a container of its own. Returns the container and the provider.
pub(crate) fn install(
    fabric: &mut SimulatedFabric,
    machine: usize,
    selector: Selector,
    sensor: &Sensor,
) -> (Container, Provider) {
    let container = container(fabric, machine, "provider");
    let builder = container.provider("house/sensor", "1.0").provides(selector, sensor.clone());
    let provider = done(fabric, &container, builder.install()).expect("installed");
    (container, provider)
}

/// Runs until the fabric has at least so many services to open on a machine.
pub(crate) fn see(fabric: &mut SimulatedFabric, machine: usize, services: usize) {
    let seen = fabric.run_until(1_000_000, |fabric| {
        let machines = fabric.machine(machine).status().machines();
        machines.iter().map(|machine| machine.services).sum::<usize>() == services
    });
    assert!(seen, "there are {services} services");
}
