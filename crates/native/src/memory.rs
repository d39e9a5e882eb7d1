//! Executable memory.
//!
//! Code is copied to fresh pages, which then become executable and are never written again. On x86-64 no cache has to be
//! flushed for that.

#![allow(unsafe_code, reason = "pages are mapped and protected by the operating system")]

use std::ptr::NonNull;

use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

/// The least that a mapping takes, in bytes: a small page.
const PAGE_BYTES: usize = 4 * 1024;

/// The room for code: mappings that are freed together.
#[derive(Default)]
pub(crate) struct Memory {
    /// The mappings that are full or executable.
    pages: Vec<Pages>,
    bytes: usize,
}

struct Pages {
    start: NonNull<u8>,
    bytes: usize,
}

// SAFETY: mappings have no ties to a thread.
unsafe impl Send for Pages {}

impl Memory {
    /// Returns the number of mapped bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Copies code to new pages and makes them executable. Returns the address of the code, or none if the operating
    /// system refuses.
    pub(crate) fn add(&mut self, code: &[u8]) -> Option<usize> {
        let bytes = code.len().max(1).next_multiple_of(PAGE_BYTES);
        // SAFETY: a new mapping at an address of the system's choice.
        let start = unsafe {
            mmap_anonymous(std::ptr::null_mut(), bytes, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE)
        };
        let pages = Pages { start: NonNull::new(start.ok()?.cast::<u8>())?, bytes };
        // SAFETY: the mapping is new and has room for the code.
        unsafe { std::ptr::copy_nonoverlapping(code.as_ptr(), pages.start.as_ptr(), code.len()) };
        let flags = MprotectFlags::READ | MprotectFlags::EXEC;
        // SAFETY: the mapping belongs to this value; nothing writes to it from now on.
        unsafe { mprotect(pages.start.as_ptr().cast(), bytes, flags) }.ok()?;
        let address = pages.start.as_ptr() as usize;
        self.bytes += bytes;
        self.pages.push(pages);
        Some(address)
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: mapped in `add`. The program has ended, so no code of it runs.
        let _ = unsafe { munmap(self.start.as_ptr().cast(), self.bytes) };
    }
}
