//! All lanes to one machine during one epoch, and the outbox that they share.
//!
//! A trunk can exist before there is a flow: the stand-ins of imported providers are made when their services are
//! announced, and the first frame makes the switchboard call the machine. When the epoch ends, the trunk ends with all its
//! stand-ins; the next epoch has another one. Stand-ins use it in their turns, the switchboard in its own.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use lucarne_kernel::{KernelHandle, Pid, RequestId, Waker};
use lucarne_link::carry;
use lucarne_link::wire::Frame;
use rustc_hash::FxHashSet;

use crate::outbox::Outbox;
use crate::packet::{Item, Parcel};

/// The least number of taken bytes that a packet with frames reports to the other machine. If no frames wait,
/// [`Trunk::grant_at`] counts instead.
const GRANT_BESIDE: usize = 1 << 10;

/// The maximum number of stand-ins for the processes of one machine.
pub(crate) const LANES_MAX: usize = 4_096;

pub(crate) struct Trunk {
    state: Mutex<State>,
    kernel: KernelHandle,
    switchboard: Waker,
    /// Whether the switchboard was woken because of this trunk.
    has_called: AtomicBool,
    /// The number of received bytes that must be taken before a packet is sent only to report them.
    grant_at: usize,
}

#[derive(Default)]
struct State {
    outbox: Outbox,
    /// The lanes, by their processes on the other machine.
    lanes: BTreeMap<Pid, LaneState>,
    /// The lanes that have a frame for which there was no room.
    wanting: BTreeSet<Pid>,
    /// The number of bytes that were taken, and not yet reported to the other machine.
    granted: usize,
    /// The slots whose parcels were taken.
    taken: Vec<u8>,
    /// The processes of this machine that have a stand-in on the other machine.
    contacts: BTreeMap<Pid, Contact>,
    /// The contacts that the switchboard does not watch yet.
    unwatched: Vec<Pid>,
    /// The processes of this machine that have ended, and whose frames are all in the outbox. The other machine is told of the
    /// end when the outbox has sent them.
    ended: BTreeSet<Pid>,
    is_over: bool,
    /// Whether a stand-in has ended by itself: the other machine broke a rule.
    is_damaged: bool,
    /// When the trunk is over, the requests that were not sent: receiver, sender, id.
    unsent: FxHashSet<(Pid, Pid, RequestId)>,
}

/// A process of this machine that is in contact with the other one.
#[derive(Default)]
struct Contact {
    /// The processes there with which it is in contact. Their stand-ins may have frames from it that were not sent yet.
    others: BTreeSet<Pid>,
    has_ended: bool,
}

#[derive(Default)]
struct LaneState {
    stand_in: Option<Waker>,
    inbox: VecDeque<Arrived>,
    /// The sender and the size of a frame that found no room. Then the lane is in [`State::wanting`].
    wants_room: Option<(Pid, usize)>,
    /// Whether the process has ended: no frame follows those in the inbox.
    is_last: bool,
    /// Whether a frame was sent in either direction.
    is_used: bool,
}

/// A frame that the stand-in has not taken yet.
pub(crate) struct Arrived {
    pub(crate) frame: Frame,
    /// The bytes to grant when it is taken.
    pub(crate) charge: usize,
    /// The slot to free when it is taken.
    pub(crate) slot: Option<u8>,
}

/// What a lane does with a frame.
pub(crate) enum Outgoing {
    /// Carries it to the process of its lane.
    Frame {
        from: Pid,
        parcel: Parcel,
        /// Whether the other machine has a stand-in for the sender from now on.
        makes_contact: bool,
    },
    /// The process of this machine has ended.
    Ended(Pid),
}

/// The outcome for a frame.
pub(crate) enum Sent {
    Yes,
    NoRoom(Parcel),
    Over,
}

/// What a packet tells the other machine about what it has sent.
pub(crate) struct Filled {
    /// The bytes that it may send in addition.
    pub(crate) granted: usize,
    /// The slots that it may use again.
    pub(crate) taken: Vec<u8>,
}

impl Trunk {
    pub(crate) fn new(kernel: KernelHandle, switchboard: Waker, grant_at: usize) -> Arc<Trunk> {
        let (state, has_called) = (Mutex::default(), AtomicBool::new(false));
        Arc::new(Trunk { state, kernel, switchboard, has_called, grant_at })
    }

    // -- For lanes ------------------------------------------------------------------------------

    pub(crate) fn send(&self, to: Pid, outgoing: Outgoing) -> Sent {
        let state = &mut *self.state.lock();
        match outgoing {
            Outgoing::Ended(process) => {
                state.outbox.drop_requests_from(process);
                if let Some(contact) = state.contacts.get_mut(&process) {
                    contact.others.remove(&to);
                }
                state.note_end(process);
                Sent::Yes
            }
            Outgoing::Frame { from, parcel, makes_contact } => {
                if state.is_over {
                    state.unsent.extend(parcel.request.map(|id| (to, from, id)));
                    return Sent::Over;
                }
                if parcel.request.is_some() && !self.kernel.is_alive(from) {
                    // The end of the sender was reported, or is about to be reported. A request must not follow it.
                    return Sent::Yes;
                }
                let Some(lane) = state.lanes.get_mut(&to) else { return Sent::Over };
                if !state.outbox.has_room((from, to), parcel.size()) {
                    lane.wants_room = Some((from, parcel.size()));
                    state.wanting.insert(to);
                    return Sent::NoRoom(parcel);
                }
                lane.is_used = true;
                if makes_contact {
                    // The sender can have ended. Then the switchboard learns this when it begins to watch it, and the
                    // other machine is told after this frame.
                    state.contact(from).others.insert(to);
                }
                state.outbox.push((from, to), parcel);
                Sent::Yes
            }
        }
    }

    /// Takes the next frame for a stand-in; `Ok(None)` if none waits.
    pub(crate) fn receive(&self, from: Pid) -> Result<Option<Frame>, ()> {
        let state = &mut *self.state.lock();
        let lane = state.lanes.get_mut(&from).ok_or(())?;
        if let Some(Arrived { frame, charge, slot }) = lane.inbox.pop_front() {
            state.granted += charge;
            state.taken.extend(slot);
            return Ok(Some(frame));
        }
        if lane.is_last {
            return Ok(Some(Frame { bytes: carry::exit(), buffers: Vec::new() }));
        }
        if state.is_over { Err(()) } else { Ok(None) }
    }

    pub(crate) fn is_ready(&self, from: Pid) -> bool {
        let state = self.state.lock();
        let Some(lane) = state.lanes.get(&from) else { return true };
        let has_room = |(sender, size)| state.outbox.has_room((sender, from), size);
        state.is_over || lane.is_last || !lane.inbox.is_empty() || lane.wants_room.is_some_and(has_room)
    }

    /// Wakes the switchboard if it has something to do here.
    pub(crate) fn flush(&self) {
        let state = self.state.lock();
        let has_work = !state.is_over
            && (!state.outbox.is_empty()
                || state.granted >= self.grant_at
                || !state.taken.is_empty()
                || !state.ended.is_empty());
        drop(state);
        if has_work {
            self.call();
        }
    }

    /// The stand-in has ended.
    pub(crate) fn close(&self, from: Pid) {
        let state = &mut *self.state.lock();
        let Some(lane) = state.lanes.remove(&from) else { return };
        state.wanting.remove(&from);
        for arrived in lane.inbox {
            state.granted += arrived.charge;
            state.taken.extend(arrived.slot);
        }
        let is_news = !lane.is_last && !state.is_over;
        state.is_damaged |= is_news;
        for contact in state.contacts.values_mut() {
            contact.others.remove(&from);
        }
        let done: Vec<Pid> = state.contacts.keys().copied().collect();
        done.into_iter().for_each(|process| state.note_end(process));
        let makes_room = state.lanes.len() + 1 == LANES_MAX;
        // The switchboard looks at the trunk in its next turn. Most ends are no reason to wake it for a turn.
        self.has_called.store(true, Ordering::Release);
        if is_news || makes_room || !state.ended.is_empty() {
            self.call();
        }
    }

    /// Wakes the switchboard for this trunk.
    fn call(&self) {
        // Pairs with the exchange in `take_call`: frames that were put into the trunk before are seen after it.
        self.has_called.store(true, Ordering::Release);
        self.switchboard.wake();
    }

    /// Returns whether a request can have reached the other machine, now that the trunk is over. False if it is not over:
    /// then only the other process has ended.
    pub(crate) fn can_have_arrived(&self, to: Pid, from: Pid, id: RequestId) -> bool {
        let state = self.state.lock();
        state.is_over && !state.unsent.contains(&(to, from, id))
    }

    // -- For the switchboard ----------------------------------------------------------------------

    /// Returns whether the switchboard was woken because of this trunk since the last time.
    pub(crate) fn take_call(&self) -> bool {
        self.has_called.swap(false, Ordering::Acquire)
    }

    /// Adds a lane to a process of the other machine. Returns false if there are too many.
    pub(crate) fn add_lane(&self, process: Pid) -> bool {
        let mut state = self.state.lock();
        let is_allowed = state.lanes.len() < LANES_MAX;
        if is_allowed {
            state.lanes.insert(process, LaneState::default());
        }
        is_allowed
    }

    /// Sets the stand-in to wake. It may have begun already.
    pub(crate) fn set_stand_in(&self, process: Pid, stand_in: Option<Waker>) {
        if let Some(lane) = self.state.lock().lanes.get_mut(&process) {
            lane.stand_in = stand_in;
        }
    }

    /// Removes a lane that was not used. Returns false if it is used.
    pub(crate) fn remove_unused(&self, process: Pid) -> bool {
        let mut state = self.state.lock();
        let is_unused = state.lanes.get(&process).is_some_and(|lane| !lane.is_used);
        if is_unused {
            state.lanes.remove(&process);
            state.wanting.remove(&process);
        }
        is_unused
    }

    pub(crate) fn has_lane(&self, process: Pid) -> bool {
        self.state.lock().lanes.contains_key(&process)
    }

    pub(crate) fn lanes(&self) -> usize {
        self.state.lock().lanes.len()
    }

    /// Returns the processes of this machine that the switchboard must watch, so that the trunk learns of their ends.
    pub(crate) fn take_unwatched(&self) -> Vec<Pid> {
        std::mem::take(&mut self.state.lock().unwatched)
    }

    /// A process of this machine has ended.
    pub(crate) fn process_ended(&self, process: Pid) {
        let mut state = self.state.lock();
        if let Some(contact) = state.contacts.get_mut(&process) {
            contact.has_ended = true;
        }
        state.note_end(process);
    }

    /// Gives a frame to the stand-in of its sender. Drops the frame if the sender has none.
    pub(crate) fn deliver(&self, from: Pid, arrived: Arrived) {
        let state = &mut *self.state.lock();
        match state.lanes.get_mut(&from) {
            Some(lane) if !lane.is_last => {
                lane.is_used = true;
                lane.inbox.push_back(arrived);
                lane.wake();
            }
            _ => {
                state.granted += arrived.charge;
                state.taken.extend(arrived.slot);
            }
        }
    }

    /// Counts bytes that were received and are kept nowhere.
    pub(crate) fn grant(&self, bytes: usize) {
        self.state.lock().granted += bytes;
    }

    /// Takes the number of bytes that the other machine is to be told of, even if it is small.
    pub(crate) fn take_granted(&self) -> usize {
        std::mem::take(&mut self.state.lock().granted)
    }

    /// Counts a frame as taken that is not delivered.
    pub(crate) fn drop_arrived(&self, arrived: &Arrived) {
        let mut state = self.state.lock();
        state.granted += arrived.charge;
        state.taken.extend(arrived.slot);
    }

    /// A process of the other machine has ended. If it has a lane, its stand-in ends.
    pub(crate) fn end_lane(&self, process: Pid) {
        if let Some(lane) = self.state.lock().lanes.get_mut(&process) {
            lane.is_last = true;
            lane.wake();
        }
    }

    /// Sends a frame that does not come from a stand-in. Returns false if too much waits already.
    ///
    /// The other machine can have a stand-in for the sender, so it is told of the sender's end, even if that was
    /// earlier.
    pub(crate) fn answer(&self, from: Pid, to: Pid, frame: &[u8]) -> bool {
        let mut state = self.state.lock();
        state.contact(from);
        state.outbox.push((from, to), Parcel::new(frame, Vec::new(), None));
        !state.outbox.is_flooded()
    }

    /// The other machine has taken the parcel in a slot. Returns false if there was none.
    pub(crate) fn taken(&self, slot: u8) -> bool {
        self.state.lock().outbox.taken(slot)
    }

    pub(crate) fn is_damaged(&self) -> bool {
        self.state.lock().is_damaged
    }

    /// Returns whether frames wait to be sent.
    pub(crate) fn has_frames(&self) -> bool {
        !self.state.lock().outbox.is_empty()
    }

    /// Appends items to a packet, up to `end` bytes.
    pub(crate) fn fill(&self, packet: &mut Vec<u8>, end: usize, credit: &mut usize) -> Filled {
        let state = &mut *self.state.lock();
        let is_alone = state.outbox.is_empty();
        let is_due = state.granted >= if is_alone { self.grant_at } else { GRANT_BESIDE };
        let granted = if is_due { std::mem::take(&mut state.granted) } else { 0 };
        if granted > 0 {
            Item::Grant { bytes: granted as u32 }.write(packet);
        }
        let taken = std::mem::take(&mut state.taken);
        for &slot in &taken {
            Item::Taken { slot }.write(packet);
        }
        state.outbox.fill(packet, end, credit);
        // The number of ends in a packet follows from its size.
        while packet.len() + 16 <= end {
            let done = state.ended.iter().copied().find(|&process| !state.outbox.has_from(process));
            let Some(process) = done else { break };
            state.ended.remove(&process);
            Item::Ended { process }.write(packet);
        }
        let State { lanes, outbox, wanting, .. } = state;
        wanting.retain(|&to| {
            let Some(lane) = lanes.get_mut(&to) else { return false };
            let is_waiting = lane.wants_room.is_some_and(|(from, size)| !outbox.has_room((from, to), size));
            if !is_waiting {
                lane.wants_room = None;
                lane.wake();
            }
            is_waiting
        });
        Filled { granted, taken }
    }

    /// Ends the trunk: its stand-ins take the frames that have arrived, and end.
    pub(crate) fn end(&self) {
        let state = &mut *self.state.lock();
        state.is_over = true;
        state.unsent.extend(state.outbox.take_unsent());
        state.lanes.values().for_each(LaneState::wake);
    }
}

impl State {
    /// Returns the contact of a process of this machine; notes a new one.
    fn contact(&mut self, process: Pid) -> &mut Contact {
        self.contacts.entry(process).or_insert_with(|| {
            self.unwatched.push(process);
            Contact::default()
        })
    }

    /// Adds a process to `ended`, if it has ended and its stand-ins send no further frames.
    fn note_end(&mut self, process: Pid) {
        let is_done = |contact: &Contact| contact.has_ended && contact.others.is_empty();
        if self.contacts.get(&process).is_some_and(is_done) {
            self.contacts.remove(&process);
            self.ended.insert(process);
        }
    }
}

impl LaneState {
    fn wake(&self) {
        if let Some(stand_in) = &self.stand_in {
            stand_in.wake();
        }
    }
}
