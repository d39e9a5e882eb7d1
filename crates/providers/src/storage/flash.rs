//! Where what is stored lies: entries by key, changed some at a time.

use std::collections::BTreeMap;

use lucarne_kernel::sync::Mutex;
use thiserror::Error;

/// Something that is done with entries. If it fails, nothing is changed.
pub type Work<'w> = dyn FnMut(&mut dyn Entries) -> Result<(), FlashError> + 'w;

/// A place for entries that outlives containers.
pub trait Flash: Send + Sync + 'static {
    /// Whether its operations may wait, for a disk or something like it. They are done on a thread of
    /// their own then.
    fn waits(&self) -> bool;

    /// Looks at the entries.
    ///
    /// # Errors
    /// If they cannot be read.
    fn look(&self, work: &mut Work<'_>) -> Result<(), FlashError>;

    /// Changes entries: all that the work does, or nothing. When it returns, the changes last.
    ///
    /// # Errors
    /// If they cannot be read or written.
    fn change(&self, work: &mut Work<'_>) -> Result<(), FlashError>;
}

/// The entries of a [`Flash`], for as long as one operation takes. Keys are any bytes.
pub trait Entries {
    /// The value of a key.
    ///
    /// # Errors
    /// As for all of these: if the medium fails.
    fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, FlashError>;

    /// Sets the value of a key.
    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), FlashError>;

    /// Removes a key; there need not be one.
    fn remove(&mut self, key: &[u8]) -> Result<(), FlashError>;

    /// All keys that begin so, in their order.
    fn keys(&mut self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, FlashError>;
}

/// The medium failed. The text is for people.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the storage cannot be used: {0}")]
pub struct FlashError(pub String);

/// Entries in memory: gone with the system.
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
