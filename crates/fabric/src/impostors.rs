//! Machines that must prove their names, and machines that cannot. The latter get nothing, and the log names them; the
//! former are not disturbed.

use std::sync::Arc;
use std::time::Duration;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::Ordering;
use lucarne_services::{Client, Container, Open, OpenError, Value};

use crate::attacks::forged_service;
use crate::common::authority::Authority;
use crate::common::{self, *};
use crate::description;
use crate::identity::Identity;
use crate::name::MachineName;
use crate::network::Token;
use crate::packet::Packet;
use crate::simulation::SimulatedFabric;
use crate::tunnel::Tunnel;
use crate::{MachineStatus, Options};

const CELLAR: usize = 0;
const HALL: usize = 1;
const EVIL: usize = 2;

/// The provider, an honest user, and a third machine.
struct World {
    fabric: SimulatedFabric,
    sensor: Sensor,
    user: Container,
    client: Arc<Client>,
    /// The identities of the cellar and of the hall.
    honest: [Arc<Identity>; 2],
    log: Arc<Mutex<Vec<String>>>,
    /// Keeps the service installed.
    _installed: Box<dyn std::any::Any>,
}

impl World {
    /// Creates a world whose third machine has this identity, or none.
    fn new(seed: u64, authority: &Authority, evil: Option<Arc<Identity>>) -> World {
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let lines = log.clone();
        let honest = ["cellar", "hall"].map(|name| authority.identity(name));
        let kept = honest.clone();
        let mut fabric = fabric(seed, move |name, options| {
            let identity = honest.iter().find(|identity| identity.name().as_str() == name);
            let options = Options { identity: identity.cloned().or_else(|| evil.clone()), ..options };
            if name != "cellar" {
                return options;
            }
            let lines = lines.clone();
            let log = Box::new(move |line: &str| lines.lock().push(line.to_owned()));
            Options { log, exports: rules(&["hall:all"]), ..options }
        });
        for name in ["cellar", "hall", "evil"] {
            fabric.start(name);
        }
        let sensor = Sensor { name: "cellar", ..Sensor::default() };
        let installed = install(&mut fabric, CELLAR, SENSOR, &sensor);
        let user = common::container(&fabric, HALL, "user");
        let client = open(&mut fabric, &user).expect("the service of the cellar");
        World {
            fabric,
            sensor,
            user,
            client: Arc::new(client),
            honest: kept,
            log,
            _installed: Box::new(installed),
        }
    }

    fn call(&mut self) -> Value {
        let client = self.client.clone();
        done(&mut self.fabric, &self.user, async move { client.invoke(WHERE, Value::Null).await }).unwrap()
    }

    fn known_in_cellar(&self) -> Vec<MachineStatus> {
        self.fabric.machine(CELLAR).status().machines()
    }

    fn assert_hall_is_well(&mut self) {
        assert_eq!(self.call(), Value::from("cellar"));
        let hall = self.known_in_cellar().into_iter().find(|known| known.name.as_str() == "hall").unwrap();
        assert_eq!(
            (hall.is_proven, hall.is_in_contact(), hall.losses),
            (true, true, 0),
            "{:?}",
            self.log.lock()
        );
        assert_eq!(self.sensor.twice.load(Ordering::SeqCst), 0);
    }

    /// Asserts that the third machine cannot open the service, and that the log of the cellar says why.
    fn assert_evil_is_refused(&mut self, reason: &str) {
        let user = common::container(&self.fabric, EVIL, "user");
        assert!(open(&mut self.fabric, &user).is_err());
        let lines = self.log.lock().clone();
        assert_eq!(lines.iter().filter(|line| line.contains(reason)).count(), 1, "{lines:?}");
        let evil = self.known_in_cellar().into_iter().find(|known| known.name.as_str() == "evil");
        assert!(evil.is_none_or(|evil| !evil.is_proven && evil.contacts == 0));
        self.assert_hall_is_well();
    }
}

fn open(fabric: &mut SimulatedFabric, user: &Container) -> Result<Client, OpenError> {
    let inner = user.clone();
    done(
        fabric,
        user,
        async move { Open::<Client>::new(&inner, SENSOR).within(Duration::from_secs(3)).await },
    )
}

#[test]
fn machines_that_prove_their_names_use_each_others_services() {
    let authority = Authority::new();
    let mut world = World::new(1, &authority, None);
    world.assert_hall_is_well();
    // The third machine is admitted too, but nothing is exported to it.
    let mut world = World::new(2, &authority, Some(authority.identity("evil")));
    world.assert_hall_is_well();
    let user = common::container(&world.fabric, EVIL, "user");
    assert!(open(&mut world.fabric, &user).is_err());
    world.assert_hall_is_well();
}

#[test]
fn machines_that_start_again_prove_their_names_again() {
    let authority = Authority::new();
    let mut world = World::new(3, &authority, None);
    world.fabric.restart(HALL);
    let user = common::container(&world.fabric, HALL, "user");
    let client = open(&mut world.fabric, &user).unwrap();
    let answer = done(&mut world.fabric, &user, async move { client.invoke(WHERE, Value::Null).await });
    assert_eq!(answer, Ok(Value::from("cellar")));
}

#[test]
fn a_machine_with_a_certificate_of_another_authority_gets_nothing() {
    let evil = Authority::new().identity("evil");
    let mut world = World::new(4, &Authority::new(), Some(evil.clone()));
    // The attacker does not accept what the cellar announces, since another authority has signed it. So the test begins
    // a handshake by hand.
    let mut knock = Vec::new();
    Tunnel::new(evil, "cellar".parse().unwrap(), 2_000_000).send(Vec::new(), 0, 1, &mut knock);
    world.fabric.forge(EVIL, CELLAR, knock.remove(0));
    world.assert_evil_is_refused("evil cannot prove its name");
}

#[test]
fn a_machine_with_the_certificate_of_another_name_gets_nothing() {
    let authority = Authority::new();
    let mut world = World::new(5, &authority, Some(authority.identity("stable")));
    world.assert_evil_is_refused("evil cannot prove its name");
}

#[test]
fn a_machine_without_a_certificate_gets_nothing() {
    let mut world = World::new(6, &Authority::new(), None);
    world.fabric.forge(EVIL, CELLAR, Packet::Knock { incarnation: 1 }.write());
    world.assert_evil_is_refused("evil does not prove its name");
}

#[test]
fn packets_in_the_name_of_another_machine_have_no_effect() {
    let authority = Authority::new();
    let mut world = World::new(7, &authority, Some(authority.identity("evil")));
    let client = world.client.clone();
    let _call = begin(&world.user, async move { client.invoke(ONCE, Value::from(1)).await });
    let mut copies = Vec::new();
    world.fabric.run_until(20_000, |fabric| {
        copies.extend(fabric.packets(HALL, CELLAR));
        world.sensor.executed.lock().unwrap().len() == 1
    });
    assert!(!copies.is_empty());
    let mut tunnel = Tunnel::new(authority.identity("a"), "cellar".parse().unwrap(), 2_000_000);
    for (random, copy) in (1..).zip(copies) {
        world.fabric.forge(HALL, CELLAR, copy.clone());
        world.fabric.forge(CELLAR, HALL, copy.clone());
        let mut changed = copy;
        changed.iter_mut().skip(30).for_each(|byte| *byte ^= 0x55);
        world.fabric.forge(HALL, CELLAR, changed);
        let mut hello = Vec::new();
        tunnel.send(vec![0; 20], 1_000_000 * random, random.cast_unsigned(), &mut hello);
        hello.into_iter().for_each(|hello| world.fabric.forge(HALL, CELLAR, hello));
        world.fabric.run_until(200, |_| false);
    }
    world.assert_hall_is_well();
    let lost = world.log.lock().iter().filter(|line| line.contains("is lost")).count();
    assert_eq!(lost, 0);
}

#[test]
fn a_flood_of_names_keeps_no_machine_out() {
    let authority = Authority::new();
    let mut world = World::new(8, &authority, None);
    let mut tunnel = Tunnel::new(Authority::new().identity("a"), "cellar".parse().unwrap(), 2_000_000);
    let mut hello = Vec::new();
    tunnel.send(vec![0; 20], 0, 1, &mut hello);
    let mut number = 0;
    let mut flood = |world: &mut World| {
        for _ in 0..1_000 {
            number += 1;
            let name: MachineName = format!("a{number}").parse().unwrap();
            world.fabric.forge_from(&name, CELLAR, hello[0].clone());
        }
    };
    flood(&mut world);
    world.fabric.run_until(5_000, |_| false);
    let lines = world.log.lock().clone();
    assert_eq!(lines.iter().filter(|line| line.contains("do not prove their names")).count(), 1, "{lines:?}");
    world.assert_hall_is_well();
    // A machine that comes in the middle of the flood is let in.
    flood(&mut world);
    world.fabric.restart(HALL);
    flood(&mut world);
    let user = common::container(&world.fabric, HALL, "user");
    let opened = open(&mut world.fabric, &user);
    assert!(opened.is_ok());
    // The memory that the flood has taken is freed.
    let are_forgotten = |fabric: &SimulatedFabric| fabric.machine(CELLAR).status().machines().len() <= 2;
    assert!(world.fabric.run_until(1_000_000, are_forgotten), "{} are known", world.known_in_cellar().len());
}

#[test]
fn contact_ends_when_a_certificate_is_revoked() {
    let authority = Authority::new();
    let mut world = World::new(11, &authority, Some(authority.identity("evil")));
    world.assert_hall_is_well();
    let call = {
        let client = world.client.clone();
        begin(&world.user, async move { client.invoke(WAIT, Value::Null).await })
    };
    world.fabric.run_until(20_000, |_| world.sensor.calls.now() == 1);
    let [cellar, hall] = &world.honest;
    cellar.revoked.add([hall.fingerprint()]);
    assert!(world.fabric.run_until(100_000, |_| call.is_there()), "the call ends");
    assert!(call.take().unwrap().is_err());
    let known = world.known_in_cellar().into_iter().find(|known| known.name.as_str() == "hall").unwrap();
    assert!(!known.is_proven && !known.is_in_contact() && known.losses == 1, "{known:?}");
    let user = common::container(&world.fabric, HALL, "user");
    assert!(open(&mut world.fabric, &user).is_err(), "it does not come back");
    assert_eq!(world.sensor.calls.now(), 0);
    let lines = world.log.lock().clone();
    assert!(lines.iter().any(|line| line.contains("hall is lost: its certificate is revoked")), "{lines:?}");
    // A machine that was not revoked stays in contact, and the revoked one is refused by its certificate.
    assert!(lines.iter().any(|line| line.contains("hall cannot prove its name: its certificate is revoked")));
    assert!(world.known_in_cellar().iter().any(|known| known.name.as_str() == "hall" && known.refused > 0));
}

#[test]
fn services_of_a_revoked_machine_are_withdrawn() {
    let authority = Authority::new();
    let mut world = World::new(12, &authority, None);
    world.assert_hall_is_well();
    let [cellar, hall] = &world.honest;
    let services = |world: &World| -> usize {
        world.fabric.machine(HALL).status().machines().iter().map(|machine| machine.services).sum()
    };
    assert_eq!(services(&world), 1);
    hall.revoked.add([cellar.fingerprint()]);
    let is_withdrawn = |fabric: &SimulatedFabric| {
        fabric.machine(HALL).status().machines().iter().all(|machine| machine.services == 0)
    };
    assert!(world.fabric.run_until(100_000, is_withdrawn));
    world.fabric.run_until(20_000, |_| false);
    assert_eq!(services(&world), 0, "it is not registered again");
}

/// Announces a service in the name of a machine, described by what `describe` returns for it.
fn announce(
    world: &mut World,
    machine: &str,
    incarnation: u64,
    describe: impl Fn(uuid::Uuid, Vec<u8>) -> Vec<u8>,
) {
    let (uuid, description) = description::encode(&forged_service(0)).unwrap();
    let description = describe(uuid, description);
    let digest = description::digest(&description);
    let token = Token { machine: machine.parse().unwrap(), incarnation, uuid, digest };
    world.fabric.forge_token(CELLAR, token, description);
    world.fabric.run_until(5_000, |_| false);
}

fn services_in_cellar(world: &World) -> usize {
    world.known_in_cellar().iter().map(|machine| machine.services).sum()
}

#[test]
fn an_announcement_is_not_used_before_its_machine_has_proven_its_name() {
    let authority = Authority::new();
    let mut world = World::new(9, &authority, None);
    // The attacker knows what this machine has announced earlier, but the machine is not there.
    let ghost = authority.identity("ghost");
    announce(&mut world, "ghost", 1, |uuid, bytes| description::sign(&ghost, 1, uuid, &bytes).unwrap());
    // Or it is there, and has started again since then.
    let hall = authority.identity("hall");
    announce(&mut world, "hall", 77, |uuid, bytes| description::sign(&hall, 77, uuid, &bytes).unwrap());
    assert_eq!(services_in_cellar(&world), 0);
    world.assert_hall_is_well();
}

#[test]
fn only_the_machine_itself_announces_its_services() {
    let authority = Authority::new();
    let mut world = World::new(10, &authority, None);
    // Each start of a machine has a number, which all see in its announcements.
    let (evil, other) = (authority.identity("evil"), Authority::new().identity("hall"));
    announce(&mut world, "hall", 1, |_, bytes| bytes);
    announce(&mut world, "hall", 1, |uuid, bytes| description::sign(&evil, 1, uuid, &bytes).unwrap());
    announce(&mut world, "hall", 1, |uuid, bytes| description::sign(&other, 1, uuid, &bytes).unwrap());
    let hall = authority.identity("hall");
    announce(&mut world, "hall", 1, |uuid, bytes| description::sign(&hall, 2, uuid, &bytes).unwrap());
    announce(&mut world, "hall", 1, |_, bytes| description::sign(&hall, 1, SENSOR.uuid(), &bytes).unwrap());
    let lines = world.log.lock().clone();
    let count = lines
        .iter()
        .filter(|line| line.contains("hall announces a service whose description is not valid"))
        .count();
    assert_eq!(count, 1, "{lines:?}");
    assert_eq!(services_in_cellar(&world), 0);
    world.assert_hall_is_well();
}
