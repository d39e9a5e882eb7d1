//! A service that tests use from everywhere, and systems of several OS processes, simulated on one thread.
#![allow(dead_code, reason = "each test program uses its part")]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lucarne_kernel::Faults;
use lucarne_link::simulation::SimulatedHouse;
use lucarne_services::{
    Call, Container, Handler, Notifier, Oversight, Presence, Resource, Selector, ServiceManager, Surveys,
    Thrown, Value, uuid,
};

pub(crate) const HOUSE: Selector = Selector::new(uuid!("0b2a5a3b-93b7-4e3c-9f43-c9e4a6c2c1d7"), 1, 2);

/// The selector of a second service with the same interface.
pub(crate) const BARN: Selector = Selector::new(uuid!("6f9b41c7-6a53-4f8a-9b6e-0f7d3a1f5d02"), 1, 0);

pub(crate) const ECHO: u32 = 0;
pub(crate) const PANIC: u32 = 1;
pub(crate) const THROW: u32 = 2;
pub(crate) const WAIT: u32 = 3;
pub(crate) const MAKE: u32 = 4;
pub(crate) const TELL: u32 = 5;
pub(crate) const WHO: u32 = 6;
pub(crate) const FLOOD: u32 = 7;
pub(crate) const POUR: u32 = 8;
pub(crate) const DEADLINE: u32 = 9;

/// Sets a flag when it is dropped, also by a panic: a thread that runs until then would keep a failed test from ending.
pub(crate) struct SetOnDrop<'f>(pub(crate) &'f AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Counts live resources and calls in progress.
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

/// The service of the tests. Its calls and lamps are counted.
#[derive(Clone, Default)]
pub(crate) struct House {
    pub(crate) calls: Count,
    pub(crate) lamps: Count,
}

pub(crate) struct Lamp {
    notifier: Notifier<Value>,
    _counted: Counted,
}

impl Handler for House {
    async fn handle(&self, call: &Call, index: u32, arguments: Value) -> Result<Value, Thrown> {
        let _counted = self.calls.one();
        match index {
            ECHO => Ok(arguments),
            DEADLINE => Ok(call.deadline().map(|left| left.as_millis() as i64).into()),
            PANIC => panic!("on purpose"),
            THROW => Err(Thrown::new("OUT_OF_CHEESE")),
            WAIT => {
                let duration = Duration::from_millis(arguments.as_int().unwrap_or(3_600_000).cast_unsigned());
                let _ = call.container().sleep(duration).await;
                Ok(Value::Null)
            }
            MAKE => {
                let counted = self.lamps.one();
                let lamp = Resource::notifying(|notifier| Lamp { notifier, _counted: counted });
                Ok(call.give(lamp)?.into())
            }
            TELL => {
                let [handle, value] = arguments.as_list().unwrap_or_default() else { return Ok(Value::Null) };
                let lamp = call.resource::<Lamp>(handle.as_int().unwrap_or_default())?;
                Ok(lamp.notifier.try_send(value.clone()).is_ok().into())
            }
            WHO => Ok(Value::List(vec![call.pid().as_i64().into(), call.gid().as_i64().into()])),
            FLOOD => {
                let lamp = call.resource::<Lamp>(arguments.as_int().unwrap_or_default())?;
                let sent =
                    (0..5_000).take_while(|&number| lamp.notifier.try_send(Value::from(number)).is_ok());
                Ok(Value::from(sent.count() as i64))
            }
            POUR => {
                let lamp = call.resource::<Lamp>(arguments.as_int().unwrap_or_default())?;
                for number in 0..5_000 {
                    if lamp.notifier.send(Value::from(number)).await.is_err() {
                        return Ok(number.into());
                    }
                }
                Ok(Value::from(5_000))
            }
            _ => Err(call.no_such_method(index)),
        }
    }
}

/// Creates a simulated system with a service manager.
pub(crate) fn house(seed: u64, faults: Faults) -> SimulatedHouse {
    house_with(seed, faults, Surveys::default())
}

/// Creates a simulated system whose services can be surveyed.
pub(crate) fn house_with(seed: u64, faults: Faults, surveys: Surveys) -> SimulatedHouse {
    let house = SimulatedHouse::new(seed, faults);
    let manager =
        ServiceManager::overseen(Presence::default(), Oversight { surveys, ..Oversight::default() });
    let manager =
        house.kernel().start_system(Box::new(manager), lucarne_kernel::SpawnOptions::named("manager"));
    house.kernel().set_system_process(manager);
    house
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

/// Runs a task in a container.
pub(crate) fn run<T: Send + 'static>(
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
    house: &mut SimulatedHouse,
    container: &Container,
    task: impl Future<Output = T> + Send + 'static,
) -> T {
    let outcome = run(container, task);
    house.run_until(1_000_000, |_| outcome.is_there());
    outcome.take().expect("the task came to its end")
}
