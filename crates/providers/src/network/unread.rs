//! Answers to reads, kept so that a read that is given up loses no bytes and no datagram.
//!
//! A client can give a read up when the bytes are already on their way to it. The provider learns of it before the
//! client's next read, since messages keep their order, and never learns that an answer was used. So each socket keeps
//! its last answer until the next read begins, and puts it in front of that read if it was not used.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::task::{Poll, Waker};

use lucarne_kernel::Gid;
use lucarne_kernel::sync::Mutex;
use lucarne_services::{Bytes, Call, IfUnused, Thrown};

/// The maximum number of bytes of all answers that are kept for a container's sockets. Beyond it, the oldest answers
/// are dropped: they were used, since their calls were not given up for a long time.
const PER_GROUP_BYTES_MAX: usize = 16 << 20;

/// The kept answers of all sockets of a network.
#[derive(Default)]
pub(super) struct Kept {
    groups: Mutex<BTreeMap<Gid, Group>>,
}

/// The kept answers of a container's sockets.
#[derive(Default)]
struct Group {
    bytes: usize,
    last_number: u64,
    /// The answers, the oldest first.
    answers: BTreeMap<u64, (usize, Weak<Mutex<State>>)>,
}

/// The number of an answer for which there is no more room, and its place.
type Dropped = (u64, Weak<Mutex<State>>);

/// The answer to a read: bytes of a connection, or a datagram and its sender.
#[derive(Clone)]
pub(super) struct Arrived {
    pub(super) data: Bytes,
    /// The sender of a datagram.
    pub(super) sender: Option<SocketAddr>,
}

/// The data that the client of a socket has not used. The next read returns it, before data that arrives.
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
    Returned(Arrived),
}

struct Answer {
    arrived: Arrived,
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

    /// Returns the state of another socket of the same network, without unread data.
    pub(super) fn of_other(&self) -> Unread {
        Unread::new(&self.kept)
    }

    /// Answers a read with the last answer, if that was not used, or else with what arrives. Keeps a clone of the
    /// answer. None is the end of the connection.
    pub(super) async fn read(
        &self,
        call: &Call,
        arriving: impl Future<Output = Result<Option<Arrived>, Thrown>>,
    ) -> Result<Option<Arrived>, Thrown> {
        self.begin();
        let (mut arriving, mut is_waiting) = (pin!(arriving), false);
        let read = poll_fn(|polled| {
            if let Some(arrived) = self.take_returned() {
                return Poll::Ready(Ok(Some(arrived)));
            }
            let poll = arriving.as_mut().poll(polled);
            if poll.is_pending() || is_waiting {
                is_waiting = self.set_waiting(polled.waker(), poll.is_pending());
            }
            poll
        })
        .await?;
        if let Some(arrived) = &read {
            self.keep(call, arrived);
        }
        Ok(read)
    }

    /// Begins a read. This shows that the last answer was used, unless it was returned by now.
    fn begin(&self) {
        let mut state = self.state.lock();
        if let Last::Sent(_) = state.last {
            let used = std::mem::take(&mut state.last);
            drop(state);
            self.kept.drop_answer(used);
        }
    }

    fn take_returned(&self) -> Option<Arrived> {
        let mut state = self.state.lock();
        match std::mem::take(&mut state.last) {
            Last::Returned(arrived) => Some(arrived),
            other => {
                state.last = other;
                None
            }
        }
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

    fn keep(&self, call: &Call, arrived: &Arrived) {
        let (state, kept) = (Arc::downgrade(&self.state), Arc::downgrade(&self.kept));
        let gid = call.gid();
        let (number, dropped) = self.kept.add(gid, arrived.data.len(), state.clone());
        let if_unused = call.if_unused(move || put_back(&state, &kept, number));
        let answer = Answer { arrived: arrived.clone(), gid, number, if_unused };
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

/// Puts an answer that was not used in front of the next read.
fn put_back(state: &Weak<Mutex<State>>, kept: &Weak<Kept>, number: u64) {
    let (Some(state), Some(kept)) = (state.upgrade(), kept.upgrade()) else { return };
    let mut locked = state.lock();
    let Some(answer) = locked.take(number) else { return };
    locked.last = Last::Returned(answer.arrived.clone());
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

    /// Drops an answer, if there is one, where no lock is held: dropping it also drops its action.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_the_limit_the_oldest_answers_are_dropped() {
        const ANSWER: usize = 64 << 10;
        const ROOM: u64 = (PER_GROUP_BYTES_MAX / ANSWER) as u64;
        let kept = Kept::default();
        let add = |gid, bytes| kept.add(gid, bytes, Weak::new());
        let numbers =
            |dropped: Vec<Dropped>| dropped.into_iter().map(|(number, _)| number).collect::<Vec<_>>();
        for number in 1..=ROOM {
            assert!(
                matches!(add(Gid::SYSTEM, ANSWER), (added, dropped) if added == number && dropped.is_empty())
            );
        }
        // Another container has room of its own.
        assert!(add(Gid::from_i64(7), ANSWER).1.is_empty());
        assert_eq!(numbers(add(Gid::SYSTEM, 1).1), [1]);
        assert_eq!(numbers(add(Gid::SYSTEM, 2 * ANSWER - 1).1), [2]);
        assert_eq!(numbers(add(Gid::SYSTEM, 2 * ANSWER).1), [3, 4]);
        let groups = kept.groups.lock();
        assert!(groups.values().all(|group| group.bytes <= PER_GROUP_BYTES_MAX), "too many bytes are kept");
    }
}
