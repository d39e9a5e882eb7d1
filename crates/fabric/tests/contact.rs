//! Services on other machines: found, used, closed and lost as the documentation says.

mod common;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::*;
use lucarne_fabric::simulation::SimulatedFabric;
use lucarne_fabric::{GroupExports, Options, Rules};
use lucarne_services::{Broken, Bytes, CallError, Client, Open, OpenError, Selector, Value};

#[test]
fn a_service_of_another_machine_is_used_like_a_local_one() {
    let mut fabric = open_fabric(1);
    let (cellar, hall) = (fabric.start("cellar"), fabric.start("hall"));
    let sensor = Sensor { name: "cellar", ..Sensor::default() };
    let (_container, _provider) = install(&mut fabric, cellar, SENSOR, &sensor);
    see(&mut fabric, hall, 1);
    let user = container(&fabric, hall, "user");
    let inner = user.clone();
    let open = done(&mut fabric, &user, async move {
        let client: Client = Client::open(&inner, SENSOR).await.expect("found");
        assert_eq!(client.invoke(ECHO, Value::from(7)).await, Ok(Value::from(7)));
        assert_eq!(client.invoke(WHERE, Value::Null).await, Ok(Value::from("cellar")));
        let left = client.invoke(DEADLINE, Value::Null).within(Duration::from_secs(5)).await.unwrap();
        assert!((1..=5_000).contains(&left.as_int().unwrap()), "{left:?}");
        let handle = client.invoke(MAKE, Value::Null).await.unwrap();
        let proxy = client.proxy(handle.as_int().unwrap());
        let mut notifications = proxy.notifications::<i64>();
        for number in 0..100 {
            let told = client.invoke(TELL, Value::List(vec![handle.clone(), number.into()])).await;
            assert_eq!(told, Ok(Value::from(true)));
        }
        for number in 0..100 {
            assert_eq!(notifications.next().await.unwrap().unwrap(), number);
        }
        assert!(client.invoke(99, Value::Null).await.is_err());
        proxy.close().await.unwrap();
        client
    });
    assert_eq!(sensor.channels.now(), 0, "the resource is closed");
    let again = done(&mut fabric, &user, async move {
        open.invoke(MAKE, Value::Null).await.unwrap();
        open
    });
    assert_eq!(sensor.channels.now(), 1);
    done(&mut fabric, &user, again.close()).unwrap();
    assert_eq!(sensor.channels.now(), 0, "it closes with its client");
}

#[test]
fn a_client_that_waits_learns_of_a_service_that_appears() {
    let mut fabric = open_fabric(2);
    let (cellar, hall) = (fabric.start("cellar"), fabric.start("hall"));
    let user = container(&fabric, hall, "user");
    let inner = user.clone();
    let opened = begin(&user, async move {
        Open::<Client>::new(&inner, SENSOR).within(Duration::from_secs(3_600)).await.map(drop)
    });
    // Not until all is quiet: then the hour would pass.
    for _ in 0..8 {
        fabric.step();
    }
    assert!(!opened.is_there());
    let (_container, _provider) = install(&mut fabric, cellar, SENSOR, &Sensor::default());
    assert!(fabric.run_until(100_000, |_| opened.is_there()));
    assert_eq!(opened.take(), Some(Ok(())));
}

#[test]
fn more_services_are_found_than_questions_are_asked_at_a_time() {
    let mut fabric = open_fabric(33);
    let (cellar, hall) = (fabric.start("cellar"), fabric.start("hall"));
    let container = container(&fabric, cellar, "provider");
    let _providers: Vec<_> = (0..60)
        .map(|number| {
            let selector = Selector::new(uuid::Uuid::from_u128(number), 1, 0);
            let builder = container.provider("house/many", "1.0").provides(selector, Sensor::default());
            done(&mut fabric, &container, builder.install()).expect("installed")
        })
        .collect();
    see(&mut fabric, hall, 60);
}

#[test]
fn a_network_without_room_ends_the_contact_and_the_log_says_so() {
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let lines = log.clone();
    let mut fabric = fabric(34, move |name, options| {
        let (lines, name) = (lines.clone(), name.to_owned());
        let log = Box::new(move |line: &str| lines.lock().unwrap().push(format!("{name}: {line}")));
        Options { log, ..options }
    });
    let (cellar, hall) = (fabric.start("cellar"), fabric.start("hall"));
    let (_container, _provider) = install(&mut fabric, cellar, SENSOR, &Sensor::default());
    see(&mut fabric, hall, 1);
    let user = container(&fabric, hall, "user");
    let inner = user.clone();
    let open = move || {
        let inner = inner.clone();
        async move { Open::<Client>::new(&inner, SENSOR).within(Duration::from_secs(30)).await }
    };
    let client = done(&mut fabric, &user, open()).expect("it is exported");
    fabric.set_full(cellar, true);
    let called = done(&mut fabric, &user, async move { client.invoke(ECHO, Value::from(1)).await });
    assert_eq!(called, Err(CallError::ContactLost));
    let line = "cellar: contact with hall is lost: more waits to be sent to it than there is room for";
    assert!(log.lock().unwrap().iter().any(|logged| logged == line), "{log:?}");
    fabric.set_full(cellar, false);
    assert!(done(&mut fabric, &user, open()).is_ok());
}

#[test]
fn the_status_shows_the_contact_and_the_time_there_and_back() {
    let mut fabric = open_fabric(31);
    let (cellar, hall) = (fabric.start("cellar"), fabric.start("hall"));
    let (_container, _provider) = install(&mut fabric, cellar, SENSOR, &Sensor::default());
    let user = container(&fabric, hall, "user");
    let inner = user.clone();
    let client = done(&mut fabric, &user, async move {
        Open::<Client>::new(&inner, SENSOR).within(Duration::from_secs(30)).await
    });
    let client = client.expect("it is exported");
    let is_measured = |fabric: &SimulatedFabric, machine| {
        let machines = fabric.machine(machine).status().machines();
        machines.iter().any(|other| other.contact.is_some_and(|contact| contact.round_trip_us.is_some()))
    };
    assert!(fabric.run_until(100_000, |fabric| is_measured(fabric, cellar) && is_measured(fabric, hall)));
    let status = |machine| fabric.machine(machine).status().clone();
    let [of_cellar, of_hall] = [cellar, hall].map(|machine| status(machine).machines().remove(0));
    assert_eq!((of_cellar.name.as_str(), of_hall.name.as_str()), ("hall", "cellar"));
    let [one, other] = [of_cellar, of_hall].map(|machine| machine.contact.expect("it is there"));
    assert_eq!(one.epoch, other.epoch, "both sides have the same name for it");
    assert!((0..2_000_000).contains(&one.round_trip_us.unwrap()), "{one:?}");
    assert_eq!((status(cellar).exported(), status(hall).exported()), (1, 0));
    // The user has a stand-in in the cellar, and the provider has one in the hall.
    let gid = fabric.machine(hall).kernel().gid_of(client.pid()).expect("it runs");
    assert_eq!(status(hall).machine_of(gid).map(|name| name.to_string()).as_deref(), Some("cellar"));
}

#[test]
fn a_group_exports_its_own_services_alone() {
    let groups = GroupExports::default();
    let shared = groups.clone();
    let mut fabric = fabric(32, move |name, options| match name {
        "cellar" => Options { exports: rules(&[]), group_exports: shared.clone(), ..options },
        _ => options,
    });
    let (cellar, hall) = (fabric.start("cellar"), fabric.start("hall"));
    let (open, _open) = install(&mut fabric, cellar, SENSOR, &Sensor::default());
    let (_closed, _provider) = install(&mut fabric, cellar, SECRET, &Sensor::default());
    let user = container(&fabric, hall, "user");
    let opens = |fabric: &mut SimulatedFabric, selector| {
        let inner = user.clone();
        done(fabric, &user, async move {
            Open::<Client>::new(&inner, selector).within(Duration::from_secs(10)).await.map(drop)
        })
    };
    assert_eq!(opens(&mut fabric, SENSOR), Err(OpenError::Absent), "nothing is exported by default");
    groups.set(open.gid(), rules(&["hall:all"]));
    // Rules are read when a service is registered.
    let other = open.provider("house/sensor", "1.0").provides(SENSOR, Sensor::default());
    let _other = done(&mut fabric, &open, other.install()).expect("it can be installed");
    assert_eq!(opens(&mut fabric, SENSOR), Ok(()));
    assert_eq!(opens(&mut fabric, SECRET), Err(OpenError::Absent));
}

#[test]
fn nothing_is_exported_or_imported_unless_rules_say_so() {
    let case = |exports: &'static [&str], imports: &'static [&str]| {
        let mut fabric = fabric(3, move |name, options| match name {
            "cellar" => Options { exports: rules(exports), ..options },
            _ => Options { imports: rules(imports), ..options },
        });
        let (cellar, hall) = (fabric.start("cellar"), fabric.start("hall"));
        let (_container, _provider) = install(&mut fabric, cellar, SENSOR, &Sensor::default());
        let user = container(&fabric, hall, "user");
        let inner = user.clone();
        done(&mut fabric, &user, async move {
            Open::<Client>::new(&inner, SENSOR).within(Duration::from_secs(30)).await.map(drop)
        })
    };
    assert_eq!(case(&["all"], &["all"]), Ok(()));
    assert_eq!(case(&["hall:house/sensor"], &["cellar:house/sensor"]), Ok(()));
    for (exports, imports) in [
        (&[][..], &["all"][..]),
        (&["all"], &[]),
        (&["all"], &["attic:all"]),
        (&["all"], &["something/else"]),
    ] {
        assert_eq!(case(exports, imports), Err(OpenError::Absent), "{exports:?} {imports:?}");
    }
    // It is seen, but the exporting machine does not let it in.
    let refused = case(&["attic:all"], &["all"]);
    assert_eq!(refused, Err(OpenError::Failed(CallError::Gone)));
    assert_eq!(Rules::default(), rules(&[]));
}

#[test]
fn a_local_service_comes_first_and_a_tag_picks_a_machine() {
    let mut fabric = open_fabric(4);
    let (cellar, hall, attic) = (fabric.start("cellar"), fabric.start("hall"), fabric.start("attic"));
    let named = |name| Sensor { name, ..Sensor::default() };
    let _kept: Vec<_> = [(cellar, "cellar"), (hall, "hall"), (attic, "attic")]
        .map(|(machine, name)| install(&mut fabric, machine, SENSOR, &named(name)))
        .into();
    see(&mut fabric, hall, 2);
    let user = container(&fabric, hall, "user");
    let inner = user.clone();
    done(&mut fabric, &user, async move {
        let client: Client = Client::open(&inner, SENSOR).await.unwrap();
        assert_eq!(client.invoke(WHERE, Value::Null).await, Ok(Value::from("hall")));
        for name in ["cellar", "attic"] {
            let tag = format!("machine:{name}");
            let client: Client =
                Open::new(&inner, SENSOR).only(move |found| found.tags.contains(&tag)).await.unwrap();
            assert_eq!(client.invoke(WHERE, Value::Null).await, Ok(Value::from(name)));
        }
    });
}

#[test]
fn equal_services_of_other_machines_share_the_clients() {
    let mut fabric = open_fabric(5);
    let hall = fabric.start("hall");
    let names = ["a", "b", "c", "d"];
    let mut kept = Vec::new();
    for name in names {
        let machine = fabric.start(name);
        kept.push(install(&mut fabric, machine, SENSOR, &Sensor { name, ..Sensor::default() }));
    }
    see(&mut fabric, hall, names.len());
    let mut counts = [0; 4];
    for _ in 0..60 {
        let user = container(&fabric, hall, "user");
        let inner = user.clone();
        let place = done(&mut fabric, &user, async move {
            let client: Client = Client::open(&inner, SENSOR).await.expect("no error among equals");
            let again: Client = Client::open(&inner, SENSOR).await.expect("no error among equals");
            let place = client.invoke(WHERE, Value::Null).await.unwrap();
            assert_eq!(again.invoke(WHERE, Value::Null).await.unwrap(), place, "a client keeps its choice");
            place
        });
        let place = names.iter().position(|name| Some(*name) == place.as_str()).unwrap();
        counts[place] += 1;
        user.kill();
    }
    assert!(counts.iter().all(|&count| count >= 5), "{counts:?}");
}

#[test]
fn the_end_of_a_provider_is_noticed_at_once() {
    let mut fabric = open_fabric(6);
    let (cellar, hall) = (fabric.start("cellar"), fabric.start("hall"));
    let sensor = Sensor::default();
    let (provider, _provider) = install(&mut fabric, cellar, SENSOR, &sensor);
    see(&mut fabric, hall, 1);
    let user = container(&fabric, hall, "user");
    let inner = user.clone();
    let client: Arc<Client> =
        Arc::new(done(&mut fabric, &user, async move { Client::open(&inner, SENSOR).await }).unwrap());
    let (waiting, later) = (client.clone(), client.clone());
    let waits = begin(&user, async move { waiting.invoke(WAIT, Value::Null).await });
    assert!(fabric.run_until(100_000, |_| sensor.calls.now() == 1));
    provider.kill();
    assert!(fabric.run_until(100_000, |_| waits.is_there()));
    assert_eq!(waits.take(), Some(Err(CallError::Gone)), "its machine is in contact, so nothing is unknown");
    assert_eq!(
        done(&mut fabric, &user, async move { later.invoke(ECHO, Value::Null).await }),
        Err(CallError::Gone)
    );
    let is_clean = |fabric: &lucarne_fabric::simulation::SimulatedFabric| {
        // The manager, the switchboard and the user.
        fabric.machine(hall).kernel().process_count() == 3
    };
    assert!(fabric.run_until(100_000, is_clean), "its stand-in has ended");
}

#[test]
fn the_end_of_a_client_closes_what_it_had_open() {
    let mut fabric = open_fabric(7);
    let (cellar, hall) = (fabric.start("cellar"), fabric.start("hall"));
    let sensor = Sensor::default();
    let (_container, _provider) = install(&mut fabric, cellar, SENSOR, &sensor);
    see(&mut fabric, hall, 1);
    let user = container(&fabric, hall, "user");
    let inner = user.clone();
    let _client = done(&mut fabric, &user, async move {
        let client: Client = Client::open(&inner, SENSOR).await.unwrap();
        for _ in 0..3 {
            client.invoke(MAKE, Value::Null).await.unwrap();
        }
        client
    });
    assert_eq!(sensor.channels.now(), 3);
    user.kill();
    assert!(fabric.run_until(100_000, |_| sensor.channels.now() == 0));
    let is_clean = |fabric: &lucarne_fabric::simulation::SimulatedFabric| {
        fabric.machine(cellar).kernel().process_count() == 3
    };
    assert!(fabric.run_until(100_000, is_clean), "its stand-in has ended");
}

#[test]
fn a_canceled_call_is_canceled_on_the_other_machine() {
    let mut fabric = open_fabric(8);
    let (cellar, hall) = (fabric.start("cellar"), fabric.start("hall"));
    let sensor = Sensor::default();
    let (_container, _provider) = install(&mut fabric, cellar, SENSOR, &sensor);
    see(&mut fabric, hall, 1);
    let user = container(&fabric, hall, "user");
    let inner = user.clone();
    let ended = done(&mut fabric, &user, async move {
        let client: Client = Client::open(&inner, SENSOR).await.unwrap();
        client.invoke(WAIT, Value::Null).within(Duration::from_millis(30)).await
    });
    assert_eq!(ended, Err(CallError::Deadline));
    assert!(fabric.run_until(100_000, |_| sensor.calls.now() == 0), "the handler was canceled");
}

#[test]
fn a_machine_that_does_not_answer_is_lost_and_comes_back() {
    let mut fabric = open_fabric(9);
    let (cellar, hall) = (fabric.start("cellar"), fabric.start("hall"));
    let sensor = Sensor::default();
    let (_container, _provider) = install(&mut fabric, cellar, SENSOR, &sensor);
    see(&mut fabric, hall, 1);
    let user = container(&fabric, hall, "user");
    let inner = user.clone();
    let client: Arc<Client> = Arc::new(done(&mut fabric, &user, async move {
        let client: Client = Client::open(&inner, SENSOR).await.unwrap();
        client.invoke(MAKE, Value::Null).await.unwrap();
        client
    }));
    let waiting = client.clone();
    let sent = begin(&user, async move { waiting.invoke(WAIT, Value::Null).await });
    assert!(fabric.run_until(100_000, |_| sensor.calls.now() == 1));
    fabric.stop(cellar, true);
    assert!(fabric.run_until(100_000, |_| sent.is_there()), "no call without an end");
    assert_eq!(sent.take(), Some(Err(CallError::ContactLost)));
    let late = client.clone();
    let unsent = done(&mut fabric, &user, async move { late.invoke(ECHO, Value::Null).await });
    assert_eq!(unsent, Err(CallError::Gone), "it cannot have been executed");
    assert_eq!(sensor.channels.now(), 1, "the stopped machine does nothing");
    fabric.stop(cellar, false);
    assert!(fabric.run_until(100_000, |_| sensor.channels.now() == 0), "it has lost contact too");
    see(&mut fabric, hall, 1);
    let inner = user.clone();
    let again = done(&mut fabric, &user, async move {
        let client: Client = Client::open(&inner, SENSOR).await?;
        Ok::<_, OpenError>(client.invoke(ECHO, Value::from(1)).await)
    });
    assert_eq!(again, Ok(Ok(Value::from(1))));
    let losses: Vec<_> = fabric.machine(hall).status().machines().iter().map(|other| other.losses).collect();
    assert_eq!(losses, [1]);
}

#[test]
fn a_stream_ends_with_the_reason() {
    for is_killed in [true, false] {
        let mut fabric = open_fabric(33);
        let (cellar, hall) = (fabric.start("cellar"), fabric.start("hall"));
        let (provider, _provider) = install(&mut fabric, cellar, SENSOR, &Sensor::default());
        see(&mut fabric, hall, 1);
        let user = container(&fabric, hall, "user");
        let inner = user.clone();
        let (_client, proxy) = done(&mut fabric, &user, async move {
            let client: Client = Client::open(&inner, SENSOR).await.unwrap();
            let handle = client.invoke(MAKE, Value::Null).await.unwrap();
            let proxy = client.proxy(handle.as_int().unwrap());
            (client, proxy)
        });
        let end = begin(&user, async move { proxy.notifications::<i64>().next().await });
        fabric.run_until(10_000, |_| false);
        match is_killed {
            true => provider.kill(),
            false => fabric.stop(cellar, true),
        }
        assert!(fabric.run_until(100_000, |_| end.is_there()), "no stream without an end");
        let reason = if is_killed { Broken::Gone } else { Broken::ContactLost };
        assert_eq!(end.take(), Some(Some(Err(reason))));
    }
}

#[test]
fn one_way_wires_are_lost_contact_for_both() {
    for (seed, way) in [(10, 0), (11, 1)] {
        let mut fabric = open_fabric(seed);
        let (cellar, hall) = (fabric.start("cellar"), fabric.start("hall"));
        let sensor = Sensor::default();
        let (_container, _provider) = install(&mut fabric, cellar, SENSOR, &sensor);
        see(&mut fabric, hall, 1);
        let user = container(&fabric, hall, "user");
        let inner = user.clone();
        let client = done(&mut fabric, &user, async move {
            let client: Client = Client::open(&inner, SENSOR).await.unwrap();
            client.invoke(MAKE, Value::Null).await.unwrap();
            client
        });
        let waits = begin(&user, async move { client.invoke(WAIT, Value::Null).await });
        assert!(fabric.run_until(100_000, |_| sensor.calls.now() == 1));
        let (from, to) = if way == 0 { (cellar, hall) } else { (hall, cellar) };
        fabric.cut(from, to, true);
        assert!(fabric.run_until(100_000, |_| waits.is_there() && sensor.channels.now() == 0));
        assert_eq!(waits.take(), Some(Err(CallError::ContactLost)));
        fabric.heal();
        see(&mut fabric, hall, 1);
    }
}

#[test]
fn a_machine_that_starts_again_is_another_one() {
    let mut fabric = open_fabric(12);
    let (cellar, hall) = (fabric.start("cellar"), fabric.start("hall"));
    let (_container, _provider) = install(&mut fabric, cellar, SENSOR, &Sensor::default());
    see(&mut fabric, hall, 1);
    let user = container(&fabric, hall, "user");
    let inner = user.clone();
    let client: Client = done(&mut fabric, &user, async move { Client::open(&inner, SENSOR).await }).unwrap();
    fabric.restart(cellar);
    let sensor = Sensor { name: "second", ..Sensor::default() };
    let (_container, _provider) = install(&mut fabric, cellar, SENSOR, &sensor);
    let ended = done(&mut fabric, &user, async move { client.invoke(ECHO, Value::Null).await });
    assert!(matches!(ended, Err(CallError::Gone | CallError::ContactLost)), "{ended:?}");
    see(&mut fabric, hall, 1);
    let inner = user.clone();
    let place = done(&mut fabric, &user, async move {
        let client: Client = Client::open(&inner, SENSOR).await.expect("found again");
        client.invoke(WHERE, Value::Null).await
    });
    assert_eq!(place, Ok(Value::from("second")));
}

#[test]
fn large_byte_arrays_arrive_and_hold_up_no_small_call() {
    let mut fabric = open_fabric(13);
    let (cellar, hall) = (fabric.start("cellar"), fabric.start("hall"));
    let (_container, _provider) = install(&mut fabric, cellar, SENSOR, &Sensor::default());
    see(&mut fabric, hall, 1);
    let (first, second) = (container(&fabric, hall, "first"), container(&fabric, hall, "second"));
    let inner = first.clone();
    let bytes: Vec<u8> = (0..6_000_000_u32).map(|at| (at % 251) as u8).collect();
    let expected = Bytes::from(bytes);
    let sent = expected.clone();
    let large = begin(&first, async move {
        let client: Client = Client::open(&inner, SENSOR).await.unwrap();
        client.invoke(ECHO, Value::Bytes(sent)).await
    });
    let inner = second.clone();
    let mut before = 0;
    let client: Arc<Client> =
        Arc::new(done(&mut fabric, &second, async move { Client::open(&inner, SENSOR).await }).unwrap());
    while !large.is_there() {
        let small = client.clone();
        let answer = done(&mut fabric, &second, async move { small.invoke(ECHO, Value::from(1)).await });
        assert_eq!(answer, Ok(Value::from(1)));
        before += 1;
    }
    assert_eq!(large.take().unwrap().unwrap().as_bytes(), Some(&expected));
    assert!(before > 10, "{before} small calls were answered before the large one");
}

#[test]
fn windows_and_timeouts_can_differ() {
    // The machine whose name comes first calls. Each of the two machines does so in one of the cases.
    for names in [["cellar", "hall"], ["hall", "cellar"]] {
        let mut fabric = fabric(16, move |name, options| {
            let (timeout, window) = if name == names[0] {
                (Duration::from_millis(100), 0)
            } else {
                (Duration::from_secs(60), 4 << 20)
            };
            Options { timeout, window, ..options }
        });
        let machines = names.map(|name| fabric.start(name));
        for [here, there] in [machines, [machines[1], machines[0]]] {
            let (_container, _provider) = install(&mut fabric, here, SENSOR, &Sensor::default());
            see(&mut fabric, there, 1);
            let user = container(&fabric, there, "user");
            let inner = user.clone();
            done(&mut fabric, &user, async move {
                let client: Client = Client::open(&inner, SENSOR).await.unwrap();
                // In both directions more than the smaller window, and less than the larger one.
                let bytes = Bytes::from(vec![7; 1_000_000]);
                for _ in 0..3 {
                    let echoed = client.invoke(ECHO, Value::Bytes(bytes.clone())).await.unwrap();
                    assert_eq!(echoed.as_bytes(), Some(&bytes));
                }
                // Silence, for longer than the smaller timeout, and shorter than a quarter of the larger one.
                inner.sleep(Duration::from_secs(5)).await.unwrap();
                assert_eq!(client.invoke(ECHO, Value::from(1)).await, Ok(Value::from(1)));
            });
            let seen = fabric.machine(there).status().machines();
            assert_eq!((seen[0].contacts, seen[0].losses), (1, 0), "{names:?}");
            user.kill();
        }
    }
}

#[test]
fn a_provider_that_ends_before_its_first_answer_leaves_no_stand_in() {
    for seed in 0..100 {
        let mut fabric = open_fabric(1_000 + seed);
        let (cellar, hall) = (fabric.start("cellar"), fabric.start("hall"));
        let (provider, _provider) = install(&mut fabric, cellar, SENSOR, &Sensor::default());
        see(&mut fabric, hall, 1);
        let user = container(&fabric, hall, "user");
        let inner = user.clone();
        let opened = begin(&user, async move { Client::open(&inner, SENSOR).await.map(drop) });
        for _ in 0..seed {
            fabric.step();
        }
        provider.kill();
        assert!(fabric.run_until(1_000_000, |_| opened.is_there()), "seed {seed}");
        user.kill();
        // The manager and the switchboard.
        let ends = fabric.run_until(100_000, |fabric| {
            [cellar, hall].iter().all(|&machine| fabric.machine(machine).kernel().process_count() == 2)
        });
        let left = fabric.machine(hall).kernel().process_count();
        assert!(ends, "seed {seed}: {left} processes stay");
    }
}

#[test]
fn a_slow_consumer_on_another_machine_is_cut_off() {
    let mut fabric = open_fabric(14);
    let (cellar, hall) = (fabric.start("cellar"), fabric.start("hall"));
    let sensor = Sensor::default();
    let (_container, _provider) = install(&mut fabric, cellar, SENSOR, &sensor);
    see(&mut fabric, hall, 1);
    let user = container(&fabric, hall, "user");
    let inner = user.clone();
    let (poured, echoed) = done(&mut fabric, &user, async move {
        let client: Client = Client::open(&inner, SENSOR).await.unwrap();
        let handle = client.invoke(MAKE, Value::Null).await.unwrap();
        let proxy = client.proxy(handle.as_int().unwrap());
        let _unread = proxy.notifications::<i64>();
        let poured = client.invoke(POUR, handle).await.unwrap();
        (poured, client.invoke(ECHO, Value::from(1)).await)
    });
    assert!((1_024..5_000).contains(&poured.as_int().unwrap()), "{poured:?}");
    assert_eq!(echoed, Ok(Value::from(1)), "nothing else is held up");
    assert!(fabric.run_until(100_000, |_| sensor.channels.now() == 0));
}

#[test]
fn a_service_that_was_uninstalled_is_not_found_any_more() {
    let mut fabric = open_fabric(15);
    let (cellar, hall) = (fabric.start("cellar"), fabric.start("hall"));
    let (container_there, provider) = install(&mut fabric, cellar, SENSOR, &Sensor::default());
    see(&mut fabric, hall, 1);
    done(&mut fabric, &container_there, provider.uninstall()).unwrap();
    see(&mut fabric, hall, 0);
    let is_clean = |fabric: &lucarne_fabric::simulation::SimulatedFabric| {
        fabric.machine(hall).kernel().process_count() == 2
    };
    assert!(fabric.run_until(100_000, is_clean), "the stand-in that no one used has ended");
    let sensor = Sensor::default();
    assert_eq!(sensor.twice.load(Ordering::SeqCst), 0);
}
