//! The connections of a listener that have sent their hello, and the limits on their number.
//!
//! A connection costs descriptors and memory, and any OS process of the user can make connections. Connections that
//! have sent nothing since their hello are *idle*. If there are too many of these, the oldest idle connection of the OS
//! process with the most idle connections is closed. So an OS process that makes connections without end loses its own.
//! A connection that has sent something is never closed in favor of another: if such connections take all places, new
//! connections are refused.

use std::sync::Weak;

use lucarne_kernel::RunningProgram;
use rustix::process::{Resource, getrlimit};

use crate::link::Link;

/// The maximum number of connections of a listener.
const CONNECTED_MAX: u64 = 4_096;

/// The minimum of the limit on connections, however few descriptors this OS process may open.
const CONNECTED_MIN: u64 = 16;

/// The number of descriptors that are reserved for each connection. A connection over shared memory has seven: the
/// socket, the pidfd, and five for its bells. So the connections of a listener take at most 70% of what the OS process
/// may open, unless that is so little that `CONNECTED_MIN` applies.
const DESCRIPTORS_EACH: u64 = 10;

/// The maximum number of idle connections is the lower of `IDLE_MAX`, and the limit on connections divided by
/// `IDLE_PART`.
const IDLE_MAX: usize = 256;
const IDLE_PART: usize = 4;

/// A connection that is counted against the limits.
pub(crate) trait Counted {
    /// Returns whether the connection has ended.
    fn is_over(&self) -> bool;
    /// Returns whether the peer has sent nothing since its hello.
    fn is_idle(&self) -> bool;
    /// Returns the id of the OS process at the other end.
    fn process(&self) -> i32;
    /// Ends the connection.
    fn end(self);
}

/// A connection and its stand-in.
pub(crate) struct Welcomed {
    pub(crate) link: Weak<Link>,
    pub(crate) stand_in: RunningProgram,
    pub(crate) process: i32,
}

impl Counted for Welcomed {
    fn is_over(&self) -> bool {
        self.link.upgrade().is_none_or(|link| link.is_over())
    }

    fn is_idle(&self) -> bool {
        self.link.upgrade().is_some_and(|link| !link.has_received() && !link.wire().is_ready())
    }

    fn process(&self) -> i32 {
        self.process
    }

    fn end(self) {
        self.stand_in.stop(1);
    }
}

/// The connections, the oldest first.
pub(crate) struct Admitted<C> {
    connections: Vec<C>,
    connected_max: usize,
    idle_max: usize,
}

/// There is no room for another connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full {
    /// The maximum number of connections.
    pub(crate) connected_max: usize,
}

impl<C: Counted> Admitted<C> {
    /// Creates an empty list. Its bounds follow the number of descriptors that this OS process may open.
    pub(crate) fn new() -> Admitted<C> {
        let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let connected_max = (descriptors / DESCRIPTORS_EACH).clamp(CONNECTED_MIN, CONNECTED_MAX);
        Admitted::of(usize::try_from(connected_max).unwrap_or(usize::MAX))
    }

    fn of(connected_max: usize) -> Admitted<C> {
        let idle_max = (connected_max / IDLE_PART).min(IDLE_MAX);
        Admitted { connections: Vec::new(), connected_max, idle_max }
    }

    /// Makes room for one more connection: ends an idle one if necessary, and fails if none is idle.
    pub(crate) fn make_room(&mut self) -> Result<(), Full> {
        self.connections.retain(|connection| !connection.is_over());
        if self.connections.len() >= self.connected_max && !self.end_an_idle_one() {
            return Err(Full { connected_max: self.connected_max });
        }
        Ok(())
    }

    /// Adds the newest connection.
    pub(crate) fn add(&mut self, connection: C) {
        self.connections.push(connection);
        if self.connections.iter().filter(|connection| connection.is_idle()).count() > self.idle_max {
            self.end_an_idle_one();
        }
    }

    /// Ends the oldest idle connection of the OS process that has most of them. Returns false if none is idle.
    fn end_an_idle_one(&mut self) -> bool {
        let idle: Vec<(usize, i32)> = self
            .connections
            .iter()
            .enumerate()
            .filter(|(_, one)| one.is_idle())
            .map(|(index, one)| (index, one.process()))
            .collect();
        let count = |process| idle.iter().filter(|(_, other)| *other == process).count();
        // If several OS processes have the most, takes the one whose idle connection is the oldest.
        let most = idle.iter().rev().max_by_key(|(_, process)| count(*process));
        let oldest = most.and_then(|(_, process)| idle.iter().find(|(_, other)| other == process));
        let Some((index, _)) = oldest else { return false };
        self.connections.remove(*index).end();
        true
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;

    use super::*;

    /// A connection of an OS process. Records in `ended` that it was ended.
    struct Test {
        name: u32,
        process: i32,
        is_idle: Rc<Cell<bool>>,
        is_over: Rc<Cell<bool>>,
        ended: Rc<RefCell<Vec<u32>>>,
    }

    impl Counted for Test {
        fn is_over(&self) -> bool {
            self.is_over.get()
        }

        fn is_idle(&self) -> bool {
            self.is_idle.get()
        }

        fn process(&self) -> i32 {
            self.process
        }

        fn end(self) {
            self.ended.borrow_mut().push(self.name);
        }
    }

    #[derive(Default)]
    struct World {
        names: Cell<u32>,
        ended: Rc<RefCell<Vec<u32>>>,
    }

    impl World {
        fn connection(&self, process: i32) -> Test {
            self.names.set(self.names.get() + 1);
            let (is_idle, is_over) = (Rc::new(Cell::new(true)), Rc::default());
            Test { name: self.names.get(), process, is_idle, is_over, ended: self.ended.clone() }
        }
    }

    #[test]
    fn a_process_that_floods_loses_its_own_idle_connections() {
        let (world, mut admitted) = (World::default(), Admitted::of(40));
        // A connection of an OS process that makes no others.
        admitted.add(world.connection(1));
        for _ in 0..2_000 {
            admitted.make_room().expect("idle connections are closed");
            admitted.add(world.connection(2));
        }
        let honest = world.connection(3);
        admitted.make_room().expect("idle connections are closed");
        admitted.add(honest);
        assert_eq!(admitted.connections.len(), 10);
        let left: Vec<u32> = admitted.connections.iter().map(|connection| connection.name).collect();
        assert_eq!(left[..2], [1, 1_994]);
        assert_eq!(left[9], 2_002);
        assert_eq!(*world.ended.borrow(), (2..=1_993).collect::<Vec<_>>());
    }

    #[test]
    fn connections_that_work_stay_and_newcomers_are_refused() {
        let (world, mut admitted) = (World::default(), Admitted::of(40));
        let mut over = Vec::new();
        for process in 0..40 {
            admitted.make_room().expect("there is room");
            let connection = world.connection(process % 2);
            connection.is_idle.set(false);
            over.push(connection.is_over.clone());
            admitted.add(connection);
        }
        assert_eq!(admitted.make_room(), Err(Full { connected_max: 40 }));
        assert!(world.ended.borrow().is_empty());
        over[7].set(true);
        assert_eq!(admitted.make_room(), Ok(()));
    }
}
