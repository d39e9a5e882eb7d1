//! For tests: a disk in memory that records its writes, and computes the contents that a power cut could leave.

use std::io;
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use redb::StorageBackend;

/// An operation on the disk.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Write(usize, Vec<u8>),
    Resize(usize),
    Sync,
}

/// A disk in memory, with its history. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    steps: Vec<Step>,
    /// The offset in bytes beyond which writes fail, or `None` if there is no limit.
    room: Option<usize>,
}

impl Disk {
    /// Returns a disk with these bytes.
    pub(crate) fn with(bytes: Vec<u8>) -> Disk {
        Disk(Arc::new(Mutex::new(State { bytes, ..State::default() })))
    }

    /// Returns the number of steps so far.
    pub(crate) fn steps(&self) -> usize {
        self.state(|state| state.steps.len())
    }

    /// Makes writes beyond this number of bytes fail, or allows them again. A resize beyond it still succeeds, as in
    /// file systems.
    pub(crate) fn limit_room(&self, bytes: Option<usize>) {
        self.state(|state| state.room = bytes);
    }

    /// Returns all steps so far.
    pub(crate) fn history(&self) -> Vec<Step> {
        self.state(|state| state.steps.clone())
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.state(|state| state.bytes.clone())
    }

    fn state<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock())
    }

    fn apply(&self, step: Step) -> io::Result<()> {
        self.state(|state| {
            if let (Step::Write(offset, data), Some(room)) = (&step, state.room)
                && offset + data.len() > room
            {
                return Err(io::ErrorKind::StorageFull.into());
            }
            apply(&mut state.bytes, &step);
            state.steps.push(step);
            Ok(())
        })
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state(|state| state.bytes.len() as u64))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.state(|state| {
            let end = offset as usize + out.len();
            let bytes = state.bytes.get(offset as usize..end).ok_or(io::ErrorKind::UnexpectedEof)?;
            out.copy_from_slice(bytes);
            Ok(())
        })
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.apply(Step::Resize(len as usize))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.apply(Step::Sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.apply(Step::Write(offset as usize, data.to_vec()))
    }
}

fn apply(bytes: &mut Vec<u8>, step: &Step) {
    match step {
        Step::Write(offset, data) => {
            let end = offset + data.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[*offset..end].copy_from_slice(data);
        }
        Step::Resize(len) => bytes.resize(*len, 0),
        Step::Sync => {}
    }
}

/// The synced bytes of a disk, and the steps that are not synced.
#[derive(Default)]
pub(crate) struct Platter {
    synced: Vec<u8>,
    unsynced: Vec<Step>,
}

impl Platter {
    /// Returns a platter with these synced bytes.
    pub(crate) fn with(synced: Vec<u8>) -> Platter {
        Platter { synced, unsynced: Vec::new() }
    }

    /// Adds a step. A sync makes all steps before it permanent.
    pub(crate) fn advance(&mut self, step: &Step) {
        if matches!(step, Step::Sync) {
            self.unsynced.drain(..).for_each(|step| apply(&mut self.synced, &step));
        } else {
            self.unsynced.push(step.clone());
        }
    }

    /// Returns bytes that a power cut could leave: of the steps since the last sync, some are lost, and some writes are
    /// done in part.
    pub(crate) fn cut(&self, random: &mut fastrand::Rng) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        let losses = random.f64();
        for step in &self.unsynced {
            if random.f64() < losses {
                continue;
            }
            match step {
                Step::Write(offset, data) if random.u8(..4) == 0 => {
                    let from = random.usize(..data.len());
                    let to = random.usize(from..=data.len());
                    apply(&mut bytes, &Step::Write(offset + from, data[from..to].to_vec()));
                }
                step => apply(&mut bytes, step),
            }
        }
        bytes
    }
}
