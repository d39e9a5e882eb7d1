//! The process in the listener's kernel that represents a remote container.
//!
//! To all other processes it is the container: it has the pid, permissions and limits of the container, and only passes
//! on the messages in its mailbox and the frames from the wire. If the wire has no room, the stand-in takes no messages
//! from its mailbox, so that the limits of the mailbox hold for the senders. When the connection is over, or the other
//! side breaks the protocol, the stand-in ends; when the stand-in ends, the connection is over.

use std::sync::Arc;

use lucarne_kernel::{Context, Exit, MessageKind, Outcome, Pid, Port, Process, REQUESTS_MAX};
use rustc_hash::FxHashSet;

use crate::exchange::{Exchange, HELD_BYTES_MAX, Side};
use crate::frame::{self, Body, Incoming};
use crate::link::Link;
use crate::wire::{Frame, WireError};

/// The cost of a message or a frame, in units of the scheduler.
const STEP_COST: u32 = 50;

/// The maximum number of frames of a stand-in between machines that wait for room. For each request that the other
/// machine sends, there is at most one answer that no mailbox bounds, and each process may have 1,024 requests and as
/// many closes outstanding.
const WAITING_MAX: usize = 4 * REQUESTS_MAX;

pub(crate) struct StandIn {
    exchange: Arc<Exchange>,
    port: Option<Port>,
    frame: Frame,
    /// For stand-ins between machines: the processes of this side whose ends the other side is told of.
    watched: Option<FxHashSet<Pid>>,
}

/// The reason why a stand-in ends.
enum End {
    /// The container has ended with this code, as its kernel reported.
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
        let exchange = Exchange::new(link, Side::Listener);
        StandIn { exchange, port: None, frame: Frame::default(), watched: None }
    }

    /// Returns a stand-in for a process of another machine. Both machines have such stand-ins, so unlike others it never
    /// waits for room before it reads: otherwise both machines could wait for each other. It tells the other machine of
    /// the end of each process that has been in contact.
    pub(crate) fn between_machines(link: Arc<Link>) -> StandIn {
        let exchange = Exchange::new(link, Side::Machine);
        StandIn { exchange, port: None, frame: Frame::default(), watched: Some(FxHashSet::default()) }
    }

    /// Does one round: sends the messages in the mailbox, and delivers the frames that have arrived, up to `steps_max`
    /// together. Returns the number of messages and frames.
    fn pump(&mut self, context: &mut Context<'_>, steps_max: u32) -> Result<u32, End> {
        let exchange = &self.exchange;
        let port = self.port.get_or_insert_with(|| context.port());
        let mut steps = 0;
        exchange.link.retry();
        while steps < steps_max && !exchange.link.is_blocked() {
            let Some(message) = context.receive() else { break };
            if let Some(watched) = &mut self.watched {
                match message.kind {
                    MessageKind::ProcessTerminated { .. } => drop(watched.remove(&message.pid)),
                    _ if watched.insert(message.pid) => port.watch(message.pid),
                    _ => {}
                }
            }
            exchange.forward(port, message.pid, (message.pid, message.gid), message.kind);
            steps += 1;
        }
        while steps < steps_max && (self.watched.is_some() || !exchange.link.is_blocked()) {
            let is_full = self.watched.is_none() && exchange.held_bytes() >= HELD_BYTES_MAX;
            exchange.link.set_paused(is_full);
            if is_full || !exchange.link.receive(&mut self.frame)? {
                break;
            }
            if exchange.link.waiting() > WAITING_MAX {
                return Err(WireError::Violation("requests without room for their answers").into());
            }
            take(exchange, port, &mut self.watched, &mut self.frame)?;
            steps += 1;
        }
        exchange.return_credits(context.now_us());
        exchange.link.flush();
        Ok(steps)
    }
}

fn take(
    exchange: &Arc<Exchange>,
    port: &Port,
    watched: &mut Option<FxHashSet<Pid>>,
    frame: &mut Frame,
) -> Result<(), End> {
    let Frame { bytes, buffers } = frame;
    let Incoming { pid, body, .. } = frame::read(bytes, buffers.len())?;
    if let Body::Exit { code } = body {
        return Err(End::Exit(code));
    }
    if let Some(watched) = watched
        && watched.insert(pid)
    {
        port.watch(pid);
    }
    Ok(exchange.deliver(port, pid, pid, body, std::mem::take(buffers))?)
}

impl Process for StandIn {
    fn run(&mut self, context: &mut Context<'_>) -> Outcome {
        let steps_max = (context.budget() / STEP_COST).max(1);
        match self.pump(context, steps_max) {
            Ok(steps) => {
                context.charge(steps * STEP_COST);
                // The worker that waits on the wire wakes this process when there are frames, or room.
                if steps < steps_max { Outcome::Wait { until_us: None } } else { Outcome::Ready }
            }
            Err(End::Exit(0)) => Outcome::Exit(Exit::Done),
            Err(End::Exit(code)) => Outcome::Exit(Exit::Code(code)),
            // The process on the other machine may still run.
            Err(End::Wire(WireError::Broken)) if self.watched.is_some() => Outcome::Exit(Exit::Lost),
            Err(End::Wire(error)) => Outcome::Exit(Exit::failed(error.to_string())),
        }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.exchange.end();
    }
}

#[cfg(test)]
mod tests {
    use lucarne_kernel::{About, Gid, Pid, RequestId, Simulation, SpawnOptions};
    use lucarne_message::Payload;

    use super::*;
    use crate::frame::Outgoing;
    use crate::wire::Wire;
    use crate::wire::simulated::{SimulatedLine, SimulatedWire};

    /// A stand-in, and a peer that sends arbitrary frames.
    struct World {
        simulation: Simulation,
        stand_in: lucarne_kernel::RunningProgram,
        bystander: lucarne_kernel::RunningProgram,
        peer: SimulatedWire,
        line: SimulatedLine,
    }

    const REMOTE: usize = 1;

    impl World {
        fn new() -> World {
            let simulation = Simulation::new(1);
            let (near, peer, line) = SimulatedWire::pair(10_000);
            let link = Arc::new(Link::new(Arc::new(near)));
            let start = |process| simulation.handle().start(process, SpawnOptions::default());
            let stand_in = start(Box::new(StandIn::new(link)));
            let bystander = start(Box::new(|_: &mut Context<'_>| Outcome::Wait { until_us: None }));
            World { simulation, stand_in, bystander, peer, line }
        }

        fn send(&mut self, bytes: &[u8]) {
            let _ = self.peer.send(&[bytes], &mut Vec::new());
            while self.line.advance(1 - REMOTE) {}
            self.simulation.handle().wake(self.stand_in.first());
            self.simulation.run_until_quiet(10_000);
        }

        fn say(&mut self, mut outgoing: Outgoing) {
            let (parts, _) = outgoing.parts();
            let bytes = parts.concat();
            self.send(&bytes);
        }

        /// Returns the number of frames that have come back.
        fn answers(&self) -> usize {
            std::iter::from_fn(|| self.line.advance(REMOTE).then_some(())).count()
        }

        fn assert_alone(&self) {
            assert_eq!(self.stand_in.code(), Some(1), "it ends");
            assert_eq!(self.bystander.code(), None, "and no other process");
            assert!(self.line.is_cut());
        }
    }

    fn pid(number: i64) -> Pid {
        Pid::from_i64(number)
    }

    #[test]
    fn a_peer_that_speaks_out_of_turn_ends_alone() {
        let party = (pid(1), Gid::SYSTEM);
        for outgoing in [
            Outgoing::terminated(pid(1), false),
            Outgoing::hello("again"),
            Outgoing::welcome(party.0, party.1, pid(1)),
        ] {
            let mut world = World::new();
            world.say(outgoing);
            world.assert_alone();
        }
        for bytes in [&[][..], &[0; 40], &[255; 40], &[2; 39]] {
            let mut world = World::new();
            world.send(bytes);
            world.assert_alone();
        }
    }

    #[test]
    fn what_was_never_asked_for_is_not_answered_and_does_no_harm() {
        let mut world = World::new();
        let (id, other) = (RequestId::from_i64(77), world.bystander.first());
        world.say(Outgoing::answer(other, id, Ok(Payload::null())));
        world.say(Outgoing::cancel(other, id));
        world.say(Outgoing::credit(other, About::External, u32::MAX));
        world.say(Outgoing::credit(other, About::Resource { client: 1, handle: 1 }, u32::MAX));
        world.say(Outgoing::slow_consumer(other, 1, 1));
        world.say(Outgoing::watch(pid(-7)));
        assert_eq!(world.answers(), 1, "the report that no process has that pid");
        assert_eq!(world.stand_in.code(), None);
        assert_eq!(world.bystander.code(), None);
    }

    #[test]
    fn a_request_to_a_stranger_is_refused() {
        let mut world = World::new();
        let stranger = (world.bystander.first(), Gid::SYSTEM);
        world.say(Outgoing::request(stranger, RequestId::from_i64(1), 302, false, 0, Payload::null()));
        assert_eq!(world.answers(), 1);
        assert!(world.peer.is_ready());
        let mut frame = Frame::default();
        assert!(world.peer.receive(&mut frame).unwrap());
        let read = frame::read(&frame.bytes, 0).unwrap();
        assert!(matches!(read.body, Body::Failure { text: "NO_SUCH_PROCESS", .. }));
    }

    #[test]
    fn a_flood_of_unread_notifications_ends_the_sender() {
        let mut world = World::new();
        let system = world.simulation.handle().start_system(
            Box::new(|_: &mut Context<'_>| Outcome::Wait { until_us: None }),
            SpawnOptions::default(),
        );
        let mut sent = 0;
        while world.stand_in.code().is_none() && sent < 10_000 {
            sent += 1;
            let mut flood = Outgoing::notification((system, Gid::SYSTEM), 1, 1, Payload::null());
            let (parts, _) = flood.parts();
            let _ = world.peer.send(&[&parts.concat()], &mut Vec::new());
            while world.line.advance(1 - REMOTE) {}
            world.simulation.handle().wake(world.stand_in.first());
            while world.simulation.is_ready() {
                world.simulation.step();
            }
        }
        // As many as a mailbox takes, and as many that wait for room.
        assert_eq!(sent, 2 * lucarne_kernel::NOTIFICATIONS_MAX + 1);
        world.assert_alone();
    }
}
