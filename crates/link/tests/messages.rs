//! Every kind of message between containers in different OS processes, in both directions, over a simulated wire.

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::*;
use lucarne_kernel::Faults;
use lucarne_link::simulation::SimulatedHouse;
use lucarne_services::{
    Broken, Bytes, CallError, Client, Container, InstallError, OpenError, Provider, Surveys, Value,
};

/// A provider on one side, a client on the other.
struct World {
    house: SimulatedHouse,
    service: House,
    provider: Container,
    _installed: Provider,
    guest: Container,
    remote: usize,
    client: Client,
    surveys: Surveys,
}

impl World {
    /// Starts a provider and a client. `provider_is_remote` says which of the two is in another OS process.
    fn new(provider_is_remote: bool) -> World {
        let surveys = Surveys::default();
        let mut house = house_with(7, Faults::default(), surveys.clone());
        let local = Container::start(house.kernel(), "local");
        let remote = house.connect("remote", 8).expect("there is a manager");
        let far = house.remote(remote).container().clone();
        let (provider, guest) = if provider_is_remote { (far, local) } else { (local, far) };
        let service = House::default();
        let builder = provider.provider("test/house", "1.0").provides(HOUSE, service.clone());
        let installed = done(&mut house, &provider, builder.install()).expect("installed");
        let client = done(&mut house, &guest, Client::open(&guest, HOUSE).into_future()).expect("opened");
        World { house, service, provider, _installed: installed, guest, remote, client, surveys }
    }

    fn call(&mut self, index: u32, arguments: Value) -> Result<Value, CallError> {
        let call = self.client.invoke(index, arguments);
        done(&mut self.house, &self.guest, call)
    }

    fn quiet(&mut self) {
        self.house.run_until(1_000_000, |_| false);
    }
}

fn both_ways(test: impl Fn(World)) {
    test(World::new(false));
    test(World::new(true));
}

#[test]
fn calls_answer_and_fail_as_they_do_at_home() {
    both_ways(|mut world| {
        assert_eq!(world.call(ECHO, Value::from(42)), Ok(Value::from(42)));
        let thrown = world.call(THROW, Value::Null).unwrap_err();
        assert!(matches!(thrown, CallError::Thrown(thrown) if thrown.text() == "OUT_OF_CHEESE"));
        assert!(matches!(world.call(PANIC, Value::Null), Err(CallError::Thrown(_))));
        assert_eq!(world.call(99, Value::Null), Err(CallError::Unimplemented));
        assert_eq!(world.call(ECHO, Value::from("still")), Ok(Value::from("still")));
    });
}

#[test]
fn the_provider_sees_who_calls() {
    both_ways(|mut world| {
        let names = vec![world.guest.pid().as_i64().into(), world.guest.gid().as_i64().into()];
        assert_eq!(world.call(WHO, Value::Null), Ok(Value::List(names)));
        assert_eq!(world.client.pid(), world.provider.pid());
    });
}

#[test]
fn the_provider_sees_how_long_its_caller_waits() {
    both_ways(|mut world| {
        assert_eq!(world.call(DEADLINE, Value::Null), Ok(Value::Null));
        let call = world.client.invoke(DEADLINE, Value::Null).within(Duration::from_secs(60));
        let left = done(&mut world.house, &world.guest, call).expect("answered");
        assert!((50_000..=60_000).contains(&left.as_int().expect("a number")), "{left:?}");
    });
}

#[test]
fn large_values_and_buffers_travel() {
    both_ways(|mut world| {
        let large = Value::from(Bytes::from(vec![7; 3 << 20]));
        assert_eq!(world.call(ECHO, large.clone()), Ok(large));
        let list = Value::List((0..100_000).map(Value::from).collect());
        assert_eq!(world.call(ECHO, list.clone()), Ok(list));
    });
}

#[test]
fn what_is_too_large_is_refused_by_name() {
    both_ways(|mut world| {
        let list = Value::List((0..6_000_000).map(|_| Value::from(1_000_000)).collect());
        let refused = world.call(ECHO, list).unwrap_err();
        assert!(format!("{refused}").contains("MESSAGE_TOO_LARGE"), "{refused}");
        assert_eq!(world.call(ECHO, Value::from(1)), Ok(Value::from(1)));
    });
}

#[test]
fn a_call_that_is_dropped_is_canceled_at_the_provider() {
    both_ways(|mut world| {
        let call = world.client.invoke(WAIT, Value::Null).within(Duration::from_secs(1));
        let outcome = run(&world.guest, call);
        let calls = world.service.calls.clone();
        assert!(world.house.run_until(100_000, |_| calls.now() == 1));
        assert!(world.house.run_until(100_000, |_| outcome.is_there()));
        assert_eq!(outcome.take(), Some(Err(CallError::Deadline)));
        assert!(world.house.run_until(100_000, |_| calls.now() == 0));
        assert_eq!(world.call(ECHO, Value::from(1)), Ok(Value::from(1)));
    });
}

/// Returns the number of clients that are open at the provider.
fn open_clients(house: &mut SimulatedHouse, surveys: &Surveys) -> usize {
    let counted = Arc::new(Mutex::new(None));
    let place = counted.clone();
    surveys.ask(move |survey| {
        let house = survey.services.into_iter().find(|service| service.uuid == HOUSE.uuid().to_string());
        *place.lock().unwrap() = house.and_then(|service| Some(service.clients?.len()));
    });
    house.run_until(1_000_000, |_| counted.lock().unwrap().is_some());
    counted.lock().unwrap().take().expect("the provider answers")
}

#[test]
fn a_frozen_provider_does_not_hold_an_open_or_a_close_up() {
    let mut world = World::new(true);
    let second = done(&mut world.house, &world.guest, Client::open(&world.guest, HOUSE).into_future());
    let second = second.expect("opened");
    let handle = world.call(MAKE, Value::Null).unwrap().as_int().unwrap();
    assert_eq!(open_clients(&mut world.house, &world.surveys), 2);
    world.house.freeze(world.remote, true);
    let called = run(&world.guest, world.client.invoke(ECHO, Value::from(1)));
    let begun_us = world.house.kernel().clock().now_us();
    let opened = done(&mut world.house, &world.guest, Client::open(&world.guest, HOUSE).into_future());
    assert!(matches!(opened, Err(OpenError::Unresponsive)), "{opened:?}");
    assert_eq!(world.house.kernel().clock().now_us() - begun_us, 20_000_000);
    let closed = done(&mut world.house, &world.guest, world.client.proxy(handle).close());
    assert_eq!(closed, Err(CallError::Unresponsive));
    let closed = done(&mut world.house, &world.guest, second.close());
    assert_eq!(closed, Err(CallError::Unresponsive));
    assert!(!called.is_there(), "a call waits as long as its provider lives");
    world.house.freeze(world.remote, false);
    world.quiet();
    assert_eq!(called.take(), Some(Ok(Value::from(1))));
    // The late open was taken back, and the closes were carried out.
    assert_eq!(open_clients(&mut world.house, &world.surveys), 1);
    assert_eq!(world.service.lamps.now(), 0);
}

#[test]
fn a_container_closes_in_time_beside_frozen_providers() {
    let mut world = World::new(true);
    for _ in 0..10 {
        let client = done(&mut world.house, &world.guest, Client::open(&world.guest, HOUSE).into_future());
        std::mem::forget(client.expect("opened"));
    }
    world.house.freeze(world.remote, true);
    let begun_us = world.house.kernel().clock().now_us();
    let closing = world.guest.close();
    let witness = Container::start(world.house.kernel(), "witness");
    assert_eq!(done(&mut world.house, &witness, closing), Ok(()));
    assert_eq!(world.house.kernel().clock().now_us() - begun_us, 20_000_000);
}

#[test]
fn a_frozen_listener_does_not_hold_an_open_up() {
    let mut world = World::new(false);
    world.call(ECHO, Value::from(1)).expect("answered");
    let other = world.house.connect("other", 8).expect("there is a manager");
    let other = world.house.remote(other).container().clone();
    world.house.freeze_listener(true);
    for guest in [world.guest.clone(), other] {
        let opened = done(&mut world.house, &guest, Client::open(&guest, HOUSE).into_future());
        assert!(matches!(opened, Err(OpenError::Unresponsive)), "{opened:?}");
        let provider = guest.provider("test/barn", "1.0").provides(BARN, House::default());
        let installed = done(&mut world.house, &guest, provider.install());
        assert!(matches!(installed, Err(InstallError::Failed(CallError::Unresponsive))), "{installed:?}");
    }
    let closed = done(&mut world.house, &world.guest, world.client.close());
    assert_eq!(closed, Err(CallError::Unresponsive));
    world.house.freeze_listener(false);
    world.quiet();
    assert_eq!(open_clients(&mut world.house, &world.surveys), 0);
    // Nothing of the barn was left behind.
    let barn = done(&mut world.house, &world.guest, Client::open(&world.guest, BARN).into_future());
    assert!(matches!(barn, Err(OpenError::Absent)), "{barn:?}");
}

#[test]
fn notifications_come_in_order_and_end_with_the_resource() {
    both_ways(|mut world| {
        let handle = world.call(MAKE, Value::Null).unwrap();
        let proxy = world.client.proxy(handle.as_int().unwrap());
        let mut notifications = proxy.notifications::<i64>();
        for number in 0..10 {
            let told = world.call(TELL, Value::List(vec![handle.clone(), number.into()]));
            assert_eq!(told, Ok(true.into()));
        }
        let heard = done(&mut world.house, &world.guest, async move {
            let mut heard = Vec::new();
            for _ in 0..10 {
                heard.push(notifications.next().await.unwrap().unwrap());
            }
            (heard, notifications)
        });
        assert_eq!(heard.0, (0..10).collect::<Vec<_>>());
        assert_eq!(world.service.lamps.now(), 1);
        done(&mut world.house, &world.guest, proxy.close()).unwrap();
        assert_eq!(world.service.lamps.now(), 0);
        let mut notifications = heard.1;
        let end = done(&mut world.house, &world.guest, async move { notifications.next().await.is_none() });
        assert!(end);
    });
}

#[test]
fn as_many_notifications_wait_as_at_home() {
    both_ways(|mut world| {
        let handle = world.call(MAKE, Value::Null).unwrap();
        let proxy = world.client.proxy(handle.as_int().unwrap());
        let mut notifications = proxy.notifications::<i64>();
        assert_eq!(world.call(FLOOD, handle.clone()), Ok(Value::from(1_024)));
        assert_eq!(world.call(FLOOD, handle.clone()), Ok(Value::from(0)));
        let heard = done(&mut world.house, &world.guest, async move {
            for number in 0..1_024 {
                assert_eq!(notifications.next().await, Some(Ok(number)));
            }
            notifications
        });
        world.quiet();
        assert_eq!(world.call(FLOOD, handle.clone()), Ok(Value::from(1_024)));
        drop(heard);
    });
}

#[test]
fn a_sender_that_waits_gets_all_of_it_across() {
    both_ways(|mut world| {
        let handle = world.call(MAKE, Value::Null).unwrap();
        let proxy = world.client.proxy(handle.as_int().unwrap());
        let mut notifications = proxy.notifications::<i64>();
        let pouring = run(&world.guest, world.client.invoke(POUR, handle));
        done(&mut world.house, &world.guest, async move {
            for number in 0..5_000 {
                assert_eq!(notifications.next().await, Some(Ok(number)));
            }
        });
        assert!(world.house.run_until(100_000, |_| pouring.is_there()));
        assert_eq!(pouring.take(), Some(Ok(Value::from(5_000))));
    });
}

#[test]
fn a_slow_consumer_loses_the_resource_and_both_are_told() {
    both_ways(|mut world| {
        let handle = world.call(MAKE, Value::Null).unwrap();
        let proxy = world.client.proxy(handle.as_int().unwrap());
        let mut notifications = proxy.notifications::<i64>();
        let sent = world.call(POUR, handle).unwrap();
        assert_eq!(sent, Value::from(1_024));
        assert_eq!(world.service.lamps.now(), 0);
        let last = done(&mut world.house, &world.guest, async move {
            let mut last = None;
            while let Some(Ok(number)) = notifications.next().await.inspect(|next| last = next.clone().err())
            {
                assert!(number < 1_024);
            }
            last
        });
        assert_eq!(last, Some(Broken::Slow));
        assert_eq!(world.call(ECHO, Value::from(1)), Ok(Value::from(1)));
    });
}

#[test]
fn the_end_of_the_provider_fails_its_calls_and_breaks_its_streams() {
    both_ways(|mut world| {
        let handle = world.call(MAKE, Value::Null).unwrap();
        let proxy = world.client.proxy(handle.as_int().unwrap());
        let mut notifications = proxy.notifications::<i64>();
        let waiting = run(&world.guest, world.client.invoke(WAIT, Value::Null));
        let calls = world.service.calls.clone();
        assert!(world.house.run_until(100_000, |_| calls.now() == 1));
        world.provider.kill();
        assert!(world.house.run_until(100_000, |_| waiting.is_there()));
        assert_eq!(waiting.take(), Some(Err(CallError::Gone)));
        let last = done(&mut world.house, &world.guest, async move { notifications.next().await });
        assert_eq!(last, Some(Err(Broken::Gone)));
        assert_eq!(world.call(ECHO, Value::Null), Err(CallError::Gone));
        assert_eq!(world.service.lamps.now(), 0);
    });
}

#[test]
fn the_end_of_the_client_closes_what_was_kept_for_it() {
    both_ways(|mut world| {
        world.call(MAKE, Value::Null).unwrap();
        let waiting = run(&world.guest, world.client.invoke(WAIT, Value::Null));
        let (calls, lamps) = (world.service.calls.clone(), world.service.lamps.clone());
        assert!(world.house.run_until(100_000, |_| calls.now() == 1 && lamps.now() == 1));
        world.guest.kill();
        assert!(world.house.run_until(100_000, |_| calls.now() == 0 && lamps.now() == 0));
        drop(waiting);
    });
}

#[test]
fn a_cut_is_death_on_both_sides() {
    both_ways(|mut world| {
        world.call(MAKE, Value::Null).unwrap();
        let waiting = run(&world.guest, world.client.invoke(WAIT, Value::Null));
        let (calls, lamps) = (world.service.calls.clone(), world.service.lamps.clone());
        assert!(world.house.run_until(100_000, |_| calls.now() == 1 && lamps.now() == 1));
        world.house.remote(world.remote).line().cut();
        assert!(
            world.house.run_until(100_000, |_| calls.now() == 0 && lamps.now() == 0 && waiting.is_there())
        );
        assert_eq!(waiting.take(), Some(Err(CallError::Gone)));
        assert_eq!(world.call(ECHO, Value::Null), Err(CallError::Gone));
    });
}

#[test]
fn a_remote_container_reaches_only_processes_it_was_introduced_to() {
    let mut house = house(3, Faults::default());
    let stranger = Container::start(house.kernel(), "stranger");
    let remote = house.connect("remote", 8).unwrap();
    let far = house.remote(remote).kernel().port(house.remote(remote).container().pid()).unwrap();
    far.request(stranger.pid(), 300, lucarne_services::Payload::null())
        .expect("sent, for the listener to judge");
    house.run_until(10_000, |_| false);
    assert!(!stranger.has_ended());
}

#[test]
fn two_remote_containers_serve_each_other() {
    let mut house = house(11, Faults::default());
    let first = house.connect("first", 4).unwrap();
    let second = house.connect("second", 4).unwrap();
    let (first, second) = (house.remote(first).container().clone(), house.remote(second).container().clone());
    assert_ne!(first.pid(), second.pid());
    let service = House::default();
    let installing = first.provider("test/house", "1.0").provides(HOUSE, service).install();
    let _provider = done(&mut house, &first, installing).unwrap();
    let client = done(&mut house, &second, Client::open(&second, HOUSE).into_future()).unwrap();
    assert_eq!(done(&mut house, &second, client.invoke(ECHO, Value::from(5))), Ok(Value::from(5)));
    let closing = first.close();
    done(&mut house, &second, closing).unwrap();
    assert_eq!(done(&mut house, &second, client.invoke(ECHO, Value::from(5))), Err(CallError::Gone));
}

#[test]
fn a_container_that_closes_ends_its_stand_in() {
    let mut world = World::new(false);
    let before = world.house.kernel().process_count();
    let closing = world.guest.close();
    let provider = world.provider.clone();
    done(&mut world.house, &provider, closing).unwrap();
    world.quiet();
    assert_eq!(world.house.kernel().process_count(), before - 1);
}
