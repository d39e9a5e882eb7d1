//! One end of a connection, as those who send over it see it: frames that find no room wait here.
//!
//! Any thread may send. Order is kept: as long as a frame waits, all that come after it do. Nobody should add to
//! them then ([`Link::is_blocked`]): what is not read out of a mailbox is bounded by the kernel.

use std::collections::VecDeque;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::OnceLock;
use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};

use crate::frame::Outgoing;
use crate::wire::{Frame, Sent, Wire, WireError};

pub(crate) struct Link {
    wire: Box<dyn Wire>,
    waiting: Mutex<VecDeque<Outgoing>>,
    is_blocked: AtomicBool,
    is_over: AtomicBool,
    /// Nothing is read for now, whatever comes.
    is_deaf: AtomicBool,
    /// Called when sending fails: whoever receives should look.
    on_failure: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl Link {
    pub(crate) fn new(wire: Box<dyn Wire>) -> Link {
        Link {
            wire,
            waiting: Mutex::default(),
            is_blocked: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            is_deaf: AtomicBool::new(false),
            on_failure: OnceLock::new(),
        }
    }

    pub(crate) fn on_failure(&self, call: Box<dyn Fn() + Send + Sync>) {
        let _ = self.on_failure.set(call);
    }

    /// What is below.
    pub(crate) fn wire(&self) -> &dyn Wire {
        &*self.wire
    }

    /// Sends a frame, or lets it wait. After the end it is dropped.
    pub(crate) fn send(&self, mut outgoing: Outgoing) {
        let mut waiting = self.waiting.lock();
        if self.is_over() || waiting.is_empty() && self.send_now(&mut outgoing) {
            return;
        }
        waiting.push_back(outgoing);
        self.is_blocked.store(true, Ordering::Release);
    }

    /// Tries again what has found no room.
    pub(crate) fn retry(&self) {
        if self.is_blocked() {
            self.send_waiting(&mut self.waiting.lock());
        }
    }

    fn send_waiting(&self, waiting: &mut VecDeque<Outgoing>) {
        while let Some(first) = waiting.front_mut()
            && self.send_now(first)
        {
            waiting.pop_front();
        }
        self.is_blocked.store(!waiting.is_empty(), Ordering::Release);
    }

    /// False if there is no room. When the connection fails, everything that is sent is as good as sent.
    fn send_now(&self, outgoing: &mut Outgoing) -> bool {
        let (parts, buffers) = outgoing.parts();
        match self.wire.send(&parts, buffers) {
            Ok(sent) => sent == Sent::Yes,
            Err(_) => {
                self.fail();
                true
            }
        }
    }

    /// Whether frames wait for room.
    pub(crate) fn is_blocked(&self) -> bool {
        self.is_blocked.load(Ordering::Acquire)
    }

    /// The next frame from the other side; false if there is none now. One thread at a time.
    pub(crate) fn receive(&self, into: &mut Frame) -> Result<bool, WireError> {
        // What the other side sent before it went is still good.
        match self.wire.receive(into) {
            Ok(false) if self.is_over() => Err(WireError::Broken),
            other => other,
        }
    }

    /// Lets the other side know of what was sent, and of the room that was made.
    pub(crate) fn flush(&self) {
        self.wire.flush();
    }

    /// Says whether it is worth looking at what comes.
    pub(crate) fn set_deaf(&self, is_deaf: bool) {
        self.is_deaf.store(is_deaf, Ordering::Release);
    }

    /// Whether whoever reads has something to do: a frame, room for what waited for it, or the end.
    pub(crate) fn has_news(&self) -> bool {
        if self.is_blocked() {
            self.retry();
            self.flush();
            return !self.is_blocked() || self.is_over();
        }
        self.is_over() || self.wire.is_ready() && !self.is_deaf.load(Ordering::Acquire)
    }

    /// Whether nothing can be sent any more.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// Ends the connection.
    pub(crate) fn close(&self) {
        let unsent = {
            let mut waiting = self.waiting.lock();
            self.is_over.store(true, Ordering::Release);
            self.is_blocked.store(false, Ordering::Release);
            std::mem::take(&mut *waiting)
        };
        drop(unsent);
        self.wire.close();
    }

    fn fail(&self) {
        if !self.is_over.swap(true, Ordering::AcqRel)
            && let Some(on_failure) = self.on_failure.get()
        {
            on_failure();
        }
    }
}
