//! The wire of one stand-in: its end of the flow to another machine.

use std::sync::Arc;

use lucarne_kernel::{Failure, Pid, RequestId};
use lucarne_link::carry::{self, Kind, LIMITS, Label};
use lucarne_link::wire::{Frame, Sent, Wire, WireError};
use lucarne_message::Buffer;
use lucarne_services::protocol::error;

use crate::packet::Parcel;
use crate::trunk::{self, Outgoing, Trunk};

pub(crate) struct Lane {
    trunk: Arc<Trunk>,
    /// The process of the other machine.
    process: Pid,
}

impl Lane {
    pub(crate) fn new(trunk: Arc<Trunk>, process: Pid) -> Lane {
        Lane { trunk, process }
    }
}

impl Wire for Lane {
    fn send(&self, parts: &[&[u8]], buffers: &mut Vec<Buffer>) -> Result<Sent, WireError> {
        let mut bytes = parts.concat();
        if bytes.len() > LIMITS.frame_bytes || buffers.len() > LIMITS.frame_buffers {
            return Err(WireError::Violation("frame too large"));
        }
        let Label { pid: from, kind } = carry::label(&bytes, buffers.len())?;
        let (request, makes_contact) = match kind {
            Kind::Request { id, .. } => (Some(id), true),
            Kind::Answer => (None, true),
            Kind::Other => (None, false),
            Kind::Terminated => {
                self.trunk.send(self.process, Outgoing::Ended(from));
                return Ok(Sent::Yes);
            }
            // Only services are exported. The sender is not told, as if the receiver did not take the message.
            Kind::Message => {
                buffers.clear();
                return Ok(Sent::Yes);
            }
        };
        carry::readdress(&mut bytes, self.process);
        let parcel = Parcel::new(&bytes, std::mem::take(buffers), request);
        match self.trunk.send(self.process, Outgoing::Frame { from, parcel, makes_contact }) {
            trunk::Sent::Yes => Ok(Sent::Yes),
            trunk::Sent::NoRoom(parcel) => {
                *buffers = parcel.into_buffers();
                Ok(Sent::NoRoom)
            }
            trunk::Sent::Over => Err(WireError::Broken),
        }
    }

    fn receive(&self, into: &mut Frame) -> Result<bool, WireError> {
        match self.trunk.receive(self.process) {
            Ok(Some(frame)) => {
                *into = frame;
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(()) => Err(WireError::Broken),
        }
    }

    fn is_ready(&self) -> bool {
        self.trunk.is_ready(self.process)
    }

    fn flush(&self) {
        self.trunk.flush();
    }

    fn close(&self) {
        self.trunk.close(self.process);
    }

    fn fate(&self, party: Pid, id: RequestId) -> Option<Failure> {
        let is_unknown = self.trunk.can_have_arrived(self.process, party, id);
        is_unknown.then(|| Failure::new(error::CONTACT_LOST))
    }
}
