//! The files, folders, pipes and children that one process has opened, and the dispatch of its operations.

use std::collections::HashMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use rustix::event::PollFlags;
use rustix::fs::{CWD, Dir};

use crate::children::Child;
use crate::source::{Source, Standard};
use crate::{Error, Operation, Surroundings, WatchId};
use crate::{children, environment, files, folders, pipes, signals};

/// The maximum number of files, folders, pipes and children that a process can have open. The operating system has a
/// limit for all processes together.
const OPEN_MAX: usize = 16_384;

/// The first handle that is not one of the standard streams.
const FIRST_HANDLE: i64 = 3;

/// An argument of an operation.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum Argument<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
    List(Vec<Argument<'a>>),
    /// Any other value.
    Other,
}

/// The result of an operation.
#[allow(missing_docs)]
pub enum Answer {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
    Ints(Vec<i64>),
    /// The operation cannot be done now.
    Wait(Wait),
}

/// The condition that an operation waits for.
pub struct Wait {
    handle: i64,
    source: Arc<dyn AsFd + Send + Sync>,
    interest: PollFlags,
}

impl Wait {
    pub(crate) fn new(handle: i64, source: Arc<dyn AsFd + Send + Sync>, interest: PollFlags) -> Wait {
        Wait { handle, source, interest }
    }
}

/// Something that a process has opened.
pub(crate) enum Open {
    /// A file, or this process's end of a pipe.
    Source(Arc<Source>),
    /// The end of a pipe that is for a child.
    ChildEnd(OwnedFd),
    Folder(Box<Dir>),
    Child(Arc<Child>),
}

/// The state of one process. Dropping it closes everything that is open.
pub struct Outside {
    pub(crate) surroundings: Arc<Surroundings>,
    /// The base of relative paths, if the process has changed its current folder.
    pub(crate) folder: Option<OwnedFd>,
    open: HashMap<i64, Open>,
    next_handle: i64,
    /// Children that the program will not wait for.
    pub(crate) ignored: Vec<i64>,
    watches: HashMap<WatchId, i64>,
    bell: Arc<Bell>,
}

/// Passes the ids of ready watches from the watcher to a process.
struct Bell {
    is_rung: AtomicBool,
    rung: Mutex<Vec<WatchId>>,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Bell {
    fn ring(&self, watch: WatchId) {
        self.rung.lock().push(watch);
        // Synchronizes with the swap in `take_rung`. The process is woken last, so that it finds
        // the report.
        self.is_rung.store(true, Ordering::Release);
        (self.wake)();
    }
}

impl Outside {
    /// Returns the state of a new process. `wake` gives the process a turn. Only the standard streams are open.
    pub fn new(surroundings: Arc<Surroundings>, wake: impl Fn() + Send + Sync + 'static) -> Outside {
        let bell = Bell { is_rung: AtomicBool::new(false), rung: Mutex::default(), wake: Box::new(wake) };
        let streams = [Standard::In, Standard::Out, Standard::Error];
        let open = (0..).zip(streams.map(|stream| Open::Source(Arc::new(Source::standard(stream)))));
        Outside {
            surroundings,
            folder: None,
            open: open.collect(),
            next_handle: FIRST_HANDLE,
            ignored: Vec::new(),
            watches: HashMap::new(),
            bell: Arc::new(bell),
        }
    }

    /// Performs an operation.
    ///
    /// # Errors
    /// If the operation fails. The error is the text that the program sees.
    pub fn perform(&mut self, operation: Operation, arguments: &[Argument<'_>]) -> Result<Answer, Error> {
        let arguments = &Arguments(arguments);
        match operation {
            Operation::FileOpen => files::open(self, arguments),
            Operation::FileRead => files::read(self, arguments),
            Operation::FileWrite => files::write(self, arguments),
            Operation::FileClose => self.close(arguments.handle(0)?),
            Operation::FileIsOpenFile => Ok(Answer::Bool(self.source(arguments.handle(0)?)?.is_regular())),
            Operation::FileStat => files::stat(self, arguments),
            Operation::FileUnlink => files::unlink(self, arguments),
            Operation::FileRename => files::rename(self, arguments),
            Operation::FileLink => files::link(self, arguments),
            Operation::FileReadlink => files::readlink(self, arguments),
            Operation::FileChmod => files::chmod(self, arguments),
            Operation::FileUpdateTimes => files::update_times(self, arguments),
            Operation::FileRealpath => folders::realpath(self, arguments),

            Operation::FolderMake => folders::make(self, arguments),
            Operation::FolderMakeTemporary => folders::make_temporary(self, arguments),
            Operation::FolderRemove => folders::remove(self, arguments),
            Operation::FolderOpen => folders::open(self, arguments),
            Operation::FolderNext => folders::next(self, arguments),
            Operation::FolderClose => self.close(arguments.handle(0)?),
            Operation::FolderChange => folders::change(self, arguments),
            Operation::FolderCurrent => folders::current(self),

            Operation::PipeInit | Operation::ChildInit => Ok(Answer::Null),
            Operation::PipeCreate => pipes::create(self, arguments),
            Operation::PipeFromNumber => pipes::from_number(self, arguments),
            Operation::PipeNumber => pipes::number(self, arguments),
            Operation::PipeRead => pipes::read(self, arguments),
            Operation::PipeWrite => pipes::write(self, arguments),
            Operation::PipeClose => self.close(arguments.handle(0)?),
            Operation::PipeIsTerminal => pipes::is_terminal(self, arguments),

            Operation::ChildStart => children::start(self, arguments),
            Operation::ChildWaitFor => self.child(arguments.handle(0)?).map(|_| Answer::Null),
            Operation::ChildIgnore => children::ignore(self, arguments),
            Operation::ChildKill => children::kill(self, arguments),
            Operation::SignalText => signals::text(arguments),

            Operation::EnvironmentGet => environment::get(self, arguments),
            Operation::EnvironmentSet => environment::set(self, arguments),

            Operation::StateAwait => pipes::await_state(self, arguments),
            Operation::StateRelease => children::release(self, arguments),
            Operation::StateAbandon => pipes::abandon(self, arguments),
        }
    }

    // Open files, pipes and children.

    /// Returns the base of relative paths.
    pub(crate) fn base(&self) -> BorrowedFd<'_> {
        self.folder.as_ref().map_or(CWD, |folder| folder.as_fd())
    }

    pub(crate) fn add(&mut self, open: Open) -> Result<i64, Error> {
        self.require_room()?;
        // Numbers are not used again, so a stale number is invalid.
        let handle = self.next_handle;
        self.next_handle += 1;
        self.open.insert(handle, open);
        Ok(handle)
    }

    /// Checks that one more file, folder, pipe or child can be opened.
    pub(crate) fn require_room(&self) -> Result<(), Error> {
        if self.open.len() < OPEN_MAX { Ok(()) } else { Err(Error::of_system(rustix::io::Errno::MFILE)) }
    }

    pub(crate) fn get(&self, handle: i64) -> Result<&Open, Error> {
        self.open.get(&handle).ok_or(Error::ALREADY_CLOSED)
    }

    pub(crate) fn get_mut(&mut self, handle: i64) -> Result<&mut Open, Error> {
        self.open.get_mut(&handle).ok_or(Error::ALREADY_CLOSED)
    }

    pub(crate) fn source(&self, handle: i64) -> Result<&Arc<Source>, Error> {
        match self.get(handle)? {
            Open::Source(source) => Ok(source),
            _ => Err(Error::INVALID_ARGUMENT),
        }
    }

    pub(crate) fn child(&self, handle: i64) -> Result<&Arc<Child>, Error> {
        match self.get(handle)? {
            Open::Child(child) => Ok(child),
            _ => Err(Error::INVALID_ARGUMENT),
        }
    }

    /// Closes a file, a pipe or a folder. Ends the watches of it, so that the operations that wait for it are repeated
    /// and find it closed.
    pub(crate) fn close(&mut self, handle: i64) -> Result<Answer, Error> {
        if let Open::Child(_) = self.get(handle)? {
            return Err(Error::INVALID_ARGUMENT);
        }
        let source = self.take(handle);
        if let Some(Open::Source(source)) = source {
            source.end()?;
        }
        Ok(Answer::Null)
    }

    pub(crate) fn take(&mut self, handle: i64) -> Option<Open> {
        let open = self.open.remove(&handle);
        let waiting: Vec<WatchId> =
            self.watches.iter().filter(|(_, watched)| **watched == handle).map(|(watch, _)| *watch).collect();
        for watch in waiting {
            self.surroundings.watcher.unwatch(watch);
            self.bell.ring(watch);
        }
        open
    }

    // Waiting.

    /// Starts a watch. [`Outside::take_rung`] returns it once the operation's condition may hold.
    ///
    /// # Errors
    /// If the system has no room for it.
    pub fn watch(&mut self, wait: Wait) -> Result<WatchId, Error> {
        let bell = self.bell.clone();
        let ring = Box::new(move |watch| {
            bell.ring(watch);
            true
        });
        let watch = self.surroundings.watcher.watch(wait.source, wait.interest, ring)?;
        self.watches.insert(watch, wait.handle);
        Ok(watch)
    }

    /// Ends a watch that is not needed any more.
    pub fn unwatch(&mut self, watch: WatchId) {
        if self.watches.remove(&watch).is_some() {
            self.surroundings.watcher.unwatch(watch);
        }
    }

    /// Returns the watches that have ended since the last call. Some may have been ended by
    /// [`Outside::unwatch`] meanwhile.
    pub fn take_rung(&mut self) -> Vec<WatchId> {
        // Synchronizes with the store in `Bell::ring`: everything that was added before it is
        // visible below. Later additions set the flag again.
        if !self.bell.is_rung.swap(false, Ordering::Acquire) {
            return Vec::new();
        }
        let rung = std::mem::take(&mut *self.bell.rung.lock());
        for watch in &rung {
            self.watches.remove(watch);
        }
        rung
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        for watch in self.watches.keys() {
            self.surroundings.watcher.unwatch(*watch);
        }
    }
}

/// The arguments of an operation, with checked access.
pub(crate) struct Arguments<'a>(pub(crate) &'a [Argument<'a>]);

impl<'a> Arguments<'a> {
    fn get(&self, index: usize) -> &'a Argument<'a> {
        self.0.get(index).unwrap_or(&Argument::Null)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn text(&self, index: usize) -> Result<&'a str, Error> {
        match self.get(index) {
            Argument::Text(text) => Ok(text),
            _ => Err(Error::WRONG_TYPE),
        }
    }

    pub(crate) fn optional_text(&self, index: usize) -> Result<Option<&'a str>, Error> {
        match self.get(index) {
            Argument::Null => Ok(None),
            _ => self.text(index).map(Some),
        }
    }

    pub(crate) fn bool(&self, index: usize) -> Result<bool, Error> {
        match self.get(index) {
            Argument::Bool(bool) => Ok(*bool),
            _ => Err(Error::WRONG_TYPE),
        }
    }

    pub(crate) fn int(&self, index: usize) -> Result<i64, Error> {
        match self.get(index) {
            Argument::Int(int) => Ok(*int),
            _ => Err(Error::WRONG_TYPE),
        }
    }

    /// Returns a handle. Programs pass null for a file, folder, pipe or child that they have closed.
    pub(crate) fn handle(&self, index: usize) -> Result<i64, Error> {
        match self.get(index) {
            Argument::Null => Err(Error::ALREADY_CLOSED),
            _ => self.int(index),
        }
    }

    /// Returns the permissions of a file or folder.
    pub(crate) fn mode(&self, index: usize) -> Result<rustix::fs::Mode, Error> {
        let bits = u32::try_from(self.int(index)?).map_err(|_| Error::OUT_OF_RANGE)?;
        rustix::fs::Mode::from_bits(bits).ok_or(Error::INVALID_ARGUMENT)
    }

    /// Returns a list; null is an empty one.
    pub(crate) fn list(&self, index: usize) -> Result<Arguments<'a>, Error> {
        match self.get(index) {
            Argument::Null => Ok(Arguments(&[])),
            Argument::List(list) => Ok(Arguments(list)),
            _ => Err(Error::WRONG_TYPE),
        }
    }

    /// Returns the bytes in a range of a string or byte array. The bounds of the range are the
    /// arguments after it.
    pub(crate) fn data(&self, index: usize) -> Result<&'a [u8], Error> {
        let data = match self.get(index) {
            Argument::Text(text) => text.as_bytes(),
            Argument::Bytes(bytes) => bytes,
            _ => return Err(Error::WRONG_BYTES_TYPE),
        };
        let end = |index| usize::try_from(self.int(index)?).map_err(|_| Error::OUT_OF_BOUNDS);
        data.get(end(index + 1)?..end(index + 2)?).ok_or(Error::OUT_OF_BOUNDS)
    }
}
