//! Contacts: the processes that a process may send to.
//!
//! A guest may send requests to the system, to its own group, and to processes that it was introduced to; it may send
//! notifications also to every process that has sent it a message. Sending to any other process fails as if that
//! process did not exist. The system may send to all processes. A reply needs no permission other than the token of the
//! request.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::entry::Entry;
use crate::kernel::Shared;
use crate::sync::atomic::{AtomicI64, Ordering};
use crate::{Pid, Trust};

/// The contacts of one process, with their entries. So a receiver is looked up in the kernel's table only once, and not
/// for each message.
#[derive(Default)]
pub(crate) struct Contacts {
    known: FxHashMap<Pid, Contact>,
    /// The number of contacts at which ended processes are removed, so that they do not accumulate here.
    cleanup_size: usize,
}

/// The process that last sent to this one, readable without the lock. It is usually also the next
/// sender.
pub(crate) struct LastSender(AtomicI64);

impl LastSender {
    pub(crate) fn none() -> LastSender {
        LastSender(AtomicI64::new(Pid::SYSTEM.as_i64()))
    }
}

/// Records that `pid` has sent a message, so that `receiver` may send notifications to it.
pub(crate) fn record_sender(shared: &Shared, receiver: &Entry, pid: Pid) {
    if receiver.last_sender.0.load(Ordering::Relaxed) == pid.as_i64() {
        return;
    }
    receiver.contacts.lock().record_sender(shared, pid);
    receiver.last_sender.0.store(pid.as_i64(), Ordering::Relaxed);
}

#[derive(Default)]
struct Contact {
    /// The process; `None` until it has been looked up.
    entry: Option<Arc<Entry>>,
    /// Whether requests may be sent to the process, and not only notifications.
    introduced: bool,
}

/// The purpose of a look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Request,
    Notification,
}

const CLEANUP_SIZE_MIN: usize = 32;

impl Contacts {
    /// Allows requests to `entry` from now on.
    pub(crate) fn introduce(&mut self, shared: &Shared, entry: Arc<Entry>) {
        self.remove_ended(shared);
        self.known.insert(entry.pid, Contact { entry: Some(entry), introduced: true });
    }

    fn record_sender(&mut self, shared: &Shared, pid: Pid) {
        self.remove_ended(shared);
        self.known.entry(pid).or_default();
    }

    fn find(&self, pid: Pid, purpose: Purpose) -> Option<Arc<Entry>> {
        let contact = self.known.get(&pid)?;
        let allowed = contact.introduced || purpose == Purpose::Notification;
        contact.entry.clone().filter(|_| allowed)
    }

    fn knows(&self, pid: Pid) -> bool {
        self.known.contains_key(&pid)
    }

    /// Removes processes that have ended.
    fn remove_ended(&mut self, shared: &Shared) {
        if self.known.len() < self.cleanup_size.max(CLEANUP_SIZE_MIN) {
            return;
        }
        self.known.retain(|&pid, _| shared.find(pid).is_some());
        self.cleanup_size = self.known.len() * 2;
    }
}

/// Returns the process `pid`, or for [`Pid::SYSTEM`] the system process, if `sender` may send to it.
pub(crate) fn resolve(
    shared: &Arc<Shared>,
    sender: &Arc<Entry>,
    pid: Pid,
    purpose: Purpose,
) -> Option<Arc<Entry>> {
    if pid == Pid::SYSTEM {
        return shared.system_process();
    }
    let known = sender.contacts.lock().find(pid, purpose);
    if let Some(entry) = known {
        if !entry.run_state.has_ended() {
            return Some(entry);
        }
        sender.contacts.lock().known.remove(&pid);
        return None;
    }
    let entry = shared.find_or_mirror(pid)?;
    let may_request =
        sender.trust == Trust::System || entry.trust == Trust::System || entry.gid() == sender.gid();
    let mut contacts = sender.contacts.lock();
    if may_request {
        contacts.introduce(shared, entry.clone());
        return Some(entry);
    }
    if purpose == Purpose::Notification && contacts.knows(pid) {
        contacts.known.insert(pid, Contact { entry: Some(entry.clone()), introduced: false });
        return Some(entry);
    }
    None
}
