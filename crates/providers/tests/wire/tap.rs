//! A process between clients and a provider. It forwards messages and records calls, answers and notifications. Only the
//! service id in an `OPEN` request is replaced.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use lucarne_host::System;
use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::mpsc::{Sender, channel};
use lucarne_kernel::{
    Context, Failure, MessageKind, Outcome, Pid, Process, RequestId, RequestToken, SpawnOptions,
};
use lucarne_message::{Payload, Value};
use lucarne_services::protocol::Interface;
use lucarne_services::protocol::{discovery, interface, priority, procedure};

/// The test's end of a tap. The provider sees all clients as members of the system's group, since the tap is in it.
pub(crate) struct Tap {
    records: Arc<Mutex<Records>>,
}

/// The recorded messages, as text.
///
/// The ids of clients and the handles of resources differ from run to run. So they are replaced by 1, 2, ... before a
/// value is encoded and shown.
#[derive(Default)]
struct Records {
    text: String,
    /// Kept apart from `text`, since their order among calls and answers is not fixed.
    notifications: String,
    /// The numbers that are shown, by the ids and handles that they replace.
    numbers: BTreeMap<i64, i64>,
}

impl Tap {
    /// Starts a tap that is preferred to the system's provider. `opens` has the indexes of the methods that open a
    /// resource: the first integer in their answers is its handle.
    pub(crate) fn start(system: &System, interface: Interface, opens: &'static [u32]) -> Tap {
        let (ready, is_ready) = channel();
        let records = Arc::new(Mutex::new(Records::default()));
        let relay = Relay {
            interface,
            opens,
            records: records.clone(),
            ready,
            manager: 0,
            provider: None,
            clients: BTreeMap::new(),
            asked: BTreeMap::new(),
        };
        system.kernel().start_system(Box::new(relay), SpawnOptions::named("tap"));
        is_ready.recv().expect("the service manager answers");
        Tap { records }
    }

    /// Returns the records so far.
    pub(crate) fn records(&self) -> String {
        let records = self.records.lock();
        format!("{}{}", records.text, records.notifications)
    }
}

/// The process of the tap.
struct Relay {
    interface: Interface,
    opens: &'static [u32],
    records: Arc<Mutex<Records>>,
    ready: Sender<()>,
    /// The id of the tap as a client of the service manager.
    manager: i64,
    /// The process and the service id of the provider.
    provider: Option<(Pid, i64)>,
    /// The processes of the clients, by the ids that the provider gave to the clients.
    clients: BTreeMap<i64, Pid>,
    /// The requests of the tap that have no answer yet.
    asked: BTreeMap<RequestId, Asked>,
}

/// A request of the tap. The token is that of the client's request, which gets the answer.
enum Asked {
    /// Opens the service manager.
    Manager,
    /// Asks the service manager for the provider.
    Discover,
    /// Registers the tap.
    Listen,
    /// Opens the provider for the client's process.
    Open(RequestToken, Pid),
    /// Calls the method with this index.
    Invoke(RequestToken, u32),
    Other(RequestToken),
}

impl Process for Relay {
    fn run(&mut self, context: &mut Context<'_>) -> Outcome {
        if self.provider.is_none() && self.asked.is_empty() {
            let Interface { uuid, major, minor, .. } = interface::DISCOVERY;
            let arguments = list([discovery::SERVICE_ID.into(), uuid.into(), major.into(), minor.into()]);
            self.request(context, Pid::SYSTEM, procedure::OPEN, arguments, Asked::Manager);
        }
        while let Some(message) = context.receive() {
            match message.kind {
                MessageKind::Request { token, procedure, payload } => {
                    self.pass_on(context, message.pid, token, procedure, payload);
                }
                MessageKind::Reply { id, result } => {
                    let asked = self.asked.remove(&id).expect("only requests are answered");
                    self.answer(context, asked, result);
                }
                MessageKind::Notification { client, handle, payload, .. } => {
                    self.records.lock().add_notification(&payload);
                    context.notify(self.clients[&client], client, handle, payload).expect("there is room");
                }
                _ => {}
            }
        }
        Outcome::Wait { until_us: None }
    }
}

impl Relay {
    fn request(
        &mut self,
        context: &mut Context<'_>,
        to: Pid,
        procedure: i64,
        payload: Payload,
        asked: Asked,
    ) {
        let id = context.request(to, procedure, payload).expect("the receiver is running");
        self.asked.insert(id, asked);
    }

    fn pass_on(
        &mut self,
        context: &mut Context<'_>,
        asker: Pid,
        token: RequestToken,
        procedure: i64,
        payload: Payload,
    ) {
        let (provider, service) = self.provider.expect("the tap is registered after the provider is found");
        let (asked, payload) = match procedure {
            procedure::OPEN => {
                let mut items = items(payload);
                items[0] = service.into();
                (Asked::Open(token, asker), list(items))
            }
            procedure::INVOKE => {
                let [_, index] = payload.leading_ints::<2>();
                let index = index.and_then(|index| u32::try_from(index).ok()).expect("an index");
                self.records.lock().add("call", &payload);
                (Asked::Invoke(token, index), payload)
            }
            _ => (Asked::Other(token), payload),
        };
        self.request(context, provider, procedure, payload, asked);
    }

    fn answer(&mut self, context: &mut Context<'_>, asked: Asked, result: Result<Payload, Box<Failure>>) {
        let token = match asked {
            Asked::Manager => return self.discover(context, result.expect("the manager answers")),
            Asked::Discover => return self.listen(context, result.expect("the service is found")),
            Asked::Listen => {
                let _ = self.ready.send(());
                return;
            }
            Asked::Open(token, client) => {
                let id = result.as_ref().ok().and_then(first_int).expect("the service is opened");
                self.clients.insert(id, client);
                self.records.lock().number(id);
                token
            }
            Asked::Invoke(token, index) => {
                let mut records = self.records.lock();
                match &result {
                    Ok(payload) => {
                        if let Some(handle) =
                            payload.leading_ints::<1>()[0].filter(|_| self.opens.contains(&index))
                        {
                            records.number(handle);
                        }
                        records.add("answer", payload);
                    }
                    Err(failure) => writeln!(records.text, "error {:?}", failure.text).unwrap(),
                }
                token
            }
            Asked::Other(token) => token,
        };
        context.reply(token, result.map_err(|failure| *failure));
    }

    /// Asks the service manager for the provider.
    fn discover(&mut self, context: &mut Context<'_>, opened: Payload) {
        self.manager = first_int(&opened).expect("an id");
        let arguments = list([
            self.manager.into(),
            discovery::DISCOVER.into(),
            Value::List(vec![self.interface.uuid.into(), false.into()]),
        ]);
        self.request(context, Pid::SYSTEM, procedure::INVOKE, arguments, Asked::Discover);
    }

    /// Takes the provider from the candidates, and registers the tap with a higher priority.
    fn listen(&mut self, context: &mut Context<'_>, found: Payload) {
        let found = items(found);
        let Value::List(candidates) = &found[0] else { panic!("no candidates") };
        let (pid, id) = (candidates[0].as_int().unwrap(), candidates[1].as_int().unwrap());
        self.provider = Some((Pid::from_i64(pid), id));
        let Interface { uuid, major, minor, .. } = self.interface;
        let arguments = list([
            self.manager.into(),
            discovery::LISTEN.into(),
            Value::List(vec![
                1.into(),
                uuid.into(),
                "tap".into(),
                major.into(),
                minor.into(),
                priority::PREFERRED_STRONGLY.into(),
                Value::Null,
            ]),
        ]);
        self.request(context, Pid::SYSTEM, procedure::INVOKE, arguments, Asked::Listen);
    }
}

impl Records {
    /// Shows this id or handle as the next of the numbers 1, 2, ... from now on.
    fn number(&mut self, number: i64) {
        let next = self.numbers.len() as i64 + 1;
        self.numbers.entry(number).or_insert(next);
    }

    fn add(&mut self, label: &str, payload: &Payload) {
        let shown = self.shown(payload);
        writeln!(self.text, "{label} {shown}").unwrap();
    }

    fn add_notification(&mut self, payload: &Payload) {
        let shown = self.shown(payload);
        writeln!(self.notifications, "notification {shown}").unwrap();
    }

    /// Returns the bytes of a payload, and its value, with small numbers for ids and handles.
    fn shown(&self, payload: &Payload) -> String {
        let value =
            Payload::from_parts(payload.bytes(), Vec::new()).into_value().expect("small bytes are inline");
        let again = Payload::of(&value).unwrap();
        assert_eq!(again.bytes(), payload.bytes(), "a value has one encoding: {value:?}");
        let value = self.with_small_numbers(value);
        let payload = Payload::of(&value).unwrap();
        let bytes: String = payload.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{bytes}\n    {value:?}")
    }

    fn with_small_numbers(&self, value: Value) -> Value {
        match value {
            Value::Int(number) => Value::Int(self.numbers.get(&number).copied().unwrap_or(number)),
            Value::List(items) => {
                Value::List(items.into_iter().map(|item| self.with_small_numbers(item)).collect())
            }
            other => other,
        }
    }
}

fn list(items: impl Into<Vec<Value>>) -> Payload {
    Payload::of(&Value::List(items.into())).unwrap()
}

fn items(payload: Payload) -> Vec<Value> {
    let Ok(Value::List(items)) = payload.into_value() else { panic!("not a list") };
    items
}

fn first_int(payload: &Payload) -> Option<i64> {
    payload.leading_ints::<1>()[0]
}
