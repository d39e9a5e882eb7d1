//! The account of the memory that all processes of a program use together.
//!
//! Each heap reports how much memory it uses: when it needs more than it has reported, after each collection, when it
//! hands a buffer over, and when it is dropped. So it reports once for each chunk or large buffer, not for each object.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The memory of a program: a limit, and what its heaps use of it.
#[derive(Debug)]
pub struct MemoryAccount {
    limit_bytes: usize,
    used_bytes: AtomicUsize,
}

impl MemoryAccount {
    /// Creates an account with a limit in bytes. No memory is used yet.
    pub fn new(limit_bytes: usize) -> MemoryAccount {
        MemoryAccount { limit_bytes, used_bytes: AtomicUsize::new(0) }
    }

    /// Returns the maximum number of bytes that all heaps may use together.
    pub fn limit_bytes(&self) -> usize {
        self.limit_bytes
    }

    /// Returns the bytes that all heaps use now.
    pub fn used_bytes(&self) -> usize {
        self.used_bytes.load(Ordering::Relaxed)
    }

    /// Changes the share of one heap from `from` to `to` bytes, if the sum of all shares is then within the limit.
    /// Returns whether the share was changed. Before the call the sum may exceed the limit: see [`Charge::settle`].
    fn try_change(&self, from: usize, to: usize) -> bool {
        let within = |used: usize| (used - from).checked_add(to).filter(|sum| *sum <= self.limit_bytes);
        self.used_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within).is_ok()
    }
}

/// The share of one heap: the bytes that it has reported to its account.
#[derive(Debug, Default)]
pub(super) struct Charge {
    account: Option<Arc<MemoryAccount>>,
    bytes: usize,
}

impl Charge {
    pub(super) fn on(account: Arc<MemoryAccount>) -> Charge {
        Charge { account: Some(account), bytes: 0 }
    }

    pub(super) fn is_on_account(&self) -> bool {
        self.account.is_some()
    }

    /// Reports that the heap needs `bytes` bytes in all. Returns false, and changes nothing, if that exceeds the limit.
    pub(super) fn try_set(&mut self, bytes: usize) -> bool {
        let Some(account) = &self.account else { return true };
        if !account.try_change(self.bytes, bytes) {
            return false;
        }
        self.bytes = bytes;
        true
    }

    /// Reports that the heap uses `bytes` bytes in all, even if that exceeds the limit.
    pub(super) fn settle(&mut self, bytes: usize) {
        if let Some(account) = &self.account {
            if bytes < self.bytes {
                account.used_bytes.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
            } else {
                account.used_bytes.fetch_add(bytes - self.bytes, Ordering::Relaxed);
            }
        }
        self.bytes = bytes;
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.settle(0);
    }
}
