//! Tests of the service manager, by the messages of clients and providers.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use lucarne_kernel::{
    Context, Exit, MessageKind, Outcome, Pid, RequestId, SendError, Simulation, SpawnOptions, Waker,
};
use lucarne_message::{Payload, Value};
use lucarne_services::protocol::{discovery, interface, procedure};
use lucarne_services::{PER_INTERFACE_MAX, PER_PROCESS_MAX, Presence, ServiceManager};

const STEPS: u64 = 100_000;
const UUID: &str = "efc8fd7d-62ba-44bd-b215-5a819604aa28";

struct Test {
    simulation: Simulation,
    presence: Presence,
}

type Answer = (RequestId, Result<Value, String>);
type Act = Box<dyn FnOnce(&mut Context<'_>) -> Option<Exit> + Send>;

/// A guest process that does the acts of the test, and keeps the messages that it gets.
#[derive(Clone)]
struct Guest {
    pid: Pid,
    waker: Waker,
    acts: Arc<Mutex<VecDeque<Act>>>,
    inbox: Inbox,
    /// Whether the guest leaves messages in its mailbox.
    deaf: Arc<AtomicBool>,
}

/// The messages that a guest got.
#[derive(Clone, Default)]
struct Inbox {
    replies: Arc<Mutex<Vec<Answer>>>,
    notifications: Arc<Mutex<Vec<(i64, i64, Value)>>>,
    terminated: Arc<Mutex<Vec<Pid>>>,
}

impl Test {
    fn new() -> Test {
        let (simulation, presence) = (Simulation::new(11), Presence::default());
        let manager = Box::new(ServiceManager::new(presence.clone()));
        let manager = simulation.handle().start_system(manager, SpawnOptions::named("manager"));
        simulation.handle().set_system_process(manager);
        Test { simulation, presence }
    }

    fn guest(&mut self) -> Guest {
        let inbox = Inbox::default();
        let acts: Arc<Mutex<VecDeque<Act>>> = Arc::default();
        let deaf = Arc::new(AtomicBool::new(false));
        let parts = (acts.clone(), inbox.clone(), deaf.clone());
        let process = move |context: &mut Context<'_>| {
            let (acts, Inbox { replies, notifications, terminated }, deaf) = &parts;
            while !deaf.load(Ordering::Relaxed)
                && let Some(message) = context.receive()
            {
                match message.kind {
                    MessageKind::Reply { id, result } => {
                        let result = result.map(|payload| payload.into_value().unwrap());
                        replies.lock().unwrap().push((id, result.map_err(|failure| failure.text)));
                    }
                    MessageKind::Notification { client, handle, payload, .. } => {
                        let value = payload.into_value().unwrap();
                        notifications.lock().unwrap().push((client, handle, value));
                    }
                    MessageKind::ProcessTerminated { .. } => terminated.lock().unwrap().push(message.pid),
                    _ => {}
                }
            }
            loop {
                let Some(act) = acts.lock().unwrap().pop_front() else { break };
                if let Some(exit) = act(context) {
                    return Outcome::Exit(exit);
                }
            }
            Outcome::Wait { until_us: None }
        };
        let program = self.simulation.handle().start(Box::new(process), SpawnOptions::named("guest"));
        let pid = program.first();
        let waker = self.simulation.handle().waker(pid).unwrap();
        Guest { pid, waker, acts, inbox, deaf }
    }

    fn settle(&mut self) {
        assert!(self.simulation.run_until_quiet(STEPS));
    }

    fn act(&mut self, guest: &Guest, act: impl FnOnce(&mut Context<'_>) -> Option<Exit> + Send + 'static) {
        guest.acts.lock().unwrap().push_back(Box::new(act));
        guest.waker.wake();
        self.settle();
    }

    /// Sends a request from the guest to the service manager, and returns the answer.
    fn call(&mut self, guest: &Guest, procedure: i64, arguments: Value) -> Result<Value, String> {
        let asked = Arc::new(Mutex::new(None));
        let id = asked.clone();
        self.act(guest, move |context| {
            let payload = Payload::from_value(&arguments).unwrap();
            *id.lock().unwrap() = Some(context.request(Pid::SYSTEM, procedure, payload).unwrap());
            None
        });
        let id = asked.lock().unwrap().unwrap();
        let mut replies = guest.inbox.replies.lock().unwrap();
        let index = replies.iter().position(|(other, _)| *other == id).expect("an answer");
        replies.swap_remove(index).1
    }

    fn open(&mut self, guest: &Guest) -> i64 {
        let interface = interface::DISCOVERY;
        let arguments = list([
            Value::Int(discovery::SERVICE_ID),
            interface.uuid.into(),
            interface.major.into(),
            interface.minor.into(),
        ]);
        let answer = self.call(guest, procedure::OPEN, arguments).unwrap();
        assert_eq!(answer.as_list().unwrap().len(), 6);
        answer.as_list().unwrap()[0].as_int().unwrap()
    }

    fn invoke(&mut self, guest: &Guest, client: i64, index: i64, arguments: Value) -> Result<Value, String> {
        self.call(guest, procedure::INVOKE, list([client.into(), index.into(), arguments]))
    }

    fn listen(&mut self, guest: &Guest, client: i64, id: i64, priority: i64) -> Result<Value, String> {
        self.invoke(guest, client, discovery::LISTEN, registration(id, UUID, priority))
    }

    /// Returns the ids of the candidates, and the handle if the answer has one.
    fn discover(&mut self, guest: &Guest, client: i64, wait: bool) -> (Vec<i64>, Option<i64>) {
        let answer =
            self.invoke(guest, client, discovery::DISCOVER, list([UUID.into(), wait.into()])).unwrap();
        let [candidates, handle] = answer.as_list().unwrap() else { panic!("{answer:?}") };
        (ids(candidates), handle.as_int())
    }
}

fn list(items: impl Into<Vec<Value>>) -> Value {
    Value::List(items.into())
}

fn registration(id: i64, uuid: &str, priority: i64) -> Value {
    let tags = list([Value::from("A")]);
    list([id.into(), uuid.into(), "test/x".into(), 1.into(), 2.into(), priority.into(), tags])
}

fn ids(candidates: &Value) -> Vec<i64> {
    let items = candidates.as_list().unwrap();
    items.chunks(discovery::CANDIDATE_LENGTH).map(|candidate| candidate[1].as_int().unwrap()).collect()
}

#[test]
fn opening_checks_id_uuid_and_version() {
    let mut test = Test::new();
    let guest = test.guest();
    let mut open = |id: i64, uuid: &str, major: i64, minor: i64| {
        let arguments = list([id.into(), uuid.into(), major.into(), minor.into()]);
        test.call(&guest, procedure::OPEN, arguments).map(drop)
    };
    let uuid = interface::DISCOVERY.uuid;
    assert_eq!(open(0, uuid, 0, 3), Ok(()));
    assert_eq!(open(0, uuid, 0, 0), Ok(()));
    assert_eq!(open(1, uuid, 0, 3), Err("Unknown service:1".into()));
    let refused =
        |what: &str| Err(format!("service:system/service-manager@0.3.0 does not provide service:{what}"));
    assert_eq!(open(0, UUID, 0, 3), refused(UUID));
    assert_eq!(open(0, uuid, 1, 0), refused(&format!("{uuid}@1.x")));
    assert_eq!(open(0, uuid, 0, 4), refused(&format!("{uuid}@0.4.x")));
}

#[test]
fn candidates_are_a_flat_list_by_descending_priority() {
    let mut test = Test::new();
    let (provider, client) = (test.guest(), test.guest());
    let at_provider = test.open(&provider);
    for (id, priority) in [(1, 0x30), (2, 0xd0), (3, 0x80)] {
        assert_eq!(test.listen(&provider, at_provider, id, priority), Ok(Value::Null));
    }
    let at_client = test.open(&client);
    let arguments = list([UUID.into(), false.into()]);
    let answer = test.invoke(&client, at_client, discovery::DISCOVER, arguments).unwrap();
    let [candidates, Value::Null] = answer.as_list().unwrap() else { panic!("{answer:?}") };
    assert_eq!(ids(candidates), [2, 3, 1]);
    let best = &candidates.as_list().unwrap()[..7];
    let tags = list([Value::from("A")]);
    let pid = provider.pid.as_i64();
    assert_eq!(best, [pid.into(), 2.into(), "test/x".into(), 1.into(), 2.into(), 0xd0.into(), tags]);
}

#[test]
fn an_id_can_be_registered_again_only_after_its_removal() {
    let mut test = Test::new();
    let provider = test.guest();
    let client = test.open(&provider);
    let flag = test.presence.flag(UUID);
    assert!(!flag.is_provided());
    assert_eq!(test.listen(&provider, client, 1, 5), Ok(Value::Null));
    assert!(flag.is_provided());
    assert_eq!(test.listen(&provider, client, 1, 5), Err("Already registered".into()));
    assert_eq!(test.invoke(&provider, client, discovery::UNLISTEN, 1.into()), Ok(Value::Null));
    assert!(!flag.is_provided());
    assert_eq!(test.discover(&provider, client, false).0, []);
    assert_eq!(test.listen(&provider, client, 1, 5), Ok(Value::Null));
}

#[test]
fn a_waiting_client_gets_each_new_list_until_it_closes_the_wait() {
    let mut test = Test::new();
    let (provider, waiter) = (test.guest(), test.guest());
    let client = test.open(&waiter);
    let (candidates, handle) = test.discover(&waiter, client, true);
    let handle = handle.expect("a resource");
    assert_eq!(candidates, []);
    assert_eq!(handle & 1, 1, "the handle of a resource with notifications is odd");

    let at_provider = test.open(&provider);
    test.invoke(&provider, at_provider, discovery::LISTEN, registration(9, "other", 5)).unwrap();
    test.listen(&provider, at_provider, 1, 5).unwrap();
    test.listen(&provider, at_provider, 2, 6).unwrap();
    let told: Vec<_> = std::mem::take(&mut *waiter.inbox.notifications.lock().unwrap());
    let told: Vec<_> = told.iter().map(|(c, h, candidates)| (*c, *h, ids(candidates))).collect();
    assert_eq!(told, [(client, handle, vec![1]), (client, handle, vec![2, 1])]);

    let closed = test.call(&waiter, procedure::CLOSE_RESOURCE, list([client.into(), handle.into()]));
    assert_eq!(closed, Ok(Value::Null));
    test.listen(&provider, at_provider, 3, 6).unwrap();
    assert!(waiter.inbox.notifications.lock().unwrap().is_empty());
}

#[test]
fn a_client_without_room_gets_the_newest_list_later() {
    const COUNT: i64 = 200;
    let mut test = Test::new();
    let (provider, waiter) = (test.guest(), test.guest());
    let client = test.open(&waiter);
    test.discover(&waiter, client, true);
    waiter.deaf.store(true, Ordering::Relaxed);

    // The names are long, so that all lists together do not fit into the waiter's mailbox. No time passes: a second later
    // the waiter would be cut off.
    let at_provider = test.open(&provider);
    for first in (0..COUNT).step_by(10) {
        let act: Act = Box::new(move |context| {
            for id in first..first + 10 {
                let (name, tags) = ("n".repeat(4_000).into(), Value::Null);
                let registration = list([id.into(), UUID.into(), name, 1.into(), 2.into(), 5.into(), tags]);
                let arguments = list([at_provider.into(), discovery::LISTEN.into(), registration]);
                let payload = Payload::from_value(&arguments).unwrap();
                context.request(Pid::SYSTEM, procedure::INVOKE, payload).unwrap();
            }
            None
        });
        provider.acts.lock().unwrap().push_back(act);
        provider.waker.wake();
        let replies = provider.inbox.replies.clone();
        let count = first as usize + 10;
        assert!(test.simulation.run_until(STEPS, || replies.lock().unwrap().len() == count));
    }

    waiter.deaf.store(false, Ordering::Relaxed);
    waiter.waker.wake();
    test.settle();
    let told = waiter.inbox.notifications.lock().unwrap();
    let lengths: Vec<_> = told.iter().map(|(_, _, candidates)| ids(candidates).len()).collect();
    assert!(lengths.len() < COUNT as usize / 10, "there was always room");
    assert!(lengths.is_sorted());
    assert_eq!(lengths.last(), Some(&(COUNT as usize)));
}

#[test]
fn closing_the_client_closes_its_waits() {
    let mut test = Test::new();
    let guest = test.guest();
    let (client, other) = (test.open(&guest), test.open(&guest));
    test.discover(&guest, client, true);
    assert_eq!(test.call(&guest, procedure::CLOSE, client.into()), Ok(Value::Null));
    test.listen(&guest, other, 1, 5).unwrap();
    assert!(guest.inbox.notifications.lock().unwrap().is_empty());
    let later = test.invoke(&guest, client, discovery::UNLISTEN, 1.into());
    assert_eq!(later, Err("HANDLER_NOT_FOUND".into()));
}

#[test]
fn discovery_introduces_the_client_to_the_provider() {
    let mut test = Test::new();
    let (provider, client) = (test.guest(), test.guest());
    let at_provider = test.open(&provider);
    test.listen(&provider, at_provider, 1, 5).unwrap();
    let to = provider.pid;
    let ask = move |context: &mut Context<'_>| context.request(to, 300, Payload::null()).map_err(|r| r.error);
    let results: Arc<Mutex<Vec<_>>> = Arc::default();
    let keep = |results: &Arc<Mutex<Vec<_>>>| {
        let results = results.clone();
        move |context: &mut Context<'_>| {
            results.lock().unwrap().push(ask(context).map(drop));
            None
        }
    };
    test.act(&client, keep(&results));
    let at_client = test.open(&client);
    test.discover(&client, at_client, false);
    test.act(&client, keep(&results));
    assert_eq!(*results.lock().unwrap(), [Err(SendError::NoSuchProcess), Ok(())]);
}

#[test]
fn a_wait_introduces_the_client_to_the_provider() {
    let mut test = Test::new();
    let (provider, client) = (test.guest(), test.guest());
    let at_client = test.open(&client);
    test.discover(&client, at_client, true);
    let at_provider = test.open(&provider);
    test.listen(&provider, at_provider, 1, 5).unwrap();
    let to = provider.pid;
    test.act(&client, move |context| {
        context.request(to, 300, Payload::null()).unwrap();
        None
    });
}

#[test]
fn the_end_of_a_process_removes_its_records() {
    let mut test = Test::new();
    let (provider, client) = (test.guest(), test.guest());
    let flag = test.presence.flag(UUID);
    let at_provider = test.open(&provider);
    for id in 0..3 {
        test.listen(&provider, at_provider, id, 5).unwrap();
    }
    test.discover(&provider, at_provider, true);
    let at_client = test.open(&client);
    test.invoke(&client, at_client, discovery::WATCH, provider.pid.as_i64().into()).unwrap();
    test.act(&provider, |_| Some(Exit::failed("oh")));
    assert!(!flag.is_provided());
    assert_eq!(test.discover(&client, at_client, false).0, []);
    assert_eq!(*client.inbox.terminated.lock().unwrap(), [provider.pid]);
    // If the process has ended already, the message comes at once.
    test.invoke(&client, at_client, discovery::WATCH, provider.pid.as_i64().into()).unwrap();
    assert_eq!(client.inbox.terminated.lock().unwrap().len(), 2);
}

#[test]
fn a_client_id_is_valid_only_in_its_process() {
    let mut test = Test::new();
    let (owner, thief) = (test.guest(), test.guest());
    let client = test.open(&owner);
    test.open(&thief);
    let (_, handle) = test.discover(&owner, client, true);
    let used = test.listen(&thief, client, 1, 5);
    assert_eq!(used, Err("HANDLER_NOT_FOUND".into()));
    // Neither request has an effect. The answers do not reveal whether the client or the resource exists.
    assert_eq!(test.call(&thief, procedure::CLOSE, client.into()), Ok(Value::Null));
    let resource = list([client.into(), handle.unwrap().into()]);
    assert_eq!(test.call(&thief, procedure::CLOSE_RESOURCE, resource), Ok(Value::Null));
    test.listen(&owner, client, 1, 5).unwrap();
    assert_eq!(owner.inbox.notifications.lock().unwrap().len(), 1);
}

#[test]
fn malformed_requests_are_refused_and_change_nothing() {
    let mut test = Test::new();
    let guest = test.guest();
    let client = test.open(&guest);
    let nonsense = [Value::Null, Value::Int(1), list([]), list(vec![Value::Null; 7]), Value::Map(vec![])];
    for value in nonsense {
        assert!(test.call(&guest, procedure::OPEN, value.clone()).is_err());
        assert!(test.call(&guest, procedure::INVOKE, value.clone()).is_err());
        assert!(test.call(&guest, procedure::CLOSE_RESOURCE, value.clone()).is_err());
        assert!(test.invoke(&guest, client, discovery::LISTEN, value.clone()).is_err());
        assert!(test.invoke(&guest, client, discovery::DISCOVER, value).is_err());
    }
    assert!(test.invoke(&guest, client, 99, Value::Null).is_err());
    assert_eq!(test.call(&guest, 12, Value::Null), Err("No such procedure registered: 12".into()));
    let long = registration(1, &"x".repeat(100_000), 5);
    assert!(test.invoke(&guest, client, discovery::LISTEN, long).is_err());
    let tags = list(vec![Value::from("x".repeat(100)); 100]);
    let tagged = list([1.into(), UUID.into(), "test/x".into(), 1.into(), 2.into(), 5.into(), tags]);
    assert!(test.invoke(&guest, client, discovery::LISTEN, tagged).is_err());
    assert_eq!(test.discover(&guest, client, false), (vec![], None));
}

#[test]
fn registrations_beyond_the_limits_for_interface_and_process_are_refused() {
    let mut test = Test::new();
    let guest = test.guest();
    let client = test.open(&guest);
    for id in 0..PER_INTERFACE_MAX as i64 {
        test.listen(&guest, client, id, 5).unwrap();
    }
    assert_eq!(test.listen(&guest, client, -1, 5), Err("QUOTA_EXCEEDED".into()), "of one interface");
    for id in PER_INTERFACE_MAX as i64..PER_PROCESS_MAX as i64 {
        let registration = registration(id, &format!("uuid {id}"), 5);
        test.invoke(&guest, client, discovery::LISTEN, registration).unwrap();
    }
    let registration = registration(-1, "another", 5);
    let refused = test.invoke(&guest, client, discovery::LISTEN, registration);
    assert_eq!(refused, Err("QUOTA_EXCEEDED".into()), "of the process");
    test.act(&guest, |_| Some(Exit::Done));
    assert!(!test.presence.flag(UUID).is_provided());
}
