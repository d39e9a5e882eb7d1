//! The medium of the storage: entries by key, changed in transactions.

use std::collections::BTreeMap;

use lucarne_kernel::sync::Mutex;
use thiserror::Error;

/// A transaction on entries. If it fails, no entry changes.
pub type Work<'w> = dyn FnMut(&mut dyn Entries) -> Result<(), FlashError> + 'w;

/// A medium for entries that outlives containers.
pub trait Flash: Send + Sync + 'static {
    /// Returns whether operations may block, for example on a disk. If so, they run on a thread of their own.
    fn waits(&self) -> bool;

    /// Reads entries.
    ///
    /// # Errors
    /// If they cannot be read.
    fn look(&self, work: &mut Work<'_>) -> Result<(), FlashError>;

    /// Changes entries: makes all changes of the work, or none. The changes are durable when this returns.
    ///
    /// # Errors
    /// If they cannot be read or written.
    fn change(&self, work: &mut Work<'_>) -> Result<(), FlashError>;
}

/// The entries of a [`Flash`] during one operation. A key is any sequence of bytes.
pub trait Entries {
    /// Returns the value of a key.
    ///
    /// # Errors
    /// If the medium fails, as for all methods of this trait.
    fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, FlashError>;

    /// Sets the value of a key.
    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), FlashError>;

    /// Removes a key, if it exists.
    fn remove(&mut self, key: &[u8]) -> Result<(), FlashError>;

    /// Returns all keys with a prefix, in order.
    fn keys(&mut self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, FlashError>;
}

/// A failure of the medium. Toit programs see the texts.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FlashError {
    /// The medium has no space left. A container that has used all of its own space gets the same text.
    #[error("OUT_OF_SPACE")]
    Full,
    /// Any other failure, with a text for display.
    #[error("the storage cannot be used: {0}")]
    Failed(String),
}

/// Entries in memory, which are lost with the system.
#[derive(Debug, Default)]
pub struct Memory {
    entries: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl Flash for Memory {
    fn waits(&self) -> bool {
        false
    }

    fn look(&self, work: &mut Work<'_>) -> Result<(), FlashError> {
        work(&mut *self.entries.lock())
    }

    fn change(&self, work: &mut Work<'_>) -> Result<(), FlashError> {
        self.look(work)
    }
}

impl Entries for BTreeMap<Vec<u8>, Vec<u8>> {
    fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, FlashError> {
        Ok(BTreeMap::get(self, key).cloned())
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), FlashError> {
        self.insert(key.to_vec(), value.to_vec());
        Ok(())
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), FlashError> {
        BTreeMap::remove(self, key);
        Ok(())
    }

    fn keys(&mut self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, FlashError> {
        let after = self.range(prefix.to_vec()..);
        Ok(after.map(|(key, _)| key).take_while(|key| key.starts_with(prefix)).cloned().collect())
    }
}
