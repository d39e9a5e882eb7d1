//! Answers to reads, kept so that a read that is given up loses no bytes.
//!
//! A client can give a read up when the bytes are already on their way to it. The provider learns of it before the
//! client's next read, since messages keep their order, and never learns that an answer was used. So each connection
//! keeps the bytes of its last answer until the next read begins, and puts them in front of that read if the last answer
//! was not used.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::{Poll, Waker};

use lucarne_kernel::Gid;
use lucarne_kernel::sync::Mutex;
use lucarne_services::{Bytes, Call, IfUnused, Thrown};

/// The maximum number of bytes of all answers that are kept for a container's connections. Beyond it, the oldest are
/// dropped: answers to which nothing has been said for long were used.
const PER_GROUP_BYTES_MAX: usize = 16 << 20;

/// The kept answers of all connections of a network.
#[derive(Default)]
pub(super) struct Kept {
    groups: Mutex<BTreeMap<Gid, Group>>,
}

/// The kept answers of a container's connections.
#[derive(Default)]
struct Group {
    bytes: usize,
    last_number: u64,
    /// The answers, the oldest first.
    answers: BTreeMap<u64, (usize, Weak<Mutex<State>>)>,
}

/// The number of an answer for which there is no more room, and its place.
type Dropped = (u64, Weak<Mutex<State>>);

/// The bytes that the next read of a connection returns before those that arrive.
pub(super) struct Unread {
    kept: Arc<Kept>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    last: Last,
    /// The reads that wait.
    readers: Vec<Waker>,
}

/// The answer to the last read.
#[derive(Default)]
enum Last {
    #[default]
    None,
    /// The answer may still be given up.
    Sent(Answer),
    /// The answer was not used.
    Returned(Bytes),
}

struct Answer {
    data: Bytes,
    gid: Gid,
    number: u64,
    /// Forgets the answer when it is dropped.
    #[expect(dead_code, reason = "only its drop matters")]
    if_unused: IfUnused,
}

impl Unread {
    pub(super) fn new(kept: &Arc<Kept>) -> Unread {
        Unread { kept: kept.clone(), state: Arc::default() }
    }

    /// Returns the unread bytes of another connection of the same network: none.
    pub(super) fn of_other(&self) -> Unread {
        Unread::new(&self.kept)
    }

    /// Answers a read with the bytes of the last answer, if that was not used, or else with those that arrive. Keeps a
    /// clone of the answer. None is the end of the connection.
    pub(super) async fn read(
        &self,
        call: &Call,
        arriving: impl Future<Output = Result<Option<Bytes>, Thrown>>,
    ) -> Result<Option<Bytes>, Thrown> {
        self.begin();
        let (mut arriving, mut is_waiting) = (pin!(arriving), false);
        let read = poll_fn(|polled| {
            if let Some(data) = self.take_returned() {
                return Poll::Ready(Ok(Some(data)));
            }
            let poll = arriving.as_mut().poll(polled);
            if poll.is_pending() || is_waiting {
                is_waiting = self.set_waiting(polled.waker(), poll.is_pending());
            }
            poll
        })
        .await?;
        if let Some(data) = &read {
            self.keep(call, data);
        }
        Ok(read)
    }

    /// Begins a read. It shows that the last answer was used, if that has not been returned by now.
    fn begin(&self) {
        let mut state = self.state.lock();
        if let Last::Sent(_) = state.last {
            let used = std::mem::take(&mut state.last);
            drop(state);
            self.kept.drop_answer(used);
        }
    }

    fn take_returned(&self) -> Option<Bytes> {
        let mut state = self.state.lock();
        let Last::Returned(data) = &mut state.last else { return None };
        let data = std::mem::take(data);
        state.last = Last::None;
        Some(data)
    }

    /// Adds or removes a read that waits. Returns whether it waits.
    fn set_waiting(&self, waker: &Waker, is_waiting: bool) -> bool {
        let mut state = self.state.lock();
        state.readers.retain(|other| !other.will_wake(waker));
        if is_waiting {
            state.readers.push(waker.clone());
        }
        is_waiting
    }

    fn keep(&self, call: &Call, data: &Bytes) {
        let (state, kept) = (Arc::downgrade(&self.state), Arc::downgrade(&self.kept));
        let gid = call.gid();
        let (number, dropped) = self.kept.add(gid, data.len(), state.clone());
        let if_unused = call.if_unused(move || put_back(&state, &kept, number));
        let answer = Answer { data: data.clone(), gid, number, if_unused };
        let earlier = std::mem::replace(&mut self.state.lock().last, Last::Sent(answer));
        self.kept.drop_answer(earlier);
        for (number, state) in dropped {
            drop(state.upgrade().and_then(|state| state.lock().take(number)));
        }
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        let last = std::mem::take(&mut self.state.lock().last);
        self.kept.drop_answer(last);
    }
}

impl State {
    /// Takes the answer with this number, if it is still there.
    fn take(&mut self, number: u64) -> Option<Answer> {
        match std::mem::take(&mut self.last) {
            Last::Sent(answer) if answer.number == number => Some(answer),
            other => {
                self.last = other;
                None
            }
        }
    }
}

/// Puts the bytes of an answer that was not used in front of the next read.
fn put_back(state: &Weak<Mutex<State>>, kept: &Weak<Kept>, number: u64) {
    let (Some(state), Some(kept)) = (state.upgrade(), kept.upgrade()) else { return };
    let mut locked = state.lock();
    let Some(answer) = locked.take(number) else { return };
    locked.last = Last::Returned(answer.data.clone());
    let readers = std::mem::take(&mut locked.readers);
    drop(locked);
    kept.drop_answer(Last::Sent(answer));
    readers.into_iter().for_each(Waker::wake);
}

impl Kept {
    /// Adds an answer of the given size. Returns its number, and the numbers and places of the answers for which there
    /// is no more room.
    fn add(&self, gid: Gid, bytes: usize, state: Weak<Mutex<State>>) -> (u64, Vec<Dropped>) {
        let mut groups = self.groups.lock();
        let group = groups.entry(gid).or_default();
        group.last_number += 1;
        group.bytes += bytes;
        group.answers.insert(group.last_number, (bytes, state));
        let mut dropped = Vec::new();
        while group.bytes > PER_GROUP_BYTES_MAX
            && let Some((number, (bytes, state))) = group.answers.pop_first()
        {
            group.bytes -= bytes;
            dropped.push((number, state));
        }
        (group.last_number, dropped)
    }

    /// Drops an answer, if there is one, where no lock is held: it forgets its action.
    fn drop_answer(&self, last: Last) {
        let Last::Sent(answer) = last else { return };
        let mut groups = self.groups.lock();
        if let Some(group) = groups.get_mut(&answer.gid)
            && let Some((bytes, _)) = group.answers.remove(&answer.number)
        {
            group.bytes -= bytes;
            if group.answers.is_empty() {
                groups.remove(&answer.gid);
            }
        }
        drop(groups);
        drop(answer);
    }
}
