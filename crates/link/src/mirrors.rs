//! The processes of the listening system, as seen by the kernel of the remote container.
//!
//! There is one mirror for each process with which the container has exchanged a message: it is made on demand, and
//! removed when the listener reports the end of the process. Messages to its mailbox go over the wire at once, in the
//! thread of the sender; frames are delivered in its name. The listener decides the permissions to send, so the
//! remote kernel allows everything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use lucarne_kernel::{Context, Exit, Gid, KernelHandle, Outcome, Pid, Port, Process, Waker};
use rustc_hash::FxHashMap;

use crate::exchange::Exchange;
use crate::frame::{self, Body, Incoming, Outgoing};
use crate::wire::{Frame, WireError};

/// The number of frames taken before the container gets a turn.
const FRAMES_MAX: usize = 128;

/// The approximate limit of bytes taken before the container gets a turn.
const BYTES_MAX: usize = 1 << 20;

pub(crate) struct Mirrors {
    kernel: KernelHandle,
    container: Pid,
    exchange: Arc<Exchange>,
    alive: Arc<Alive>,
    receiving: Mutex<Receiving>,
    has_ended: AtomicBool,
}

/// The existing mirrors.
#[derive(Default)]
struct Alive {
    pids: Mutex<BTreeSet<Pid>>,
    /// The mirrors that wait for room in the wire.
    blocked: Mutex<BTreeMap<Pid, Waker>>,
}

#[derive(Default)]
struct Receiving {
    frame: Frame,
    ports: FxHashMap<Pid, Port>,
}

/// See the module documentation.
struct Mirror {
    pid: Pid,
    exchange: Arc<Exchange>,
    alive: Arc<Alive>,
    port: Option<Port>,
}

impl Mirrors {
    /// From now on, makes a mirror for each pid that the kernel does not know. The mirror of the listener's service
    /// manager stands for the system.
    pub(crate) fn new(
        kernel: KernelHandle,
        container: Pid,
        exchange: Arc<Exchange>,
        manager: Pid,
    ) -> Mirrors {
        let alive = Arc::new(Alive::default());
        let (making, sent_by) = (alive.clone(), exchange.clone());
        kernel.set_mirrors(Box::new(move |pid| {
            if sent_by.link.is_over() {
                return None;
            }
            making.pids.lock().insert(pid);
            let (exchange, alive) = (sent_by.clone(), making.clone());
            Some(Box::new(Mirror { pid, exchange, alive, port: None }))
        }));
        kernel.set_system_process(manager);
        Mirrors {
            kernel,
            container,
            exchange,
            alive,
            receiving: Mutex::default(),
            has_ended: AtomicBool::new(false),
        }
    }

    pub(crate) fn exchange(&self) -> &Arc<Exchange> {
        &self.exchange
    }

    /// Delivers received frames, up to a limit. Returns false if there were none. One thread at a time.
    ///
    /// # Errors
    /// Fails if the connection is over.
    pub(crate) fn take_frames(&self) -> Result<bool, WireError> {
        let link = &self.exchange.link;
        if link.is_blocked() {
            link.retry();
            self.wake_blocked();
        }
        let mut receiving = self.receiving.lock();
        let Receiving { frame, ports } = &mut *receiving;
        let (mut count, mut bytes) = (0, 0);
        while count < FRAMES_MAX && bytes < BYTES_MAX && link.receive(frame)? {
            count += 1;
            bytes +=
                frame.bytes.len() + frame.buffers.iter().map(lucarne_message::Buffer::len).sum::<usize>();
            self.take(ports, frame)?;
        }
        Ok(count > 0)
    }

    /// Acknowledges to the other side the notifications that were handled here. To be called after a round of work.
    pub(crate) fn settle(&self, now_us: i64) {
        self.exchange.return_credits(now_us);
        self.exchange.link.flush();
    }

    fn take(&self, ports: &mut FxHashMap<Pid, Port>, frame: &mut Frame) -> Result<(), WireError> {
        let Frame { bytes, buffers } = frame;
        let Incoming { pid, gid, body } = frame::read(bytes, buffers.len())?;
        let buffers = std::mem::take(buffers);
        match body {
            Body::Terminated { is_lost } => {
                ports.remove(&pid);
                self.exchange.forget(pid);
                self.alive.pids.lock().remove(&pid);
                match is_lost {
                    true => self.kernel.lose(pid),
                    false => self.kernel.kill(pid),
                }
                Ok(())
            }
            body => match self.port(ports, pid, gid) {
                Some(port) => self.exchange.deliver(port, self.container, pid, body, buffers),
                // The connection is over, so no new mirror is made.
                None => Ok(()),
            },
        }
    }

    fn port<'p>(&self, ports: &'p mut FxHashMap<Pid, Port>, pid: Pid, gid: Gid) -> Option<&'p Port> {
        // Answers, cancels and acknowledgments do not carry the group of the process, but `Gid::SYSTEM`.
        let is_known = ports.get(&pid).is_some_and(|port| port.gid() == gid || gid == Gid::SYSTEM);
        if !is_known {
            ports.insert(pid, self.kernel.mirror(pid, gid)?);
        }
        ports.get(&pid)
    }

    fn wake_blocked(&self) {
        if !self.exchange.link.is_blocked() {
            let blocked = std::mem::take(&mut *self.alive.blocked.lock());
            for mirror in blocked.values() {
                mirror.wake();
            }
        }
    }

    /// Returns whether [`end`](Mirrors::end) was called.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::Acquire)
    }

    /// Ends all mirrors, because the connection is over.
    pub(crate) fn end(&self) {
        self.has_ended.store(true, Ordering::Release);
        // First fails the pending requests, then ends the mirrors: the order that the kernel promises.
        self.exchange.end();
        let pids = std::mem::take(&mut *self.alive.pids.lock());
        pids.into_iter().for_each(|pid| self.kernel.kill(pid));
        self.receiving.lock().ports.clear();
        self.alive.blocked.lock().clear();
    }
}

/// Returns the exit code that the listener gets for the end of a container.
pub(crate) fn exit_code(exit: &Exit) -> i32 {
    match exit {
        Exit::Done | Exit::Killed => 0,
        Exit::Code(code) => *code,
        Exit::Failed { .. } | Exit::Panicked { .. } | Exit::Lost => 1,
    }
}

impl Process for Mirror {
    fn run(&mut self, context: &mut Context<'_>) -> Outcome {
        let link = &self.exchange.link;
        let mut has_sent = self.port.is_none();
        let port = self.port.get_or_insert_with(|| {
            link.send(Outgoing::watch(self.pid));
            context.port()
        });
        while !link.is_blocked() {
            let Some(message) = context.receive() else { break };
            self.exchange.forward(port, message.pid, (self.pid, Gid::SYSTEM), message.kind);
            has_sent = true;
        }
        if link.is_blocked() {
            self.wait_for_room(context);
        }
        if has_sent {
            link.flush();
        }
        Outcome::Wait { until_us: None }
    }
}

impl Mirror {
    fn wait_for_room(&self, context: &Context<'_>) {
        let mut blocked = self.alive.blocked.lock();
        let waker = context.waker();
        if self.exchange.link.is_blocked() {
            blocked.insert(self.pid, waker);
        } else {
            // There is room by now, and the thread that wakes the mirrors in the list did not find this one there.
            drop(blocked);
            waker.wake();
        }
    }
}
