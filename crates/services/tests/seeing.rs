//! Tests of surveys and looks.

use std::sync::{Arc, Mutex};

use lucarne_kernel::{Context, Gid, Hooks, Outcome, Simulation, SpawnOptions};
use lucarne_services::protocol::discovery;
use lucarne_services::{
    Arguments, Call, CallError, Client, Container, Failed, Line, Oversight, Payload, Pending, Presence,
    Resource, Selector, Serve, ServiceManager, Survey, Thrown, Traffic, Value, uuid,
};

const HOUSE: Selector = Selector::new(uuid!("5d3d1c38-6cc2-4f0e-8c2b-5d1f4e6a7b90"), 1, 2);
const STEPS: u64 = 200_000;

/// Gives a key, or fails.
struct House;

impl Serve for House {
    async fn serve(&self, call: &Call, index: u32, _: Arguments) -> Result<Payload, Thrown> {
        match index {
            0 => call.answer(&call.give(Resource::new("a key"))?),
            _ => Err(call.no_such_method(index)),
        }
    }
}

struct World {
    simulation: Simulation,
    oversight: Oversight,
    traffic: Arc<Traffic>,
}

impl World {
    fn new() -> World {
        let traffic = Arc::new(Traffic::default());
        let hooks = Hooks { observer: Some(traffic.clone()), ..Hooks::default() };
        let simulation = Simulation::with_hooks(1, hooks);
        let oversight = Oversight::default();
        let manager = ServiceManager::overseen(Presence::default(), oversight.clone());
        let manager = simulation.handle().start_system(Box::new(manager), SpawnOptions::default());
        simulation.handle().set_system_process(manager);
        World { simulation, oversight, traffic }
    }

    fn container(&self, name: &str) -> Container {
        Container::start(self.simulation.handle(), name)
    }

    fn done<T: Send + 'static, X: From<Failed> + Send + 'static>(
        &mut self,
        container: &Container,
        pending: Pending<T, X>,
    ) -> Result<T, X> {
        let place = Arc::new(Mutex::new(None));
        let filled = place.clone();
        container.spawn(async move { *filled.lock().unwrap() = Some(pending.await) });
        assert!(self.simulation.run_until(STEPS, || place.lock().unwrap().is_some()), "it never ends");
        let result = place.lock().unwrap().take();
        result.expect("just seen")
    }

    fn survey(&mut self) -> Survey {
        let place = Arc::new(Mutex::new(None));
        let filled = place.clone();
        self.oversight.surveys.ask(move |survey| *filled.lock().unwrap() = Some(survey));
        assert!(self.simulation.run_until(STEPS, || place.lock().unwrap().is_some()), "it never ends");
        let result = place.lock().unwrap().take();
        result.expect("just seen")
    }

    fn call(&mut self, guest: &Container, client: &Client, index: u32) -> Result<i64, CallError> {
        self.done(guest, client.call::<i64, CallError>(index, &()))
    }
}

#[test]
fn a_survey_has_providers_clients_and_resources() {
    let mut world = World::new();
    let (house, guest) = (world.container("house"), world.container("guest"));
    let provider = house.provider("test/house", "1.2").tags(["brick"]).provides(HOUSE, House);
    let provider = world.done(&house, provider.install()).expect("the policy allows it");
    let client =
        world.done(&guest, Client::open(&guest, HOUSE).into_future()).expect("the service has a provider");
    world.call(&guest, &client, 0).expect("a key");
    world.call(&guest, &client, 0).expect("another one");

    let survey = world.survey();
    let [manager, service] = &survey.services[..] else { panic!("{survey:?}") };
    assert_eq!((manager.id, manager.gid), (discovery::SERVICE_ID, Gid::SYSTEM));
    assert!(manager.clients.as_ref().is_some_and(|clients| !clients.is_empty()));
    assert_eq!((service.pid, service.gid), (house.pid(), house.gid()));
    assert_eq!((service.name.as_str(), service.version), ("test/house", (1, 2)));
    assert_eq!(
        (service.uuid.as_str(), &service.tags[..]),
        (&*HOUSE.uuid().to_string(), &["brick".to_owned()][..])
    );
    let clients: Vec<_> =
        service.clients.iter().flatten().map(|client| (client.pid, client.resources)).collect();
    assert_eq!(clients, [(guest.pid(), 2)]);

    world.done(&guest, client.close()).expect("the client closes");
    assert_eq!(world.survey().services[1].clients, Some(Vec::new()));
    world.done(&house, provider.uninstall()).expect("the provider is withdrawn");
    assert_eq!(world.survey().services.len(), 1);
}

#[test]
fn a_provider_that_does_not_answer_is_left_out_and_asked_once() {
    let mut world = World::new();
    let handle = world.simulation.handle().clone();
    // The provider registers by hand, and then ignores its messages.
    let manager = handle.system_process().expect("just set");
    let mut step = 0;
    let provider = move |context: &mut Context<'_>| -> Outcome {
        step += 1;
        let list = |items: Vec<Value>| Payload::of(&Value::List(items)).expect("the value is not nested");
        if step == 1 {
            let open = vec![0.into(), "dc58d7e1-1b1f-4a93-a9ac-bd45a47d7de8".into(), 0.into(), 2.into()];
            context.request(manager, 300, list(open)).expect("there is room");
        } else if step == 2
            && let Some(message) = context.receive()
            && let lucarne_kernel::MessageKind::Reply { result: Ok(payload), .. } = message.kind
        {
            let opened = payload.into_value().expect("the value is a list");
            let client = opened.as_list().expect("the value is a list")[0].clone();
            let listen = vec![1.into(), "x".into(), "deaf".into(), 1.into(), 0.into(), 5.into(), Value::Null];
            context.request(manager, 302, list(vec![client, 1.into(), Value::List(listen)])).expect("room");
        }
        Outcome::Wait { until_us: None }
    };
    handle.start(Box::new(provider), SpawnOptions::named("deaf"));
    world.simulation.run_until_quiet(STEPS);
    for _ in 0..3 {
        let survey = world.survey();
        assert_eq!((survey.services[1].name.as_str(), &survey.services[1].clients), ("deaf", &None));
    }
    // Only the first one had to wait.
    assert_eq!(handle.clock().now_us(), 200_000);
}

#[test]
fn each_look_sees_the_calls_of_its_time() {
    let mut world = World::new();
    let (house, guest) = (world.container("house"), world.container("guest"));
    let provider = house.provider("test/house", "1.2").provides(HOUSE, House);
    let _provider = world.done(&house, provider.install()).expect("the policy allows it");
    let early = world.traffic.look(world.simulation.handle());
    let client =
        world.done(&guest, Client::open(&guest, HOUSE).into_future()).expect("the service has a provider");
    world.call(&guest, &client, 0).expect("a key");
    let late = world.traffic.look(world.simulation.handle());
    assert!(world.call(&guest, &client, 1).is_err());

    let seen = early.take();
    let mut lines: Vec<_> = seen.calls.iter().filter(|(line, _)| line.asked == house.pid()).collect();
    lines.sort_by_key(|(line, _)| line.method);
    let counts: Vec<_> = lines.iter().map(|(line, calls)| (line.method, calls.count, calls.errors)).collect();
    assert_eq!(counts, [(Some(0), 1, 0), (Some(1), 1, 1)], "each method has its own line");
    assert!(lines.iter().all(|(line, _)| line.asker == guest.gid()));
    let number = lines[0].0.client.expect("a call has a client");
    assert!(seen.opened.contains_key(&(house.pid(), number)));
    assert_eq!(seen.flows[&(guest.gid(), house.gid())].messages, 3);

    let key = Line { asker: guest.gid(), asked: house.pid(), client: Some(number), method: Some(1) };
    assert_eq!(late.take().calls[&key].count, 1);
    assert!(early.take().calls.is_empty());
    drop((early, late));
    let _ = world.call(&guest, &client, 0);
    let look = world.traffic.look(world.simulation.handle());
    assert!(look.take().calls.is_empty(), "no look was open then");
}
