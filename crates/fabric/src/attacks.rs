//! Machines that break the rules: they are refused, the log names them, and others are not disturbed.

use std::sync::Arc;
use std::time::Duration;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::Ordering;
use lucarne_kernel::{Pid, RequestId};
use lucarne_link::carry;
use lucarne_services::protocol::{error, procedure};
use lucarne_services::{CallError, Client, Container, Offered, Open, OpenError, Selector, Value, uuid};

use crate::Options;
use crate::common::{self, *};
use crate::description;
use crate::network::Token;
use crate::packet::{Epoch, Item, Packet, Parcel, Terms};
use crate::peer::{PER_INTERFACE_MAX, TOKENS_MAX};
use crate::simulation::SimulatedFabric;

/// The provider, an honest user, and a machine that is in contact and breaks the rules.
struct World {
    fabric: SimulatedFabric,
    sensor: Sensor,
    provider: Pid,
    users: [Container; 2],
    clients: [Arc<Client>; 2],
    log: Arc<Mutex<Vec<String>>>,
    /// Keeps the services installed.
    _installed: Vec<Box<dyn std::any::Any>>,
}

/// A service that is exported to the honest user alone.
const FOR_HALL: Selector = Selector::new(uuid!("5b1c9a52-0f0e-4c1d-9c4f-2f6f4f1f7d60"), 1, 0);

const CELLAR: usize = 0;
const HALL: usize = 1;
const EVIL: usize = 2;

impl World {
    fn new(seed: u64) -> World {
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let lines = log.clone();
        let mut fabric = fabric(seed, move |name, options| {
            if name != "cellar" {
                return options;
            }
            let lines = lines.clone();
            let log = Box::new(move |line: &str| lines.lock().push(line.to_owned()));
            let exports = rules(&[&SENSOR.uuid().to_string(), &format!("hall:{}", FOR_HALL.uuid())]);
            Options { log, exports, ..options }
        });
        for name in ["cellar", "hall", "evil"] {
            fabric.start(name);
        }
        let sensor = Sensor { name: "cellar", ..Sensor::default() };
        let (container, provider) = install(&mut fabric, CELLAR, SENSOR, &sensor);
        // In the same process, and not exported, or not to all.
        let others = [("house/secret", SECRET), ("house/hall", FOR_HALL)].map(|(name, selector)| {
            let builder = container.provider(name, "1.0").provides(selector, Sensor::default());
            done(&mut fabric, &container, builder.install()).unwrap()
        });
        let mut open = |machine| {
            let user = common::container(&fabric, machine, "user");
            let inner = user.clone();
            let client = done(&mut fabric, &user, async move {
                Open::<Client>::new(&inner, SENSOR).within(Duration::from_secs(10)).await.unwrap()
            });
            (user, Arc::new(client))
        };
        let ((hall, first), (evil, second)) = (open(HALL), open(EVIL));
        World {
            sensor,
            provider: container.pid(),
            users: [hall, evil],
            clients: [first, second],
            log,
            _installed: vec![Box::new(provider), Box::new(others), Box::new(container)],
            fabric,
        }
    }

    /// Makes a machine send something. Returns the epoch and the number of its next packet to the provider's machine.
    fn next_packet(&mut self, from: usize) -> (Epoch, u64) {
        let client = self.clients[from - 1].clone();
        let _call = begin(&self.users[from - 1], async move { client.invoke(ECHO, Value::from(1)).await });
        let mut found = None;
        let sent = self.fabric.run_until(100_000, |fabric| {
            found = fabric.packets(from, CELLAR).iter().find_map(|packet| match Packet::read(packet) {
                Some(Packet::Data { epoch, number, items }) if !items.is_empty() => Some((epoch, number)),
                _ => None,
            });
            found.is_some()
        });
        assert!(sent);
        found.unwrap()
    }

    /// Sends items in a packet with the number of the attacker's next packet, which is then ignored as a copy.
    fn forge(&mut self, items: &[u8]) {
        let (epoch, number) = self.next_packet(EVIL);
        self.fabric.forge(EVIL, CELLAR, Packet::Data { epoch, number, items }.write());
    }

    /// Returns the announcement of a service of another machine, and its description.
    fn token(&self, machine: &str, id: i64) -> (Token, Vec<u8>) {
        let (uuid, description) = description::encode(&forged_service(id)).unwrap();
        let digest = description::digest(&description);
        (Token { machine: machine.parse().unwrap(), incarnation: 1, uuid, digest }, description)
    }

    /// Returns the number of services of a machine that can be opened in the cellar.
    fn services(&self, machine: &str) -> usize {
        let machines = self.fabric.machine(CELLAR).status().machines();
        machines.iter().find(|known| known.name.as_str() == machine).map_or(0, |known| known.services)
    }

    /// Announces services of other machines, all of one interface, and returns the number of those that can be opened.
    fn announce(&mut self, machine: &str, count: usize) -> usize {
        for id in 0..count {
            let (token, description) = self.token(machine, id as i64);
            self.fabric.forge_token(CELLAR, token, description);
            // An answer to a question that was not asked yet is not used.
            self.fabric.run_until(1_000, |fabric| !fabric.machine(CELLAR).has_events());
        }
        self.fabric.run_until(2_000, |_| false);
        self.services(machine)
    }

    /// Returns how many lines of the log contain a text.
    fn logged(&self, text: &str) -> usize {
        self.log.lock().iter().filter(|line| line.contains(text)).count()
    }

    /// Sends a request in the name of a process of the attacker, and returns the frame that answers it.
    fn answer_to(&mut self, from: Pid, id: RequestId, number: i64, arguments: &Value) -> Vec<u8> {
        let to = self.provider;
        self.forge(&whole(from, to, &carry::request(to, id, number, arguments)));
        let mut answer = None;
        self.fabric.run_until(10_000, |fabric| {
            answer = fabric.packets(CELLAR, EVIL).iter().find_map(|packet| {
                let Some(Packet::Data { mut items, .. }) = Packet::read(packet) else { return None };
                std::iter::from_fn(|| Item::read(&mut items)).find_map(|item| {
                    let Item::Whole { from: by, to: receiver, parcel } = item else { return None };
                    let frame = Parcel::unpack(parcel)?.bytes;
                    let is_it = (by, receiver) == (to, from) && is_answer(&frame, id);
                    is_it.then_some(frame)
                })
            });
            answer.is_some()
        });
        // The attacker's own packet has the same number as the forged packet, so it is ignored as a copy.
        assert!(self.fabric.run_until(10_000, |fabric| fabric.packets(EVIL, CELLAR).is_empty()));
        answer.expect("an answer")
    }

    fn call(&mut self, from: usize) -> Result<Value, CallError> {
        let client = self.clients[from - 1].clone();
        let user = self.users[from - 1].clone();
        done(&mut self.fabric, &user, async move { client.invoke(WHERE, Value::Null).await })
    }

    fn assert_others_are_well(&mut self) {
        assert_eq!(self.call(HALL), Ok(Value::from("cellar")));
        let machines = self.fabric.machine(CELLAR).status().machines();
        let hall = machines.iter().find(|machine| machine.name.as_str() == "hall").expect("it is known");
        assert_eq!((hall.losses, hall.is_in_contact()), (0, true));
        assert_eq!(self.sensor.twice.load(Ordering::SeqCst), 0);
    }

    /// Asserts that contact with the attacker ended for this reason, and that others are well.
    fn assert_refused(&mut self, reason: &str) {
        let log = self.log.clone();
        let line = format!("contact with evil is lost: {reason}");
        let is_logged = |_: &SimulatedFabric| log.lock().contains(&line);
        assert!(self.fabric.run_until(100_000, is_logged), "not '{line}': {:?}", self.log.lock());
        assert!(self.call(EVIL).is_err(), "its clients have ended with the epoch");
        self.assert_others_are_well();
    }
}

/// A service that no honest machine provides.
pub(crate) fn forged_service(id: i64) -> Offered {
    Offered {
        pid: pid(5),
        id,
        uuid: SECRET.uuid().to_string(),
        name: "house/forged".to_owned(),
        version: (1, 0),
        priority: 255,
        tags: Vec::new(),
    }
}

fn pid(number: i64) -> Pid {
    Pid::from_i64(number)
}

/// Returns whether a frame answers the request with this id.
fn is_answer(frame: &[u8], id: RequestId) -> bool {
    // The kinds of a reply and of a failure, and the first number of a frame: see `docs/protocol.md`.
    matches!(frame[0], 2 | 3) && frame[24..32] == id.as_i64().to_le_bytes()
}

fn whole(from: Pid, to: Pid, frame: &[u8]) -> Vec<u8> {
    let parcel = Parcel::new(frame, Vec::new(), None);
    let mut items = Vec::new();
    Item::Whole { from, to, parcel: &[] }.write_parts(&parcel.parts(0, usize::MAX), &mut items);
    items
}

#[test]
fn garbage_is_ignored() {
    let mut world = World::new(1);
    for bytes in [&b""[..], b"\x01", &[0xff; 100], &[1; 40], &[0; 48_000]] {
        world.fabric.forge(EVIL, CELLAR, bytes.to_vec());
    }
    assert_eq!(world.call(EVIL), Ok(Value::from("cellar")));
    world.assert_others_are_well();
}

#[test]
fn a_packet_of_another_epoch_has_no_effect() {
    let mut world = World::new(2);
    let (epoch, number) = world.next_packet(HALL);
    let wrong = Epoch { call: epoch.call ^ 1, ..epoch };
    let terms = Terms { window: 0, timeout_us: 0 };
    for packet in [
        Packet::Bye { epoch: wrong },
        Packet::Data { epoch: wrong, number, items: &[] },
        Packet::Data { epoch: wrong, number: 0, items: &[] },
        Packet::Answer { epoch: wrong, incarnation: 1, terms },
        Packet::Call { call: wrong.call, incarnation: 1, terms },
        Packet::Knock { incarnation: 1 },
    ] {
        world.fabric.forge(HALL, CELLAR, packet.write());
        world.fabric.run_until(1_000, |_| false);
    }
    world.assert_others_are_well();
}

#[test]
fn a_replayed_packet_has_no_effect() {
    let mut world = World::new(3);
    let client = world.clients[0].clone();
    let _call = begin(&world.users[0], async move { client.invoke(ONCE, Value::from(1)).await });
    let mut copies = Vec::new();
    for _ in 0..3_000 {
        world.fabric.step();
        copies.extend(world.fabric.packets(HALL, CELLAR));
        if world.sensor.executed.lock().unwrap().len() == 1 {
            break;
        }
    }
    assert!(!copies.is_empty());
    for copy in copies {
        world.fabric.forge(HALL, CELLAR, copy);
    }
    world.fabric.run_until(3_000, |_| false);
    world.assert_others_are_well();
}

#[test]
fn a_flood_ends_the_contact() {
    let mut world = World::new(4);
    let (epoch, number) = world.next_packet(EVIL);
    // Each of these requests is refused with an answer, and the attacker takes no answers.
    let request = carry::request(world.provider, RequestId::from_i64(1), procedure::PUBLISH, &Value::Null);
    let items = whole(pid(1), world.provider, &request).repeat(400);
    world.fabric.stop(EVIL, true);
    for step in 0..2_000 {
        let packet = Packet::Data { epoch, number: number + step, items: &items };
        world.fabric.forge(EVIL, CELLAR, packet.write());
        let cellar_took_it = |fabric: &SimulatedFabric| !fabric.machine(CELLAR).has_events();
        assert!(world.fabric.run_until(1_000, cellar_took_it));
        if world.logged("contact with evil is lost") > 0 {
            break;
        }
    }
    world.fabric.stop(EVIL, false);
    world.assert_refused("it takes no answers");
}

#[test]
fn more_than_the_window_ends_the_contact() {
    let mut world = World::new(5);
    let mut items = Vec::new();
    Item::First { slot: 0, from: pid(1), to: pid(2), size: 10_000_000, bytes: &[] }
        .write_parts(&[&vec![0; 300_000]], &mut items);
    world.forge(&items);
    world.assert_refused("more was sent than there is room for");
}

#[test]
fn lying_lengths_end_the_contact() {
    let first = |slot, size| {
        let mut items = Vec::new();
        Item::First { slot, from: pid(1), to: pid(2), size, bytes: &[] }.write_parts(&[b"x"], &mut items);
        items
    };
    let more = |slot, bytes: &[u8]| {
        let mut items = Vec::new();
        Item::More { slot, bytes: &[] }.write_parts(&[bytes], &mut items);
        items
    };
    let taken = |slot| {
        let mut items = Vec::new();
        Item::Taken { slot }.write(&mut items);
        items
    };
    for (seed, (items, reason)) in [
        (vec![1, 0, 0, 0, 255, 255, 255, 255], "an item has no valid form"),
        (vec![9], "an item has no valid form"),
        (first(0, u64::MAX), "a parcel is too large"),
        (first(0, 0), "a piece has the wrong size"),
        (first(200, 100), "the slot of a parcel is not free"),
        ([first(0, 100), first(0, 100)].concat(), "the slot of a parcel is not free"),
        ([first(0, 80 << 20), first(1, 80 << 20)].concat(), "too many large parcels at a time"),
        (more(0, b"x"), "a piece belongs to no parcel"),
        ([first(0, 2), more(0, b"xyz")].concat(), "a piece has the wrong size"),
        ([first(0, 2), more(0, b"x")].concat(), "a parcel has no valid form"),
        (taken(0), "it takes what was not sent"),
        (taken(99), "it takes what was not sent"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut world = World::new(100 + seed as u64);
        world.forge(&items);
        world.assert_refused(reason);
    }
}

#[test]
fn frames_that_no_machine_sends_end_the_contact() {
    for (seed, (frame, reason)) in [
        (Vec::new(), "a frame has no valid form"),
        (carry::exit(), "a frame has no valid form"),
        (carry::refusal(pid(77), RequestId::from_i64(1), "x"), "a frame names another receiver"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut world = World::new(200 + seed as u64);
        let items = whole(pid(1), world.provider, &frame);
        world.forge(&items);
        world.assert_refused(reason);
    }
}

#[test]
fn only_exported_services_of_a_process_are_opened() {
    let mut world = World::new(6);
    // A client on the same machine opens both.
    let local = common::container(&world.fabric, CELLAR, "local");
    let inner = local.clone();
    let opened = done(&mut world.fabric, &local, async move {
        (Client::open(&inner, SENSOR).await.is_ok(), Client::open(&inner, SECRET).await.is_ok())
    });
    assert_eq!(opened, (true, true));
    let mut open = |user: usize, selector: Selector| {
        let user = world.users[user - 1].clone();
        let inner = user.clone();
        done(&mut world.fabric, &user, async move {
            Open::<Client>::new(&inner, selector).within(Duration::from_secs(1)).await.map(drop)
        })
    };
    assert_eq!(open(HALL, FOR_HALL), Ok(()));
    assert_eq!(open(HALL, SECRET), Err(OpenError::Absent));
    // All machines see the announcement of the first service, but only the hall may open it.
    assert_eq!(open(EVIL, FOR_HALL), Err(OpenError::Failed(CallError::Gone)));
    assert_eq!(open(EVIL, SECRET), Err(OpenError::Absent));
    let (from, to) = (world.users[1].pid(), world.provider);
    let refusal = |id| {
        let mut refusal = carry::refusal(to, id, error::NO_SUCH_PROCESS);
        carry::readdress(&mut refusal, from);
        refusal
    };
    let mut next = 1_000;
    let mut answer = |world: &mut World, number, arguments: &Value| {
        next += 1;
        let id = RequestId::from_i64(next);
        let answer = world.answer_to(from, id, number, arguments);
        (answer == refusal(id), answer)
    };
    let secret = SECRET.uuid().to_string();
    let services = world.fabric.machine(CELLAR).services();
    let id_of = |selector: Selector| {
        let is_it = |service: &&Offered| service.pid == to && service.uuid == selector.uuid().to_string();
        services.iter().find(is_it).expect("it is installed").id
    };
    for service in [-1, id_of(SECRET), id_of(FOR_HALL), id_of(SENSOR)] {
        let is_exported = service == id_of(SENSOR);
        let opening = Value::List(vec![service.into(), Value::from(secret.clone()), 1.into(), 0.into()]);
        let (is_refused, opened) = answer(&mut world, procedure::OPEN, &opening);
        assert_eq!(is_refused, !is_exported, "service {service} is opened");
        if is_exported {
            // It reaches the exported service, which is another interface.
            let text = String::from_utf8_lossy(&opened);
            assert!(text.contains("does not provide"), "{service}: {text}");
        }
        let (is_refused, _) = answer(&mut world, procedure::DEFINITION, &Value::from(service));
        assert_eq!(is_refused, !is_exported, "the definition of {service}");
    }
    for number in [procedure::PUBLISH, procedure::LOOK_UP, procedure::ACCOUNT, procedure::SERVICES, 7] {
        assert!(answer(&mut world, number, &Value::Null).0, "procedure {number}");
    }
    assert_eq!(world.logged("evil asks for a service that is not exported to it"), 1);
    assert_eq!(
        world.logged("evil asks for a service that has ended, or was never there"),
        1,
        "the service -1"
    );
    world.assert_others_are_well();
}

#[test]
fn services_of_one_interface_are_bounded() {
    let mut world = World::new(8);
    assert_eq!(world.announce("many", PER_INTERFACE_MAX + 50), PER_INTERFACE_MAX);
    assert_eq!(world.announce("few", 3), 3, "the limit is that of each machine");
    assert_eq!(world.logged("many announces more than"), 1);
    world.assert_others_are_well();
}

#[test]
fn a_machine_causes_one_line_of_each_kind() {
    let mut world = World::new(9);
    world.announce("many", TOKENS_MAX + 50);
    assert_eq!(world.logged("many announces too many services"), 1);
    for digest in 0..20 {
        let digest = crate::network::Digest([digest; 16]);
        let token = Token { machine: "liar".parse().unwrap(), incarnation: 1, uuid: SECRET.uuid(), digest };
        world.fabric.forge_token(CELLAR, token, vec![1]);
    }
    world.fabric.run_until(2_000, |_| false);
    assert_eq!(world.logged("liar announces a service, but a description"), 1);
    world.assert_others_are_well();
}

#[test]
fn a_wrong_answer_does_not_void_an_announcement() {
    let mut world = World::new(10);
    let (token, description) = world.token("attic", 0);
    // Any machine can answer the question for a description.
    world.fabric.forge_token(CELLAR, token.clone(), b"wrong".to_vec());
    world.fabric.run_until(2_000, |_| false);
    assert_eq!(world.services("attic"), 0);
    world.fabric.forge_token(CELLAR, token, description);
    world.fabric.run_until(2_000, |_| false);
    assert_eq!(world.services("attic"), 1);
}

#[test]
fn announcements_without_descriptions_make_room_for_others() {
    let mut world = World::new(11);
    for digest in 0..TOKENS_MAX as u32 + 50 {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&digest.to_le_bytes());
        let digest = crate::network::Digest(bytes);
        let token = Token { machine: "attic".parse().unwrap(), incarnation: 1, uuid: SECRET.uuid(), digest };
        world.fabric.forge_token(CELLAR, token, vec![1]);
    }
    assert_eq!(world.announce("attic", 3), 3);
}

#[test]
fn a_description_that_was_not_announced_is_not_used() {
    let mut world = World::new(7);
    let (token, description) = world.token("evil", 0);
    let token = Token { digest: description::digest(b"another"), ..token };
    world.fabric.forge_token(CELLAR, token, description);
    world.fabric.run_until(2_000, |_| false);
    let log = world.log.lock().join("\n");
    assert!(
        log.contains("evil announces a service, but a description of it is not the announced one"),
        "{log}"
    );
    let user = common::container(&world.fabric, CELLAR, "user");
    let inner = user.clone();
    let tags = done(&mut world.fabric, &user, async move {
        let client: Client = Client::open(&inner, SECRET).await.unwrap();
        client.service().tags.clone()
    });
    assert!(!tags.iter().any(|tag| tag.starts_with("machine:")), "{tags:?}");
    world.assert_others_are_well();
}
