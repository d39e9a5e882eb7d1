//! The services that a container may open, and the definitions that their providers carry: for tools.

use lucarne_kernel::Pid;
use lucarne_message::{Bytes, Payload, Value};
use uuid::Uuid;

use crate::calls::Asking;
use crate::container::Container;
use crate::failure::{CallError, Failed};
use crate::open::{self, Candidate};
use crate::pending::Pending;
use crate::protocol::{SERVICE_LENGTH, procedure};

/// The services that a container may open at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Directory {
    /// The services. Those of the same interface follow each other, the one with the highest priority first.
    pub entries: Vec<Entry>,
    /// Whether these are all. The service manager lists at most 4,096.
    pub is_complete: bool,
}

/// A service that a container may open.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The interface.
    pub uuid: Uuid,
    /// The provider.
    pub provider: Candidate,
}

impl Entry {
    /// Returns whether a candidate is this service, for [`Open::only`](crate::Open::only).
    pub fn is(&self, candidate: &Candidate) -> bool {
        (self.provider.pid, self.provider.id) == (candidate.pid, candidate.id)
    }
}

impl Container {
    /// Lists the services that this container may open. Programs know the interface that they need and open it: this is
    /// for tools.
    ///
    /// # Errors
    /// See [`CallError`]. An older service manager throws `No such procedure registered: 308`.
    pub fn services(&self) -> Pending<Directory, CallError> {
        let shared = self.shared().clone();
        Pending::in_container(self.shared(), async move {
            let asking = Asking::new(shared, Pid::SYSTEM, procedure::SERVICES, Payload::null());
            let answer = asking.await?.payload.into_value().map_err(Failed::from)?;
            let [services, is_complete, ..] = answer.as_list().unwrap_or_default() else {
                return Err(open::unreadable().into());
            };
            let items = services.as_list().unwrap_or_default().chunks_exact(SERVICE_LENGTH);
            let is_complete = is_complete.as_bool() == Some(true);
            // A provider that registers something else than a UUID cannot be opened by containers in Rust.
            Ok(Directory { entries: items.filter_map(entry).collect(), is_complete })
        })
    }

    /// Asks the provider of a service for its definition. Returns none if the provider does not carry it. Only
    /// `lucarne-interface` can read the bytes; they come from the provider and may be anything.
    ///
    /// # Errors
    /// See [`CallError`]; [`CallError::Gone`] if the service is not provided any more.
    pub fn definition(&self, entry: &Entry) -> Pending<Option<Bytes>, CallError> {
        let shared = self.shared().clone();
        let (uuid, pid, id) = (entry.uuid, entry.provider.pid, entry.provider.id);
        Pending::in_container(self.shared(), async move {
            if !open::is_provided(&shared, uuid, pid, id).await? {
                return Err(Failed::Gone.into());
            }
            let payload = Payload::of(&Value::Int(id)).map_err(Failed::from)?;
            match Asking::new(shared, pid, procedure::DEFINITION, payload).await {
                Ok(answer) => {
                    Ok(answer.payload.into_value().ok().and_then(|value| value.as_bytes().cloned()))
                }
                // Providers written by hand do not know the request.
                Err(Failed::Thrown(_)) => Ok(None),
                Err(failed) => Err(failed.into()),
            }
        })
    }
}

fn entry(items: &[Value]) -> Option<Entry> {
    let (uuid, provider) = items.split_first()?;
    Some(Entry { uuid: Uuid::try_parse(uuid.as_str()?).ok()?, provider: open::candidate(provider)? })
}
