//! Where a thread of the remote container sleeps: on a bell of the wire, its socket, the end of the listener, and
//! a nudge of other threads here.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{EventfdFlags, Timespec, epoll, eventfd};

use crate::wire::Descriptors;

pub(crate) struct Ears {
    epoll: OwnedFd,
    nudge: OwnedFd,
}

/// What was heard.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) bell: bool,
    pub(crate) socket: bool,
    pub(crate) process: bool,
}

const NUDGE: u64 = 0;
const BELL: u64 = 1;
const SOCKET: u64 = 2;
const PROCESS: u64 = 3;

impl Ears {
    /// Ears for a bell and whatever else is worth hearing.
    pub(crate) fn new(descriptors: Descriptors<'_>, bell: usize) -> io::Result<Ears> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let nudge = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        // Each nudge is heard once, without being read.
        let once = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&epoll, &nudge, epoll::EventData::new_u64(NUDGE), once)?;
        let others =
            [(descriptors.bells[bell], BELL), (descriptors.socket, SOCKET), (descriptors.process, PROCESS)];
        for (descriptor, what) in others {
            if let Some(descriptor) = descriptor {
                epoll::add(&epoll, descriptor, epoll::EventData::new_u64(what), epoll::EventFlags::IN)?;
            }
        }
        Ok(Ears { epoll, nudge })
    }

    /// Wakes whoever listens here, now or next.
    pub(crate) fn nudge(&self) {
        // It can only fail if it was nudged so often that it is sure to be heard.
        let _ = rustix::io::write(&self.nudge, &1_u64.to_ne_bytes());
    }

    /// Sleeps until there is something to hear, or the time is over.
    pub(crate) fn listen(&self, timeout: Option<Duration>) -> Heard {
        let mut events = Vec::with_capacity(4);
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        let mut heard = Heard::default();
        // An error is an interruption: whoever listens looks around and comes back.
        let _ = epoll::wait(&self.epoll, spare_capacity(&mut events), timeout.as_ref());
        for event in events {
            match event.data.u64() {
                BELL => heard.bell = true,
                SOCKET => heard.socket = true,
                PROCESS => heard.process = true,
                _ => {}
            }
        }
        heard
    }

    /// The connection is over: only nudges are heard from now on.
    pub(crate) fn turn_away(&self, descriptors: Descriptors<'_>, bell: usize) {
        for descriptor in
            [descriptors.bells[bell], descriptors.socket, descriptors.process].into_iter().flatten()
        {
            // It may not have been there, which is as well.
            let _ = epoll::delete(&self.epoll, descriptor.as_fd());
        }
    }
}
