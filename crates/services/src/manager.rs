//! The service manager: a native process, and the provider of service discovery.
//!
//! Clients open it like any other service, except that its address is fixed. It keeps
//! nothing of a process that has ended. A client that waits for a provider holds a resource here; the manager sends it
//! the whole list of candidates after one or more have come. No candidate is missed: the answer with the handle and all
//! later lists travel the same way. If the client has no room for a list, only the newest one is kept for it.

mod waits;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lucarne_kernel::{
    About, Context, Failure, Gid, Message, MessageKind, Outcome, Pid, Process, RequestId, RequestToken,
};
use lucarne_message::{DecodeError, Decoder, EncodeError, Encoder, Payload, Sink, Token, Value};

use crate::abroad::{Abroad, Change};
use crate::announced::Announcements;
use crate::by_process::ByProcess;
use crate::policy::{Action, Policies};
use crate::presence::Presence;
use crate::protocol::{self, discovery, error, interface, procedure};
use crate::registry::{Candidates, Registration, Registry, ServiceList, bounded};
use crate::survey::{ANSWER_US, OpenClient, Round, Survey, Surveyed, Surveys};
use crate::traffic::Traffic;
use waits::{Wait, WaitKey, Waits};

/// The limit for each of the registrations, clients and waits that the manager keeps for one process.
pub const PER_PROCESS_MAX: usize = 4_096;

/// The limit for the registrations of one interface that the manager keeps for the processes of one group: each client
/// that asks for the interface gets all of them.
pub const PER_INTERFACE_MAX: usize = 256;

/// The number of messages that the manager handles in one turn, so that other processes get their turns.
const MESSAGES_PER_TURN: usize = 256;

/// The cost of handling one message, in units of the scheduler.
const MESSAGE_COST: u32 = 50;

/// The number of candidates in the lists that the manager sends to waiting clients in one turn.
const TOLD_PER_TURN: usize = 1_024;

/// The number of services in an answer to [`procedure::SERVICES`].
const LISTED_MAX: usize = 4_096;

/// The number of bytes of their texts.
const LISTED_BYTES_MAX: usize = 1024 * 1024;

const NAME: &str = "system/service-manager";

/// The process that keeps the registry of providers.
pub struct ServiceManager {
    registry: Registry,
    clients: BTreeMap<i64, OpenedBy>,
    clients_of: ByProcess<i64, ()>,
    waits: Waits,
    /// The processes that are registered under an id.
    published: BTreeMap<String, Pid>,
    /// Their ids, for each process.
    publications: ByProcess<String, ()>,
    oversight: Oversight,
    /// The clients that wait for expected providers, in the order in which they asked.
    held: Vec<Held>,
    /// The survey that is in progress.
    round: Option<Round>,
    /// The processes that have not answered an earlier survey. The manager does not ask them again meanwhile.
    late: BTreeMap<RequestId, Pid>,
    is_new: bool,
}

/// The interface between the host, which starts programs, and the service manager.
#[derive(Clone, Default)]
pub struct Oversight {
    /// The policies: which services groups may open and provide.
    pub policies: Policies,
    /// The interfaces of announced providers.
    pub announcements: Announcements,
    /// The receivers of the next survey.
    pub surveys: Surveys,
    /// The counter of messages, for a kernel whose observer it is.
    pub traffic: Option<Arc<Traffic>>,
    /// The services of other machines, and who follows those of this one.
    pub abroad: Abroad,
    /// Called with each interface that a group provides, in the manager's turn: not to take long.
    pub on_provided: Option<ProvidedHook>,
}

/// Called with a group, and the UUID of an interface that it provides from now on.
pub type ProvidedHook = Arc<dyn Fn(Gid, &str) + Send + Sync>;

/// A process that sends a request.
#[derive(Clone, Copy)]
struct Asker {
    pid: Pid,
    gid: Gid,
}

/// A `discover` that is answered later.
struct Held {
    asker: Asker,
    client: i64,
    uuid: String,
    token: RequestToken,
}

/// The process and the request that have opened a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct OpenedBy {
    pid: Pid,
    request: RequestId,
}

/// The outcome of a call.
enum Answer {
    Now(Payload),
    /// When expected providers have come.
    Later {
        client: i64,
        uuid: String,
    },
}

/// The reason why a request fails. The sender throws its text.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error("{0}")]
    Refused(String),
    #[error("QUOTA_EXCEEDED")]
    TooMany,
}

impl ServiceManager {
    /// Returns a manager with an empty registry.
    pub fn new(presence: Presence) -> ServiceManager {
        ServiceManager::overseen(presence, Oversight::default())
    }

    /// Returns a manager with an empty registry that the given oversight controls.
    pub fn overseen(presence: Presence, oversight: Oversight) -> ServiceManager {
        ServiceManager {
            registry: Registry::new(presence),
            clients: BTreeMap::new(),
            clients_of: ByProcess::default(),
            waits: Waits::default(),
            published: BTreeMap::new(),
            publications: ByProcess::default(),
            oversight,
            held: Vec::new(),
            round: None,
            late: BTreeMap::new(),
            is_new: true,
        }
    }

    fn dispatch(&mut self, context: &mut Context<'_>, message: Message) {
        let Message { pid, gid, kind } = message;
        let asker = Asker { pid, gid };
        match kind {
            MessageKind::Request { token, procedure, payload } => {
                self.answer(context, asker, token, procedure, payload);
            }
            MessageKind::Reply { id, result } => {
                self.late.remove(&id);
                if let Some(round) = &mut self.round {
                    round.answered(id, result.ok());
                }
            }
            MessageKind::ProcessTerminated { .. } => self.forget(pid),
            MessageKind::RoomAvailable { about: About::Resource { client, handle } } => {
                self.tell(context, (client, handle));
            }
            MessageKind::SlowConsumer { client, handle } => self.waits.end((client, handle)),
            MessageKind::Cancel { id } => {
                let given_up = |held: &mut Held| held.asker.pid == pid && held.token.id() == id;
                for held in self.held.extract_if(.., given_up) {
                    context.reply(held.token, Err(Failure::new(error::CANCELED)));
                }
                self.take_back(pid, id);
            }
            _ => {}
        }
    }

    fn answer(
        &mut self,
        context: &mut Context<'_>,
        asker: Asker,
        token: RequestToken,
        procedure: i64,
        mut payload: Payload,
    ) {
        let Asker { pid, .. } = asker;
        let opened_by = OpenedBy { pid, request: token.id() };
        let mut arguments = payload.decoder();
        let result = match procedure {
            procedure::OPEN => self.open(context, opened_by, &mut arguments),
            procedure::CLOSE => self.close(pid, &mut arguments),
            procedure::CLOSE_RESOURCE => self.close_resource(pid, &mut arguments),
            procedure::INVOKE => return self.invoke(context, asker, token, &mut arguments),
            procedure::PUBLISH => self.publish(asker, &mut arguments),
            procedure::LOOK_UP => self.look_up(context, asker, &mut arguments),
            procedure::SERVICES => self.services(asker),
            other => Err(Problem::Refused(error::no_such_procedure(other))),
        };
        context.reply(token, result.map_err(|problem| Failure::new(problem.to_string())));
    }

    fn open(
        &mut self,
        context: &mut Context<'_>,
        opened_by: OpenedBy,
        arguments: &mut Decoder<'_>,
    ) -> Result<Payload, Problem> {
        let pid = opened_by.pid;
        arguments.expect_list(4)?;
        let id = arguments.expect_int()?;
        let uuid = arguments.expect_string()?;
        let wanted = (arguments.expect_int()?, arguments.expect_int()?);
        if id != discovery::SERVICE_ID {
            return Err(Problem::Refused(error::unknown_service(id)));
        }
        let offered = interface::DISCOVERY;
        let shown = format!("service:{NAME}@{}.{}.0", offered.major, offered.minor);
        if uuid != offered.uuid {
            return Err(Problem::Refused(format!("{shown} does not provide service:{uuid}")));
        }
        protocol::require_version(&shown, (offered.major, offered.minor), uuid, wanted)
            .map_err(Problem::Refused)?;
        if self.clients_of.count(pid) >= PER_PROCESS_MAX {
            return Err(Problem::TooMany);
        }

        let client = self.new_client_id(context);
        self.clients.insert(client, opened_by);
        self.clients_of.insert(pid, client, ());
        let mut encoder = Encoder::new();
        encoder.list(6)?;
        encoder.int(client)?;
        encoder.string(NAME)?;
        encoder.int(offered.major)?;
        encoder.int(offered.minor)?;
        encoder.int(0)?;
        encoder.null()?;
        Ok(encoder.finish()?)
    }

    fn close(&mut self, pid: Pid, arguments: &mut Decoder<'_>) -> Result<Payload, Problem> {
        let client = arguments.expect_int()?;
        if self.is_of(client, pid) {
            self.close_client(pid, client);
        }
        Ok(Payload::null())
    }

    fn close_resource(&mut self, pid: Pid, arguments: &mut Decoder<'_>) -> Result<Payload, Problem> {
        arguments.expect_list(2)?;
        let (client, handle) = (arguments.expect_int()?, arguments.expect_int()?);
        if self.is_of(client, pid) {
            self.waits.end((client, handle));
        }
        Ok(Payload::null())
    }

    /// Returns whether a process has opened the client.
    fn is_of(&self, client: i64, pid: Pid) -> bool {
        self.clients.get(&client).is_some_and(|opened_by| opened_by.pid == pid)
    }

    /// Closes the client, or ends the wait, that a request has given to its sender, which does not use the answer.
    fn take_back(&mut self, pid: Pid, request: RequestId) {
        let clients: Vec<i64> = self.clients_of.keys(pid).copied().collect();
        for client in clients {
            if self.clients.get(&client).is_some_and(|opened_by| opened_by.request == request) {
                return self.close_client(pid, client);
            }
            let wait = self.waits.of_client(client).find(|(_, wait)| wait.request == request);
            if let Some(key) = wait.map(|(key, _)| key) {
                return self.waits.end(key);
            }
        }
    }

    fn publish(
        &mut self,
        Asker { pid, gid }: Asker,
        arguments: &mut Decoder<'_>,
    ) -> Result<Payload, Problem> {
        let id = bounded(arguments.expect_string()?)?;
        let permission = self.oversight.policies.permission(gid, Action::Provide, &id);
        permission.require_provider(&id, std::iter::empty()).map_err(Problem::Refused)?;
        if self.publications.count(pid) >= PER_PROCESS_MAX {
            return Err(Problem::TooMany);
        }
        if self.published.contains_key(&id) {
            return Err(Problem::Refused(error::ALREADY_REGISTERED.to_owned()));
        }
        self.publications.insert(pid, id.clone(), ());
        self.published.insert(id, pid);
        Ok(Payload::null())
    }

    /// Answers with the component that has an id, and allows the sender to send messages to it from then on.
    fn look_up(
        &mut self,
        context: &mut Context<'_>,
        Asker { pid, gid }: Asker,
        arguments: &mut Decoder<'_>,
    ) -> Result<Payload, Problem> {
        let id = arguments.expect_string()?;
        let Some(found) = self.published.get(id) else { return Ok(Payload::null()) };
        if !self.oversight.policies.permission(gid, Action::Open, id).permits(std::iter::empty()) {
            return Err(Problem::Refused(error::may_not_look_up(id)));
        }
        // This cannot fail: the manager belongs to the system, which is allowed to introduce processes.
        let _ = context.introduce(pid, *found);
        Ok(Payload::of(&Value::Int(found.as_i64()))?)
    }

    /// Answers with the services that the sender may open.
    fn services(&self, asker: Asker) -> Result<Payload, Problem> {
        let mut bytes = 0;
        let mut is_complete = true;
        let mut listed = Vec::new();
        for registration in self.registry.all().filter(|registration| self.may_open(asker, registration)) {
            bytes += registration.text_bytes();
            if listed.len() == LISTED_MAX || bytes > LISTED_BYTES_MAX {
                is_complete = false;
                break;
            }
            listed.push(registration);
        }
        let mut encoder = Encoder::new();
        encoder.list(2)?;
        lucarne_message::Encode::encode(&ServiceList(listed), &mut encoder)?;
        encoder.bool(is_complete)?;
        Ok(encoder.finish()?)
    }

    fn invoke(
        &mut self,
        context: &mut Context<'_>,
        asker: Asker,
        token: RequestToken,
        arguments: &mut Decoder<'_>,
    ) {
        let result = match self.call(context, asker, token.id(), arguments) {
            Ok(Answer::Now(payload)) => Ok(payload),
            Ok(Answer::Later { client, uuid }) => {
                return self.held.push(Held { asker, client, uuid, token });
            }
            Err(problem) => Err(Failure::new(problem.to_string())),
        };
        context.reply(token, result);
    }

    fn call(
        &mut self,
        context: &mut Context<'_>,
        asker: Asker,
        request: RequestId,
        arguments: &mut Decoder<'_>,
    ) -> Result<Answer, Problem> {
        let Asker { pid, .. } = asker;
        arguments.expect_list(3)?;
        let (client, index) = (arguments.expect_int()?, arguments.expect_int()?);
        if !self.is_of(client, pid) {
            return Err(Problem::Refused(error::HANDLER_NOT_FOUND.to_owned()));
        }
        match index {
            discovery::DISCOVER => return self.discover(context, (asker, request), client, arguments),
            discovery::LISTEN => self.listen(asker, arguments)?,
            discovery::UNLISTEN => {
                let id = arguments.expect_int()?;
                self.registry.remove(pid, id);
                self.oversight.abroad.hide(pid, id);
            }
            discovery::WATCH => {
                let watched = Pid::from_i64(arguments.expect_int()?);
                // This cannot fail: the manager belongs to the system, which is allowed to watch for others.
                let _ = context.watch_for(pid, watched);
            }
            other => return Err(Problem::Refused(error::no_such_method(other, NAME))),
        }
        Ok(Answer::Now(Payload::null()))
    }

    fn discover(
        &mut self,
        context: &mut Context<'_>,
        (asker, request): (Asker, RequestId),
        client: i64,
        arguments: &mut Decoder<'_>,
    ) -> Result<Answer, Problem> {
        arguments.expect_list(2)?;
        let uuid = arguments.expect_string()?;
        let wait = match arguments.expect_next()? {
            Token::Bool(wait) => wait,
            other => return Err(DecodeError::unexpected(&other, "a bool").into()),
        };
        // A client that does not want to wait is answered at once.
        if wait && self.oversight.announcements.until_us(uuid, asker.gid, context.now_us()).is_some() {
            return Ok(Answer::Later { client, uuid: bounded(uuid)? });
        }
        Ok(Answer::Now(self.discovered(context, (asker, request), client, uuid, wait)?))
    }

    fn discovered(
        &mut self,
        context: &mut Context<'_>,
        (asker, request): (Asker, RequestId),
        client: i64,
        uuid: &str,
        wait: bool,
    ) -> Result<Payload, Problem> {
        let new_wait = wait.then(|| Wait { asker, request, uuid: uuid.to_owned() });
        let handle = new_wait.map(|wait| self.waits.add(client, wait)).transpose()?;
        let candidates = self.candidates(context, asker, uuid);
        let is_denied = candidates.len() == 0 && !self.registry.candidates(uuid).is_empty();
        let mut encoder = Encoder::new();
        encoder.list(2 + usize::from(is_denied))?;
        lucarne_message::Encode::encode(&candidates, &mut encoder)?;
        match handle {
            Some(handle) => encoder.int(handle)?,
            None => encoder.null()?,
        }
        if is_denied {
            encoder.bool(true)?;
        }
        Ok(encoder.finish()?)
    }

    /// Answers the clients whose expected providers have come or are no longer expected.
    fn answer_held(&mut self, context: &mut Context<'_>) {
        let now_us = context.now_us();
        let announcements = &self.oversight.announcements;
        let is_due = |held: &mut Held| announcements.until_us(&held.uuid, held.asker.gid, now_us).is_none();
        let due: Vec<_> = self.held.extract_if(.., is_due).collect();
        for Held { asker, client, uuid, token } in due {
            let result = self.discovered(context, (asker, token.id()), client, &uuid, true);
            context.reply(token, result.map_err(|problem| Failure::new(problem.to_string())));
        }
    }

    /// Ends the current survey if its time is over, and begins the next one if it was requested.
    fn survey(&mut self, context: &mut Context<'_>) {
        if self.round.as_ref().is_some_and(|round| round.is_over(context.now_us()))
            && let Some(round) = self.round.take()
        {
            self.late.extend(round.finish());
        }
        if self.round.is_some() {
            return;
        }
        let asked = self.oversight.surveys.take();
        if asked.is_empty() {
            return;
        }
        let mut survey = self.known();
        let mut requests = BTreeMap::new();
        let late: BTreeSet<Pid> = self.late.values().copied().collect();
        let here = self.registry.all().filter(|registration| registration.seed.is_none());
        let providers = here.map(|registration| registration.pid);
        let pids: BTreeSet<Pid> = providers.filter(|pid| !late.contains(pid)).collect();
        for pid in pids {
            if let Ok(request) = context.request(pid, procedure::ACCOUNT, Payload::null()) {
                requests.insert(request, pid);
            }
        }
        survey.services.insert(0, self.itself(context));
        let until_us = context.now_us().saturating_add(ANSWER_US);
        let round = Round { survey, asked, requests, until_us };
        if round.requests.is_empty() {
            round.finish();
        } else {
            self.round = Some(round);
        }
    }

    /// Returns the part of the survey that needs no request to a provider.
    fn known(&self) -> Survey {
        let surveyed = |registration: &Registration| Surveyed {
            pid: registration.pid,
            gid: registration.gid,
            id: registration.id,
            uuid: registration.uuid.clone(),
            name: registration.name.clone(),
            version: (registration.major, registration.minor),
            priority: registration.priority,
            tags: registration.tags().map(str::to_owned).collect(),
            clients: None,
        };
        Survey {
            services: self.registry.all().map(surveyed).collect(),
            components: self.published.iter().map(|(id, pid)| (id.clone(), *pid)).collect(),
            waiting: self.waits.iter().map(|wait| (wait.uuid.clone(), wait.asker.gid)).collect(),
        }
    }

    /// Returns the manager as a provider.
    fn itself(&self, context: &Context<'_>) -> Surveyed {
        let open = |(&client, &OpenedBy { pid, .. }): (&i64, &OpenedBy)| {
            let waits = self.waits.of_client(client).count();
            OpenClient { client, pid, resources: waits as u64 }
        };
        Surveyed {
            pid: context.pid(),
            gid: Gid::SYSTEM,
            id: discovery::SERVICE_ID,
            uuid: interface::DISCOVERY.uuid.to_owned(),
            name: NAME.to_owned(),
            version: (interface::DISCOVERY.major, interface::DISCOVERY.minor),
            priority: protocol::priority::NORMAL.into(),
            tags: Vec::new(),
            clients: Some(self.clients.iter().map(open).collect()),
        }
    }

    /// Returns the time at which the first waiting client has waited for long enough.
    fn held_until_us(&self, now_us: i64) -> Option<i64> {
        let announcements = &self.oversight.announcements;
        self.held.iter().filter_map(|held| announcements.until_us(&held.uuid, held.asker.gid, now_us)).min()
    }

    fn listen(&mut self, Asker { pid, gid }: Asker, arguments: &mut Decoder<'_>) -> Result<(), Problem> {
        let is_host = self.oversight.policies.is_host(gid);
        let registration = Registration::decode((pid, gid), is_host, arguments)?;
        let permission = self.oversight.policies.permission(gid, Action::Provide, &registration.uuid);
        let shown = format!("service:{}", registration.name);
        permission.require_provider(&shown, registration.names()).map_err(Problem::Refused)?;
        let of_group = self.registry.candidates(&registration.uuid).iter().filter(|other| other.gid == gid);
        if self.registry.count_of(pid) >= PER_PROCESS_MAX || of_group.count() >= PER_INTERFACE_MAX {
            return Err(Problem::TooMany);
        }
        let (uuid, shown) = (registration.uuid.clone(), registration.clone());
        if !self.registry.add(registration) {
            return Err(Problem::Refused(error::ALREADY_REGISTERED.to_owned()));
        }
        self.oversight.abroad.show(|| shown.offered());
        self.oversight.announcements.provided(&uuid, gid);
        if let Some(on_provided) = &self.oversight.on_provided {
            on_provided(gid, &uuid);
        }
        // The provider is answered before a waiting client can call it: the lists are sent at the end of the turn.
        self.waits.provided(uuid);
        Ok(())
    }

    /// Takes over what the host knows of other machines, and shows it the services of this one if it is new.
    fn look_abroad(&mut self) {
        let (changes, is_new) = self.oversight.abroad.take();
        for change in changes {
            match change {
                Change::Come(offered, gid, seed) => {
                    let uuid = offered.uuid.clone();
                    if self.registry.add(Registration::abroad(offered, gid, seed)) {
                        self.waits.provided(uuid);
                    }
                }
                Change::Gone(pid, id) => self.registry.remove(pid, id),
            }
        }
        if is_new {
            for registration in self.registry.all().filter(|registration| registration.seed.is_none()) {
                self.oversight.abroad.show(|| registration.offered());
            }
        }
    }

    /// Returns the candidates that the group may open, and allows it to send requests to them from now on. Leaves out
    /// those that must not provide the service any more, since another container has reserved it.
    fn candidates(&self, context: &mut Context<'_>, asker: Asker, uuid: &str) -> Candidates<'_> {
        let all = self.registry.candidates(uuid).iter();
        let permitted: Vec<_> = all.filter(|candidate| self.may_open(asker, candidate)).collect();
        for candidate in &permitted {
            // This cannot fail: the manager belongs to the system, which is allowed to introduce processes.
            let _ = context.introduce(asker.pid, candidate.pid);
        }
        Candidates::new(asker.pid, permitted)
    }

    /// Returns whether the sender may open a service, and its provider may still provide it.
    fn may_open(&self, asker: Asker, registration: &Registration) -> bool {
        let (policies, uuid) = (&self.oversight.policies, &registration.uuid);
        let permits = |gid, action| policies.permission(gid, action, uuid).permits(registration.names());
        permits(asker.gid, Action::Open)
            && (!policies.is_reserved(uuid) || permits(registration.gid, Action::Provide))
    }

    /// Sends lists to clients for whose interface a provider has come, as many as one turn allows.
    fn tell_waiting(&mut self, context: &mut Context<'_>) {
        let mut told = 0;
        while told < TOLD_PER_TURN
            && let Some(key) = self.waits.next_to_tell()
        {
            told += 1 + self.tell(context, key);
        }
    }

    /// Sends the current list of candidates to a waiting client, and returns their number.
    fn tell(&mut self, context: &mut Context<'_>, key: WaitKey) -> usize {
        let Some(wait) = self.waits.get(key) else { return 0 };
        let pid = wait.asker.pid;
        let candidates = self.candidates(context, wait.asker, &wait.uuid);
        let payload = Payload::of(&candidates).expect("a list of candidates is one flat value");
        // If there is no room, the kernel notifies the manager once there is, and the manager tries again. If the
        // process has ended, no client waits for the list.
        let _ = context.notify(pid, key.0, key.1, payload);
        candidates.len()
    }

    fn new_client_id(&self, context: &Context<'_>) -> i64 {
        loop {
            let id = (context.random_u64() & 0x3fff_ffff).cast_signed();
            if !self.clients.contains_key(&id) {
                return id;
            }
        }
    }

    fn close_client(&mut self, pid: Pid, client: i64) {
        self.clients.remove(&client);
        self.clients_of.remove(pid, &client);
        self.held.retain(|held| held.client != client);
        let keys: Vec<_> = self.waits.of_client(client).map(|(key, _)| key).collect();
        keys.into_iter().for_each(|key| self.waits.end(key));
    }

    /// Removes all records of a process that has ended. The kernel notifies the processes that watch it.
    fn forget(&mut self, pid: Pid) {
        self.registry.remove_all(pid);
        self.oversight.abroad.hide_all(pid);
        for id in self.publications.take(pid) {
            self.published.remove(&id);
        }
        let clients: Vec<i64> = self.clients_of.keys(pid).copied().collect();
        for client in clients {
            self.close_client(pid, client);
        }
    }
}

impl Process for ServiceManager {
    fn run(&mut self, context: &mut Context<'_>) -> Outcome {
        if std::mem::take(&mut self.is_new) {
            self.oversight.announcements.set_waker(context.waker());
            self.oversight.surveys.set_waker(context.waker());
            self.oversight.abroad.set_manager(context.waker());
        }
        self.look_abroad();
        for _ in 0..MESSAGES_PER_TURN {
            let Some(message) = context.receive() else {
                self.survey(context);
                self.answer_held(context);
                self.tell_waiting(context);
                if self.waits.is_any_to_tell() {
                    return Outcome::Ready;
                }
                let survey_until_us = self.round.as_ref().map(|round| round.until_us);
                let until_us = self.held_until_us(context.now_us()).into_iter().chain(survey_until_us).min();
                return Outcome::Wait { until_us };
            };
            self.dispatch(context, message);
            context.charge(MESSAGE_COST);
        }
        self.answer_held(context);
        self.tell_waiting(context);
        Outcome::Ready
    }
}
