//! Shared memory, and futexes in it.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::mm::{MapFlags, ProtFlags, mmap};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use rustix::thread::futex;

/// The number of bytes for data. They follow the page that contains the two futexes.
pub const SIZE: usize = 1 << 20;
const PAGE: usize = 4096;

/// Memory that two processes share until they end.
pub struct Memory {
    begin: NonNull<u8>,
}

impl Memory {
    /// Makes the memory and passes it to the other process.
    pub fn offer(socket: &UnixStream) -> Memory {
        let file = rustix::fs::memfd_create("bench", rustix::fs::MemfdFlags::CLOEXEC).expect("a file");
        rustix::fs::ftruncate(&file, (PAGE + SIZE) as u64).expect("a size");
        pass(socket, &file);
        Memory::map(&file)
    }

    pub fn accept(socket: &UnixStream) -> Memory {
        Memory::map(&take(socket))
    }

    fn map(file: &OwnedFd) -> Memory {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: the kernel chooses the address of the new mapping, so no other memory is
        // affected.
        let begin = unsafe { mmap(ptr::null_mut(), PAGE + SIZE, access, MapFlags::SHARED, file, 0) };
        Memory { begin: NonNull::new(begin.expect("a mapping").cast()).expect("an address") }
    }

    /// Returns one of two words, each on its own cache line.
    pub fn word(&self, number: usize) -> &AtomicU32 {
        // SAFETY: it lies in the first page, aligned, and all accesses to it are atomic.
        unsafe { self.begin.add(128 * number).cast().as_ref() }
    }

    pub fn copy_in(&self, bytes: &[u8]) {
        assert!(bytes.len() <= SIZE);
        // SAFETY: there is room, and the two processes take turns.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.begin.add(PAGE).as_ptr(), bytes.len()) };
    }

    pub fn copy_out(&self, bytes: &mut [u8]) {
        assert!(bytes.len() <= SIZE);
        // SAFETY: as above.
        unsafe { ptr::copy_nonoverlapping(self.begin.add(PAGE).as_ptr(), bytes.as_mut_ptr(), bytes.len()) };
    }
}

/// Waits until the word has a value other than `old`, and returns that value.
pub fn wait(word: &AtomicU32, old: u32) -> u32 {
    loop {
        let new = word.load(Ordering::Acquire);
        if new != old {
            return new;
        }
        let _ = futex::wait(word, futex::Flags::empty(), old, None);
    }
}

pub fn wake(word: &AtomicU32, new: u32) {
    word.store(new, Ordering::Release);
    let _ = futex::wake(word, futex::Flags::empty(), 1);
}

/// Sends a descriptor.
pub fn pass(socket: &UnixStream, file: &OwnedFd) {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let files = [file.as_fd()];
    assert!(control.push(SendAncillaryMessage::ScmRights(&files)));
    sendmsg(socket, &[IoSlice::new(b"x")], &mut control, SendFlags::empty()).expect("a descriptor passed");
}

/// Receives a descriptor.
pub fn take(socket: &UnixStream) -> OwnedFd {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    recvmsg(socket, &mut [IoSliceMut::new(&mut [0])], &mut control, RecvFlags::CMSG_CLOEXEC)
        .expect("a descriptor received");
    let mut messages = control.drain();
    match messages.next() {
        Some(RecvAncillaryMessage::ScmRights(mut files)) => files.next().expect("a descriptor"),
        _ => panic!("no descriptor came"),
    }
}
