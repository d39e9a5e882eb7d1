//! Clients of services: an open service, and the calls of its methods.

use std::sync::Arc;

use lucarne_kernel::Pid;
use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use lucarne_message::{Encode, EncodeError, Encoder, Payload, Sink, Value};
use serde::Serialize;

use crate::calls::{Ask, Asking};
use crate::container::Container;
use crate::failure::{CallError, Failed};
use crate::macros::Received;
use crate::open::{Open, Service};
use crate::pending::{Pending, Read};
use crate::protocol::procedure;
use crate::proxy::{self, Proxy};
use crate::selector::Selector;

/// A service that a container has opened.
///
/// Clones refer to the same client. The client closes when the last clone and the last proxy of it are dropped, or with
/// [`close`](Client::close). Its resources close with it.
#[derive(Clone)]
pub struct Client {
    opened: Arc<Opened>,
}

pub(crate) struct Opened {
    container: Container,
    pid: Pid,
    id: i64,
    service: Service,
    is_closed: AtomicBool,
}

impl Client {
    /// Opens a service for a container.
    ///
    /// Waits up to 100 ms for a provider to appear; [`Open::within`] changes this time.
    pub fn open(container: &Container, selector: Selector) -> Open<Client> {
        Open::new(container, selector)
    }

    pub(crate) fn new(container: Container, pid: Pid, id: i64, service: Service) -> Client {
        let is_closed = AtomicBool::new(false);
        let opened = Arc::new(Opened { container, pid, id, service, is_closed });
        opened.container.shared().open_clients.add((pid, id), &opened);
        Client { opened }
    }

    pub(crate) fn of(opened: Arc<Opened>) -> Client {
        Client { opened }
    }

    /// Returns the description that the provider gives of itself.
    pub fn service(&self) -> &Service {
        &self.opened.service
    }

    /// Returns the number of this client in its provider.
    pub fn id(&self) -> i64 {
        self.opened.id
    }

    /// Returns the process of the provider.
    pub fn pid(&self) -> Pid {
        self.opened.pid
    }

    /// Returns whether this container has closed the client.
    pub fn is_closed(&self) -> bool {
        self.opened.is_closed.load(Ordering::Acquire)
    }

    /// Calls the method `index`.
    ///
    /// # Errors
    /// See [`CallError`]; texts that the provider throws are [`CallError::Thrown`].
    pub fn invoke(&self, index: u32, arguments: Value) -> Pending<Value, CallError> {
        self.invoke_encoded(index, |encoder| arguments.encode(encoder), |payload, _| payload.into_value())
    }

    /// Calls the method `index` with `serde` types: `()` stands for no argument, a single argument for itself, and a
    /// tuple for several. Proxies in the result belong to this client.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn call<T: Received, X: From<Failed>>(
        &self,
        index: u32,
        arguments: &impl Serialize,
    ) -> Pending<T, X> {
        self.invoke_encoded(index, |encoder| encoder.serialize(arguments), proxy::read_for)
    }

    /// Calls a method that was added to the interface in its minor version `since`. With an older provider the call
    /// fails as unimplemented, without being sent.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn call_since<T: Received, X: From<Failed>>(
        &self,
        since: u32,
        index: u32,
        arguments: &impl Serialize,
    ) -> Pending<T, X> {
        if self.opened.service.selector.minor() < since {
            return Pending::failed(Failed::Thrown(no_such_method(index, &self.opened.service.name)));
        }
        self.call(index, arguments)
    }

    /// Returns the proxy of a resource. `handle` is the number with which the provider has answered a call.
    pub fn proxy(&self, handle: i64) -> Proxy {
        Proxy::new(self.clone(), handle)
    }

    /// Closes the client. Done when the provider has closed everything that it kept for the client.
    ///
    /// # Errors
    /// See [`CallError`]. The close succeeds if the client is closed already or the provider has ended.
    pub fn close(&self) -> Pending<(), CallError> {
        let asking = self.opened.closing();
        self.close_by(asking)
    }

    pub(crate) fn close_by(&self, asking: Option<Asking>) -> Pending<(), CallError> {
        let shared = self.container().shared();
        Pending::in_container(shared, async move {
            let Some(asking) = asking else { return Ok(()) };
            match asking.await.map_err(CallError::from) {
                Ok(_) | Err(CallError::Gone) => Ok(()),
                Err(error) => Err(error),
            }
        })
    }

    pub(crate) fn container(&self) -> &Container {
        &self.opened.container
    }

    pub(crate) fn asking(&self, procedure: i64, payload: Payload) -> Asking {
        Asking::new(self.container().shared().clone(), self.opened.pid, procedure, payload)
    }

    fn invoke_encoded<T, X: From<Failed>>(
        &self,
        index: u32,
        arguments: impl FnOnce(&mut Encoder) -> Result<(), EncodeError>,
        read: Read<T>,
    ) -> Pending<T, X> {
        if self.is_closed() {
            return Pending::failed(Failed::Closed);
        }
        match invocation(self.opened.id, index, arguments) {
            Ok(payload) => {
                Pending::call(Ask::new(self.opened.pid, procedure::INVOKE, payload), self.clone(), read)
            }
            Err(error) => Pending::failed(error.into()),
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("service", &self.opened.service).field("id", &self.id()).finish()
    }
}

impl Opened {
    /// Marks the client as closed, and returns the request that closes it at the provider. Returns none if the client
    /// is closed already.
    fn closing(&self) -> Option<Asking> {
        if self.is_closed.swap(true, Ordering::AcqRel) {
            return None;
        }
        let shared = self.container.shared();
        shared.open_clients.remove((self.pid, self.id));
        let payload = Payload::of(&Value::Int(self.id)).ok()?;
        Some(Asking::new(shared.clone(), self.pid, procedure::CLOSE, payload))
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if let Some(asking) = self.closing() {
            asking.send_and_forget();
        }
    }
}

fn no_such_method(index: u32, name: &str) -> crate::failure::Thrown {
    crate::failure::Thrown::new(crate::protocol::error::no_such_method(i64::from(index), name))
}

/// Writes `[client, index, arguments]`.
fn invocation(
    client: i64,
    index: u32,
    arguments: impl FnOnce(&mut Encoder) -> Result<(), EncodeError>,
) -> Result<Payload, EncodeError> {
    let mut encoder = Encoder::new();
    encoder.list(3)?;
    encoder.int(client)?;
    encoder.int(i64::from(index))?;
    arguments(&mut encoder)?;
    encoder.finish()
}
