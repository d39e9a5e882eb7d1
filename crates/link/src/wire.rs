//! A connection between two OS processes: frames go in at one end and come out at the other, in order,
//! with their buffers.
//!
//! What is above a wire neither knows nor asks what it is made of. Nothing here blocks: who has nothing to do
//! announces that it is about to sleep, looks once more, and sleeps on the [`Descriptors`].

use std::io;
use std::os::fd::BorrowedFd;

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

/// How many bells a side of a wire has.
pub const BELLS: usize = 2;

/// What travels over a wire at a time.
#[derive(Debug, Default)]
pub struct Frame {
    /// What the layer above has encoded.
    pub bytes: Vec<u8>,
    /// What is handed over beside it.
    pub buffers: Vec<Buffer>,
}

/// One end of a connection.
///
/// One thread at a time sends, and one at a time receives; the two may differ. Everything else is for any
/// thread.
pub trait Wire: Send + Sync {
    /// Sends a frame whose bytes are `parts`, one after the other. If there is no room for it now, nothing is
    /// taken; else the buffers are.
    ///
    /// # Errors
    /// See [`WireError`]. A frame that is larger than the wire allows is a violation by this side.
    fn send(&self, parts: &[&[u8]], buffers: &mut Vec<Buffer>) -> Result<Sent, WireError>;

    /// Replaces `into` by the next frame; false if there is none now.
    ///
    /// # Errors
    /// See [`WireError`]. After one, the connection is of no use any more.
    fn receive(&self, into: &mut Frame) -> Result<bool, WireError>;

    /// Whether it is worth calling [`receive`](Wire::receive), or, after [`Sent::NoRoom`], [`send`](Wire::send).
    /// A look without a system call, where that is possible.
    fn is_ready(&self) -> bool;

    /// Rings the other side's bell, if that side sleeps. To be called after a number of frames was sent, or
    /// received, which may have made room.
    fn flush(&self);

    /// This side is about to sleep until `bell` rings. True if there is something to do after all.
    fn announce_sleep(&self, bell: usize) -> bool;

    /// This side is awake, and looks by itself: no bell need ring.
    fn announce_awake(&self);

    /// What to sleep on.
    fn descriptors(&self) -> Descriptors<'_>;

    /// Makes a bell that has rung silent again.
    fn silence(&self, bell: usize);

    /// Deals with what makes the socket readable; the next [`receive`](Wire::receive) says what came of it.
    fn look_at_socket(&self) {}

    /// Ends the connection. The other side sees it broken.
    fn close(&self);
}

/// What became of a frame that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// It is on its way.
    Yes,
    /// It did not fit now.
    NoRoom,
}

/// What a side of a wire sleeps on. All of it is for `poll` or `epoll`, as readable.
#[derive(Debug, Clone, Copy, Default)]
pub struct Descriptors<'w> {
    /// Readable when rung, until [`Wire::silence`].
    pub bells: [Option<BorrowedFd<'w>>; BELLS],
    /// Readable when descriptors came or, where frames travel this way, bytes; and at a hang-up: then
    /// [`Wire::look_at_socket`] is to be called.
    pub socket: Option<BorrowedFd<'w>>,
    /// Readable when the OS process at the other end has ended.
    pub process: Option<BorrowedFd<'w>>,
}

/// Why a connection is over.
#[derive(Debug, Error)]
pub enum WireError {
    /// The other side has hung up, or has ended.
    #[error("the connection is broken")]
    Broken,
    /// The other side has broken this rule.
    #[error("the other side has broken a rule: {0}")]
    Violation(&'static str),
    /// The operating system would not have it.
    #[error(transparent)]
    System(#[from] io::Error),
}

/// What one side allows the other to make it keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one frame.
    pub frame_bytes: usize,
    /// Bytes of all buffers of one frame.
    pub buffer_bytes: usize,
    /// Buffers of one frame.
    pub frame_buffers: usize,
    /// Sealed files of the other side that are held at a time. Of those beyond it, copies are made.
    pub descriptors: usize,
    /// Bytes of them that are mapped at a time, likewise.
    pub mapped_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            // A mailbox takes one message of any size, but 16 MiB is what all of them may have together.
            frame_bytes: (16 << 20) + (64 << 10),
            buffer_bytes: 1 << 30,
            frame_buffers: 256,
            descriptors: 128,
            mapped_bytes: 1 << 30,
        }
    }
}
