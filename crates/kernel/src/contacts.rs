//! Whom a process may send to.
//!
//! A guest may send requests to the system, to its own group, and to those it was introduced to;
//! notifications also to whoever has sent it a message. All others do not exist for it. The
//! system may send to everybody. Answers need no permission: the token is the permission.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::entry::Entry;
use crate::kernel::Shared;
use crate::{Pid, Trust};

/// The address book of one process: what is in it need not be looked up again.
#[derive(Default)]
pub(crate) struct Contacts {
    known: FxHashMap<Pid, Contact>,
    /// The latest one to be heard of: usually also the next one.
    heard_last: Option<Pid>,
    /// When to look for those who have ended, so that the book does not grow with their number.
    tidy_at: usize,
}

#[derive(Default)]
struct Contact {
    /// Present once the process was looked up.
    entry: Option<Arc<Entry>>,
    /// May get requests, not only notifications.
    introduced: bool,
}

/// What somebody is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Request,
    Notification,
}

const TIDY_AT_LEAST: usize = 32;

impl Contacts {
    /// `entry` may get requests from now on.
    pub(crate) fn introduce(&mut self, shared: &Shared, entry: Arc<Entry>) {
        self.tidy(shared);
        self.known.insert(entry.pid, Contact { entry: Some(entry), introduced: true });
    }

    /// `pid` has sent something.
    pub(crate) fn hear_of(&mut self, shared: &Shared, pid: Pid) {
        if self.heard_last == Some(pid) {
            return;
        }
        self.heard_last = Some(pid);
        self.tidy(shared);
        self.known.entry(pid).or_default();
    }

    fn find(&self, pid: Pid, purpose: Purpose) -> Option<Arc<Entry>> {
        let contact = self.known.get(&pid)?;
        let allowed = contact.introduced || purpose == Purpose::Notification;
        contact.entry.clone().filter(|_| allowed)
    }

    fn has_heard_of(&self, pid: Pid) -> bool {
        self.known.contains_key(&pid)
    }

    /// Forgets those who have ended.
    fn tidy(&mut self, shared: &Shared) {
        if self.known.len() < self.tidy_at.max(TIDY_AT_LEAST) {
            return;
        }
        self.known.retain(|&pid, _| shared.find(pid).is_some());
        self.tidy_at = self.known.len() * 2;
    }

    fn forget(&mut self, pid: Pid) {
        self.known.remove(&pid);
        if self.heard_last == Some(pid) {
            self.heard_last = None;
        }
    }
}

/// The process that `sender` means by `pid`, if it may send there.
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
        sender.contacts.lock().forget(pid);
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
    if purpose == Purpose::Notification && contacts.has_heard_of(pid) {
        contacts.known.insert(pid, Contact { entry: Some(entry.clone()), introduced: false });
        return Some(entry);
    }
    None
}
