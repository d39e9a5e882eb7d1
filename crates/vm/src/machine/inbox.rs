//! Keeps arrived notifications until a task delivers them to their proxies.
//!
//! The inbox of a resource is created when its first notification arrives or its proxy registers, whichever comes
//! first. One task at a time delivers from it, so that the order is kept even if `on-notified_` blocks. A waiting
//! notification keeps its place in the mailbox, so that the kernel's limit also counts the ones that wait here.

use std::collections::VecDeque;

use lucarne_kernel::Credit;
use lucarne_message::Payload;
use lucarne_services::protocol::kind;

use super::{Done, Machine};
use lucarne_heap::{Immediate, OutOfMemory, RefMut, Register, Root};
use lucarne_natives::Failure;
use lucarne_natives::transfer;

#[derive(Default)]
pub(super) struct Inbox {
    /// A weak array with the proxy, once the proxy has registered. It is weak, so that the finalizer of an unused proxy
    /// can close the resource even while notifications arrive.
    proxy: Option<Root>,
    waiting: VecDeque<(Payload, Credit)>,
    /// Whether a task delivers from this inbox now.
    is_served: bool,
}

impl Machine {
    /// Puts a notification that has arrived into the inbox of its resource.
    pub(super) fn notified(&mut self, client: i64, handle: i64, payload: Payload, credit: Credit) {
        let inbox = self.inboxes.entry((client, handle)).or_default();
        inbox.waiting.push_back((payload, credit));
        self.serve_inbox(client, handle);
    }

    /// Registers the proxy of a resource, which takes its notifications.
    pub(super) fn add_proxy(&mut self, client: i64, handle: i64, proxy: Register) -> Result<(), OutOfMemory> {
        let mut array = self.heap.new_weak_array(1)?;
        array.set(0, proxy);
        let root = array.root();
        let inbox = self.inboxes.entry((client, handle)).or_default();
        if let Some(old) = inbox.proxy.replace(root) {
            self.heap.unroot(old);
        }
        self.serve_inbox(client, handle);
        Ok(())
    }

    /// Starts a task that delivers, if there is something to deliver, a proxy to deliver to, and
    /// no task that does it already.
    fn serve_inbox(&mut self, client: i64, handle: i64) {
        let Some(inbox) = self.inboxes.get_mut(&(client, handle)) else { return };
        let Some(proxy) = inbox.proxy.as_ref().filter(|_| !inbox.is_served && !inbox.waiting.is_empty())
        else {
            return;
        };
        let Some(proxy) = self.heap.get_mut(proxy).weak_element(0) else { return };
        let proxy = proxy.keep();
        inbox.is_served = true;
        let function = self.program.program().entries.handle_message;
        let numbers = [i64::from(kind::NOTIFICATION), client, handle];
        let [kind, client, handle] = numbers.map(|number| Immediate::small(number).into());
        if self.start_task(function, &[kind, client, handle, proxy.into()], true).is_err() {
            self.report_uncaught("OUT_OF_MEMORY");
        }
    }

    /// Removes a proxy. A task that delivers to it finds no further notification.
    pub(super) fn remove_proxy(&mut self, client: i64, handle: i64) {
        if let Some(proxy) = self.inboxes.remove(&(client, handle)).and_then(|inbox| inbox.proxy) {
            self.heap.unroot(proxy);
        }
    }

    /// Removes the proxies of a closed client.
    pub(super) fn remove_proxies(&mut self, client: i64) {
        let handles: Vec<i64> =
            self.inboxes.keys().filter(|(owner, _)| *owner == client).map(|(_, handle)| *handle).collect();
        handles.into_iter().for_each(|handle| self.remove_proxy(client, handle));
    }

    /// Returns whether there is another notification for the task that delivers. If not, that task ends.
    pub(super) fn has_notification(&mut self, client: i64, handle: i64) -> bool {
        let Some(inbox) = self.inboxes.get_mut(&(client, handle)) else { return false };
        inbox.is_served = !inbox.waiting.is_empty();
        inbox.is_served
    }

    pub(super) fn take_notification(&mut self, client: i64, handle: i64) -> Done {
        let inbox = self.inboxes.get_mut(&(client, handle));
        let Some((mut payload, _credit)) = inbox.and_then(|inbox| inbox.waiting.pop_front()) else {
            return Done::Fail(Failure::OUT_OF_BOUNDS);
        };
        self.before_decoding(&payload);
        transfer::decode(&mut self.heap, &mut payload.decoder()).map(RefMut::keep).into()
    }
}
