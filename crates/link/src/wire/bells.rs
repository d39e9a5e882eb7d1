//! The bells with which each side of a pair of rings wakes the other.
//!
//! The sides share open files, and either of them can clear the O_NONBLOCK flag of a shared file. The *maker*, the side
//! that made the rings, must not trust the other side. So it accesses a file that the other side also has only in ways
//! that never block, even if the flag is cleared:
//!
//! - The maker sleeps on an eventfd, and reads it with RWF_NOWAIT.
//! - The other side, the *joiner*, sleeps on pipes. It gets only their reading ends. A pipe's two ends have separate
//!   flags, and the maker alone has the writing ends, so its writes cannot be made to block. The maker keeps the
//!   reading ends as well, so that a write never raises SIGPIPE because the pipe has no reader.

use std::io::IoSliceMut;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::EventfdFlags;
use rustix::io::{Errno, ReadWriteFlags};
use rustix::pipe::PipeFlags;

use super::BELLS;

/// The number of descriptors that a joiner needs.
pub(super) const JOINER_BELLS: usize = 1 + BELLS;

/// All bells of a connection, as held by one side.
pub(super) struct Bells {
    own: Vec<OwnedFd>,
    other: Vec<OwnedFd>,
    _kept: Vec<OwnedFd>,
}

impl Bells {
    /// Creates the maker's bells, and the descriptors for the joiner.
    pub(super) fn make() -> Result<(Bells, [OwnedFd; JOINER_BELLS]), Errno> {
        let own = rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        // A Linux kernel that has no nonblocking read of an eventfd returns another error than AGAIN.
        match read_now(&own) {
            Err(Errno::AGAIN) => {}
            result => return Err(result.err().unwrap_or(Errno::OPNOTSUPP)),
        }
        let (read_a, write_a) = pipe()?;
        let (read_b, write_b) = pipe()?;
        let duplicate = |end: &OwnedFd| rustix::io::fcntl_dupfd_cloexec(end, 0);
        let joiner = [duplicate(&own)?, duplicate(&read_a)?, duplicate(&read_b)?];
        Ok((Bells { own: vec![own], other: vec![write_a, write_b], _kept: vec![read_a, read_b] }, joiner))
    }

    /// Creates the joiner's bells.
    pub(super) fn join([maker, a, b]: [OwnedFd; JOINER_BELLS]) -> Bells {
        Bells { own: vec![a, b], other: vec![maker], _kept: Vec::new() }
    }

    /// Rings the given bell of the other side, or its only one.
    pub(super) fn ring(&self, bell: usize) {
        let bell = &self.other[bell.min(self.other.len() - 1)];
        // If there is no room, earlier rings were not read yet, so the bell is still readable.
        let _ = rustix::io::write(bell, &1_u64.to_le_bytes());
    }

    /// Returns the bells of this side.
    pub(super) fn own(&self) -> [Option<BorrowedFd<'_>>; BELLS] {
        std::array::from_fn(|bell| self.own.get(bell).map(AsFd::as_fd))
    }

    /// Returns the number of a bell of this side, which may have only one.
    pub(super) fn number(&self, bell: usize) -> usize {
        bell.min(self.own.len() - 1)
    }

    /// Silences a bell.
    pub(super) fn silence(&self, bell: usize) {
        let bell = &self.own[self.number(bell)];
        // Before Linux 6.4, RWF_NOWAIT does not work with pipes. Only the joiner reads pipes, and it trusts the maker.
        if read_now(bell) == Err(Errno::OPNOTSUPP) {
            let _ = rustix::io::read(bell, &mut [0; 512]);
        }
    }
}

/// Creates a pipe that holds one page, which is plenty for a bell.
fn pipe() -> Result<(OwnedFd, OwnedFd), Errno> {
    let (reader, writer) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
    rustix::pipe::fcntl_setpipe_size(&writer, rustix::param::page_size())?;
    Ok((reader, writer))
}

/// Reads the available bytes. Does not block, even if O_NONBLOCK is cleared.
fn read_now(file: &OwnedFd) -> Result<usize, Errno> {
    let mut bytes = [0; 512];
    rustix::io::preadv2(file, &mut [IoSliceMut::new(&mut bytes)], u64::MAX, ReadWriteFlags::NOWAIT)
}

#[cfg(test)]
mod tests {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

    use super::*;

    fn rings(bells: &Bells, bell: usize) -> bool {
        let file = bells.own()[bell].expect("a bell");
        poll(&mut [PollFd::new(&file, PollFlags::IN)], Some(&Timespec::default())).unwrap() == 1
    }

    #[test]
    fn bells_ring_until_they_are_silenced() {
        let (maker, descriptors) = Bells::make().unwrap();
        let joiner = Bells::join(descriptors);
        assert!(maker.own()[1].is_none());
        maker.ring(1);
        assert_eq!((rings(&joiner, 0), rings(&joiner, 1)), (false, true));
        joiner.silence(1);
        assert!(!rings(&joiner, 1));
        joiner.ring(1);
        assert!(rings(&maker, 0));
        maker.silence(0);
        assert!(!rings(&maker, 0));
    }

    #[test]
    fn a_joiner_cannot_make_the_maker_block() {
        let (maker, joiner) = Bells::make().unwrap();
        for file in &joiner {
            fcntl_setfl(file, fcntl_getfl(file).unwrap() - OFlags::NONBLOCK).unwrap();
        }
        // The eventfd is empty, so a plain read of it would block. The rings fill the pipe, but do not block.
        maker.silence(0);
        (0..10_000).for_each(|_| maker.ring(0));
        // After this, the maker has the only reading ends, so ringing raises no SIGPIPE.
        drop(joiner);
        maker.ring(0);
    }
}
