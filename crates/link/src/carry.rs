//! Support for *carriers*, which take frames to other machines, as the crate `fabric` does: stand-ins over any wire,
//! and functions for the parts of frames that a carrier must read and change.
//!
//! A frame names only one process, that of the listening system, since at the other end is only one container. Between
//! two machines both ends have many processes. So each machine has a stand-in for each process of the other one that it
//! is in contact with, and the carrier names that process beside the frame. The frame itself names the process of the
//! machine that reads it: the carrier [readdresses](readdress) the frame on the way. So frames and stand-ins are of the
//! same kind as on one machine.

use std::sync::Arc;

use lucarne_kernel::{Failure, Gid, Pid, Process, RequestId};
use lucarne_message::{Payload, Value};

use crate::exchange;
use crate::frame::{self, Body, Incoming, Outgoing};
use crate::link::Link;
use crate::stand_in::StandIn;
use crate::wire::{Limits, Wire, WireError};

/// The limits of a frame between machines.
pub const LIMITS: Limits = Limits {
    frame_bytes: exchange::PAYLOAD_BYTES_MAX + (64 << 10),
    buffer_bytes: exchange::MACHINE_BUFFER_BYTES_MAX,
    frame_buffers: exchange::BUFFERS_MAX,
    descriptors: 0,
    mapped_bytes: 0,
};

/// Returns the process that stands for a process of another machine, at the end of a wire to that process.
///
/// The owner of the wire wakes the process when [`Wire::is_ready`] becomes true. The process ends when the wire fails, or
/// with the frame of [`exit`].
pub fn stand_in(wire: Arc<dyn Wire>) -> Box<dyn Process> {
    Box::new(StandIn::between_machines(Arc::new(Link::new(wire))))
}

/// The parts of a frame that a carrier reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label<'f> {
    /// The process that the frame names.
    pub pid: Pid,
    /// The kind of the frame.
    pub kind: Kind<'f>,
}

/// The kinds of frames, as carriers distinguish them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'f> {
    /// A request, with the encoded part of its payload.
    Request {
        /// The id of the request at its sender.
        id: RequestId,
        /// The procedure.
        procedure: i64,
        /// The encoded part of the payload.
        payload: &'f [u8],
    },
    /// The answer to a request.
    Answer,
    /// Any other frame between a client and a provider: a cancel, a notification, an acknowledgment of notifications,
    /// or the report that a resource was cut off.
    Other,
    /// The process has ended: the last frame in its name.
    Terminated,
    /// A message that is not part of a service: between programs, or to or from a component.
    Message,
}

/// Reads the label of a frame.
///
/// # Errors
/// [`WireError::Violation`] for a frame that no stand-in sends.
pub fn label(bytes: &[u8], buffers: usize) -> Result<Label<'_>, WireError> {
    let Incoming { pid, body, .. } = frame::read(bytes, buffers)?;
    let kind = match body {
        Body::Request { id, procedure, payload, .. } => Kind::Request { id, procedure, payload },
        Body::Reply { .. } | Body::Failure { .. } => Kind::Answer,
        Body::Cancel { .. } | Body::Notification { .. } | Body::Credit { .. } | Body::SlowConsumer { .. } => {
            Kind::Other
        }
        Body::Terminated { .. } => Kind::Terminated,
        Body::User { .. } | Body::External { .. } => Kind::Message,
        Body::Watch | Body::Exit { .. } | Body::Hello { .. } | Body::Welcome { .. } => {
            return Err(WireError::Violation("frame that does not belong between machines"));
        }
    };
    Ok(Label { pid, kind })
}

/// Replaces the process that a frame names by `pid`, a process of the machine that reads the frame. The group is
/// removed, since it has a meaning only on its own machine. Bytes that are too short for a frame stay as they are.
pub fn readdress(bytes: &mut [u8], pid: Pid) {
    frame::readdress(bytes, pid, Gid::SYSTEM);
}

/// Returns the frame that answers a request with an error.
pub fn refusal(pid: Pid, id: RequestId, text: &str) -> Vec<u8> {
    bytes(Outgoing::answer(pid, id, Err(Failure::new(text))))
}

/// Returns the frame of a request: for tests of carriers, since stand-ins make those of real requests.
pub fn request(to: Pid, id: RequestId, procedure: i64, arguments: &Value) -> Vec<u8> {
    let payload = Payload::from_value(arguments).unwrap_or_default();
    bytes(Outgoing::request((to, Gid::SYSTEM), id, procedure, false, 0, payload))
}

/// Returns the frame that ends a stand-in, because the process that it stands for has ended.
pub fn exit() -> Vec<u8> {
    bytes(Outgoing::exit(0))
}

fn bytes(mut outgoing: Outgoing) -> Vec<u8> {
    outgoing.parts().0.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readdressed_frame_names_the_other_process() {
        let mut frame = refusal(Pid::from_i64(7), RequestId::from_i64(9), "NO");
        readdress(&mut frame, Pid::from_i64(70));
        assert_eq!(label(&frame, 0).unwrap(), Label { pid: Pid::from_i64(70), kind: Kind::Answer });
        readdress(&mut [1, 2, 3], Pid::from_i64(70));
    }

    #[test]
    fn only_frames_of_stand_ins_are_carried() {
        assert!(label(&exit(), 0).is_err());
        assert!(label(&[], 0).is_err());
        assert!(label(&bytes(Outgoing::watch(Pid::from_i64(1))), 0).is_err());
    }
}
