//! The requests of one process that have no answer yet, or whose answer waits in its mailbox.

use crate::{Pid, RequestId};

/// A table of reusable places; see [`RequestId`].
#[derive(Debug, Default)]
pub(crate) struct Pending {
    places: Vec<Place>,
    free: Vec<u32>,
    /// The number of requests that count against [`REQUESTS_MAX`](crate::REQUESTS_MAX): those whose reply has not been
    /// taken out of the mailbox.
    pub(crate) outstanding: usize,
    /// The number of closes that may still be sent. Each ordinary request adds one, since everything that is closed was
    /// acquired by a request. Each close takes one away.
    pub(crate) closes_left: u64,
}

#[derive(Debug)]
struct Place {
    generation: u32,
    request: Option<Request>,
}

#[derive(Debug, Clone, Copy)]
struct Request {
    asked: Pid,
    counted: bool,
    answered: bool,
    canceled: bool,
}

/// The state of the request that an answer is for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// There is no such request, it was sent to another process than the one that answers, or it has been answered
    /// already.
    Unknown,
    /// The answer is no longer needed.
    Canceled,
    /// The answer is needed.
    Wanted,
}

impl Pending {
    /// Records a request. `counted` tells whether it counts as outstanding.
    pub(crate) fn open(&mut self, asked: Pid, counted: bool) -> RequestId {
        let request = Some(Request { asked, counted, answered: false, canceled: false });
        self.outstanding += usize::from(counted);
        if let Some(index) = self.free.pop() {
            let place = &mut self.places[index as usize];
            place.request = request;
            return RequestId::new(index, place.generation);
        }
        let index = u32::try_from(self.places.len()).expect("requests are bounded");
        self.places.push(Place { generation: 1, request });
        RequestId::new(index, 1)
    }

    /// Handles an answer from `by`. If the answer is needed, the place of the request stays taken until the answer is
    /// read.
    pub(crate) fn settle(&mut self, id: RequestId, by: Pid) -> Settled {
        let open = |request: &&mut Request| request.asked == by && !request.answered;
        let Some(request) = self.get(id).filter(open) else {
            return Settled::Unknown;
        };
        request.answered = true;
        if request.canceled {
            self.free_place(id);
            return Settled::Canceled;
        }
        Settled::Wanted
    }

    /// Frees the place of a request whose answer is taken out of the mailbox. Returns false if the request was canceled
    /// while the answer waited there.
    pub(crate) fn take_answer(&mut self, id: RequestId) -> bool {
        let Some(request) = self.get(id).copied() else { return false };
        self.free_place(id);
        !request.canceled
    }

    /// Removes a request that was not accepted.
    pub(crate) fn withdraw(&mut self, id: RequestId) {
        if self.get(id).is_some() {
            self.free_place(id);
        }
    }

    /// Marks a request as no longer needed. Returns the process to which a cancel must be sent, even if that process
    /// has answered already: it must then close what its answer has given to the caller. The place of the request stays
    /// taken until the answer arrives, or is dropped unread. So a loop of requests and cancels stays within the limit.
    pub(crate) fn cancel(&mut self, id: RequestId) -> Option<Pid> {
        let request = self.get(id).filter(|request| !request.canceled)?;
        request.canceled = true;
        Some(request.asked)
    }

    /// Returns the number of requests whose places are taken: their answers have not arrived, or have not been read.
    pub(crate) fn unanswered(&self) -> usize {
        self.places.len() - self.free.len()
    }

    fn get(&mut self, id: RequestId) -> Option<&mut Request> {
        let place = self.places.get_mut(id.index())?;
        if RequestId::new(id.index() as u32, place.generation) != id {
            return None;
        }
        place.request.as_mut()
    }

    fn free_place(&mut self, id: RequestId) {
        let place = &mut self.places[id.index()];
        let request = place.request.take().expect("only taken places are freed");
        self.outstanding -= usize::from(request.counted);
        // The top bit is not part of an id: programs see positive numbers.
        place.generation = (place.generation + 1) & 0x7fff_ffff;
        self.free.push(id.index() as u32);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const ASKED: Pid = Pid::SYSTEM;

    #[test]
    fn only_the_receiver_can_answer_and_only_once() {
        let mut pending = Pending::default();
        let id = pending.open(ASKED, true);
        assert_eq!(pending.settle(id, Pid::from_i64(99)), Settled::Unknown);
        assert_eq!(pending.settle(id, ASKED), Settled::Wanted);
        assert_eq!(pending.settle(id, ASKED), Settled::Unknown);
    }

    #[test]
    fn a_late_answer_does_not_meet_the_next_request_in_its_place() {
        let mut pending = Pending::default();
        let first = pending.open(ASKED, true);
        pending.settle(first, ASKED);
        assert!(pending.take_answer(first));
        let second = pending.open(ASKED, true);
        assert_eq!(first.index(), second.index());
        assert_eq!(pending.settle(first, ASKED), Settled::Unknown);
        assert_eq!(pending.unanswered(), 1);
    }

    #[test]
    fn a_canceled_request_keeps_its_place_until_it_is_answered() {
        let mut pending = Pending::default();
        let id = pending.open(ASKED, true);
        assert_eq!(pending.cancel(id), Some(ASKED));
        assert_eq!(pending.cancel(id), None);
        assert_eq!(pending.outstanding, 1);
        assert_eq!(pending.settle(id, ASKED), Settled::Canceled);
        assert_eq!(pending.outstanding, 0);
    }

    #[test]
    fn an_answer_canceled_before_it_is_read_is_dropped() {
        let mut pending = Pending::default();
        let id = pending.open(ASKED, true);
        assert_eq!(pending.settle(id, ASKED), Settled::Wanted);
        assert_eq!(pending.outstanding, 1);
        assert_eq!(pending.cancel(id), Some(ASKED));
        assert_eq!(pending.cancel(id), None);
        assert!(!pending.take_answer(id));
        assert_eq!(pending.outstanding, 0);
    }

    #[test]
    fn unknown_numbers_are_not_requests() {
        let mut pending = Pending::default();
        for number in [0, -1, i64::MAX, i64::MIN, 1 << 32] {
            assert_eq!(pending.settle(RequestId::from_i64(number), ASKED), Settled::Unknown);
            assert_eq!(pending.cancel(RequestId::from_i64(number)), None);
        }
    }
}
