//! Files and pipes: sources and destinations of bytes.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::{Error, Surroundings};

/// The maximum number of bytes read at a time, and written at a time to a pipe that this process has opened.
const READ_BYTES: usize = 64 << 10;

/// The maximum number of bytes written to a file at a time, which takes some hundred microseconds.
const FILE_WRITE_BYTES: usize = 1 << 20;

/// The maximum number of bytes written at a time to a stream that blocks when it is full. A pipe
/// that is ready has room for them.
const STREAM_WRITE_BYTES: usize = 4 << 10;

const NOW: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// An open file, pipe or standard stream.
pub(crate) struct Source {
    descriptor: Descriptor,
    is_regular: bool,
}

enum Descriptor {
    /// Non-blocking, except for regular files.
    Own(OwnedFd),
    /// Possibly blocking. The host shares this property of a standard stream with its parent
    /// process, so it stays unchanged, and readiness is checked before each step.
    Standard(Standard),
}

/// One of the three streams that the host was started with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standard {
    In,
    Out,
    Error,
}

impl AsFd for Source {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.descriptor {
            Descriptor::Own(fd) => fd.as_fd(),
            Descriptor::Standard(Standard::In) => rustix::stdio::stdin(),
            Descriptor::Standard(Standard::Out) => rustix::stdio::stdout(),
            Descriptor::Standard(Standard::Error) => rustix::stdio::stderr(),
        }
    }
}

impl Source {
    /// Returns a source that was opened as non-blocking.
    pub(crate) fn new(fd: OwnedFd) -> Source {
        Source::with(Descriptor::Own(fd))
    }

    pub(crate) fn standard(stream: Standard) -> Source {
        Source::with(Descriptor::Standard(stream))
    }

    fn with(descriptor: Descriptor) -> Source {
        let mut source = Source { descriptor, is_regular: false };
        source.is_regular = source.file_type().is_ok_and(|kind| kind == FileType::RegularFile);
        source
    }

    pub(crate) fn file_type(&self) -> Result<FileType, Errno> {
        Ok(FileType::from_raw_mode(rustix::fs::fstat(self)?.st_mode))
    }

    pub(crate) fn is_regular(&self) -> bool {
        self.is_regular
    }

    /// Returns the standard stream, if it is one.
    pub(crate) fn stream(&self) -> Option<Standard> {
        match self.descriptor {
            Descriptor::Own(_) => None,
            Descriptor::Standard(stream) => Some(stream),
        }
    }

    /// Returns the events of `interest` that the source is ready for now, and whether it is broken or at its end.
    pub(crate) fn readiness(&self, interest: PollFlags) -> Result<PollFlags, Error> {
        let mut asked = [PollFd::new(self, interest)];
        loop {
            match poll(&mut asked, Some(&NOW)) {
                Ok(_) => return Ok(asked[0].revents()),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(Error::of_system(errno)),
            }
        }
    }

    fn would_wait(&self, interest: PollFlags) -> Result<bool, Error> {
        let waits = self.stream().is_some() && !self.is_regular;
        Ok(waits && self.readiness(interest)?.is_empty())
    }

    /// Reads the available bytes: empty at the end. None if no data is available now.
    pub(crate) fn read(&self) -> Result<Option<Vec<u8>>, Error> {
        if self.would_wait(PollFlags::IN)? {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(READ_BYTES);
        loop {
            match rustix::io::read(self, spare_capacity(&mut bytes)) {
                Ok(_) => return Ok(Some(bytes)),
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(Error::of_system(errno)),
            }
        }
    }

    /// Writes some of the data. Returns the number of bytes written; none if there is no room now.
    pub(crate) fn write(&self, data: &[u8], surroundings: &Surroundings) -> Result<Option<usize>, Error> {
        if self.stream().is_some() {
            surroundings.flush();
        }
        if self.would_wait(PollFlags::OUT)? {
            return Ok(None);
        }
        let data = &data[..data.len().min(self.write_bytes_max())];
        loop {
            match rustix::io::write(self, data) {
                Ok(count) => return Ok(Some(count)),
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(Error::of_system(errno)),
            }
        }
    }

    fn write_bytes_max(&self) -> usize {
        match self.descriptor {
            _ if self.is_regular => FILE_WRITE_BYTES,
            Descriptor::Own(_) => READ_BYTES,
            Descriptor::Standard(_) => STREAM_WRITE_BYTES,
        }
    }

    /// Closes a standard stream; any other source closes when it is dropped. A closed standard stream reads and writes
    /// nothing from then on, even for the host: the other end must see that it is closed, and a file that is opened
    /// later must not become a standard stream by getting its number.
    pub(crate) fn end(&self) -> Result<(), Error> {
        let Some(stream) = self.stream() else { return Ok(()) };
        let nothing = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
        let replaced = match stream {
            Standard::In => rustix::stdio::dup2_stdin(nothing),
            Standard::Out => rustix::stdio::dup2_stdout(nothing),
            Standard::Error => rustix::stdio::dup2_stderr(nothing),
        };
        replaced.map_err(Error::of_system)
    }
}
