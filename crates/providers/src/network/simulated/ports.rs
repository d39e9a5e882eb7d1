//! Sockets of one kind by their ports, so that neither a look-up nor a free port takes a search through all sockets.

use std::collections::BTreeMap;
use std::sync::Arc;

use lucarne_services::Thrown;

use super::in_use;

/// The first port that is given to sockets that request any.
const FREE_PORTS: u16 = 49_152;

/// Sockets by their ports, oldest first.
pub(super) struct Ports<T>(BTreeMap<u16, Vec<Arc<T>>>);

impl<T> Default for Ports<T> {
    fn default() -> Self {
        Ports(BTreeMap::new())
    }
}

impl<T> Ports<T> {
    pub(super) fn at(&self, port: u16) -> &[Arc<T>] {
        self.0.get(&port).map_or(&[], Vec::as_slice)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<T>> {
        self.0.values().flatten()
    }

    pub(super) fn add(&mut self, port: u16, socket: Arc<T>) {
        self.0.entry(port).or_default().push(socket);
    }

    pub(super) fn remove(&mut self, port: u16, socket: &Arc<T>) {
        let Some(sockets) = self.0.get_mut(&port) else { return };
        sockets.retain(|other| !Arc::ptr_eq(other, socket));
        if sockets.is_empty() {
            self.0.remove(&port);
        }
    }

    /// Returns a port without sockets. Looks for it behind the last one that was given, and then from the first one on.
    ///
    /// # Errors
    /// If all have sockets.
    pub(super) fn free(&self, last: u16) -> Result<u16, Thrown> {
        self.free_from(next(last)).or_else(|| self.free_from(FREE_PORTS)).ok_or_else(in_use)
    }

    fn free_from(&self, first: u16) -> Option<u16> {
        let mut free = first;
        for (port, _) in self.0.range(first..) {
            if *port != free {
                break;
            }
            free = free.checked_add(1)?;
        }
        Some(free)
    }
}

/// Returns the port that follows the last one that was given.
pub(super) fn next(last: u16) -> u16 {
    last.checked_add(1).unwrap_or(0).max(FREE_PORTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_found_and_a_full_table_is_refused() {
        let mut ports = Ports::default();
        for port in FREE_PORTS..=u16::MAX {
            assert_eq!(ports.free(port.wrapping_sub(1)).ok(), Some(port));
            ports.add(port, Arc::new(port));
        }
        assert_eq!(
            ports.free(0).map_err(|error| error.text().to_owned()),
            Err("Address already in use".to_owned())
        );
        let gap = FREE_PORTS + 1_000;
        let socket = ports.at(gap)[0].clone();
        ports.remove(gap, &socket);
        for last in [0, gap - 1, gap, u16::MAX] {
            assert_eq!(ports.free(last).ok(), Some(gap));
        }
        assert_eq!(ports.all().count(), usize::from(u16::MAX - FREE_PORTS));
        ports.add(gap, socket);
        assert!(ports.free(gap).is_err());
    }
}
