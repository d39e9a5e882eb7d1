//! The user's end of a component. A component is code outside of all containers, most often in C, that containers find
//! by its id.

use std::sync::Arc;

use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use lucarne_kernel::{About, Pid};
use lucarne_message::{Bytes, Payload, from_payload, to_payload};

use crate::calls::{Ask, Asking};
use crate::container::Container;
use crate::failure::{CallError, ComponentError, Failed, NotifyError};
use crate::inbox::Inbox;
use crate::open_clients::Ends;
use crate::pending::Pending;
use crate::protocol::procedure;
use crate::proxy::Notifications;
use crate::resource::{Channel, Notifier, Sending};

/// A component that a container has opened.
///
/// Clones refer to the same component. A container can have each component open only once. The component closes when
/// the last clone is dropped, or with [`close`](Component::close).
#[derive(Clone)]
pub struct Component {
    used: Arc<Used>,
}

struct Used {
    container: Container,
    id: String,
    pid: Pid,
    notifier: Notifier<Bytes>,
    inbox: Arc<Inbox>,
    is_closed: AtomicBool,
}

impl Component {
    /// Opens the component with the id `id`. Does not wait: components exist from the start of the system.
    ///
    /// # Errors
    /// See [`ComponentError`].
    pub fn open(container: &Container, id: &str) -> Pending<Component, ComponentError> {
        let (container, id) = (container.clone(), id.to_owned());
        let shared = container.shared().clone();
        Pending::in_container(&shared, async move {
            let asking = Asking::new(
                container.shared().clone(),
                Pid::SYSTEM,
                procedure::LOOK_UP,
                Payload::string(&id),
            );
            let found = asking.await?.payload.into_value().map_err(Failed::from)?;
            let pid = found.as_int().map(Pid::from_i64).ok_or(ComponentError::NotFound)?;
            Component::found(container, id, pid)
        })
    }

    fn found(container: Container, id: String, pid: Pid) -> Result<Component, ComponentError> {
        let shared = container.shared();
        let port = shared.port().ok_or(Failed::Closed)?;
        let channel = Arc::new(Channel::to(port.clone(), pid, About::External));
        let inbox = Arc::<Inbox>::default();
        let ends = Arc::new(Ends { inbox: inbox.clone(), channel: channel.clone() });
        // Must come before the first message to the component, which can send notifications from then on.
        if !shared.open_clients.add_component(pid, &ends) {
            return Err(ComponentError::InUse);
        }
        port.watch(pid);
        let (notifier, is_closed) = (Notifier::on(channel), AtomicBool::new(false));
        Ok(Component { used: Arc::new(Used { container, id, pid, notifier, inbox, is_closed }) })
    }

    /// Returns the id of the component.
    pub fn id(&self) -> &str {
        &self.used.id
    }

    /// Returns the process that stands for the component.
    pub fn pid(&self) -> Pid {
        self.used.pid
    }

    /// Calls `function` of the component with data (bytes or a string, as the component reads it), and returns its
    /// answer.
    ///
    /// # Errors
    /// See [`CallError`]: a failure of the component is [`CallError::Thrown`], with its text; the end of the
    /// component is [`CallError::Gone`].
    pub fn request(&self, function: i32, data: impl Into<Bytes>) -> Pending<Bytes, CallError> {
        if self.is_closed() {
            return Pending::failed(Failed::Closed);
        }
        match to_payload(&data.into()) {
            Ok(payload) => {
                Pending::request(Ask::of_component(self.pid(), function, payload), self.clone(), from_payload)
            }
            Err(error) => Pending::failed(error.into()),
        }
    }

    /// Sends data that the component does not answer, as soon as there is room for it. At most 1,024 notifications may
    /// wait.
    ///
    /// # Errors
    /// [`NotifyError::Closed`] or [`NotifyError::Refused`].
    pub fn notify(&self, data: impl Into<Bytes>) -> Sending<Bytes> {
        self.used.notifier.send(data.into())
    }

    /// Sends data like [`notify`](Component::notify), if there is room now.
    ///
    /// # Errors
    /// As for [`notify`](Component::notify), and [`NotifyError::Full`] if there is no room.
    pub fn try_notify(&self, data: impl Into<Bytes>) -> Result<(), NotifyError<Bytes>> {
        self.used.notifier.try_send(data.into())
    }

    /// Returns the stream of the component's notifications, which begin after the first message to it. A stream that is
    /// requested within half a second of the first notification has all of them. After this time, only the newest 64
    /// are kept until a stream is requested. A later stream takes over from an earlier one, which then ends.
    pub fn notifications(&self) -> Notifications<Bytes> {
        Notifications::of(Some(self.used.inbox.clone()), self.container().shared().turns().cloned())
    }

    /// Returns whether this container has closed the component.
    pub fn is_closed(&self) -> bool {
        self.used.is_closed.load(Ordering::Acquire)
    }

    /// Closes the component in this container. The component is not told, and can be opened again.
    pub fn close(&self) {
        self.used.close();
    }

    pub(crate) fn container(&self) -> &Container {
        &self.used.container
    }
}

impl Used {
    fn close(&self) {
        // Only the first close removes the entry: a later one could remove that of a component which was opened again.
        if !self.is_closed.swap(true, Ordering::AcqRel) {
            self.container.shared().open_clients.remove_component(self.pid);
        }
    }
}

impl Drop for Used {
    fn drop(&mut self) {
        self.close();
    }
}

impl std::fmt::Debug for Component {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Component").field("id", &self.id()).field("pid", &self.pid()).finish()
    }
}
