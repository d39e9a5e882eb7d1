//! The services of a container, their clients, and the resources of these clients.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::{About, Gid, Pid, RequestId};
use lucarne_message::{Bytes, Value};
use rustc_hash::FxHashMap;

use crate::container::Shared;
use crate::failure::Thrown;
use crate::handler::{AnyServe, Caller};
use crate::protocol::{self, error};
use crate::quotas::{Counted, Quotas};
use crate::resource::{Channel, Parts, Resource};
use crate::selector::Selector;
use crate::unused::Action;

/// The ids of services and clients are below this limit.
const ID_LIMIT: i64 = 0x4000_0000;

/// A handle is twice a number below this limit, plus one if the resource sends notifications.
const HANDLE_LIMIT: i64 = 0x2000_0000;

/// The name, version and tags of a provider.
#[derive(Debug)]
pub(crate) struct ProviderInfo {
    pub(crate) name: String,
    pub(crate) version: (i64, i64, i64),
    pub(crate) tags: Option<Vec<String>>,
}

/// A service that a provider offers.
pub(crate) struct Offered {
    /// The container, whose books hold this service until the provider is uninstalled or the container ends.
    pub(crate) shared: Arc<Shared>,
    pub(crate) selector: Selector,
    pub(crate) info: Arc<ProviderInfo>,
    pub(crate) serve: AnyServe,
}

/// The services of a container, and all clients and resources that other processes have there.
pub(crate) struct Books {
    state: Mutex<State>,
}

struct State {
    services: BTreeMap<i64, Arc<Offered>>,
    clients: BTreeMap<i64, Served>,
    /// The clients and resources that each request has given to its sender. If the sender does not use the answer, it
    /// does not know their numbers and cannot close them, so `take_back` closes them.
    given: FxHashMap<(Pid, RequestId), BTreeSet<Given>>,
    /// What to do if the answers to these requests are not used. See [`Call::if_unused`](crate::Call::if_unused).
    if_unused: FxHashMap<(Pid, RequestId), Action>,
    /// How many clients and resources each process and each group has.
    used: Quotas,
    /// The channels of closed resources whose clients have no room yet for the last notification, which tells them of
    /// the end.
    ending: BTreeMap<ResourceKey, Arc<Channel>>,
    last_id: i64,
    last_client: i64,
    last_handle: i64,
}

/// A client of one of the services.
struct Served {
    pid: Pid,
    gid: Gid,
    /// The request that has opened the client.
    request: RequestId,
    offered: Arc<Offered>,
    resources: BTreeMap<i64, Held>,
}

struct Held {
    value: Arc<dyn Any + Send + Sync>,
    parts: Parts,
    /// The request whose answer gave the resource to the client.
    request: RequestId,
}

/// A resource of a client: the process of the client, its number, and the handle.
type ResourceKey = (Pid, i64, i64);

/// A client or resource that a request has given to its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Given {
    client: i64,
    /// The handle of the resource. None if the client itself was given.
    handle: Option<i64>,
}

/// The resources that were removed from the books. Dropping a resource runs code of users. So this type drops them
/// outside of the lock, one by one, and a panic in one drop does not affect the others.
#[derive(Default)]
#[must_use = "resources must be dropped where no lock is held"]
pub(crate) struct Closed {
    resources: Vec<Held>,
    /// The senders that wait for room for a notification of these resources.
    senders: Vec<Waker>,
}

impl Drop for Closed {
    fn drop(&mut self) {
        self.senders.drain(..).for_each(Waker::wake);
        for held in self.resources.drain(..) {
            let Parts { channel, closing, tie } = &held.parts;
            if let Some(channel) = channel.as_ref().filter(|channel| !channel.is_ending()) {
                channel.close();
            }
            if let Some(closing) = closing {
                closing.close();
            }
            if let Some(tie) = tie {
                tie.close();
            }
            let _ = catch_unwind(AssertUnwindSafe(|| drop(held)));
        }
    }
}

impl Books {
    /// Makes empty books. The seed determines the first numbers. They differ between containers, so that a number that
    /// is used in the wrong container is noticed.
    pub(crate) fn new(seed: u64) -> Books {
        let start = |shift: u32, limit: i64| ((seed >> shift) & 0x3fff_ffff) as i64 % limit;
        let state = State {
            services: BTreeMap::new(),
            clients: BTreeMap::new(),
            given: FxHashMap::default(),
            if_unused: FxHashMap::default(),
            used: Quotas::default(),
            ending: BTreeMap::new(),
            last_id: start(0, ID_LIMIT),
            last_client: start(16, ID_LIMIT),
            last_handle: start(32, HANDLE_LIMIT),
        };
        Books { state: Mutex::new(state) }
    }

    // -- Services ---------------------------------------------------------------------------

    /// Offers a service, and returns its id.
    pub(crate) fn add_service(&self, offered: Arc<Offered>) -> i64 {
        let mut state = self.state.lock();
        state.last_id = free_number(state.last_id, ID_LIMIT, |id| state.services.contains_key(&id));
        let id = state.last_id;
        state.services.insert(id, offered);
        id
    }

    /// Returns the ids under which a provider offers its services.
    pub(crate) fn ids_of(&self, info: &Arc<ProviderInfo>) -> Vec<i64> {
        let state = self.state.lock();
        let own = state.services.iter().filter(|(_, offered)| Arc::ptr_eq(&offered.info, info));
        own.map(|(id, _)| *id).collect()
    }

    /// Returns all providers.
    pub(crate) fn providers(&self) -> Vec<Arc<ProviderInfo>> {
        let mut infos: Vec<Arc<ProviderInfo>> = Vec::new();
        for offered in self.state.lock().services.values() {
            if !infos.iter().any(|info| Arc::ptr_eq(info, &offered.info)) {
                infos.push(offered.info.clone());
            }
        }
        infos
    }

    pub(crate) fn offers_nothing(&self) -> bool {
        self.state.lock().services.is_empty()
    }

    /// Removes the services of a provider, and closes their clients.
    pub(crate) fn remove_provider(&self, info: &Arc<ProviderInfo>) -> Closed {
        let mut state = self.state.lock();
        let services = extract(&mut state.services, |offered| Arc::ptr_eq(&offered.info, info));
        let senders = state.end_resources(|served| Arc::ptr_eq(&served.offered.info, info));
        // Close the clients first: `services` then has the last references to the handlers, unless a call still runs.
        let mut closed = state.close_clients(|served| Arc::ptr_eq(&served.offered.info, info));
        closed.senders = senders;
        drop(state);
        // Drops each handler that no running call uses. The drop runs code of users.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(services)));
        closed
    }

    // -- Clients ----------------------------------------------------------------------------

    /// Opens a client for the process that has sent the request, and returns the answer to it. The client uses the
    /// service `uuid` of the provider that also offers the service `id`.
    pub(crate) fn open(
        &self,
        (pid, gid): (Pid, Gid),
        request: RequestId,
        id: i64,
        uuid: &str,
        wanted: (i64, i64),
    ) -> Result<Value, Thrown> {
        let mut state = self.state.lock();
        let named = state.services.get(&id).ok_or_else(|| Thrown::new(error::unknown_service(id)))?;
        let info = named.info.clone();
        let is_meant =
            |offered: &&Arc<Offered>| Arc::ptr_eq(&offered.info, &info) && offered.selector.is(uuid);
        let (major, minor, patch) = info.version;
        let shown = format!("service:{}@{major}.{minor}.{patch}", info.name);
        let offered = state.services.values().find(is_meant).cloned();
        let offered =
            offered.ok_or_else(|| Thrown::new(format!("{shown} does not provide service:{uuid}")))?;
        let version = (offered.selector.major().into(), offered.selector.minor().into());
        protocol::require_version(&shown, version, uuid, wanted).map_err(Thrown::new)?;
        state.used.add(Counted::Client, pid, gid).map_err(|error| Thrown::new(error.to_string()))?;
        state.last_client =
            free_number(state.last_client, ID_LIMIT, |client| state.clients.contains_key(&client));
        let client = state.last_client;
        state.clients.insert(client, Served { pid, gid, request, offered, resources: BTreeMap::new() });
        state.note_given((pid, request), Given { client, handle: None });
        let tags = info.tags.as_ref().map(|tags| tags.iter().map(|tag| Value::from(tag.as_str())).collect());
        Ok(Value::List(vec![
            client.into(),
            info.name.as_str().into(),
            major.into(),
            minor.into(),
            patch.into(),
            Value::from(tags.map(Value::List)),
        ]))
    }

    /// Returns the definition of the service `id`, or none if its handler does not carry one.
    pub(crate) fn definition(&self, id: i64) -> Result<Option<Bytes>, Thrown> {
        let state = self.state.lock();
        let offered = state.services.get(&id).ok_or_else(|| Thrown::new(error::unknown_service(id)))?;
        Ok(offered.serve.definition.clone())
    }

    /// Returns the service that a client has opened. Returns none if the process has no such client.
    pub(crate) fn offered_to(&self, client: i64, pid: Pid) -> Option<Arc<Offered>> {
        let state = self.state.lock();
        state.clients.get(&client).filter(|served| served.pid == pid).map(|served| served.offered.clone())
    }

    /// Closes a client at the request of a process, if the client belongs to that process.
    pub(crate) fn close(&self, client: i64, pid: Pid) -> Closed {
        let mut state = self.state.lock();
        let is_own = state.clients.get(&client).is_some_and(|served| served.pid == pid);
        if is_own { state.close_client(client) } else { Closed::default() }
    }

    /// Returns the list of all clients, as the answer to [`protocol::procedure::ACCOUNT`].
    pub(crate) fn account(&self) -> Value {
        let state = self.state.lock();
        let account = |(client, served): (&i64, &Served)| {
            let (id, _) = state.services.iter().find(|(_, other)| Arc::ptr_eq(other, &served.offered))?;
            let resources = i64::try_from(served.resources.len()).unwrap_or(i64::MAX);
            Some([*id, *client, served.pid.as_i64(), resources])
        };
        Value::List(state.clients.iter().filter_map(account).flatten().map(Value::Int).collect())
    }

    /// Closes all clients of a process that has ended.
    pub(crate) fn close_all_of(&self, pid: Pid) -> Closed {
        let mut state = self.state.lock();
        state.ending.retain(|(of, _, _), _| *of != pid);
        state.close_clients(|served| served.pid == pid)
    }

    /// Closes the clients and resources that a request has given to its sender, after the action that the handler has
    /// set. Call this if the sender does not use the answer.
    pub(crate) fn take_back(&self, pid: Pid, request: RequestId) -> Closed {
        let action = self.state.lock().if_unused.remove(&(pid, request));
        if let Some(action) = action {
            // Code of users, so no lock is held, and a panic does not affect what follows.
            let _ = catch_unwind(AssertUnwindSafe(action));
        }
        let mut state = self.state.lock();
        let mut closed = Closed::default();
        for Given { client, handle } in state.given.get(&(pid, request)).cloned().unwrap_or_default() {
            let more = match handle {
                Some(handle) => state.close_resource(client, handle),
                None => state.close_client(client),
            };
            closed.add(more);
        }
        closed
    }

    /// Sets what to do if the answer to a request is not used. Returns the action that it replaces, which the caller
    /// must drop.
    pub(crate) fn set_if_unused(&self, request: (Pid, RequestId), action: Action) -> Option<Action> {
        self.state.lock().if_unused.insert(request, action)
    }

    /// Forgets the action for a request. Returns the action, so that the caller drops it without holding a lock: that
    /// runs code of users.
    pub(crate) fn forget_if_unused(&self, request: (Pid, RequestId)) -> Option<Action> {
        self.state.lock().if_unused.remove(&request)
    }

    // -- Resources --------------------------------------------------------------------------

    pub(crate) fn add_resource<T: Send + Sync + 'static>(
        &self,
        caller: &Caller,
        resource: Resource<T>,
    ) -> Result<i64, Thrown> {
        let (value, parts) = resource.into_parts();
        let mut state = self.state.lock();
        let State { clients, last_handle, used, .. } = &mut *state;
        let Some(served) = clients.get_mut(&caller.client) else {
            // Release the lock first: dropping the value runs code of users.
            drop(state);
            return Err(Thrown::new("Client closed"));
        };
        if let Err(error) = used.add(Counted::Resource, served.pid, served.gid) {
            drop(state);
            return Err(Thrown::new(error.to_string()));
        }
        let kind = i64::from(parts.channel.is_some());
        let is_taken = |number: i64| served.resources.contains_key(&(number << 1 | kind));
        *last_handle = free_number(*last_handle, HANDLE_LIMIT, is_taken);
        let handle = *last_handle << 1 | kind;
        let request = caller.request;
        let Parts { channel, tie, .. } = parts.clone();
        served.resources.insert(handle, Held { value, parts, request });
        state.note_given((caller.pid, request), Given { client: caller.client, handle: Some(handle) });
        drop(state);
        let shared = &caller.offered.shared;
        let mut ends = tie.is_some_and(|tie| tie.open(Arc::downgrade(shared), caller.client, handle));
        if let (Some(channel), Some(port)) = (channel, shared.port()) {
            let about = About::Resource { client: caller.client, handle };
            ends |= channel.open(Arc::downgrade(shared), port.clone(), caller.pid, about);
        }
        if ends {
            drop(self.end_resource(caller.client, handle));
        }
        Ok(handle)
    }

    pub(crate) fn resource(&self, client: i64, handle: i64) -> Option<Arc<dyn Any + Send + Sync>> {
        Some(self.state.lock().clients.get(&client)?.resources.get(&handle)?.value.clone())
    }

    /// Closes a resource at the request of a process, if the client belongs to that process.
    pub(crate) fn close_resource(&self, client: i64, pid: Pid, handle: i64) -> Closed {
        if self.offered_to(client, pid).is_none() {
            return Closed::default();
        }
        self.remove_resource(client, handle)
    }

    pub(crate) fn remove_resource(&self, client: i64, handle: i64) -> Closed {
        self.state.lock().close_resource(client, handle)
    }

    /// Closes a resource at the request of its provider, and tells the client.
    pub(crate) fn end_resource(&self, client: i64, handle: i64) -> Closed {
        let mut state = self.state.lock();
        let senders = state.end_resource(client, handle);
        let mut closed = state.close_resource(client, handle);
        closed.senders = senders;
        closed
    }

    /// Tells a resource that its client has room for notifications again.
    pub(crate) fn room(&self, client: i64, handle: i64, pid: Pid) {
        let key = (pid, client, handle);
        let (open, ending) = {
            let state = self.state.lock();
            let served = state.clients.get(&client).filter(|served| served.pid == pid);
            let open = served.and_then(|served| served.resources.get(&handle)?.parts.channel.clone());
            (open, state.ending.get(&key).cloned())
        };
        if let Some(channel) = open {
            channel.room();
        }
        if let Some(channel) = ending {
            channel.room();
            if !channel.is_ending() {
                self.state.lock().ending.remove(&key);
            }
        }
    }

    /// Drops the last notification of a closed resource, since its client takes no notifications.
    pub(crate) fn cut_off(&self, client: i64, pid: Pid, handle: i64) {
        self.state.lock().ending.remove(&(pid, client, handle));
    }

    /// Removes all services and clients, because the container's process has ended.
    pub(crate) fn end(&self) {
        let mut state = self.state.lock();
        let services = std::mem::take(&mut state.services);
        let actions = std::mem::take(&mut state.if_unused);
        state.ending.clear();
        let closed = state.close_clients(|_| true);
        drop(state);
        // The handlers and the actions are code of users, so no lock is held, and a panic in a drop is caught.
        let _ = catch_unwind(AssertUnwindSafe(|| drop((services, actions))));
        drop(closed);
    }
}

impl State {
    fn note_given(&mut self, to: (Pid, RequestId), given: Given) {
        self.given.entry(to).or_default().insert(given);
    }

    fn forget_given(&mut self, to: (Pid, RequestId), given: Given) {
        if let Some(all) = self.given.get_mut(&to) {
            all.remove(&given);
            if all.is_empty() {
                self.given.remove(&to);
            }
        }
    }

    /// Tells the clients of resources, which are about to be closed, that these have ended. Returns the wakers of the
    /// senders that wait.
    fn end_resources(&mut self, is_meant: impl Fn(&Served) -> bool) -> Vec<Waker> {
        let meant = self.clients.iter().filter(|(_, served)| is_meant(served));
        let keys: Vec<(i64, i64)> = meant
            .flat_map(|(client, served)| served.resources.keys().map(|handle| (*client, *handle)))
            .collect();
        keys.into_iter().flat_map(|(client, handle)| self.end_resource(client, handle)).collect()
    }

    /// As [`State::end_resources`], for one resource.
    fn end_resource(&mut self, client: i64, handle: i64) -> Vec<Waker> {
        let served = self.clients.get(&client);
        let resource = served.and_then(|served| Some((served.pid, served.resources.get(&handle)?)));
        let Some((pid, Held { parts: Parts { channel: Some(channel), .. }, .. })) = resource else {
            return Vec::new();
        };
        let senders = channel.end();
        if channel.is_ending() {
            self.ending.insert((pid, client, handle), channel.clone());
        }
        senders
    }

    fn close_clients(&mut self, is_meant: impl Fn(&Served) -> bool) -> Closed {
        let clients: Vec<i64> =
            self.clients.iter().filter(|(_, served)| is_meant(served)).map(|(client, _)| *client).collect();
        let mut closed = Closed::default();
        clients.into_iter().for_each(|client| closed.add(self.close_client(client)));
        closed
    }

    fn close_client(&mut self, client: i64) -> Closed {
        let Some(Served { pid, gid, request, resources, .. }) = self.clients.remove(&client) else {
            return Closed::default();
        };
        self.used.remove(Counted::Client, pid, gid, 1);
        self.used.remove(Counted::Resource, pid, gid, resources.len());
        self.forget_given((pid, request), Given { client, handle: None });
        for (handle, held) in &resources {
            self.forget_given((pid, held.request), Given { client, handle: Some(*handle) });
        }
        Closed { resources: resources.into_values().collect(), senders: Vec::new() }
    }

    fn close_resource(&mut self, client: i64, handle: i64) -> Closed {
        let served = self.clients.get_mut(&client);
        let Some((pid, gid, held)) =
            served.and_then(|served| Some((served.pid, served.gid, served.resources.remove(&handle)?)))
        else {
            return Closed::default();
        };
        self.used.remove(Counted::Resource, pid, gid, 1);
        self.forget_given((pid, held.request), Given { client, handle: Some(handle) });
        Closed { resources: vec![held], senders: Vec::new() }
    }
}

impl Closed {
    fn add(&mut self, mut more: Closed) {
        self.resources.append(&mut more.resources);
    }
}

/// Removes the entries that `is_meant` selects, and returns them in the order of their numbers.
fn extract<T>(map: &mut BTreeMap<i64, T>, is_meant: impl Fn(&T) -> bool) -> Vec<T> {
    let keys: Vec<i64> = map.iter().filter(|(_, value)| is_meant(value)).map(|(key, _)| *key).collect();
    keys.iter().filter_map(|key| map.remove(key)).collect()
}

/// Returns the first number after `last` that is not taken.
fn free_number(last: i64, limit: i64, is_taken: impl Fn(i64) -> bool) -> i64 {
    let mut number = last;
    loop {
        number = (number + 1) % limit;
        if !is_taken(number) {
            return number;
        }
    }
}
