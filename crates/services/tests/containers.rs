//! Containers in Rust, written by hand: calls, resources, notifications, ends.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lucarne_kernel::{Faults, Kernel, KernelOptions, Simulation, priority};
use lucarne_services::{
    Broken, Call, CallError, Client, Container, Ender, Handler, InstallError, Notifier, NotifyError,
    OpenError, Presence, Provider, Proxy, Resource, Selector, ServiceManager, Thrown, Value, uuid,
};

const HOUSE: Selector = Selector::new(uuid!("0b2a5a3b-93b7-4e3c-9f43-c9e4a6c2c1d7"), 1, 2);

const ECHO: u32 = 0;
const PANIC: u32 = 1;
const THROW: u32 = 2;
const WAIT: u32 = 3;
const MAKE: u32 = 4;
const TELL: u32 = 5;
const DEADLINE: u32 = 6;
const HAND_ON: u32 = 7;

/// Counts live objects: resources and calls at work.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

struct Counted(Count);

impl Count {
    fn one(&self) -> Counted {
        self.0.fetch_add(1, Ordering::SeqCst);
        Counted(self.clone())
    }

    fn now(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Default)]
struct House {
    alive: Count,
    /// For each call that was handed on to a task: whether the call was canceled.
    ends: Arc<Mutex<Vec<bool>>>,
}

struct Lamp {
    notifier: Notifier<i64>,
    _counted: Counted,
}

impl Handler for House {
    async fn handle(&self, call: &Call, index: u32, arguments: Value) -> Result<Value, Thrown> {
        match index {
            ECHO => Ok(arguments),
            PANIC => panic!("on purpose"),
            THROW => Err(Thrown::new("OUT_OF_CHEESE")),
            WAIT => {
                let _counted = self.alive.one();
                let _ = call.container().sleep(Duration::from_secs(3_600)).await;
                Ok(Value::Null)
            }
            MAKE => {
                let counted = self.alive.one();
                let lamp = Resource::notifying(|notifier| Lamp { notifier, _counted: counted });
                Ok(call.give(lamp)?.into())
            }
            TELL => {
                let handle = arguments.as_int().unwrap_or_default();
                let lamp = call.resource::<Lamp>(handle)?;
                Ok(lamp.notifier.try_send(87).is_ok().into())
            }
            DEADLINE => Ok(call.deadline().map(|left| left.as_millis() as i64).into()),
            HAND_ON => {
                // A separate task does the work, and continues without the call.
                let cancellation = call.cancellation();
                let (counted, ends) = (self.alive.one(), self.ends.clone());
                call.container().spawn(async move {
                    let _counted = counted;
                    cancellation.clone().await;
                    ends.lock().expect("no thread panics with the lock").push(cancellation.is_canceled());
                });
                if arguments == Value::from(true) {
                    let _ = call.container().sleep(Duration::from_secs(3_600)).await;
                }
                Ok(Value::Null)
            }
            _ => Err(call.no_such_method(index)),
        }
    }
}

struct World {
    kernel: Kernel,
    alive: Count,
    ends: Arc<Mutex<Vec<bool>>>,
}

impl World {
    fn new(workers: usize) -> World {
        let kernel = Kernel::new(KernelOptions { workers, hooks: Default::default() });
        start_manager(&kernel);
        World { kernel, alive: Count::default(), ends: Arc::default() }
    }

    fn house(&self, name: &str) -> (Container, Provider) {
        let container = Container::start(&self.kernel, name);
        let house = House { alive: self.alive.clone(), ends: self.ends.clone() };
        let provider =
            container.provider("test/house", "7.9").provides(HOUSE, house).install().wait().unwrap();
        (container, provider)
    }

    fn guest(&self) -> (Container, Client) {
        let container = Container::start(&self.kernel, "guest");
        let client = Client::open(&container, HOUSE).wait().unwrap();
        (container, client)
    }

    fn until(&self, alive: usize) {
        until(|| self.alive.now() == alive);
    }
}

fn start_manager(kernel: &lucarne_kernel::KernelHandle) {
    let options = lucarne_kernel::SpawnOptions { priority: priority::CRITICAL, ..Default::default() };
    let manager = kernel.start_system(Box::new(ServiceManager::new(Presence::default())), options);
    kernel.set_system_process(manager);
}

fn until(mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(10), "it does not happen");
        std::thread::yield_now();
    }
}

#[test]
fn calls_are_answered() {
    for workers in [1, 2] {
        let world = World::new(workers);
        let (_house, _provider) = world.house("house");
        let (_guest, client) = world.guest();
        assert_eq!(client.service().name, "test/house");
        assert_eq!((client.service().major, client.service().minor), (7, 9));
        for value in [Value::Null, 42.into(), "text".into(), Value::List(vec![1.5.into(), true.into()])] {
            assert_eq!(client.invoke(ECHO, value.clone()).wait(), Ok(value));
        }
        assert_eq!(
            client.invoke(THROW, Value::Null).wait(),
            Err(CallError::Thrown(Thrown::new("OUT_OF_CHEESE")))
        );
        assert_eq!(client.invoke(99, Value::Null).wait(), Err(CallError::Unimplemented));
    }
}

#[test]
fn a_panic_fails_its_call_alone() {
    let world = World::new(1);
    let (_house, _provider) = world.house("house");
    let (_guest, client) = world.guest();
    let Err(CallError::Thrown(thrown)) = client.invoke(PANIC, Value::Null).wait() else { panic!("it threw") };
    assert_eq!(thrown.text(), "the handler panicked: on purpose");
    assert_eq!(client.invoke(ECHO, 1.into()).wait(), Ok(1.into()));
}

/// A handler that panics when it is dropped.
struct Fragile;

impl Drop for Fragile {
    fn drop(&mut self) {
        panic!("on purpose");
    }
}

impl Handler for Fragile {
    async fn handle(&self, _: &Call, _: u32, arguments: Value) -> Result<Value, Thrown> {
        Ok(arguments)
    }
}

#[test]
fn uninstall_succeeds_when_the_handler_panics_as_it_is_dropped() {
    let world = World::new(1);
    let house = Container::start(&world.kernel, "house");
    let provider = house.provider("test/fragile", "1.0").provides(HOUSE, Fragile).install().wait().unwrap();
    let (_guest, client) = world.guest();
    assert_eq!(client.invoke(ECHO, 1.into()).wait(), Ok(1.into()));
    provider.uninstall().wait().unwrap();
    assert_eq!(client.invoke(ECHO, 1.into()).wait(), Err(CallError::Gone));
}

#[test]
fn a_caller_that_gives_up_cancels_the_handler() {
    let world = World::new(1);
    let (_house, _provider) = world.house("house");
    let (guest, client) = world.guest();
    let late = client.invoke(WAIT, Value::Null).within(Duration::from_millis(20)).wait();
    assert_eq!(late, Err(CallError::Deadline));
    world.until(0);

    let call = client.invoke(WAIT, Value::Null);
    guest.spawn(async move {
        let _ = call.await;
    });
    world.until(1);
    guest.kill();
    world.until(0);
}

#[test]
fn a_handler_sees_how_long_its_caller_waits() {
    let world = World::new(1);
    let (_house, _provider) = world.house("house");
    let (_guest, client) = world.guest();
    assert_eq!(client.invoke(DEADLINE, Value::Null).wait(), Ok(Value::Null));
    let left = client.invoke(DEADLINE, Value::Null).within(Duration::from_secs(60)).wait().unwrap();
    assert!((50_000..=60_000).contains(&left.as_int().unwrap()), "{left:?}");
}

#[test]
fn a_task_sees_the_end_of_its_call() {
    let world = World::new(1);
    let (_house, _provider) = world.house("house");
    let (_guest, client) = world.guest();
    client.invoke(HAND_ON, Value::from(false)).wait().unwrap();
    world.until(0);
    let late = client.invoke(HAND_ON, Value::from(true)).within(Duration::from_millis(20)).wait();
    assert_eq!(late, Err(CallError::Deadline));
    world.until(0);
    assert_eq!(*world.ends.lock().unwrap(), [false, true]);
}

#[test]
fn a_dropped_call_is_canceled() {
    let world = World::new(1);
    let (_house, _provider) = world.house("house");
    let (_guest, client) = world.guest();
    let mut call = client.invoke(WAIT, Value::Null);
    let mut polled = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(std::pin::Pin::new(&mut call).poll(&mut polled).is_pending());
    world.until(1);
    drop(call);
    world.until(0);
    assert_eq!(client.invoke(ECHO, 1.into()).wait(), Ok(1.into()));
}

#[test]
fn services_are_found_or_not() {
    let world = World::new(2);
    let guest = Container::start(&world.kernel, "guest");
    let absent = Client::open(&guest, HOUSE).within(Duration::ZERO).wait();
    assert_eq!(absent.unwrap_err(), OpenError::Absent);
    assert_eq!(Client::open(&guest, HOUSE).wait().unwrap_err(), OpenError::Absent);

    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| Client::open(&guest, HOUSE).within(Duration::from_secs(10)).wait());
        std::thread::sleep(Duration::from_millis(20));
        let (house, _provider) = world.house("house");
        assert!(waiting.join().unwrap().is_ok());
        let (_other, _other_provider) = world.house("other");
        assert_eq!(Client::open(&guest, HOUSE).wait().unwrap_err(), OpenError::Ambiguous);
        let pid = house.pid();
        assert!(Client::open(&guest, HOUSE).only(move |candidate| candidate.pid == pid).wait().is_ok());
    });
}

#[test]
fn versions_are_checked_by_the_provider() {
    let world = World::new(1);
    let (house, _provider) = world.house("house");
    let guest = Container::start(&world.kernel, "guest");
    let newer = Client::open(&guest, HOUSE.with_minor(3)).wait().unwrap_err();
    let text = format!("service:test/house@7.9.0 does not provide service:{}@1.3.x", HOUSE.uuid());
    assert_eq!(newer.to_string(), text);
    assert!(Client::open(&guest, HOUSE.with_minor(3)).minor(2).wait().is_ok());
    let wrong = house.provider("test/wrong", "1").provides(HOUSE, House::default());
    assert_eq!(wrong.install().wait().unwrap_err(), InstallError::Version("1".to_owned()));
}

#[test]
fn a_resource_closes_once_however_it_ends() {
    let world = World::new(1);
    let (_house, provider) = world.house("house");
    let (guest, client) = world.guest();
    let make = || client.proxy(client.invoke(MAKE, Value::Null).wait().unwrap().as_int().unwrap());

    let closed = make();
    assert_eq!(world.alive.now(), 1);
    closed.close().wait().unwrap();
    assert_eq!(world.alive.now(), 0);
    closed.close().wait().unwrap();

    drop(make());
    world.until(0);

    let _with_client = make();
    client.close().wait().unwrap();
    assert_eq!(world.alive.now(), 0);
    assert_eq!(client.invoke(ECHO, Value::Null).wait(), Err(CallError::Closed));

    let other = Client::open(&guest, HOUSE).wait().unwrap();
    other.invoke(MAKE, Value::Null).wait().unwrap();
    guest.close().wait().unwrap();
    assert_eq!(world.alive.now(), 0);
    assert!(other.invoke(ECHO, Value::Null).wait().is_err());

    let (_late_guest, late) = world.guest();
    late.invoke(MAKE, Value::Null).wait().unwrap();
    provider.uninstall().wait().unwrap();
    assert_eq!(world.alive.now(), 0);
    assert_eq!(late.invoke(ECHO, Value::Null).wait(), Err(CallError::Gone));
}

#[test]
fn a_client_cannot_reach_resources_of_other_clients() {
    let world = World::new(1);
    let (_house, _provider) = world.house("house");
    let (_guest, client) = world.guest();
    let (_other, other) = world.guest();
    let handle = client.invoke(MAKE, Value::Null).wait().unwrap();
    let stolen = other.invoke(TELL, handle.clone()).wait();
    assert_eq!(stolen, Err(CallError::Thrown(Thrown::new("NO_SUCH_RESOURCE"))));
    other.proxy(handle.as_int().unwrap()).close().wait().unwrap();
    assert_eq!(client.invoke(TELL, handle).wait(), Ok(true.into()));
}

#[test]
fn notifications_come_in_order_and_end_with_a_close() {
    let world = World::new(2);
    let house = Container::start(&world.kernel, "house");
    let tell = Tell { count: 5_000 };
    let _provider = house.provider("test/tell", "1.0").provides(HOUSE, tell).install().wait().unwrap();
    let (_guest, client) = world.guest();
    let proxy = client.proxy(client.invoke(MAKE, Value::Null).wait().unwrap().as_int().unwrap());
    let mut stream = proxy.notifications::<i64>();
    for expected in 0..5_000 {
        assert_eq!(stream.next().wait(), Some(Ok(expected)));
    }
    proxy.close().wait().unwrap();
    assert_eq!(stream.next().wait(), None);
}

/// Makes resources that count, and that only their receiver slows down.
struct Tell {
    count: i64,
}

impl Handler for Tell {
    async fn handle(&self, call: &Call, _index: u32, _arguments: Value) -> Result<Value, Thrown> {
        let count = self.count;
        let container = call.container();
        let resource = Resource::notifying(|notifier: Notifier<i64>| {
            let counting = notifier.clone();
            container.spawn(async move {
                for number in 0..count {
                    if counting.send(number).await.is_err() {
                        return;
                    }
                }
            });
            notifier
        });
        Ok(call.give(resource)?.into())
    }
}

#[test]
fn a_stream_reports_the_end_of_the_provider() {
    let world = World::new(1);
    let (house, _provider) = world.house("house");
    let (_guest, client) = world.guest();
    let handle = client.invoke(MAKE, Value::Null).wait().unwrap();
    let proxy = client.proxy(handle.as_int().unwrap());
    let mut stream = proxy.notifications::<i64>();
    client.invoke(TELL, handle).wait().unwrap();
    assert_eq!(stream.next().wait(), Some(Ok(87)));
    house.kill();
    assert_eq!(stream.next().wait(), Some(Err(Broken::Gone)));
    assert_eq!(stream.next().wait(), None);
    assert_eq!(client.invoke(ECHO, Value::Null).wait(), Err(CallError::Gone));
}

#[test]
fn a_stream_ends_after_its_last_notification_if_the_provider_is_uninstalled() {
    for (seed, count) in [(1, 0), (2, 5), (3, 3_000)] {
        let mut simulation = Simulation::new(seed);
        start_manager(simulation.handle());
        let house = Container::start(simulation.handle(), "house");
        let install = house.provider("test/full", "1.0").provides(HOUSE, Full { count }).install();
        let guest = Container::start(simulation.handle(), "guest");
        let (taken, ended) = (Count::default(), Count::default());
        let (counted, reading) = (taken.clone(), guest.clone());
        let end = ended.one();
        guest.spawn(async move {
            let _end = end;
            let client = Client::open(&reading, HOUSE).await.unwrap();
            let proxy = client.proxy(client.invoke(MAKE, Value::Null).await.unwrap().as_int().unwrap());
            let mut stream = proxy.notifications::<i64>();
            client.invoke(TELL, proxy.handle().into()).await.unwrap();
            install.await.unwrap().uninstall().await.unwrap();
            while let Some(notification) = stream.next().await {
                assert_eq!(notification, Ok(1));
                std::mem::forget(counted.one());
            }
        });
        assert!(simulation.run_until(100_000, || ended.now() == 0), "seed {seed}: the stream does not end");
        assert_eq!(taken.now(), usize::try_from(count).unwrap().min(1_024));
    }
}

#[test]
fn a_provider_ends_a_resource() {
    for (seed, early) in [(1, false), (2, true), (3, false), (4, true)] {
        let mut simulation = Simulation::new(seed);
        start_manager(simulation.handle());
        let house = Container::start(simulation.handle(), "house");
        let alive = Count::default();
        let finite = Finite { alive: alive.clone() };
        let install = house.provider("test/finite", "1.0").provides(HOUSE, finite).install();
        let guest = Container::start(simulation.handle(), "guest");
        let ended = Count::default();
        let (end, reading, open) = (ended.one(), guest.clone(), alive.clone());
        guest.spawn(async move {
            let _end = end;
            let _provider = install.await.unwrap();
            let client = Client::open(&reading, HOUSE).await.unwrap();
            let proxy = client.proxy(client.invoke(MAKE, early.into()).await.unwrap().as_int().unwrap());
            let mut stream = proxy.notifications::<i64>();
            if !early {
                assert_eq!(stream.next().await, Some(Ok(1)));
                assert_eq!(open.now(), 1);
                client.invoke(TELL, proxy.handle().into()).await.unwrap();
            } else {
                assert_eq!(stream.next().await, Some(Ok(1)));
            }
            assert_eq!(stream.next().await, Some(Ok(2)));
            assert_eq!(stream.next().await, None);
            assert_eq!(open.now(), 0);
            let refused = client.invoke(TELL, proxy.handle().into()).await;
            assert_eq!(refused, Err(CallError::Thrown(Thrown::new("NO_SUCH_RESOURCE"))));
            proxy.close().await.unwrap();
        });
        assert!(simulation.run_until(100_000, || ended.now() == 0), "seed {seed}: the stream does not end");
    }
}

/// Sends 1, and later 2, with which it ends.
struct Finite {
    alive: Count,
}

struct Finishing {
    notifier: Notifier<i64>,
    _counted: Counted,
}

impl Finishing {
    fn finish(&self) {
        assert_eq!(self.notifier.try_send(2), Ok(()));
        assert!(!self.notifier.is_closed());
        self.notifier.end();
        assert!(self.notifier.is_closed());
        assert!(matches!(self.notifier.try_send(3), Err(NotifyError::Closed(3))));
        self.notifier.end();
    }
}

impl Handler for Finite {
    async fn handle(&self, call: &Call, index: u32, arguments: Value) -> Result<Value, Thrown> {
        if index == MAKE {
            let resource = Resource::notifying(|notifier: Notifier<i64>| {
                assert_eq!(notifier.try_send(1), Ok(()));
                let finishing = Finishing { notifier, _counted: self.alive.one() };
                if arguments == Value::from(true) {
                    finishing.finish();
                }
                finishing
            });
            return Ok(call.give(resource)?.into());
        }
        call.resource::<Finishing>(arguments.as_int().unwrap())?.finish();
        Ok(Value::Null)
    }
}

/// Ends its resource when it is told to.
struct Plain {
    alive: Count,
}

struct Place {
    ender: Ender,
    _counted: Counted,
}

impl Place {
    fn end(&self) {
        assert!(!self.ender.is_closed());
        self.ender.end();
        assert!(self.ender.is_closed());
        self.ender.end();
    }
}

impl Handler for Plain {
    async fn handle(&self, call: &Call, index: u32, arguments: Value) -> Result<Value, Thrown> {
        if index == MAKE {
            let resource = Resource::endable(|ender| {
                let place = Place { ender, _counted: self.alive.one() };
                if arguments == Value::from(true) {
                    place.end();
                }
                place
            });
            return Ok(call.give(resource)?.into());
        }
        let place = call.resource::<Place>(arguments.as_int().unwrap())?;
        if index == TELL {
            place.end();
        }
        Ok(Value::Null)
    }
}

#[test]
fn a_provider_ends_a_resource_that_sends_nothing() {
    for early in [false, true] {
        let world = World::new(1);
        let alive = Count::default();
        let house = Container::start(&world.kernel, "house");
        let plain = Plain { alive: alive.clone() };
        let _provider = house.provider("test/plain", "1.0").provides(HOUSE, plain).install().wait().unwrap();
        let (_guest, client) = world.guest();
        let make = || client.invoke(MAKE, early.into()).wait().unwrap().as_int().unwrap();
        let (ended, other) = (client.proxy(make()), client.proxy(make()));
        let use_of = |proxy: &Proxy| client.invoke(ECHO, proxy.handle().into()).wait();
        let no_such_resource = Err(CallError::Thrown(Thrown::new("NO_SUCH_RESOURCE")));
        if !early {
            assert_eq!((ended.handle() % 2, alive.now()), (0, 2));
            assert_eq!(use_of(&ended), Ok(Value::Null));
            client.invoke(TELL, ended.handle().into()).wait().unwrap();
            assert_eq!(use_of(&other), Ok(Value::Null));
            client.invoke(TELL, other.handle().into()).wait().unwrap();
        }
        until(|| alive.now() == 0);
        assert_eq!((use_of(&ended), use_of(&other)), (no_such_resource.clone(), no_such_resource));
        assert_eq!((ended.close().wait(), other.close().wait()), (Ok(()), Ok(())));
    }
}

/// An ender outlives its resource, whether the client has closed it or has ended.
#[test]
fn an_ender_does_nothing_after_the_end_of_its_resource() {
    let world = World::new(1);
    let enders = Arc::<Mutex<Vec<Ender>>>::default();
    let kept = enders.clone();
    let house = Container::start(&world.kernel, "house");
    let maker = Maker(enders);
    let provider = house.provider("test/maker", "1.0").provides(HOUSE, maker).install().wait().unwrap();
    let (guest, client) = world.guest();
    let make = || client.proxy(client.invoke(MAKE, Value::Null).wait().unwrap().as_int().unwrap());
    let proxies = [make(), make(), make()];
    let are_closed = || kept.lock().unwrap().iter().map(Ender::is_closed).collect::<Vec<_>>();
    assert_eq!(are_closed(), [false, false, false]);
    proxies[1].close().wait().unwrap();
    assert_eq!(are_closed(), [false, true, false]);
    kept.lock().unwrap()[1].end();
    drop(proxies);
    guest.kill();
    until(|| are_closed() == [true, true, true]);
    provider.uninstall().wait().unwrap();
    drop(house);
    kept.lock().unwrap().iter().for_each(Ender::end);
}

/// Keeps the enders of its resources.
struct Maker(Arc<Mutex<Vec<Ender>>>);

impl Handler for Maker {
    async fn handle(&self, call: &Call, _: u32, _: Value) -> Result<Value, Thrown> {
        let resource = Resource::endable(|ender| self.0.lock().unwrap().push(ender));
        Ok(call.give(resource)?.into())
    }
}

/// Sends notifications when it is told to, until it has sent enough or its client has no room.
struct Full {
    count: i64,
}

impl Handler for Full {
    async fn handle(&self, call: &Call, index: u32, arguments: Value) -> Result<Value, Thrown> {
        if index == MAKE {
            return Ok(call.give(Resource::notifying(|notifier: Notifier<i64>| notifier))?.into());
        }
        let notifier = call.resource::<Notifier<i64>>(arguments.as_int().unwrap())?;
        let sent = (0..self.count).take_while(|_| notifier.try_send(1).is_ok()).count();
        Ok(i64::try_from(sent).unwrap().into())
    }
}

#[test]
fn a_client_that_does_not_read_is_cut_off_if_a_sender_waits() {
    let world = World::new(2);
    let (closed, count) = (Count::default(), Count::default());
    let house = Container::start(&world.kernel, "house");
    let stubborn = Stubborn { closed: closed.clone(), full: count.clone() };
    let _provider =
        house.provider("test/stubborn", "1.0").provides(HOUSE, stubborn).install().wait().unwrap();
    let (_guest, client) = world.guest();
    let proxy = client.proxy(client.invoke(MAKE, Value::Null).wait().unwrap().as_int().unwrap());
    let mut stream = proxy.notifications::<i64>();
    until(|| closed.now() == 1);
    assert_eq!(count.now(), 1);
    let mut taken = 0;
    while let Some(Ok(_)) = stream.next().wait() {
        taken += 1;
    }
    assert_eq!(taken, 1_024);
}

/// Fills a stream, and then waits for room.
struct Stubborn {
    closed: Count,
    full: Count,
}

impl Handler for Stubborn {
    async fn handle(&self, call: &Call, _index: u32, _arguments: Value) -> Result<Value, Thrown> {
        let (closed, full, container) = (self.closed.clone(), self.full.clone(), call.container());
        let mut line = None;
        let resource = Resource::notifying(|notifier: Notifier<i64>| {
            line = Some(notifier.clone());
            notifier
        });
        let handle = call.give(resource)?;
        let line = line.expect("the line was made");
        container.clone().spawn(async move {
            // The client has begun to read by then: else it would keep only the newest.
            let _ = container.sleep(Duration::from_millis(100)).await;
            while line.try_send(1).is_ok() {}
            if let Err(NotifyError::Full(1)) = line.try_send(1) {
                std::mem::forget(full.one());
            }
            if let Err(NotifyError::Closed(2)) = line.send(2).await {
                std::mem::forget(closed.one());
            }
        });
        Ok(handle.into())
    }
}

#[test]
fn an_unused_container_ends() {
    let world = World::new(1);
    let before = world.kernel.process_count();
    let container = Container::start(&world.kernel, "idle");
    let copy = container.clone();
    drop(container);
    assert!(!copy.has_ended());
    drop(copy);
    until(|| world.kernel.process_count() == before);

    let (house, provider) = world.house("house");
    drop((house, provider));
    let (guest, client) = world.guest();
    drop(guest);
    assert_eq!(client.invoke(ECHO, 1.into()).wait(), Ok(1.into()));
}

#[test]
fn waiting_for_the_end_completes() {
    let world = World::new(1);
    let [closed, cut_off] = ["closed", "cut off"].map(|name| Container::start(&world.kernel, name));
    let end = closed.ended();
    closed.close().wait().unwrap();
    assert_eq!(end.wait(), Ok(()));
    assert_eq!(closed.ended().wait(), Ok(()));

    let end = cut_off.ended();
    world.kernel.kill(world.kernel.system_process().unwrap());
    assert_eq!(end.wait(), Ok(()));
    assert!(!cut_off.has_ended(), "the container was not closed");
}

#[test]
fn killing_any_process_neither_hangs_nor_leaks() {
    for seed in 0..1_000 {
        let alive = Count::default();
        let kills = vec![3 + seed % 60, 20 + seed % 97];
        let mut simulation = Simulation::new(seed).with_faults(Faults { kill_at_steps: kills });
        start_manager(simulation.handle());
        let house = Container::start(simulation.handle(), "house");
        let handler = House { alive: alive.clone(), ..House::default() };
        let install = house.provider("test/house", "7.9").provides(HOUSE, handler).install();
        house.spawn(async move {
            let _ = install.await;
        });
        let (guests, ended): (Vec<_>, Count) =
            ((0..2).map(|_| Container::start(simulation.handle(), "guest")).collect(), Count::default());
        for guest in &guests {
            let counted = ended.one();
            guest.spawn(use_everything(guest.clone(), counted));
        }
        assert!(simulation.run_until(100_000, || ended.now() == 0), "seed {seed}: a guest hangs");
        for guest in &guests {
            guest.kill();
        }
        assert!(simulation.run_until_quiet(100_000), "seed {seed}: it does not come to rest");
        assert_eq!(alive.now(), 0, "seed {seed}: something is left");
    }
}

async fn use_everything(guest: Container, _counted: Counted) {
    let Ok(client) = Client::open(&guest, HOUSE).within(Duration::from_secs(1)).await else { return };
    let _ = client.invoke(ECHO, 1.into()).await;
    let _ = client.invoke(WAIT, Value::Null).within(Duration::from_millis(5)).await;
    let Ok(Value::Int(handle)) = client.invoke(MAKE, Value::Null).await else { return };
    let proxy = client.proxy(handle);
    let mut stream = proxy.notifications::<i64>();
    if client.invoke(TELL, handle.into()).await == Ok(true.into()) {
        let _ = stream.next().await;
    }
    let _unread = client.invoke(MAKE, Value::Null).await;
}
