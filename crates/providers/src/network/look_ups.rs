//! Look-ups of host names, as the operating system does them: `/etc/hosts`, `/etc/resolv.conf` and whatever else it is
//! configured to ask.
//!
//! The operating system offers no way to wait for a name without a thread, so the number of threads is limited. Each
//! group has a limit of its own: names that are resolved slowly hold up their own group first.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;

use lucarne_kernel::Gid;
use lucarne_kernel::sync::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The maximum number of names that a group looks up at the same time. Further look-ups of the group wait.
const PER_GROUP_MAX: usize = 8;

/// Tells the addresses of hosts.
pub trait Names: Send + Sync {
    /// Returns all addresses of a host. May wait: it is called on a thread of its own, at most 64 times at once.
    ///
    /// # Errors
    /// If there is no such host, or its name cannot be resolved now.
    fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The names that the operating system knows, from `/etc/hosts`, `/etc/resolv.conf` and its other sources.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemNames;

impl Names for SystemNames {
    fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok((host, 0).to_socket_addrs()?.map(|address| address.ip()).collect())
    }
}

/// The look-ups of a provider.
pub(super) struct LookUps {
    names: Arc<dyn Names>,
    groups: Mutex<BTreeMap<Gid, Arc<Semaphore>>>,
}

impl LookUps {
    pub(super) fn new(names: Arc<dyn Names>) -> LookUps {
        LookUps { names, groups: Mutex::default() }
    }

    /// Returns the addresses of a host: those of IPv4, if it has any.
    ///
    /// # Errors
    /// If there is no such host, or the operating system cannot resolve names now.
    pub(super) async fn resolve(&self, runtime: &Handle, gid: Gid, host: String) -> io::Result<Vec<IpAddr>> {
        Ok(chosen(self.resolve_all(runtime, gid, host).await?.into_iter()))
    }

    /// Returns all addresses of a host.
    ///
    /// # Errors
    /// As [`LookUps::resolve`].
    pub(super) async fn resolve_all(
        &self,
        runtime: &Handle,
        gid: Gid,
        host: String,
    ) -> io::Result<Vec<IpAddr>> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        // A canceled call leaves its thread running: the place is free when the thread is done.
        let place = self.place(gid).await;
        let names = self.names.clone();
        let look_up = move || {
            let found = names.addresses(&host);
            drop(place);
            found
        };
        runtime.spawn_blocking(look_up).await.map_err(io::Error::other)?
    }

    async fn place(&self, gid: Gid) -> OwnedSemaphorePermit {
        let places = {
            let mut groups = self.groups.lock();
            // Groups without look-ups are forgotten.
            groups.retain(|of, places| *of == gid || places.available_permits() < PER_GROUP_MAX);
            groups.entry(gid).or_insert_with(|| Arc::new(Semaphore::new(PER_GROUP_MAX))).clone()
        };
        let Ok(place) = places.acquire_owned().await else { unreachable!("the semaphore is never closed") };
        place
    }
}

/// Returns the addresses of IPv4 or, if there are none, all of them: each once, in the given order.
fn chosen(found: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in found {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.iter().any(IpAddr::is_ipv4) {
        addresses.retain(IpAddr::is_ipv4);
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().expect("an address")).collect()
    }

    #[test]
    fn addresses_of_ipv4_come_first_and_once() {
        let found = addresses(&["::1", "10.0.0.1", "10.0.0.2", "10.0.0.1"]);
        assert_eq!(chosen(found.into_iter()), addresses(&["10.0.0.1", "10.0.0.2"]));
        assert_eq!(chosen(addresses(&["::1", "::1"]).into_iter()), addresses(&["::1"]));
    }
}
