//! The wait of a thread of the remote container: on a bell of the wire, its socket, the end of the listener, and a
//! nudge from other threads of this OS process.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{EventfdFlags, Timespec, epoll, eventfd};

use crate::wire::Descriptors;

pub(crate) struct Poller {
    epoll: OwnedFd,
    nudge: OwnedFd,
}

/// The events that ended a wait.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) bell: bool,
    pub(crate) socket: bool,
    pub(crate) process: bool,
}

const NUDGE: u64 = 0;
const BELL: u64 = 1;
const SOCKET: u64 = 2;
const PROCESS: u64 = 3;

impl Poller {
    /// Creates a poller for a bell and the other event sources.
    pub(crate) fn new(descriptors: Descriptors<'_>, bell: usize) -> io::Result<Poller> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let nudge = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        // Edge-triggered: each nudge is reported once, without a read.
        let once = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&epoll, &nudge, epoll::EventData::new_u64(NUDGE), once)?;
        let others =
            [(descriptors.bells[bell], BELL), (descriptors.socket, SOCKET), (descriptors.process, PROCESS)];
        for (descriptor, what) in others {
            if let Some(descriptor) = descriptor {
                epoll::add(&epoll, descriptor, epoll::EventData::new_u64(what), epoll::EventFlags::IN)?;
            }
        }
        Ok(Poller { epoll, nudge })
    }

    /// Wakes the thread that waits here now, or the next one to do so.
    pub(crate) fn nudge(&self) {
        // Fails only if so many nudges are pending that one is certain to be noticed.
        let _ = rustix::io::write(&self.nudge, &1_u64.to_ne_bytes());
    }

    /// Sleeps until an event arrives or the time is over.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> Ready {
        let mut events = Vec::with_capacity(4);
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        let mut ready = Ready::default();
        // The only error is an interruption: the waiting thread checks for work and comes back.
        let _ = epoll::wait(&self.epoll, spare_capacity(&mut events), timeout.as_ref());
        for event in events {
            match event.data.u64() {
                BELL => ready.bell = true,
                SOCKET => ready.socket = true,
                PROCESS => ready.process = true,
                _ => {}
            }
        }
        ready
    }

    /// Stops polling the connection, which is over: only nudges still count.
    pub(crate) fn deregister(&self, descriptors: Descriptors<'_>, bell: usize) {
        for descriptor in
            [descriptors.bells[bell], descriptors.socket, descriptors.process].into_iter().flatten()
        {
            // Fails if the descriptor was not registered, which is fine.
            let _ = epoll::delete(&self.epoll, descriptor.as_fd());
        }
    }
}
