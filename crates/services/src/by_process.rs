//! What processes have, with the number for each: limits are checked at each addition, so counting must not take time.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use lucarne_kernel::Pid;

/// Entries that belong to processes.
#[derive(Debug)]
pub(crate) struct ByProcess<K, V>(BTreeMap<Pid, BTreeMap<K, V>>);

impl<K, V> Default for ByProcess<K, V> {
    fn default() -> ByProcess<K, V> {
        ByProcess(BTreeMap::new())
    }
}

impl<K: Ord, V> ByProcess<K, V> {
    pub(crate) fn contains(&self, pid: Pid, key: &K) -> bool {
        self.0.get(&pid).is_some_and(|entries| entries.contains_key(key))
    }

    pub(crate) fn insert(&mut self, pid: Pid, key: K, value: V) {
        self.0.entry(pid).or_default().insert(key, value);
    }

    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, pid: Pid, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let entries = self.0.get_mut(&pid)?;
        let value = entries.remove(key);
        if entries.is_empty() {
            self.0.remove(&pid);
        }
        value
    }

    /// Returns the number of entries of a process.
    pub(crate) fn count(&self, pid: Pid) -> usize {
        self.0.get(&pid).map_or(0, BTreeMap::len)
    }

    /// Returns the keys of a process, in order.
    pub(crate) fn keys(&self, pid: Pid) -> impl Iterator<Item = &K> {
        self.0.get(&pid).into_iter().flat_map(BTreeMap::keys)
    }

    /// Removes all entries of a process, and returns their keys.
    pub(crate) fn take(&mut self, pid: Pid) -> impl Iterator<Item = K> + use<K, V> {
        self.0.remove(&pid).into_iter().flat_map(BTreeMap::into_keys)
    }
}
