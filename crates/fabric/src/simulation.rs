//! Runs several machines on one thread, in virtual time, for tests; a seed decides every choice.
//!
//! Each machine is a [`Simulation`] with a service manager and a clock of its own. The network between them is in memory:
//! the seed also decides when a packet arrives. Wires can be cut, in one direction too, and [`Weather`] makes them slow, or
//! makes them duplicate, lose and reorder packets. Machines can be stopped, go on with the state that they had, and start
//! again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use lucarne_kernel::random::Random;
use lucarne_kernel::sync::Mutex;
use lucarne_kernel::{Faults, KernelHandle, Simulation, SpawnOptions, Waker};
use lucarne_services::{Abroad, Offered, Oversight, Presence, ServiceManager};

use crate::inbox::Inbox;
use crate::name::MachineName;
use crate::network::{Event, Network, Token};
use crate::status::Status;
use crate::switchboard::{Options, join};

/// How bad the wires are: the chances in 1,000 for each packet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weather {
    /// It arrives twice, the second time later.
    pub duplicates: u64,
    /// It is lost.
    pub losses: u64,
    /// It arrives after one that was sent later.
    pub reorders: u64,
}

/// Several machines under simulation.
pub struct SimulatedFabric {
    machines: Vec<Machine>,
    ether: Ether,
    random: Random,
    make: Box<dyn Fn(MachineName, Arc<dyn Network>) -> Options>,
}

/// A machine under simulation.
pub struct Machine {
    name: MachineName,
    simulation: Simulation,
    abroad: Abroad,
    status: Status,
    network: Arc<SimulatedNetwork>,
    is_stopped: bool,
}

/// What connects all machines.
type Ether = Arc<Mutex<State>>;

#[derive(Default)]
struct State {
    weather: Weather,
    /// The directions in which nothing passes: sender and receiver.
    cuts: BTreeSet<(MachineName, MachineName)>,
    /// The machines whose networks have no room for packets.
    full: BTreeSet<MachineName>,
    /// The packets on their way, by receiver and sender.
    under_way: BTreeMap<(MachineName, MachineName), VecDeque<Event>>,
    /// The services that are announced, by machine, with their descriptions.
    announced: BTreeMap<MachineName, BTreeMap<Token, Vec<u8>>>,
    /// The announcements that each machine has seen.
    seen: BTreeMap<MachineName, BTreeSet<Token>>,
}

/// The network, as one start of a machine has it.
struct SimulatedNetwork {
    name: MachineName,
    ether: Ether,
    inbox: Inbox,
}

impl Network for SimulatedNetwork {
    fn announce(&self, token: &Token, description: Vec<u8>) {
        let mut state = self.ether.lock();
        state.announced.entry(self.name.clone()).or_default().insert(token.clone(), description);
    }

    fn withdraw(&self, token: &Token) {
        let mut state = self.ether.lock();
        state.announced.entry(self.name.clone()).or_default().remove(token);
    }

    fn ask(&self, token: &Token) {
        let mut state = self.ether.lock();
        let from = token.machine.clone();
        let is_cut = |state: &State, from: &MachineName, to: &MachineName| {
            state.cuts.contains(&(from.clone(), to.clone()))
        };
        if is_cut(&state, &self.name, &from) || is_cut(&state, &from, &self.name) {
            return;
        }
        let description = state.announced.get(&from).and_then(|all| all.get(token)).cloned();
        if let Some(description) = description {
            let event = Event::Described(token.clone(), description);
            state.under_way.entry((self.name.clone(), from)).or_default().push_back(event);
        }
    }

    fn send(&self, to: &MachineName, packet: Vec<u8>) -> bool {
        let mut state = self.ether.lock();
        if state.full.contains(&self.name) {
            return false;
        }
        if !state.cuts.contains(&(self.name.clone(), to.clone())) {
            let event = Event::Packet(self.name.clone(), packet);
            state.under_way.entry((to.clone(), self.name.clone())).or_default().push_back(event);
        }
        true
    }

    fn demand_proof(&self) {
        self.inbox.demand_proof();
    }

    fn set_proven(&self, machine: &MachineName, is_proven: bool) {
        self.inbox.set_proven(machine, is_proven);
    }

    fn next_event(&self) -> Option<Event> {
        self.inbox.pop()
    }

    fn set_waker(&self, waker: Waker) {
        self.inbox.set_waker(waker);
    }
}

/// A possible next event.
enum Next {
    Turn(usize),
    Arrival(MachineName, MachineName),
    Sight(MachineName, Token, bool),
}

impl SimulatedFabric {
    /// Creates a fabric without machines. `make` makes the options with which a machine joins, at each of its starts.
    pub fn new(
        seed: u64,
        make: impl Fn(MachineName, Arc<dyn Network>) -> Options + 'static,
    ) -> SimulatedFabric {
        let (ether, random) = (Ether::default(), Random::seeded(seed));
        SimulatedFabric { machines: Vec::new(), ether, random, make: Box::new(make) }
    }

    /// Starts a machine, and returns its number.
    ///
    /// # Panics
    /// If the name is not valid.
    pub fn start(&mut self, name: &str) -> usize {
        let name: MachineName = name.parse().expect("the name of a machine");
        let machine = self.boot(name);
        self.machines.push(machine);
        self.machines.len() - 1
    }

    fn boot(&self, name: MachineName) -> Machine {
        let simulation = Simulation::new(self.random.next_u64()).with_faults(Faults::default());
        let kernel = simulation.handle();
        let abroad = Abroad::default();
        let oversight = Oversight { abroad: abroad.clone(), ..Oversight::default() };
        let manager = ServiceManager::overseen(Presence::default(), oversight);
        let manager = kernel.start_system(Box::new(manager), SpawnOptions::named("manager"));
        kernel.set_system_process(manager);
        let network = Arc::new(SimulatedNetwork {
            name: name.clone(),
            ether: self.ether.clone(),
            inbox: Inbox::default(),
        });
        let status = join(kernel, &abroad, (self.make)(name.clone(), network.clone()));
        Machine { name, simulation, abroad, status, network, is_stopped: false }
    }

    /// Returns a machine.
    pub fn machine(&self, number: usize) -> &Machine {
        &self.machines[number]
    }

    /// Ends a machine as a power cut does, and starts it again. All its processes have ended.
    pub fn restart(&mut self, number: usize) {
        let name = self.machines[number].name.clone();
        let mut state = self.ether.lock();
        state.announced.remove(&name);
        state.seen.remove(&name);
        drop(state);
        self.machines[number] = self.boot(name);
    }

    /// Stops a machine as SIGSTOP does, or lets it go on. Packets to it wait, and its clock stands still.
    pub fn stop(&mut self, number: usize, is_stopped: bool) {
        self.machines[number].is_stopped = is_stopped;
    }

    /// Cuts the wire from one machine to another, in this direction alone, or heals it.
    pub fn cut(&mut self, from: usize, to: usize, is_cut: bool) {
        let direction = (self.machines[from].name.clone(), self.machines[to].name.clone());
        let mut state = self.ether.lock();
        if is_cut {
            let way = (direction.1.clone(), direction.0.clone());
            state.under_way.remove(&way);
            state.cuts.insert(direction);
        } else {
            state.cuts.remove(&direction);
        }
    }

    /// Sets whether the network of a machine has no room for what it sends.
    pub fn set_full(&mut self, number: usize, is_full: bool) {
        let name = self.machines[number].name.clone();
        let mut state = self.ether.lock();
        if is_full {
            state.full.insert(name);
        } else {
            state.full.remove(&name);
        }
    }

    /// Heals all wires, and lets all machines go on.
    pub fn heal(&mut self) {
        self.ether.lock().cuts.clear();
        self.machines.iter_mut().for_each(|machine| machine.is_stopped = false);
    }

    /// Sets the weather on all wires.
    pub fn set_weather(&mut self, weather: Weather) {
        self.ether.lock().weather = weather;
    }

    /// Sends a packet to a machine in the name of another, as a forger does.
    pub fn forge(&mut self, from: usize, to: usize, packet: Vec<u8>) {
        let from = self.machines[from].name.clone();
        self.forge_from(&from, to, packet);
    }

    /// Sends a packet to a machine in the name of one that need not exist.
    pub fn forge_from(&mut self, from: &MachineName, to: usize, packet: Vec<u8>) {
        self.machines[to].network.inbox.push(Event::Packet(from.clone(), packet));
    }

    /// Announces a service in the name of a machine, as a forger does.
    pub fn forge_token(&mut self, to: usize, token: Token, description: Vec<u8>) {
        let network = &self.machines[to].network;
        network.inbox.push(Event::Appeared(token.clone()));
        network.inbox.push(Event::Described(token, description));
    }

    /// Returns the packets that are on their way between two machines.
    pub fn packets(&self, from: usize, to: usize) -> Vec<Vec<u8>> {
        let way = (self.machines[to].name.clone(), self.machines[from].name.clone());
        let state = self.ether.lock();
        let packet = |event: &Event| match event {
            Event::Packet(_, bytes) => Some(bytes.clone()),
            _ => None,
        };
        state.under_way.get(&way).into_iter().flatten().filter_map(packet).collect()
    }

    /// Runs a turn, delivers a packet, or lets time pass. Returns false if nothing is left to happen.
    pub fn step(&mut self) -> bool {
        let mut possible = Vec::new();
        for (number, machine) in self.machines.iter().enumerate() {
            if machine.simulation.is_ready() && !machine.is_stopped {
                possible.push(Next::Turn(number));
            }
        }
        let state = self.ether.lock();
        possible.extend(
            state
                .under_way
                .iter()
                .filter(|(_, events)| !events.is_empty())
                .map(|((to, from), _)| Next::Arrival(to.clone(), from.clone())),
        );
        for machine in &self.machines {
            possible.extend(machine.sights(&state));
        }
        drop(state);
        if possible.is_empty() {
            return self.move_time();
        }
        let chosen = possible.swap_remove(self.random.below(possible.len() as u64) as usize);
        self.happen(chosen);
        true
    }

    /// Steps until `done` returns true, nothing is left to happen, or `steps_max` steps were taken. Returns the last result
    /// of `done`.
    pub fn run_until(&mut self, steps_max: u64, mut done: impl FnMut(&SimulatedFabric) -> bool) -> bool {
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

    fn happen(&mut self, next: Next) {
        match next {
            Next::Turn(number) => drop(self.machines[number].simulation.step()),
            Next::Arrival(to, from) => {
                if let Some(event) = self.arrive(&to, &from) {
                    self.hand_over(&to, event);
                }
            }
            Next::Sight(to, token, appears) => {
                let mut state = self.ether.lock();
                let seen = state.seen.entry(to.clone()).or_default();
                let event = if appears {
                    seen.insert(token.clone());
                    Event::Appeared(token)
                } else {
                    seen.remove(&token);
                    Event::Disappeared(token)
                };
                drop(state);
                self.hand_over(&to, event);
            }
        }
    }

    /// Takes the next packet on a way, as the weather allows.
    fn arrive(&self, to: &MachineName, from: &MachineName) -> Option<Event> {
        let state = &mut *self.ether.lock();
        let weather = state.weather;
        let way = state.under_way.get_mut(&(to.clone(), from.clone()))?;
        let happens = |chance: u64| chance > 0 && self.random.below(1_000) < chance;
        if way.len() > 1 && happens(weather.reorders) {
            way.swap(0, 1);
        }
        let event = way.pop_front()?;
        if let Event::Packet(name, bytes) = &event {
            if happens(weather.losses) {
                return None;
            }
            if happens(weather.duplicates) {
                way.push_back(Event::Packet(name.clone(), bytes.clone()));
            }
        }
        Some(event)
    }

    fn hand_over(&self, to: &MachineName, event: Event) {
        if let Some(machine) = self.machines.iter().find(|machine| machine.name == *to) {
            machine.network.inbox.push(event);
        }
    }

    /// Advances the time of the machine whose timer is the earliest. Returns false if no timer is set.
    fn move_time(&mut self) -> bool {
        let going = self.machines.iter_mut().filter(|machine| !machine.is_stopped);
        let timed = going.filter_map(|machine| Some((machine.simulation.next_timer_us()?, machine)));
        match timed.min_by_key(|(next_us, _)| *next_us) {
            Some((_, machine)) => {
                machine.simulation.step();
                true
            }
            None => false,
        }
    }
}

impl Machine {
    /// Returns the kernel of the machine.
    pub fn kernel(&self) -> &KernelHandle {
        self.simulation.handle()
    }

    /// Returns whether something has come that the machine has not looked at yet.
    pub fn has_events(&self) -> bool {
        !self.network.inbox.is_empty()
    }

    /// Returns the services of the machine, also those that it does not export.
    pub fn services(&self) -> Vec<Offered> {
        self.abroad.offered(0).map(|(_, services)| services).unwrap_or_default()
    }

    /// Returns what the machine sees of the others.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Returns the announcements that appear to this machine, or disappear. An announcement disappears if nothing
    /// arrives from its machine.
    fn sights(&self, state: &State) -> Vec<Next> {
        if self.is_stopped {
            return Vec::new();
        }
        let none = BTreeSet::new();
        let seen = state.seen.get(&self.name).unwrap_or(&none);
        let is_there = |token: &Token| {
            !state.cuts.contains(&(token.machine.clone(), self.name.clone()))
                && state.announced.get(&token.machine).is_some_and(|all| all.contains_key(token))
        };
        let sight = |token: &Token, appears| Next::Sight(self.name.clone(), token.clone(), appears);
        let others =
            state.announced.values().flat_map(BTreeMap::keys).filter(|token| token.machine != self.name);
        let appear = others.filter(|token| is_there(token) && !seen.contains(token));
        let disappear = seen.iter().filter(|token| !is_there(token));
        appear.map(|token| sight(token, true)).chain(disappear.map(|token| sight(token, false))).collect()
    }
}
