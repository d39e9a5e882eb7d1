//! Turns messages into frames and frames into messages, and records the replies and acknowledgments that are still due.
//! Both ends of a connection use it.
//!
//! A message taken from a mailbox becomes a frame, and the exchange records the pending reply: the token of a request
//! until its answer arrives, the credit of a notification until the other side has handled it. A frame becomes a
//! message in the name of its sender. So each kernel counts and limits the messages of its own processes as if the
//! receiver were local:
//!
//! - A request counts as outstanding until its answer frame has arrived. A canceled request is answered at once on the
//!   caller's side, and the cancel is sent to the other side.
//! - A notification keeps its place at the sender's end until the receiver has handled it, not
//!   only until it has arrived. So the kernel of the sender decides which consumers are slow.
//!
//! The *party* of a frame is the process of the listening system that the frame comes from, goes to or is about.

use std::collections::VecDeque;
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicUsize, Ordering};
use lucarne_kernel::{
    About, Credit, CreditWatch, Failure, Gid, MessageKind, NOTIFICATIONS_MAX, Pid, Port, Processed,
    REQUESTS_MAX, Refused, RequestId, RequestToken, SendError,
};
use lucarne_message::{Buffer, Payload};
use rustc_hash::FxHashMap;

use crate::credits::Credits;
use crate::frame::{Body, Outgoing};
use crate::link::Link;
use crate::wire::WireError;

/// The maximum number of bytes in the encoded part of a payload: the capacity of a mailbox.
pub(crate) const PAYLOAD_BYTES_MAX: usize = 16 << 20;

/// The maximum number of buffers of a payload.
pub(crate) const BUFFERS_MAX: usize = 256;

/// The maximum number of bytes in all buffers of a payload.
pub(crate) const BUFFER_BYTES_MAX: usize = 1 << 30;

/// The failure of a request that is too large to be sent, or whose answer is.
const TOO_LARGE: &str = "MESSAGE_TOO_LARGE";

/// One of the two ends of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Listener,
    Container,
    /// An end of a connection between machines: both ends are alike. For each end, the party is its own process.
    Machine,
}

/// The maximum number of bytes of notifications that wait for room at their receivers. At this limit, a listener reads
/// no more frames. Between machines, where all processes share one flow, the resource is cut off instead.
pub(crate) const HELD_BYTES_MAX: usize = 16 << 20;

/// The maximum number of bytes in all buffers of a payload between machines.
pub(crate) const MACHINE_BUFFER_BYTES_MAX: usize = 64 << 20;

pub(crate) struct Exchange {
    pub(crate) link: Arc<Link>,
    side: Side,
    ledger: Mutex<Ledger>,
    /// The bytes of notifications that wait for room here, readable without the lock.
    held_bytes: AtomicUsize,
    credits: Credits,
}

/// A party, and the subject of notifications that come from it or go to it.
pub(crate) type Subject = (Pid, About);

/// A request of the other side that was answered.
struct Answered {
    party: Pid,
    /// The id of the request on the other side, and its id on this side.
    there: RequestId,
    here: RequestId,
    /// The process that has answered.
    by: Pid,
}

/// The maximum number of answered requests that are kept for a late cancel. While a cancel is on its way, all requests
/// that are outstanding at either end can be answered, and each of them takes a place here.
const ANSWERED_MAX: usize = 4 * REQUESTS_MAX;

#[derive(Default)]
struct Ledger {
    /// The tokens of requests sent to the other side, by party and by the caller's id.
    tokens: FxHashMap<(Pid, RequestId), RequestToken>,
    /// The other side's requests: their local ids, mapped to their ids on the other side.
    asked: FxHashMap<(Pid, RequestId), RequestId>,
    /// The requests that were answered last, the newest at the end: their callers may still cancel them.
    answered: VecDeque<Answered>,
    /// The places of notifications that the other side has not handled yet.
    credits: FxHashMap<Subject, VecDeque<Credit>>,
    /// Notifications of the other side that found no room here.
    held: FxHashMap<Subject, VecDeque<Payload>>,
}

impl Exchange {
    pub(crate) fn new(link: Arc<Link>, side: Side) -> Arc<Exchange> {
        let credits = Credits::default();
        Arc::new(Exchange { link, side, ledger: Mutex::default(), held_bytes: AtomicUsize::new(0), credits })
    }

    // -- Outgoing -----------------------------------------------------------------------------

    /// Passes a message of `sender`, a process of this kernel, on to the other side. `port` belongs to the stand-in or
    /// mirror that has received the message.
    pub(crate) fn forward(
        self: &Arc<Exchange>,
        port: &Port,
        sender: Pid,
        party: (Pid, Gid),
        message: MessageKind,
    ) {
        match message {
            MessageKind::Request { token, procedure, payload } => {
                self.forward_request(port, party, token, procedure, payload);
            }
            MessageKind::Reply { id, result } => {
                let there = self.ledger.lock().answer(party.0, id, sender);
                if let Some(id) = there {
                    let result = result.map_err(|failure| *failure);
                    let fits = match &result {
                        Ok(payload) => self.fits(payload),
                        Err(failure) => self.failure_fits(failure),
                    };
                    let result = if fits { result } else { Err(Failure::new(TOO_LARGE)) };
                    self.link.send(Outgoing::answer(party.0, id, result));
                }
            }
            MessageKind::Cancel { id } => {
                let token = self.ledger.lock().tokens.remove(&(party.0, id));
                if let Some(token) = token {
                    token.reply(Err(Failure::new("CANCELED")));
                }
                // Sent even if the answer has arrived: the other side then takes back what the answer gave away.
                self.link.send(Outgoing::cancel(party.0, id));
            }
            MessageKind::Notification { client, handle, payload, credit } => {
                if !self.fits(&payload) {
                    drop(credit);
                    return self.cut_off(port, sender, party.0, (client, handle));
                }
                self.keep_credit((party.0, About::Resource { client, handle }), credit);
                self.link.send(Outgoing::notification(party, client, handle, payload));
            }
            MessageKind::RoomAvailable { about } => self.send_held(port, sender, (party.0, about)),
            MessageKind::SlowConsumer { client, handle } => {
                self.drop_resource((party.0, About::Resource { client, handle }));
                self.link.send(Outgoing::slow_consumer(party.0, client, handle));
            }
            MessageKind::ProcessTerminated { is_lost } => {
                if self.side != Side::Container {
                    self.forget(sender);
                    self.link.send(Outgoing::terminated(sender, is_lost));
                }
            }
            MessageKind::External { payload, credit } => {
                if self.fits(&payload) {
                    self.keep_credit((party.0, About::External), credit);
                    self.link.send(Outgoing::external(party, payload));
                }
            }
            // Only processes that subscribe to this message get it, and stand-ins and mirrors do not subscribe.
            MessageKind::MemoryPressure { .. } => {}
            MessageKind::User { kind, payload, .. } => {
                if self.fits(&payload) {
                    self.link.send(Outgoing::user(party, kind, payload));
                }
            }
        }
    }

    fn forward_request(
        &self,
        port: &Port,
        party: (Pid, Gid),
        token: RequestToken,
        procedure: i64,
        payload: Payload,
    ) {
        if !self.fits(&payload) {
            token.reply(Err(Failure::new(TOO_LARGE)));
            return;
        }
        if self.link.is_over() {
            // Dropping the token sends the answer.
            return;
        }
        let (id, is_close) = (token.id(), token.is_close());
        let left_us = token.deadline_us().map_or(0, |deadline_us| left_us(deadline_us - port.now_us()));
        self.ledger.lock().tokens.insert((party.0, id), token);
        self.link.send(Outgoing::request(party, id, procedure, is_close, left_us, payload));
    }

    // -- Incoming -----------------------------------------------------------------------------

    /// Delivers a frame to `to`, in the name of the process of `port`.
    ///
    /// # Errors
    /// Returns a violation if the frame is not valid for this end or at this moment.
    pub(crate) fn deliver(
        self: &Arc<Exchange>,
        port: &Port,
        to: Pid,
        party: Pid,
        body: Body<'_>,
        buffers: Vec<Buffer>,
    ) -> Result<(), WireError> {
        match body {
            Body::Request { id, procedure, is_close, left_us, payload } => {
                let payload = Payload::from_parts(payload, buffers);
                let deadline_us = (left_us > 0).then(|| port.now_us() + i64::from(left_us));
                let asked = if is_close {
                    port.request_close(to, procedure, payload)
                } else {
                    port.request_by(to, procedure, payload, deadline_us)
                };
                self.note_asked((party, id), asked);
            }
            Body::Reply { id, payload } => {
                self.answer(party, id, Ok(Payload::from_parts(payload, buffers)));
            }
            Body::Failure { id, text, trace } => {
                let trace = trace.map(|trace| Payload::from_parts(trace, buffers));
                self.answer(party, id, Err(Failure { text: text.to_owned(), trace }));
            }
            Body::Cancel { id } => {
                let canceled = self.ledger.lock().canceled(party, id);
                match canceled {
                    // If the answer is being forwarded on another thread, it no longer finds its request.
                    Some(Canceled::Open(here)) if !port.cancel(here) => port.discard_answer(to, here),
                    Some(Canceled::Open(_)) => {}
                    Some(Canceled::Answered { here, by }) => port.discard_answer(by, here),
                    None => {}
                }
            }
            Body::Notification { client, handle, payload } => {
                let payload = Payload::from_parts(payload, buffers);
                self.notify(port, to, (party, About::Resource { client, handle }), payload)?;
            }
            Body::Credit { about, count } => {
                let credits = self.ledger.lock().take_credits((party, about), count);
                drop(credits);
            }
            Body::SlowConsumer { client, handle } => self.cut_off_here(port, to, party, (client, handle)),
            Body::User { kind, payload } => {
                // The sender is not told of an error: no frame reports it.
                let _ = port.send(to, kind, Payload::from_parts(payload, buffers));
            }
            Body::External { payload } => {
                let payload = Payload::from_parts(payload, buffers);
                self.notify(port, to, (party, About::External), payload)?;
            }
            Body::Watch if self.side != Side::Container => port.watch(party),
            _ => return Err(WireError::Violation("unexpected frame for this end or moment")),
        }
        Ok(())
    }

    fn note_asked(&self, (party, there): (Pid, RequestId), asked: Result<RequestId, Refused>) {
        match asked {
            Ok(here) => drop(self.ledger.lock().asked.insert((party, here), there)),
            Err(Refused { error, .. }) => {
                let failure = Failure::new(error.to_string());
                self.link.send(Outgoing::answer(party, there, Err(failure)));
            }
        }
    }

    fn answer(&self, party: Pid, id: RequestId, result: Result<Payload, Failure>) {
        // The request no longer exists if the caller gave up or ended while the answer was on its way.
        let token = self.ledger.lock().tokens.remove(&(party, id));
        if let Some(token) = token {
            token.reply(result);
        }
    }

    // -- Notifications ------------------------------------------------------------------------

    fn notify(
        self: &Arc<Exchange>,
        port: &Port,
        to: Pid,
        key: Subject,
        payload: Payload,
    ) -> Result<(), WireError> {
        let mut ledger = self.ledger.lock();
        if let Some(held) = ledger.held.get_mut(&key) {
            if held.len() >= NOTIFICATIONS_MAX {
                return Err(WireError::Violation("more notifications than there is room for"));
            }
            if !self.may_hold(&payload) {
                drop(ledger);
                self.give_up(port, to, key);
                return Ok(());
            }
            self.held_bytes.fetch_add(payload.size(), Ordering::Relaxed);
            held.push_back(payload);
            return Ok(());
        }
        drop(ledger);
        if let Err(payload) = self.try_notify(port, to, key, payload) {
            if !self.may_hold(&payload) {
                self.give_up(port, to, key);
                return Ok(());
            }
            self.held_bytes.fetch_add(payload.size(), Ordering::Relaxed);
            self.ledger.lock().held.insert(key, VecDeque::from([payload]));
        }
        Ok(())
    }

    /// Returns whether a notification may wait for room.
    fn may_hold(&self, payload: &Payload) -> bool {
        self.side != Side::Machine || self.held_bytes() + payload.size() <= HELD_BYTES_MAX
    }

    /// Cuts a resource off at both ends, since too many bytes wait for room here. A notification of a component is
    /// dropped instead.
    fn give_up(&self, port: &Port, to: Pid, (party, about): Subject) {
        if let About::Resource { client, handle } = about {
            self.cut_off(port, to, party, (client, handle));
        }
    }

    /// Delivers a notification. If the receiver has no room for it, returns the payload as the error.
    fn try_notify(
        self: &Arc<Exchange>,
        port: &Port,
        to: Pid,
        (party, about): Subject,
        payload: Payload,
    ) -> Result<(), Payload> {
        match port.notify_watched(to, about, payload, self.clone()) {
            Ok(()) => Ok(()),
            Err(Refused { error: SendError::Full, payload }) => Err(payload),
            // The receiver cannot get the notification, so it counts as handled.
            Err(Refused { payload, .. }) => {
                self.credits.add((party, about), payload.size(), port.now_us());
                Ok(())
            }
        }
    }

    /// Delivers held notifications, since their receiver has room again, or has ended.
    fn send_held(self: &Arc<Exchange>, port: &Port, to: Pid, key: Subject) {
        loop {
            // Not in the condition: the body would then hold the lock.
            let next = self.ledger.lock().next_held(key);
            let Some(payload) = next else { return };
            let size = payload.size();
            if let Err(payload) = self.try_notify(port, to, key, payload) {
                self.ledger.lock().held.entry(key).or_default().push_front(payload);
                return;
            }
            self.held_bytes.fetch_sub(size, Ordering::Relaxed);
        }
    }

    /// Cuts a resource off at both ends, because a notification is too large to be sent, or too many bytes wait for
    /// room.
    fn cut_off(&self, port: &Port, sender: Pid, party: Pid, (client, handle): (i64, i64)) {
        self.cut_off_here(port, sender, party, (client, handle));
        self.link.send(Outgoing::slow_consumer(party, client, handle));
    }

    fn cut_off_here(&self, port: &Port, to: Pid, party: Pid, (client, handle): (i64, i64)) {
        self.drop_resource((party, About::Resource { client, handle }));
        port.stop_waiting(to, client, handle);
        port.cut_off(to, client, handle);
    }

    fn keep_credit(&self, key: Subject, credit: Credit) {
        self.ledger.lock().credits.entry(key).or_default().push_back(credit);
    }

    fn drop_resource(&self, key: Subject) {
        let mut ledger = self.ledger.lock();
        let held = ledger.held.remove(&key);
        let credits = ledger.credits.remove(&key);
        drop(ledger);
        self.let_go(held.into_iter().flatten());
        drop(credits);
    }

    /// Returns the number of bytes of notifications that wait for room.
    pub(crate) fn held_bytes(&self) -> usize {
        self.held_bytes.load(Ordering::Relaxed)
    }

    fn let_go(&self, held: impl Iterator<Item = Payload>) {
        let size: usize = held.map(|payload| payload.size()).sum();
        self.held_bytes.fetch_sub(size, Ordering::Relaxed);
    }

    /// Acknowledges to the other side the notifications that were handled here.
    pub(crate) fn return_credits(&self, now_us: i64) {
        // Between machines, frames arrive even while none can be sent. The acknowledgments are gathered meanwhile, so that
        // the frames that wait have a limit.
        if self.side == Side::Machine && self.link.is_blocked() {
            return;
        }
        for ((party, about), count) in self.credits.take(now_us) {
            self.link.send(Outgoing::credit(party, about, count));
        }
    }

    // -- Ends ---------------------------------------------------------------------------------

    /// Drops all state between an ended party and the other side.
    pub(crate) fn forget(&self, party: Pid) {
        let mut gone = self.ledger.lock().forget(party);
        self.let_go(std::mem::take(&mut gone.held).into_values().flatten());
    }

    /// Ends the connection. Callers that wait for an answer from the other side get an error.
    pub(crate) fn end(&self) {
        let unsent = self.link.close();
        let mut ledger = std::mem::take(&mut *self.ledger.lock());
        // The kernel answers the other requests when their tokens are dropped: their receiver has ended.
        for ((party, id), token) in ledger.tokens.drain() {
            let fate = if unsent.contains(&(party, id)) { None } else { self.link.wire().fate(party, id) };
            if let Some(failure) = fate {
                token.reply(Err(failure));
            }
        }
    }
}

impl CreditWatch for Exchange {
    fn processed(&self, done: Processed) {
        let Processed { receiver, sender, about, charge, at_us } = done;
        let party = if self.side == Side::Container { sender } else { receiver };
        if self.credits.add((party, about), charge, at_us) {
            self.return_credits(at_us);
            self.link.flush();
        }
    }
}

/// A request that its caller has canceled.
enum Canceled {
    /// The request has no answer yet. Has its id on this side.
    Open(RequestId),
    /// The answer was sent.
    Answered { here: RequestId, by: Pid },
}

impl Ledger {
    /// Records that a request of the other side was answered. Returns the id of the request on the other side.
    fn answer(&mut self, party: Pid, here: RequestId, by: Pid) -> Option<RequestId> {
        let there = self.asked.remove(&(party, here))?;
        if self.answered.len() == ANSWERED_MAX {
            self.answered.pop_front();
        }
        self.answered.push_back(Answered { party, there, here, by });
        Some(there)
    }

    /// Removes and returns a request that the other side cancels. Cancels are rare, so a search is fine.
    fn canceled(&mut self, party: Pid, there: RequestId) -> Option<Canceled> {
        let open = self.asked.iter().find(|&(key, value)| key.0 == party && *value == there);
        if let Some((&key, _)) = open {
            self.asked.remove(&key);
            return Some(Canceled::Open(key.1));
        }
        let is_it = |answered: &Answered| answered.party == party && answered.there == there;
        let place = self.answered.iter().rposition(is_it)?;
        self.answered.remove(place).map(|Answered { here, by, .. }| Canceled::Answered { here, by })
    }

    fn take_credits(&mut self, key: Subject, count: u32) -> Vec<Credit> {
        let Some(credits) = self.credits.get_mut(&key) else { return Vec::new() };
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(credits.len());
        let taken = credits.drain(..count).collect();
        if credits.is_empty() {
            self.credits.remove(&key);
        }
        taken
    }

    fn next_held(&mut self, key: Subject) -> Option<Payload> {
        let held = self.held.get_mut(&key)?;
        let next = held.pop_front();
        if next.is_none() {
            self.held.remove(&key);
        }
        next
    }

    /// Removes the state of a party and returns it, for the caller to drop.
    fn forget(&mut self, party: Pid) -> Ledger {
        self.answered.retain(|answered| answered.party != party);
        Ledger {
            tokens: self.tokens.extract_if(|key, _| key.0 == party).collect(),
            asked: self.asked.extract_if(|key, _| key.0 == party).collect(),
            answered: VecDeque::new(),
            credits: self.credits.extract_if(|key, _| key.0 == party).collect(),
            held: self.held.extract_if(|key, _| key.0 == party).collect(),
        }
    }
}

/// Returns the remaining wait as a frame carries it: an expired wait becomes 1, and a wait that does not fit, of more
/// than 71 minutes, becomes 0, which stands for an unknown wait.
fn left_us(left_us: i64) -> u32 {
    u32::try_from(left_us.max(1)).unwrap_or(0)
}

impl Exchange {
    fn fits(&self, payload: &Payload) -> bool {
        let buffer_bytes_max =
            if self.side == Side::Machine { MACHINE_BUFFER_BYTES_MAX } else { BUFFER_BYTES_MAX };
        let encoded = payload.bytes().len();
        encoded <= PAYLOAD_BYTES_MAX
            && payload.buffers().len() <= BUFFERS_MAX
            && payload.size() - encoded <= buffer_bytes_max
    }

    fn failure_fits(&self, failure: &Failure) -> bool {
        let trace = failure.trace.as_ref();
        failure.text.len() + trace.map_or(0, |trace| trace.bytes().len()) <= PAYLOAD_BYTES_MAX
            && trace.is_none_or(|trace| self.fits(trace))
    }
}
