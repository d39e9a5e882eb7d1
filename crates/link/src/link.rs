//! One end of a connection as stand-ins, mirrors and `exchange` use it: a wire, and the frames that wait for room in
//! it.
//!
//! Any thread can send. Order is kept: as long as a frame waits, all later frames wait too. Callers should add no
//! more frames then ([`Link::is_blocked`]): the kernel bounds the messages that stay in a mailbox.

use std::collections::VecDeque;
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::OnceLock;
use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use lucarne_kernel::{Pid, RequestId};

use crate::frame::Outgoing;
use crate::wire::{Frame, Sent, Wire, WireError};

pub(crate) struct Link {
    wire: Arc<dyn Wire>,
    waiting: Mutex<VecDeque<Outgoing>>,
    is_blocked: AtomicBool,
    is_over: AtomicBool,
    /// Whether reading is paused, even if frames arrive.
    is_paused: AtomicBool,
    /// Whether a frame has come from the other side.
    has_received: AtomicBool,
    /// Called when sending fails, so that the receiving thread checks the link.
    on_failure: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl Link {
    pub(crate) fn new(wire: Arc<dyn Wire>) -> Link {
        Link {
            wire,
            waiting: Mutex::default(),
            is_blocked: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            is_paused: AtomicBool::new(false),
            has_received: AtomicBool::new(false),
            on_failure: OnceLock::new(),
        }
    }

    pub(crate) fn on_failure(&self, call: Box<dyn Fn() + Send + Sync>) {
        let _ = self.on_failure.set(call);
    }

    /// Returns the wire below.
    pub(crate) fn wire(&self) -> &dyn Wire {
        &*self.wire
    }

    /// Sends a frame, or queues it. After the end the frame is dropped.
    pub(crate) fn send(&self, mut outgoing: Outgoing) {
        let mut waiting = self.waiting.lock();
        if self.is_over() || waiting.is_empty() && self.send_now(&mut outgoing) {
            return;
        }
        waiting.push_back(outgoing);
        self.is_blocked.store(true, Ordering::Release);
    }

    /// Retries the frames that found no room.
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

    /// Returns false if there is no room. When the connection fails, all frames count as sent.
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

    /// Returns the number of frames that wait for room.
    pub(crate) fn waiting(&self) -> usize {
        if self.is_blocked() { self.waiting.lock().len() } else { 0 }
    }

    /// Returns whether frames wait for room.
    pub(crate) fn is_blocked(&self) -> bool {
        self.is_blocked.load(Ordering::Acquire)
    }

    /// Receives the next frame from the other side; returns false if there is none now. One thread at a time.
    pub(crate) fn receive(&self, into: &mut Frame) -> Result<bool, WireError> {
        // Frames that the other side sent before it hung up are still valid.
        match self.wire.receive(into) {
            Ok(false) if self.is_over() => Err(WireError::Broken),
            Ok(true) => {
                self.has_received.store(true, Ordering::Relaxed);
                Ok(true)
            }
            other => other,
        }
    }

    /// Returns whether a frame has come from the other side.
    pub(crate) fn has_received(&self) -> bool {
        self.has_received.load(Ordering::Relaxed)
    }

    /// Tells the other side about sent frames and freed room.
    pub(crate) fn flush(&self) {
        self.wire.flush();
    }

    /// Pauses reading, or resumes it.
    pub(crate) fn set_paused(&self, is_paused: bool) {
        self.is_paused.store(is_paused, Ordering::Release);
    }

    /// Returns whether the stand-in has work: a received frame, room for waiting frames, or the end of the connection.
    /// Sends waiting frames first.
    pub(crate) fn has_news(&self) -> bool {
        if self.is_blocked() {
            self.retry();
            self.flush();
            return !self.is_blocked() || self.is_over();
        }
        self.is_over() || self.wire.is_ready() && !self.is_paused.load(Ordering::Acquire)
    }

    /// Returns whether the connection can no longer send.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// Ends the connection. Returns the requests that have not been sent.
    pub(crate) fn close(&self) -> Vec<(Pid, RequestId)> {
        let unsent = {
            let mut waiting = self.waiting.lock();
            self.is_over.store(true, Ordering::Release);
            self.is_blocked.store(false, Ordering::Release);
            std::mem::take(&mut *waiting)
        };
        let requests = unsent.iter().filter_map(Outgoing::request_key).collect();
        drop(unsent);
        self.wire.close();
        requests
    }

    fn fail(&self) {
        if !self.is_over.swap(true, Ordering::AcqRel)
            && let Some(on_failure) = self.on_failure.get()
        {
            on_failure();
        }
    }
}
