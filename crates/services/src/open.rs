//! Finding a provider, and opening a service there.

use std::marker::PhantomData;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use lucarne_kernel::Pid;
use lucarne_message::{DecodeError, EncodeError, Encoder, Payload, Sink, Value};
use uuid::Uuid;

use crate::calls::Asking;
use crate::client::Client;
use crate::container::{Container, Shared};
use crate::failure::{Failed, OpenError};
use crate::inbox::Inbox;
use crate::pending::Pending;
use crate::protocol::{discovery, interface, procedure};
use crate::selector::Selector;

/// The default time limit for waiting for a provider.
const PATIENCE: Duration = Duration::from_millis(100);

/// A service that was opened, as its provider describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The requested service.
    pub selector: Selector,
    /// The name of the provider.
    pub name: String,
    /// The major version of the provider.
    pub major: i64,
    /// The minor version of the provider.
    pub minor: i64,
    /// The patch version of the provider.
    pub patch: i64,
    /// The tags of the provider.
    pub tags: Vec<String>,
}

/// A provider of a service, before it is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Candidate {
    /// The process of the provider.
    pub pid: Pid,
    /// The name of the provider.
    pub name: String,
    /// The major version of the provider.
    pub major: i64,
    /// The minor version of the provider.
    pub minor: i64,
    /// The priority of the provider. The candidate with the highest priority is used.
    pub priority: i64,
    /// The tags of the provider.
    pub tags: Vec<String>,
    pub(crate) id: i64,
}

/// A service that is about to be opened. Await it, or call [`wait`](Open::wait), to get the client.
///
/// If there are several providers, the client uses the one with the highest priority. If several have that priority,
/// opening fails with [`OpenError::Ambiguous`].
#[must_use = "nothing is opened before it is awaited, or waited for"]
pub struct Open<C> {
    container: Container,
    selector: Selector,
    patience: Duration,
    filter: Option<Filter>,
    gives: PhantomData<fn() -> C>,
}

type Filter = Box<dyn Fn(&Candidate) -> bool + Send>;

impl<C: From<Client> + Send + 'static> Open<C> {
    /// Prepares to open the service for a container; nothing is sent yet. `C` is a type that is made from a [`Client`],
    /// such as the clients that `#[lucarne::service]` generates.
    pub fn new(container: &Container, selector: Selector) -> Open<C> {
        Open { container: container.clone(), selector, patience: PATIENCE, filter: None, gives: PhantomData }
    }

    /// Sets the time to wait for a provider to appear; zero means no wait.
    pub fn within(mut self, patience: Duration) -> Open<C> {
        self.patience = patience;
        self
    }

    /// Also accepts older providers, from the minor version `minor` on. Methods that were added after this version then
    /// fail as unimplemented, even if the provider has them.
    pub fn minor(mut self, minor: u32) -> Open<C> {
        self.selector = self.selector.with_minor(minor);
        self
    }

    /// Uses only providers for which `filter` returns true.
    pub fn only(mut self, filter: impl Fn(&Candidate) -> bool + Send + 'static) -> Open<C> {
        self.filter = Some(Box::new(filter));
        self
    }

    /// Blocks this thread until the service is open. Works without an async runtime.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn wait(self) -> Result<C, OpenError> {
        self.into_future().wait()
    }
}

impl<C: From<Client> + Send + 'static> IntoFuture for Open<C> {
    type Output = Result<C, OpenError>;
    type IntoFuture = Pending<C, OpenError>;

    fn into_future(self) -> Pending<C, OpenError> {
        let Open { container, selector, patience, filter, .. } = self;
        let shared = container.shared().clone();
        // Runs in the container, which closes the opened service again if the caller stops waiting.
        Pending::in_container(&shared, async move {
            let (pid, id, service) = find_and_open(container.shared(), selector, patience, filter).await?;
            Ok(C::from(Client::new(container, pid, id, service)))
        })
    }
}

async fn find_and_open(
    shared: &Arc<Shared>,
    selector: Selector,
    patience: Duration,
    filter: Option<Filter>,
) -> Result<(Pid, i64, Service), OpenError> {
    let Discovered { found, watch, is_denied } = discover(shared, selector, !patience.is_zero()).await?;
    let absent = if is_denied { OpenError::Denied } else { OpenError::Absent };
    let best = match (best(found, filter.as_ref())?, watch) {
        (Some(best), _) => best,
        (None, None) => return Err(absent),
        (None, Some(watch)) => {
            let alarm = shared.alarm(patience)?;
            loop {
                let news = std::future::poll_fn(|polled| {
                    if alarm.poll(polled).is_ready() {
                        return Poll::Ready(None);
                    }
                    watch.inbox.poll_next(watch.reader, polled)
                });
                let Some(Ok((payload, _credit))) = news.await else { return Err(absent) };
                let news = payload.into_value().map_err(Failed::from)?;
                if let Some(best) = best(candidates(&news).map_err(Failed::from)?, filter.as_ref())? {
                    break best;
                }
            }
        }
    };
    Ok(open_at(shared, selector, &best).await?)
}

/// Returns the candidate with the highest priority. The candidates must be in descending order of priority.
///
/// # Errors
/// [`OpenError::Ambiguous`] if two have the highest priority.
fn best(candidates: Vec<Candidate>, filter: Option<&Filter>) -> Result<Option<Candidate>, OpenError> {
    let mut allowed =
        candidates.into_iter().filter(|candidate| filter.is_none_or(|filter| filter(candidate)));
    let Some(best) = allowed.next() else { return Ok(None) };
    if allowed.next().is_some_and(|next| next.priority == best.priority) {
        return Err(OpenError::Ambiguous);
    }
    Ok(Some(best))
}

async fn open_at(
    shared: &Arc<Shared>,
    selector: Selector,
    candidate: &Candidate,
) -> Result<(Pid, i64, Service), Failed> {
    let payload = opening(candidate.id, &selector.uuid().to_string(), selector.major(), selector.minor())?;
    let answer = Asking::new(shared.clone(), candidate.pid, procedure::OPEN, payload).await?;
    let definition = answer.payload.into_value()?;
    let [Value::Int(id), Value::String(name), Value::Int(major), Value::Int(minor), Value::Int(patch), tags] =
        definition.as_list().unwrap_or_default()
    else {
        return Err(Failed::Decode("the description of the provider is malformed".to_owned()));
    };
    let (name, tags) = (name.clone(), texts(tags));
    if let Some(port) = shared.port() {
        port.watch(answer.pid);
    }
    let service = Service { selector, name, major: *major, minor: *minor, patch: *patch, tags };
    Ok((answer.pid, *id, service))
}

// -- Discovery ----------------------------------------------------------------------------------

/// The resource by which the service manager sends lists of candidates. Dropping it closes the resource.
struct Watch {
    shared: Arc<Shared>,
    manager: (Pid, i64),
    handle: i64,
    inbox: Arc<Inbox>,
    reader: u64,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let (pid, client) = self.manager;
        self.shared.open_clients.remove_inbox((pid, client, self.handle));
        let pair = Value::List(vec![client.into(), self.handle.into()]);
        if let Ok(payload) = Payload::of(&pair) {
            let asking = Asking::new(self.shared.clone(), pid, procedure::CLOSE_RESOURCE, payload);
            asking.send_and_forget();
        }
    }
}

/// The answer of the service manager to `discover`.
struct Discovered {
    found: Vec<Candidate>,
    watch: Option<Watch>,
    /// Whether the service has providers, but this container is not allowed to open any of them.
    is_denied: bool,
}

async fn discover(shared: &Arc<Shared>, selector: Selector, wait: bool) -> Result<Discovered, Failed> {
    let arguments = Value::List(vec![selector.uuid().to_string().into(), wait.into()]);
    let answer = ask_manager(shared, discovery::DISCOVER, arguments).await?;
    let [found, handle, more @ ..] = answer.as_list().unwrap_or_default() else { return Err(unreadable()) };
    let watch = handle.as_int().and_then(|handle| {
        let manager = *shared.discovery.get()?;
        let inbox = shared.open_clients.inbox((manager.0, manager.1, handle))?;
        let reader = inbox.start_reading();
        Some(Watch { shared: shared.clone(), manager, handle, inbox, reader })
    });
    let is_denied = more.first() == Some(&Value::Bool(true));
    Ok(Discovered { found: candidates(found)?, watch, is_denied })
}

/// Calls a method of the service manager.
pub(crate) async fn ask_manager(shared: &Arc<Shared>, index: i64, arguments: Value) -> Result<Value, Failed> {
    let (pid, client) = manager(shared).await?;
    let payload = Payload::of(&Value::List(vec![client.into(), index.into(), arguments]))?;
    let answer = Asking::of_manager(shared.clone(), pid, payload).await?;
    Ok(answer.payload.into_value()?)
}

/// Returns the service manager, and the client that this container has there. Opens the client first if necessary.
async fn manager(shared: &Arc<Shared>) -> Result<(Pid, i64), Failed> {
    if let Some(known) = shared.discovery.get() {
        return Ok(*known);
    }
    let offered = interface::DISCOVERY;
    let (major, minor) = (offered.major as u32, offered.minor as u32);
    let payload = opening(discovery::SERVICE_ID, offered.uuid, major, minor)?;
    let answer = Asking::new(shared.clone(), Pid::SYSTEM, procedure::OPEN, payload).await?;
    let definition = answer.payload.into_value()?;
    let id = definition.as_list().and_then(|items| items.first()?.as_int()).ok_or_else(unreadable)?;
    shared.open_clients.add_lasting((answer.pid, id));
    Ok(*shared.discovery.get_or_init(|| (answer.pid, id)))
}

/// Encodes `[service id, uuid, major, minor]`.
fn opening(id: i64, uuid: &str, major: u32, minor: u32) -> Result<Payload, EncodeError> {
    let mut encoder = Encoder::new();
    encoder.list(4)?;
    encoder.int(id)?;
    encoder.string(uuid)?;
    encoder.int(major.into())?;
    encoder.int(minor.into())?;
    encoder.finish()
}

/// Returns whether the service is provided. The service manager then also introduces this container to the provider, so
/// that it can send requests to the provider.
pub(crate) async fn is_provided(shared: &Arc<Shared>, uuid: Uuid, pid: Pid, id: i64) -> Result<bool, Failed> {
    let selector = Selector::new(uuid, 0, 0);
    let Discovered { found, .. } = discover(shared, selector, false).await?;
    Ok(found.iter().any(|candidate| (candidate.pid, candidate.id) == (pid, id)))
}

fn candidates(list: &Value) -> Result<Vec<Candidate>, DecodeError> {
    let items = list.as_list().unwrap_or_default().chunks_exact(discovery::CANDIDATE_LENGTH);
    items.map(|items| candidate(items).ok_or_else(|| unexpected("a candidate"))).collect()
}

pub(crate) fn candidate(items: &[Value]) -> Option<Candidate> {
    Some(Candidate {
        pid: Pid::from_i64(items[0].as_int()?),
        id: items[1].as_int()?,
        name: items[2].as_str()?.to_owned(),
        major: items[3].as_int()?,
        minor: items[4].as_int()?,
        priority: items[5].as_int()?,
        tags: texts(&items[6]),
    })
}

fn texts(list: &Value) -> Vec<String> {
    let items = list.as_list().unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn unexpected(what: &str) -> DecodeError {
    DecodeError::Unexpected(format!("{what} is malformed"))
}

pub(crate) fn unreadable() -> Failed {
    unexpected("the answer of the service manager").into()
}

impl<C> std::fmt::Debug for Open<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Open").field("selector", &self.selector).field("patience", &self.patience).finish()
    }
}
