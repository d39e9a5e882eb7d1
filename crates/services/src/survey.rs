//! A survey: the providers, their clients and resources at one moment, for the operator of the system.
//!
//! The service manager knows the providers. Only the providers know their clients and the resources of these clients:
//! the manager asks each provider, and leaves out answers that do not arrive in time. Nothing is counted while no
//! survey is requested.

use std::collections::BTreeMap;
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::{Gid, Pid, RequestId, Waker};
use lucarne_message::{Payload, Value};

/// The time limit for the answer of a provider.
pub(crate) const ANSWER_US: i64 = 200_000;

/// Asks the service manager for surveys. Clones ask the same manager.
#[derive(Clone, Default)]
pub struct Surveys {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    asked: Vec<Asked>,
    waker: Option<Waker>,
}

/// The receiver of a survey.
type Asked = Box<dyn FnOnce(Survey) + Send>;

/// The state of the system at one moment.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Survey {
    /// The services. The first is that of the service manager itself.
    pub services: Vec<Surveyed>,
    /// The ids of components, and their processes.
    pub components: Vec<(String, Pid)>,
    /// The awaited interfaces, and the groups of the clients that wait for them.
    pub waiting: Vec<(String, Gid)>,
}

/// A service that is provided.
#[derive(Debug, Clone, PartialEq)]
pub struct Surveyed {
    /// The process that provides it.
    pub pid: Pid,
    /// The group of the provider.
    pub gid: Gid,
    /// The number under which the process provides it.
    pub id: i64,
    /// The interface.
    pub uuid: String,
    /// The provider's name.
    pub name: String,
    /// The major and minor version.
    pub version: (i64, i64),
    /// The provider's priority.
    pub priority: i64,
    /// The provider's tags.
    pub tags: Vec<String>,
    /// The clients that have opened the service. None if the process of the provider did not answer in time.
    pub clients: Option<Vec<OpenClient>>,
}

/// A client that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenClient {
    /// The number of the client in its provider.
    pub client: i64,
    /// The process that has opened the client.
    pub pid: Pid,
    /// The number of resources that the provider keeps for the client.
    pub resources: u64,
}

impl Surveys {
    /// Calls `then` with a survey, on a thread of the kernel: it must be brief. If the system ends first,
    /// `then` is dropped.
    pub fn ask(&self, then: impl FnOnce(Survey) + Send + 'static) {
        let mut state = self.state.lock();
        state.asked.push(Box::new(then));
        let waker = state.waker.clone();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Sets the waker of the service manager.
    pub(crate) fn set_waker(&self, waker: Waker) {
        self.state.lock().waker = Some(waker);
    }

    pub(crate) fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state.lock().asked)
    }
}

impl std::fmt::Debug for Surveys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surveys").field("asked", &self.state.lock().asked.len()).finish()
    }
}

/// A survey that is in progress.
pub(crate) struct Round {
    pub(crate) survey: Survey,
    pub(crate) asked: Vec<Asked>,
    /// The processes that have yet to answer.
    pub(crate) requests: BTreeMap<RequestId, Pid>,
    pub(crate) until_us: i64,
}

impl Round {
    /// Adds the answer of a process.
    pub(crate) fn answered(&mut self, id: RequestId, answer: Option<Payload>) {
        let Some(pid) = self.requests.remove(&id) else { return };
        let Some(account) = answer.and_then(read) else { return };
        for service in self.survey.services.iter_mut().filter(|service| service.pid == pid) {
            let own = account.iter().filter(|(id, _)| *id == service.id);
            service.clients = Some(own.map(|(_, client)| client.clone()).collect());
        }
    }

    pub(crate) fn is_over(&self, now_us: i64) -> bool {
        self.requests.is_empty() || now_us >= self.until_us
    }

    /// Gives the survey to all receivers. Returns the requests that were not answered in time.
    pub(crate) fn finish(self) -> BTreeMap<RequestId, Pid> {
        for then in self.asked {
            then(self.survey.clone());
        }
        self.requests
    }
}

/// Reads `[service id, client, pid, resources, ...]`.
fn read(answer: Payload) -> Option<Vec<(i64, OpenClient)>> {
    let Ok(Value::List(items)) = answer.into_value() else { return None };
    let numbers: Vec<i64> = items.iter().map(Value::as_int).collect::<Option<_>>()?;
    let read = |numbers: &[i64; 4]| {
        let [id, client, pid, resources] = *numbers;
        (id, OpenClient { client, pid: Pid::from_i64(pid), resources: resources.max(0).cast_unsigned() })
    };
    let (clients, []) = numbers.as_chunks() else { return None };
    Some(clients.iter().map(read).collect())
}
