//! Tests of oversight: the services that programs may open and provide, and announced providers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use lucarne_kernel::{Context, Gid, KernelHandle, MessageKind, Outcome, Pid, Simulation, SpawnOptions};
use lucarne_message::{Bytes, Payload};
use lucarne_services::protocol::procedure;
use lucarne_services::{
    ANNOUNCED_US, Arguments, CallError, Candidate, Client, Component, ComponentError, Container, Failed,
    Handler, InstallError, Open, OpenError, Oversight, Pending, Policy, Presence, Provider, Selector, Serve,
    ServiceManager, Thrown, Value, uuid,
};

const HOUSE: Selector = Selector::new(uuid!("0b2a5a3b-93b7-4e3c-9f43-c9e4a6c2c1d7"), 1, 0);
const STEPS: u64 = 100_000;

struct House;

impl Handler for House {
    async fn handle(&self, call: &lucarne_services::Call, index: u32, _: Value) -> Result<Value, Thrown> {
        Err(call.no_such_method(index))
    }
}

struct World {
    simulation: Simulation,
    oversight: Oversight,
    provided: Arc<Mutex<Vec<(Gid, String)>>>,
}

impl World {
    fn new() -> World {
        let simulation = Simulation::new(1);
        let provided: Arc<Mutex<Vec<(Gid, String)>>> = Arc::default();
        let noted = provided.clone();
        let note = move |gid, uuid: &str| noted.lock().unwrap().push((gid, uuid.to_owned()));
        let oversight = Oversight { on_provided: Some(Arc::new(note)), ..Oversight::default() };
        let manager = ServiceManager::overseen(Presence::default(), oversight.clone());
        let manager = simulation.handle().start_system(Box::new(manager), SpawnOptions::default());
        simulation.handle().set_system_process(manager);
        World { simulation, oversight, provided }
    }

    fn kernel(&self) -> &KernelHandle {
        self.simulation.handle()
    }

    fn container(&self) -> Container {
        Container::start(self.kernel(), "container")
    }

    fn set(&self, container: &Container, make: impl FnOnce(&mut Policy)) {
        let mut policy = Policy::default();
        make(&mut policy);
        self.oversight.policies.set(container.gid(), policy);
    }

    /// Begins an operation in a container; the result is available later.
    fn begin<T: Send + 'static, X: From<Failed> + Send + 'static>(
        &mut self,
        container: &Container,
        pending: Pending<T, X>,
    ) -> Arc<Mutex<Option<Result<T, X>>>> {
        let place = Arc::new(Mutex::new(None));
        let filled = place.clone();
        container.spawn(async move {
            let result = pending.await;
            *filled.lock().unwrap() = Some(result);
        });
        place
    }

    fn done<T: Send + 'static, X: From<Failed> + Send + 'static>(
        &mut self,
        container: &Container,
        pending: Pending<T, X>,
    ) -> Result<T, X> {
        let place = self.begin(container, pending);
        assert!(self.simulation.run_until(STEPS, || place.lock().unwrap().is_some()), "it never ends");
        let result = place.lock().unwrap().take();
        result.expect("just seen")
    }

    fn install(&mut self, container: &Container, tag: &str) -> Result<Provider, InstallError> {
        let provider = container.provider("test/house", "1.0").tags([tag]).provides(HOUSE, House);
        self.done(container, provider.install())
    }

    fn open(&mut self, container: &Container) -> Result<Client, OpenError> {
        self.done(container, Client::open(container, HOUSE).into_future())
    }

    /// Lets time pass.
    fn sleep(&mut self, container: &Container, duration: Duration) {
        self.done(container, container.sleep(duration)).expect("the container runs");
    }

    fn now_us(&self) -> i64 {
        self.kernel().clock().now_us()
    }
}

fn uuid() -> String {
    HOUSE.uuid().to_string()
}

#[test]
fn opening_a_denied_service_fails() {
    let mut world = World::new();
    let (house, guest, other) = (world.container(), world.container(), world.container());
    let _provider = world.install(&house, "kitchen").expect("the policy allows it");
    for entry in [uuid(), "test/house".to_owned(), "kitchen".to_owned()] {
        world.set(&guest, |policy| {
            policy.open.deny(&entry);
        });
        let denied = world.open(&guest).unwrap_err();
        assert_eq!(denied, OpenError::Denied);
        assert_eq!(denied.to_string(), "Cannot find service: this container may not open it");
        world.open(&other).expect("the policy allows it");
    }
    world.oversight.policies.forget(guest.gid());
    world.open(&guest).expect("the policy allows it again");
}

#[test]
fn a_client_sees_only_what_it_may_open() {
    let mut world = World::new();
    let (first, second, guest) = (world.container(), world.container(), world.container());
    let _kitchen = world.install(&first, "kitchen").expect("the policy allows it");
    world.set(&guest, |policy| {
        policy.open.allow("hall");
    });
    assert_eq!(world.open(&guest).unwrap_err(), OpenError::Denied);
    // It comes while the guest waits for it.
    let opening = Client::open(&guest, HOUSE).within(Duration::from_secs(60)).into_future();
    let opened = world.begin(&guest, opening);
    let _hall = world.install(&second, "hall").expect("the policy allows it");
    assert!(world.simulation.run_until(STEPS, || opened.lock().unwrap().is_some()));
    let client = opened.lock().unwrap().take().expect("just seen").expect("the allowed service");
    assert_eq!(client.pid(), second.pid());
    // The filter of the client sees only the providers that the policy permits.
    let seen: Arc<Mutex<Vec<Pid>>> = Arc::default();
    let noted = seen.clone();
    let open: Open<Client> = Client::open(&guest, HOUSE).only(move |candidate: &Candidate| {
        noted.lock().unwrap().push(candidate.pid);
        true
    });
    world.done(&guest, open.into_future()).expect("there is one");
    assert_eq!(*seen.lock().unwrap(), [second.pid()]);
}

/// A handler that carries its definition, as generated ones do.
struct Described;

impl Serve for Described {
    async fn serve(
        &self,
        call: &lucarne_services::Call,
        index: u32,
        _: Arguments,
    ) -> Result<Payload, Thrown> {
        Err(call.no_such_method(index))
    }

    fn definition(&self) -> Option<Bytes> {
        Some(Bytes::from_static(b"compressed"))
    }
}

#[test]
fn a_container_lists_what_it_may_open_and_asks_for_definitions() {
    const OTHER: Selector = Selector::new(uuid!("7b4f3e58-3b7e-4f9c-8b59-5a3b0f4c2a11"), 2, 3);
    let mut world = World::new();
    let (house, guest) = (world.container(), world.container());
    let plain = world.install(&house, "kitchen").expect("the policy allows it");
    let provider = house.provider("test/described", "1.5").provides(OTHER, Described);
    world.done(&house, provider.install()).expect("the policy allows it");

    let directory = world.done(&guest, guest.services()).expect("the manager answers");
    assert!(directory.is_complete);
    let mut names: Vec<_> = directory
        .entries
        .iter()
        .map(|entry| (entry.provider.name.as_str(), entry.uuid, entry.provider.minor))
        .collect();
    names.sort_unstable();
    assert_eq!(names, [("test/described", OTHER.uuid(), 5), ("test/house", HOUSE.uuid(), 0)]);
    let find =
        |name: &str| directory.entries.iter().find(|entry| entry.provider.name == name).expect("just seen");
    let definition = world.done(&guest, guest.definition(find("test/described"))).expect("it is provided");
    assert_eq!(definition.as_deref(), Some(&b"compressed"[..]));
    // A handler that is written by hand carries none.
    assert_eq!(world.done(&guest, guest.definition(find("test/house"))).expect("it is provided"), None);

    // A container that may not open a service does not see it, and cannot ask its provider.
    let stranger = world.container();
    world.set(&stranger, |policy| {
        policy.open.deny("test/described");
    });
    let seen = world.done(&stranger, stranger.services()).expect("the manager answers");
    assert_eq!(seen.entries.len(), 1);
    let refused = world.done(&stranger, stranger.definition(find("test/described")));
    assert_eq!(refused.unwrap_err(), CallError::Gone);

    world.done(&house, plain.uninstall()).expect("it is installed");
    let gone = world.done(&guest, guest.definition(find("test/house")));
    assert_eq!(gone.unwrap_err(), CallError::Gone);
}

#[test]
fn providing_a_denied_service_fails() {
    let mut world = World::new();
    let house = world.container();
    for entry in [uuid(), "test/house".to_owned(), "kitchen".to_owned()] {
        world.set(&house, |policy| {
            policy.provide.deny(&entry);
        });
        let Err(InstallError::Failed(CallError::Thrown(thrown))) = world.install(&house, "kitchen") else {
            panic!("{entry} is denied")
        };
        assert_eq!(thrown.text(), "PERMISSION_DENIED: this container may not provide service:test/house");
    }
    assert!(world.provided.lock().unwrap().is_empty());
    world.set(&house, |policy| {
        policy.provide.allow(&uuid());
    });
    world.install(&house, "kitchen").expect("the policy allows it");
    assert_eq!(*world.provided.lock().unwrap(), [(house.gid(), uuid())]);
}

#[test]
fn a_guarded_service_needs_an_allow_entry() {
    let mut world = World::new();
    world.oversight.policies.guard(HOUSE.uuid());
    let (host, guest) = (world.container(), world.container());
    assert!(world.install(&host, "kitchen").is_err());
    world.oversight.policies.set(host.gid(), Policy::host());
    let _provider = world.install(&host, "kitchen").expect("the host may provide and open every service");
    assert_eq!(world.open(&guest).unwrap_err(), OpenError::Denied);
    world.set(&guest, |policy| {
        policy.open.allow(&uuid().to_uppercase());
    });
    world.open(&guest).expect("the policy allows it");
    world.open(&host).expect("the host may provide and open every service");
}

#[test]
fn policies_match_components_by_id() {
    let mut world = World::new();
    let answers: Arc<Mutex<Vec<Result<(), String>>>> = Arc::default();
    let start = |world: &mut World, denied: &str| {
        let (told, mut is_new) = (answers.clone(), true);
        let component = move |context: &mut Context<'_>| {
            if std::mem::take(&mut is_new) {
                let id = Payload::string("test/component");
                context.request(Pid::SYSTEM, procedure::PUBLISH, id).expect("the manager is there");
            }
            while let Some(message) = context.receive() {
                if let MessageKind::Reply { result, .. } = message.kind {
                    told.lock().unwrap().push(result.map(drop).map_err(|failure| failure.text));
                }
            }
            Outcome::Wait { until_us: None }
        };
        let group = world.kernel().prepare();
        let mut policy = Policy::default();
        policy.provide.deny(denied);
        world.oversight.policies.set(group.gid(), policy);
        group.start(Box::new(component), SpawnOptions::default());
        assert!(world.simulation.run_until_quiet(STEPS));
        answers.lock().unwrap().pop().expect("the manager has answered")
    };
    let denied = "PERMISSION_DENIED: this container may not provide test/component";
    assert_eq!(start(&mut world, "test/component"), Err(denied.to_owned()));
    assert_eq!(start(&mut world, "test/other"), Ok(()));
    let guest = world.container();
    world.set(&guest, |policy| {
        policy.open.deny("test/component");
    });
    let opened = world.done(&guest, Component::open(&guest, "test/component"));
    let Err(ComponentError::Failed(CallError::Thrown(thrown))) = opened else { panic!("it is denied") };
    assert_eq!(thrown.text(), "PERMISSION_DENIED: this container may not open test/component");
    world.oversight.policies.forget(guest.gid());
    world.done(&guest, Component::open(&guest, "test/component")).expect("the policy allows it again");
}

#[test]
fn clients_wait_for_an_announced_provider() {
    let mut world = World::new();
    let (house, guest) = (world.container(), world.container());
    let announced = world.oversight.announcements.announce(world.kernel(), HOUSE.uuid());
    announced.set_group(house.gid());
    let opened = world.begin(&guest, Client::open(&guest, HOUSE).into_future());
    // A client without patience does not wait.
    let absent = Client::open(&guest, HOUSE).within(Duration::ZERO).into_future();
    assert_eq!(world.done(&guest, absent).unwrap_err(), OpenError::Absent);
    // The announced group does not wait for itself.
    assert_eq!(world.open(&house).unwrap_err(), OpenError::Absent);
    world.sleep(&house, Duration::from_secs(5));
    assert!(opened.lock().unwrap().is_none());
    let _provider = world.install(&house, "kitchen").expect("the policy allows it");
    assert!(world.simulation.run_until(STEPS, || opened.lock().unwrap().is_some()));
    let client = opened.lock().unwrap().take().expect("just seen").expect("the client has been opened");
    assert_eq!(client.pid(), house.pid());
    assert!(world.now_us() < ANNOUNCED_US);
}

#[test]
fn clients_wait_for_an_announced_provider_beside_another_one() {
    let mut world = World::new();
    let (early, late, guest) = (world.container(), world.container(), world.container());
    let _early = world.install(&early, "early").expect("the policy allows it");
    let announced = world.oversight.announcements.announce(world.kernel(), HOUSE.uuid());
    announced.set_group(late.gid());
    let opened = world.begin(&guest, Client::open(&guest, HOUSE).into_future());
    let provider = late.provider("test/house", "1.0").provides(HOUSE, House).priority(0xd0);
    let _late = world.done(&late, provider.install()).expect("the policy allows it");
    assert!(world.simulation.run_until(STEPS, || opened.lock().unwrap().is_some()));
    let client = opened.lock().unwrap().take().expect("just seen").expect("there are two");
    assert_eq!(client.pid(), late.pid());
}

#[test]
fn announcements_end_by_time_and_when_dropped() {
    let mut world = World::new();
    let guest = world.container();
    let announced = world.oversight.announcements.announce(world.kernel(), HOUSE.uuid());
    assert_eq!(world.open(&guest).unwrap_err(), OpenError::Absent);
    // Ten seconds, and then the client's own time.
    assert_eq!(world.now_us(), ANNOUNCED_US + 100_000);
    drop(announced);

    let start_us = world.now_us();
    let announced = world.oversight.announcements.announce(world.kernel(), HOUSE.uuid());
    let opened = world.begin(&guest, Client::open(&guest, HOUSE).into_future());
    world.sleep(&guest, Duration::from_secs(1));
    drop(announced);
    assert!(world.simulation.run_until(STEPS, || opened.lock().unwrap().is_some()));
    assert_eq!(world.now_us() - start_us, 1_100_000);
}

#[test]
fn a_client_that_ends_while_it_waits_leaves_nothing() {
    let mut world = World::new();
    let (guest, other) = (world.container(), world.container());
    let _announced = world.oversight.announcements.announce(world.kernel(), HOUSE.uuid());
    world.begin(&guest, Client::open(&guest, HOUSE).into_future());
    world.sleep(&other, Duration::from_millis(1));
    guest.kill();
    assert_eq!(world.open(&other).unwrap_err(), OpenError::Absent);
    assert!(world.simulation.run_until_quiet(STEPS));
}
