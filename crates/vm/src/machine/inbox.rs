//! Keeps arrived notifications until a task delivers them to their proxies.
//!
//! The inbox of a resource is created when its first notification arrives or its proxy registers, whichever comes
//! first. One task at a time delivers from it, so that the order is kept even if `on-notified_` blocks. A waiting
//! notification keeps its place in the mailbox, so that the kernel's limit also counts the ones that wait here.
//!
//! After the last notification, the proxy is told once that the resource has ended, and the reason.

use std::collections::VecDeque;

use lucarne_kernel::{Credit, Pid};
use lucarne_message::Payload;
use lucarne_services::protocol::{error, is_end_of_notifications, kind};

use super::tasks::Resource;
use super::{Done, Machine};
use lucarne_heap::{Immediate, OutOfMemory, RefMut, Register, Root};
use lucarne_natives::Failure;
use lucarne_natives::transfer;

/// The reasons for the end of a resource, which the program sees.
pub(super) const CLOSED: &str = "RESOURCE_CLOSED";
pub(super) const TOO_SLOW: &str = "NOTIFICATIONS_NOT_TAKEN";
const GONE: &str = "NO_SUCH_PROCESS";

#[derive(Default)]
pub(super) struct Inbox {
    /// A weak array with the proxy, once the proxy has registered. It is weak, so that the finalizer of an unused proxy
    /// can close the resource even while notifications arrive.
    proxy: Option<Root>,
    waiting: VecDeque<(Payload, Credit)>,
    end: End,
    /// Whether a task delivers from this inbox now.
    is_served: bool,
}

/// The end of a resource, which comes after the notifications that wait.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum End {
    #[default]
    NotYet,
    /// The resource has ended for this reason, and the proxy has yet to be told.
    Due(&'static str),
    /// The proxy was told that the resource has ended.
    Told,
}

impl Inbox {
    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && !matches!(self.end, End::Due(_))
    }
}

impl Machine {
    /// Puts a notification that has arrived into the inbox of its resource.
    pub(super) fn notified(&mut self, resource: Resource, payload: Payload, credit: Credit) {
        let inbox = self.inboxes.entry(resource).or_default();
        if inbox.end == End::NotYet {
            inbox.waiting.push_back((payload, credit));
            self.serve_inbox(resource);
        }
    }

    /// Registers the proxy of a resource, which takes its notifications.
    pub(super) fn add_proxy(&mut self, resource: Resource, proxy: Register) -> Result<(), OutOfMemory> {
        let mut array = self.heap.new_weak_array(1)?;
        array.set(0, proxy);
        let root = array.root();
        let inbox = self.inboxes.entry(resource).or_default();
        if let Some(old) = inbox.proxy.replace(root) {
            self.heap.unroot(old);
        }
        self.serve_inbox(resource);
        Ok(())
    }

    /// Ends a resource that has a proxy: the proxy is told the reason after the notifications that wait.
    pub(super) fn end_resource(&mut self, resource: Resource, reason: &'static str) {
        let inbox = self.inboxes.get_mut(&resource).filter(|inbox| inbox.proxy.is_some());
        if let Some(inbox) = inbox.filter(|inbox| inbox.end == End::NotYet) {
            inbox.end = End::Due(reason);
            self.serve_inbox(resource);
        }
    }

    /// Ends the resources of a provider that has ended.
    pub(super) fn end_resources_of(&mut self, provider: Pid, is_lost: bool) {
        if !self.watched.remove(&provider) {
            return;
        }
        for resource in self.resources(|(pid, _, _)| *pid == provider) {
            self.end_resource(resource, if is_lost { error::NO_CONTACT } else { GONE });
        }
    }

    /// Starts a task that delivers notifications, if the inbox has a notification or an end, a proxy has registered,
    /// and no other task delivers from this inbox.
    fn serve_inbox(&mut self, resource: Resource) {
        let Some(inbox) = self.inboxes.get_mut(&resource) else { return };
        let Some(proxy) = inbox.proxy.as_ref().filter(|_| !inbox.is_served && !inbox.is_empty()) else {
            return;
        };
        let Some(proxy) = self.heap.get_mut(proxy).weak_element(0) else { return };
        let proxy = proxy.keep();
        inbox.is_served = true;
        let function = self.program.program().entries.handle_message;
        let (_, client, handle) = resource;
        let numbers = [i64::from(kind::NOTIFICATION), client, handle];
        let [kind, client, handle] = numbers.map(|number| Immediate::small(number).into());
        if self.start_task(function, &[kind, client, handle, proxy.into()], true).is_err() {
            self.report_uncaught("OUT_OF_MEMORY");
        }
    }

    /// Removes a proxy. A task that delivers to it finds no further notification.
    pub(super) fn remove_proxy(&mut self, resource: Resource) {
        if let Some(proxy) = self.inboxes.remove(&resource).and_then(|inbox| inbox.proxy) {
            self.heap.unroot(proxy);
        }
    }

    /// Ends the resources of a client that is closed. Drops the notifications that wait.
    pub(super) fn end_resources_of_client(&mut self, provider: Pid, client: i64) {
        for resource in self.resources(|(pid, of, _)| (*pid, *of) == (provider, client)) {
            let inbox = self.inboxes.get_mut(&resource).filter(|inbox| inbox.proxy.is_some());
            let Some(inbox) = inbox else {
                self.inboxes.remove(&resource);
                continue;
            };
            inbox.waiting.clear();
            self.end_resource(resource, CLOSED);
        }
    }

    /// Returns the resources for which `is_meant` returns true, in an order that does not depend on the seed of hashes.
    fn resources(&self, is_meant: impl Fn(&Resource) -> bool) -> Vec<Resource> {
        let mut resources: Vec<Resource> =
            self.inboxes.keys().filter(|resource| is_meant(resource)).copied().collect();
        resources.sort_unstable();
        resources
    }

    /// Returns whether there is another notification, or the end, for the task that delivers. If not, that task ends.
    pub(super) fn has_notification(&mut self, resource: Resource) -> bool {
        let Some(inbox) = self.inboxes.get_mut(&resource) else { return false };
        inbox.is_served = !inbox.is_empty();
        inbox.is_served
    }

    /// Returns the reason if the resource ends now, and records that the proxy was told. Returns null if a notification
    /// comes first.
    pub(super) fn take_end(&mut self, resource: Resource) -> Done {
        let Some(inbox) = self.inboxes.get_mut(&resource) else { return Done::NULL };
        if inbox.waiting.front().is_some_and(|(payload, _)| is_end_of_notifications(payload)) {
            inbox.waiting.clear();
            inbox.end = End::Due(CLOSED);
        }
        match inbox.end {
            End::Due(reason) if inbox.waiting.is_empty() => {
                inbox.end = End::Told;
                self.heap.new_string(reason).map(RefMut::keep).map_err(Failure::from).into()
            }
            _ => Done::NULL,
        }
    }

    pub(super) fn take_notification(&mut self, resource: Resource) -> Done {
        let inbox = self.inboxes.get_mut(&resource);
        let Some((mut payload, _credit)) = inbox.and_then(|inbox| inbox.waiting.pop_front()) else {
            return Done::Fail(Failure::OUT_OF_BOUNDS);
        };
        self.before_decoding(&payload);
        transfer::decode(&mut self.heap, &mut payload.decoder()).map(RefMut::keep).into()
    }
}
