//! A connection between two OS processes: frames go in at one end and come out at the other, in order,
//! with their buffers.
//!
//! The layers above do not depend on the kind of wire. No call blocks. [`Wire`] is the transport alone, which may lead
//! anywhere. A [`LocalWire`] ends in another OS process of this machine: a thread without work announces that it is
//! about to sleep, checks once more, and sleeps on the [`Descriptors`].

use std::io;
use std::os::fd::BorrowedFd;

use lucarne_kernel::{Failure, Pid, RequestId};
use lucarne_message::Buffer;
use thiserror::Error;

pub mod plain;
pub mod rings;
pub mod simulated;
pub mod socket;

mod bells;
#[cfg(all(loom, test))]
mod models;
mod ring;
mod shared;
mod slots;
mod stream;

/// The number of bells of one side of a wire.
pub const BELLS: usize = 2;

/// The unit that is sent over a wire.
#[derive(Debug, Default)]
pub struct Frame {
    /// The bytes that the layer above has encoded.
    pub bytes: Vec<u8>,
    /// The buffers passed beside the bytes.
    pub buffers: Vec<Buffer>,
}

/// One end of a connection.
///
/// One thread at a time sends, and one at a time receives; the two may differ. Any thread can call the other methods.
pub trait Wire: Send + Sync {
    /// Sends a frame whose bytes are `parts`, one after the other. Takes the buffers, unless there is no room for the
    /// frame now.
    ///
    /// # Errors
    /// See [`WireError`]. A frame that is larger than the wire allows is a violation by this side.
    fn send(&self, parts: &[&[u8]], buffers: &mut Vec<Buffer>) -> Result<Sent, WireError>;

    /// Replaces `into` by the next frame. Returns false if no frame is complete now.
    ///
    /// # Errors
    /// See [`WireError`]. After an error, the connection is unusable.
    fn receive(&self, into: &mut Frame) -> Result<bool, WireError>;

    /// Returns whether it is worth calling [`receive`](Wire::receive), or, after [`Sent::NoRoom`],
    /// [`send`](Wire::send). Makes no system call where that is possible.
    fn is_ready(&self) -> bool;

    /// Makes sure that the other side notices what was sent, and the room that was made. Call it after sending a number
    /// of frames, or after receiving some.
    fn flush(&self);

    /// Ends the connection. The other side sees it broken.
    fn close(&self);

    /// Returns why a request has no answer, after the connection is over: `party` is the process of this side, and `id`
    /// the request in its numbers. None if there is no more to say than that the other side has ended.
    fn fate(&self, _party: Pid, _id: RequestId) -> Option<Failure> {
        None
    }
}

/// One end of a connection to another OS process of this machine, on whose descriptors threads sleep.
pub trait LocalWire: Wire {
    /// Announces that this side is about to sleep until `bell` rings. Returns true if there is work after all.
    fn announce_sleep(&self, bell: usize) -> bool;

    /// Announces that this side is awake and polls: no bell need ring.
    fn announce_awake(&self);

    /// Returns the descriptors to sleep on.
    fn descriptors(&self) -> Descriptors<'_>;

    /// Silences a bell that has rung.
    fn silence(&self, bell: usize);

    /// Handles a readable socket; the next [`receive`](Wire::receive) returns the outcome.
    fn look_at_socket(&self) {}
}

/// The outcome of a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// The frame is on its way.
    Yes,
    /// There is not enough room for the frame now.
    NoRoom,
}

/// The descriptors on which a side of a wire sleeps. All are for `poll` or `epoll`, as readable.
#[derive(Debug, Clone, Copy, Default)]
pub struct Descriptors<'w> {
    /// Readable when rung, until [`LocalWire::silence`].
    pub bells: [Option<BorrowedFd<'w>>; BELLS],
    /// Readable when descriptors or, on a wire without shared memory, bytes have arrived, and when the other side has
    /// hung up. The owner then calls [`LocalWire::look_at_socket`].
    pub socket: Option<BorrowedFd<'w>>,
    /// Readable when the OS process at the other end has ended.
    pub process: Option<BorrowedFd<'w>>,
}

/// The reason why a connection is over.
#[derive(Debug, Error)]
pub enum WireError {
    /// The other side has hung up, or has ended.
    #[error("the connection is broken")]
    Broken,
    /// The other side broke the protocol in this way.
    #[error("the other side broke the protocol: {0}")]
    Violation(&'static str),
    /// The listener takes no further connection, for this reason.
    #[error("{0}")]
    Full(String),
    /// A system call failed.
    #[error(transparent)]
    System(#[from] io::Error),
}

/// The limits on the data that one side makes the other keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one frame.
    pub frame_bytes: usize,
    /// Bytes of all buffers of one frame.
    pub buffer_bytes: usize,
    /// Buffers of one frame.
    pub frame_buffers: usize,
    /// Sealed files of the other side that are held at a time. Further files are copied.
    pub descriptors: usize,
    /// Bytes of such files that are mapped at a time. Further files are copied.
    pub mapped_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            // The text and the encoded payload of a frame take at most 16 MiB together, the capacity of a mailbox. The
            // rest is for the head.
            frame_bytes: (16 << 20) + (64 << 10),
            buffer_bytes: 1 << 30,
            frame_buffers: 256,
            descriptors: 128,
            mapped_bytes: 1 << 30,
        }
    }
}
