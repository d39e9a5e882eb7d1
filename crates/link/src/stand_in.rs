//! The process in the listener's kernel that represents a remote container.
//!
//! For everybody else it is the container: it has its pid, permissions and limits, and all that it does is pass on
//! what is in its mailbox and what comes over the wire. If the wire has no room it leaves its mailbox alone, whose
//! bounds then hold for its senders. When the connection is over, or the other side breaks a rule, it ends, and
//! when it ends the connection is over.

use std::sync::Arc;

use lucarne_kernel::{Context, Exit, Outcome, Port, Process};

use crate::exchange::{Exchange, Side};
use crate::frame::{self, Body, Incoming};
use crate::link::Link;
use crate::wire::{Frame, WireError};

/// What dealing with a message or a frame costs, in units of the scheduler.
const STEP_COST: u32 = 50;

/// While more bytes of notifications than this wait for room at their receivers, nothing more is read.
const HELD_BYTES_MAX: usize = 16 << 20;

pub(crate) struct StandIn {
    exchange: Arc<Exchange>,
    port: Option<Port>,
    frame: Frame,
}

/// Why a stand-in ends.
enum End {
    /// The container says that it has ended, with this code.
    Exit(i32),
    Wire(WireError),
}

impl From<WireError> for End {
    fn from(error: WireError) -> End {
        End::Wire(error)
    }
}

impl StandIn {
    pub(crate) fn new(link: Arc<Link>) -> StandIn {
        StandIn { exchange: Exchange::new(link, Side::Listener), port: None, frame: Frame::default() }
    }

    /// One round: what is there goes over the wire, what came is delivered. Says how many steps that took.
    fn pump(&mut self, context: &mut Context<'_>, steps_max: u32) -> Result<u32, End> {
        let exchange = &self.exchange;
        let port = self.port.get_or_insert_with(|| context.port());
        let mut steps = 0;
        exchange.link.retry();
        while steps < steps_max && !exchange.link.is_blocked() {
            let Some(message) = context.receive() else { break };
            exchange.forward(port, message.pid, (message.pid, message.gid), message.kind);
            steps += 1;
        }
        while steps < steps_max && !exchange.link.is_blocked() {
            let is_full = exchange.held_bytes() >= HELD_BYTES_MAX;
            exchange.link.set_deaf(is_full);
            if is_full || !exchange.link.receive(&mut self.frame)? {
                break;
            }
            take(exchange, port, &mut self.frame)?;
            steps += 1;
        }
        exchange.return_credits(context.now_us());
        exchange.link.flush();
        Ok(steps)
    }
}

fn take(exchange: &Arc<Exchange>, port: &Port, frame: &mut Frame) -> Result<(), End> {
    let Frame { bytes, buffers } = frame;
    let Incoming { pid, body, .. } = frame::read(bytes, buffers.len())?;
    if let Body::Exit { code } = body {
        return Err(End::Exit(code));
    }
    Ok(exchange.deliver(port, pid, pid, body, std::mem::take(buffers))?)
}

impl Process for StandIn {
    fn run(&mut self, context: &mut Context<'_>) -> Outcome {
        let mut left = context.budget() / STEP_COST;
        while left > 0 && !context.should_yield() {
            match self.pump(context, left) {
                // Whoever waits on the wire wakes this process when there is more, or room.
                Ok(0) => return Outcome::Wait { until_us: None },
                Ok(steps) => {
                    context.charge(steps * STEP_COST);
                    left -= steps.min(left);
                }
                Err(End::Exit(0)) => return Outcome::Exit(Exit::Done),
                Err(End::Exit(code)) => return Outcome::Exit(Exit::Code(code)),
                Err(End::Wire(error)) => return Outcome::Exit(Exit::failed(error.to_string())),
            }
        }
        Outcome::Ready
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.exchange.end();
    }
}
