//! Runs a listening system and its remote containers on one thread, in virtual time, for tests; a seed decides every
//! choice.
//!
//! Each OS process is a [`Simulation`] of its own, with its own clock, and the wires between them are in memory: the
//! seed also decides when a frame arrives. Connections can be cut at any moment.

use std::sync::Arc;

use lucarne_kernel::random::Random;
use lucarne_kernel::sync::Mutex;
use lucarne_kernel::{Faults, Gid, Hooks, KernelHandle, Pid, Simulation, SpawnOptions, Waker};
use lucarne_services::Container;

use crate::exchange::{Exchange, Side};
use crate::frame::Outgoing;
use crate::link::Link;
use crate::mirrors::Mirrors;
use crate::stand_in::StandIn;
use crate::wire::simulated::{SimulatedLine, SimulatedWire};

/// Several OS processes under simulation: a listening system, and containers that are connected to it.
pub struct SimulatedHouse {
    listener: Simulation,
    remotes: Vec<SimulatedRemote>,
    random: Random,
    is_listener_frozen: bool,
}

/// A remote container under simulation.
pub struct SimulatedRemote {
    simulation: Simulation,
    mirrors: Arc<Mirrors>,
    container: Container,
    line: SimulatedLine,
    /// The listener's end of the wire, and the stand-in to wake when data has arrived there.
    near: (Arc<Link>, Option<Waker>),
    is_frozen: bool,
}

/// The two ends of a line.
const LISTENER: usize = 0;
const REMOTE: usize = 1;

impl SimulatedHouse {
    /// Creates a listening system to which no container is connected.
    pub fn new(seed: u64, faults: Faults) -> SimulatedHouse {
        let random = Random::seeded(seed);
        let listener = Simulation::new(random.next_u64()).with_faults(faults);
        SimulatedHouse { listener, remotes: Vec::new(), random, is_listener_frozen: false }
    }

    /// Returns the kernel of the listening system.
    pub fn kernel(&self) -> &KernelHandle {
        self.listener.handle()
    }

    /// Connects a container by a wire that holds `room` frames in each direction. Returns the number of the container,
    /// or none if the listening system has no service manager.
    pub fn connect(&mut self, name: &str, room: usize) -> Option<usize> {
        let manager = self.kernel().system_process()?;
        let (near, far, line) = SimulatedWire::pair(room);
        let near = Arc::new(Link::new(Arc::new(near)));
        let program = self.kernel().start(Box::new(StandIn::new(near.clone())), SpawnOptions::named(name));
        let (pid, gid) = (program.first(), program.gid());
        let waker = self.kernel().waker(pid);
        let remote = SimulatedRemote::new(
            self.random.next_u64(),
            name,
            (pid, gid),
            manager,
            far,
            line,
            (near, waker),
        )?;
        self.remotes.push(remote);
        Some(self.remotes.len() - 1)
    }

    /// Returns a connected container.
    pub fn remote(&self, number: usize) -> &SimulatedRemote {
        &self.remotes[number]
    }

    /// Cuts the connection of a container and kills the container, as if its OS process were killed.
    pub fn kill(&mut self, number: usize) {
        self.remotes[number].line.cut();
        self.remotes[number].container.kill();
    }

    /// Stops the OS process of a container as SIGSTOP does, or continues it. The connection stays open.
    pub fn freeze(&mut self, number: usize, is_frozen: bool) {
        self.remotes[number].is_frozen = is_frozen;
    }

    /// Stops the OS process of the listening system as SIGSTOP does, or continues it.
    pub fn freeze_listener(&mut self, is_frozen: bool) {
        self.is_listener_frozen = is_frozen;
    }

    /// Runs one turn of a process, delivers one frame, lets one side handle its frames, or advances the time. Returns
    /// false if no event is left.
    pub fn step(&mut self) -> bool {
        let mut possible = Vec::new();
        if self.listener.is_ready() && !self.is_listener_frozen {
            possible.push(Event::ListenerTurn);
        }
        for (number, remote) in self.remotes.iter().enumerate() {
            remote.events(number, self.is_listener_frozen, &mut possible);
        }
        if possible.is_empty() {
            return self.move_time();
        }
        let event = possible[self.random.below(possible.len() as u64) as usize];
        self.happen(event);
        true
    }

    /// Steps until `done` returns true, no event is left, or `steps_max` steps were taken. Returns the last result of
    /// `done`.
    pub fn run_until(&mut self, steps_max: u64, mut done: impl FnMut(&SimulatedHouse) -> bool) -> bool {
        for _ in 0..steps_max {
            if done(self) {
                return true;
            }
            if !self.step() {
                break;
            }
        }
        done(self)
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::ListenerTurn => drop(self.listener.step()),
            Event::RemoteTurn(number) => drop(self.remotes[number].simulation.step()),
            Event::Arrival(number, end) => {
                let remote = &self.remotes[number];
                remote.line.advance(end);
                if end == LISTENER {
                    remote.wake_stand_in();
                }
            }
            Event::Reception(number) => self.remotes[number].receive(),
            Event::StandIn(number) => self.remotes[number].wake_stand_in(),
        }
    }

    /// Advances the time of one OS process to its next timer: of the OS process whose timer is the earliest. Frozen OS
    /// processes do not count. Returns false if no timer is set.
    fn move_time(&mut self) -> bool {
        let listener = Some(&mut self.listener).filter(|_| !self.is_listener_frozen);
        let simulations = listener.into_iter().chain(
            self.remotes.iter_mut().filter(|remote| !remote.is_frozen).map(SimulatedRemote::simulation),
        );
        let timed = simulations.filter_map(|simulation| Some((simulation.next_timer_us()?, simulation)));
        match timed.min_by_key(|(next_us, _)| *next_us) {
            Some((_, simulation)) => {
                simulation.step();
                true
            }
            None => false,
        }
    }
}

/// A possible next event.
#[derive(Clone, Copy)]
enum Event {
    ListenerTurn,
    RemoteTurn(usize),
    /// A frame of a container arrives at an end of its line: the number of the container, and the end.
    Arrival(usize, usize),
    /// The remote container takes its frames.
    Reception(usize),
    /// The stand-in of a container is woken: it has frames to read, or room to send.
    StandIn(usize),
}

impl SimulatedRemote {
    fn new(
        seed: u64,
        name: &str,
        (pid, gid): (Pid, Gid),
        manager: Pid,
        far: SimulatedWire,
        line: SimulatedLine,
        near: (Arc<Link>, Option<Waker>),
    ) -> Option<SimulatedRemote> {
        let link = Arc::new(Link::new(Arc::new(far)));
        let exchange = Exchange::new(link.clone(), Side::Container);
        let ending = Mutex::new(Some(link));
        let on_end = move |report: &lucarne_kernel::EndReport<'_>| {
            if report.pid == pid
                && let Some(link) = ending.lock().take()
            {
                link.send(Outgoing::exit(crate::mirrors::exit_code(report.exit)));
            }
        };
        let hooks = Hooks { on_end: Some(Box::new(on_end)), ..Hooks::default() };
        let simulation = Simulation::with_hooks(seed, hooks);
        let mirrors = Arc::new(Mirrors::new(simulation.handle().clone(), pid, exchange, manager));
        let container = Container::start_as(simulation.handle(), name, pid, gid, None)?;
        Some(SimulatedRemote { simulation, mirrors, container, line, near, is_frozen: false })
    }

    fn simulation(&mut self) -> &mut Simulation {
        &mut self.simulation
    }

    /// Returns the container.
    pub fn container(&self) -> &Container {
        &self.container
    }

    /// Returns the control over the wire between the container and its listener.
    pub fn line(&self) -> &SimulatedLine {
        &self.line
    }

    /// Returns the kernel of the container's OS process.
    pub fn kernel(&self) -> &KernelHandle {
        self.simulation.handle()
    }

    fn events(&self, number: usize, is_listener_frozen: bool, possible: &mut Vec<Event>) {
        if self.simulation.is_ready() && !self.is_frozen {
            possible.push(Event::RemoteTurn(number));
        }
        for end in [LISTENER, REMOTE] {
            if self.line.under_way_to(end) > 0 {
                possible.push(Event::Arrival(number, end));
            }
        }
        let has_news = |link: &Link| link.is_over() || link.wire().is_ready();
        if !self.is_frozen && !self.mirrors.has_ended() && has_news(&self.mirrors.exchange().link) {
            possible.push(Event::Reception(number));
        }
        let (near, waker) = &self.near;
        if !is_listener_frozen && waker.as_ref().is_some_and(Waker::is_alive) && has_news(near) {
            possible.push(Event::StandIn(number));
        }
    }

    fn receive(&self) {
        match self.mirrors.take_frames() {
            Ok(_) => self.mirrors.settle(self.simulation.handle().clock().now_us()),
            Err(_) => self.mirrors.end(),
        }
    }

    fn wake_stand_in(&self) {
        if let (_, Some(waker)) = &self.near {
            waker.wake();
        }
    }
}
