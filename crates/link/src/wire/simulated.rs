//! A wire in memory for tests: a test decides when each frame arrives, and can cut the wire.
//!
//! Sent frames wait until the test lets them through, so any order of events between the two ends can happen, and a
//! test that makes the same choices gets the same order again.

use std::collections::VecDeque;
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_message::Buffer;

use super::{Frame, Sent, Wire, WireError};

/// One end of a wire in memory.
pub struct SimulatedWire {
    line: Arc<Line>,
    /// The number of this end, 0 or 1.
    end: usize,
}

/// A test's control over a wire in memory.
#[derive(Clone)]
pub struct SimulatedLine {
    line: Arc<Line>,
}

struct Line {
    room: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// For each end: the frames in flight to it, and those that have arrived there.
    ways: [Way; 2],
    is_cut: bool,
}

#[derive(Default)]
struct Way {
    under_way: VecDeque<Frame>,
    arrived: VecDeque<Frame>,
    /// Whether there was no room for the last frame.
    is_refused: bool,
}

impl SimulatedWire {
    /// Makes two ends, between which `room` frames fit in each direction, and the control that moves them.
    pub fn pair(room: usize) -> (SimulatedWire, SimulatedWire, SimulatedLine) {
        let line = Arc::new(Line { room, state: Mutex::default() });
        let end = |end| SimulatedWire { line: line.clone(), end };
        (end(0), end(1), SimulatedLine { line: line.clone() })
    }
}

impl SimulatedLine {
    /// Returns the number of frames in flight to that end, 0 or 1.
    pub fn under_way_to(&self, end: usize) -> usize {
        self.line.state.lock().ways[end].under_way.len()
    }

    /// Lets the next frame to that end, 0 or 1, arrive. Returns false if there is none.
    pub fn advance(&self, end: usize) -> bool {
        let mut state = self.line.state.lock();
        let way = &mut state.ways[end];
        let next = way.under_way.pop_front();
        let is_some = next.is_some();
        way.arrived.extend(next);
        is_some
    }

    /// Breaks the connection. Frames that have arrived can still be received; the rest is lost.
    pub fn cut(&self) {
        let mut state = self.line.state.lock();
        state.is_cut = true;
        let lost: Vec<_> = state.ways.iter_mut().map(|way| std::mem::take(&mut way.under_way)).collect();
        drop(state);
        drop(lost);
    }

    /// Returns whether the wire was cut, or closed by one of the ends.
    pub fn is_cut(&self) -> bool {
        self.line.state.lock().is_cut
    }
}

impl Wire for SimulatedWire {
    fn send(&self, parts: &[&[u8]], buffers: &mut Vec<Buffer>) -> Result<Sent, WireError> {
        let mut state = self.line.state.lock();
        if state.is_cut {
            return Err(WireError::Broken);
        }
        let way = &mut state.ways[1 - self.end];
        if way.under_way.len() + way.arrived.len() >= self.line.room {
            way.is_refused = true;
            return Ok(Sent::NoRoom);
        }
        way.is_refused = false;
        way.under_way.push_back(Frame { bytes: parts.concat(), buffers: std::mem::take(buffers) });
        Ok(Sent::Yes)
    }

    fn receive(&self, into: &mut Frame) -> Result<bool, WireError> {
        let mut state = self.line.state.lock();
        let next = state.ways[self.end].arrived.pop_front();
        match next {
            Some(frame) => {
                *into = frame;
                Ok(true)
            }
            None if state.is_cut => Err(WireError::Broken),
            None => Ok(false),
        }
    }

    fn is_ready(&self) -> bool {
        let state = self.line.state.lock();
        let out = &state.ways[1 - self.end];
        let has_room = out.is_refused && out.under_way.len() + out.arrived.len() < self.line.room;
        state.is_cut || has_room || !state.ways[self.end].arrived.is_empty()
    }

    fn flush(&self) {}

    fn close(&self) {
        SimulatedLine { line: self.line.clone() }.cut_softly();
    }
}

impl SimulatedLine {
    /// Closes the wire at one end: frames in flight still arrive.
    fn cut_softly(&self) {
        let mut state = self.line.state.lock();
        state.is_cut = true;
        for way in &mut state.ways {
            let Way { under_way, arrived, .. } = way;
            arrived.append(under_way);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(wire: &SimulatedWire, text: &[u8]) -> Result<Sent, WireError> {
        wire.send(&[text], &mut Vec::new())
    }

    #[test]
    fn frames_arrive_in_order_when_they_are_let_through() {
        let (near, far, line) = SimulatedWire::pair(2);
        let mut frame = Frame::default();
        assert_eq!(send(&near, b"one").unwrap(), Sent::Yes);
        assert_eq!(send(&near, b"two").unwrap(), Sent::Yes);
        assert_eq!(send(&near, b"three").unwrap(), Sent::NoRoom);
        assert!(!far.receive(&mut frame).unwrap());
        assert!(line.advance(1) && line.advance(1) && !line.advance(1));
        for text in [b"one", b"two"] {
            assert!(far.receive(&mut frame).unwrap());
            assert_eq!(frame.bytes, text);
        }
        assert!(near.is_ready());
    }

    #[test]
    fn a_cut_is_noticed_on_both_sides_after_what_arrived() {
        let (near, far, line) = SimulatedWire::pair(8);
        let mut frame = Frame::default();
        send(&near, b"one").unwrap();
        send(&near, b"two").unwrap();
        line.advance(1);
        line.cut();
        assert!(far.receive(&mut frame).unwrap());
        assert!(matches!(far.receive(&mut frame), Err(WireError::Broken)));
        assert!(matches!(send(&near, b"three"), Err(WireError::Broken)));
    }
}
