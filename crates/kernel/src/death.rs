//! Ends processes, and tells the processes that wait for them or watch them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::entry::Entry;
use crate::kernel::{EndReport, Shared};
use crate::{Exit, Gid, Message, MessageKind, Pid};

/// Ends a process. Must be called in a turn of the process, or when it can get no more turns.
///
/// 1. The process becomes unreachable: no message enters its mailbox, and look-ups do not find it.
/// 2. Everything that it owns is dropped, and so are its unread messages. Tokens in both answer
///    with NO_SUCH_PROCESS, so that no caller waits forever.
/// 3. Senders that wait for room in its mailbox are told to try again (and will not find the
///    process).
/// 4. Its watchers and the system process get [`MessageKind::ProcessTerminated`].
/// 5. The host and the group are told; this may end the group.
///
/// Steps 2 to 4 are in this order so that a watcher that learns of the death finds the answers to
/// its requests already in its mailbox.
pub(crate) fn end(shared: &Arc<Shared>, entry: &Arc<Entry>, exit: &Exit) {
    if !entry.run_state.end() {
        return;
    }
    shared.remove(entry.pid);
    shared.scheduler.charge_group(entry);
    let remains = entry.mailbox.close();

    let process = entry.process.lock().take();
    // A destructor that panics must not end the worker; the panic hook has reported it.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(process)));
    drop(remains.messages);
    *entry.contacts.lock() = Default::default();
    entry.tell_of_room(remains.waiting);

    let watchers = entry.watchers.lock().take().unwrap_or_default();
    let system = shared.system_process();
    let system_watches = watchers.iter().any(|watcher| system.as_ref().is_some_and(|s| s.pid == watcher.pid));
    let is_lost = *exit == Exit::Lost;
    for watcher in &watchers {
        watcher.deliver(entry, MessageKind::ProcessTerminated { is_lost });
    }
    if let Some(system) = system.filter(|_| !system_watches) {
        system.deliver(entry, MessageKind::ProcessTerminated { is_lost });
    }

    if let Some(on_end) = &shared.hooks.on_end {
        on_end(&EndReport { pid: entry.pid, gid: entry.gid(), name: &entry.name, exit });
    }
    if entry.group.leave(entry.pid, exit) && entry.gid() != Gid::SYSTEM {
        shared.program_ended();
    }
}

/// Tells a watcher that the process that it watches does not exist.
pub(crate) fn tell_of_unknown(watcher: &Arc<Entry>, pid: Pid) {
    let message = Message { pid, gid: Gid::SYSTEM, kind: MessageKind::ProcessTerminated { is_lost: false } };
    if watcher.mailbox.push(crate::mailbox::Lane::Reserved, message).is_ok() {
        watcher.wake();
    }
}
