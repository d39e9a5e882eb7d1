//! The supervisor's state of a container: its program, its settings and its life.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lucarne_message::tison;
use lucarne_services::Announcement;
use lucarne_toit::LoadedProgram;
use uuid::Uuid;

use super::answer;
use super::event::Reply;
use crate::control::Refusal;
use crate::image_checker::{CheckedImage, load_stored};
use crate::launcher::{Launcher, RunningContainer};
use crate::life::{Life, Phase, Then};
use crate::start::Usage;
use crate::{Digest, Image, Kind, Settings, Store, StoreError, assets, settings_check};

/// A container of a device.
pub(super) struct Slot {
    pub(super) program: ProgramOrigin,
    pub(super) settings: Settings,
    /// The place in the order of installation.
    pub(super) place: u64,
    pub(super) life: Life,
    pub(super) running: Option<RunningContainer>,
    /// The interfaces that it has provided in an earlier run or in this one: they are announced when it starts.
    pub(super) provided: BTreeSet<Uuid>,
    /// The interfaces that it has provided in this run.
    pub(super) provides: BTreeSet<Uuid>,
    pub(super) started_us: Option<i64>,
    /// Makes clients of its interfaces wait for it while it starts.
    pub(super) announced: Vec<Announcement>,
    pub(super) starts: u32,
    pub(super) ends: u64,
    pub(super) failures: u64,
    pub(super) problem: Option<String>,
    /// Whether the present run has connected as a container. A Toit program needs no connection.
    pub(super) is_connected: bool,
    /// The replies that wait until it has connected or ended.
    pub(super) starting: Vec<Reply<Option<String>>>,
    /// The replies that wait until it has ended.
    pub(super) ending: Vec<Reply<()>>,
}

/// The source of a container's program.
pub(super) enum ProgramOrigin {
    /// In the store.
    Installed { image: Digest, kind: Kind },
    /// In memory: it was sent to be run once.
    Sent(Arc<Sent>),
}

/// A program that was sent to the device, and the files that come with it.
pub(crate) struct Sent {
    pub(crate) checked: CheckedImage,
    pub(crate) assets: BTreeMap<String, Vec<u8>>,
}

impl Sent {
    pub(crate) fn image(&self) -> &Image {
        &self.checked.image
    }

    /// Fails if the program cannot have these settings.
    pub(super) fn check(&self, settings: &Settings) -> Result<(), Refusal> {
        let kind = self.image().manifest().kind;
        settings_check::check(settings, kind, self.assets.len()).map_err(Refusal::new)
    }
}

impl Slot {
    pub(super) fn new(program: ProgramOrigin, settings: Settings, place: u64) -> Slot {
        Slot {
            life: Life::new(settings.restart, interval_us(&settings)),
            program,
            settings,
            place,
            running: None,
            provided: BTreeSet::new(),
            provides: BTreeSet::new(),
            started_us: None,
            announced: Vec::new(),
            starts: 0,
            ends: 0,
            failures: 0,
            problem: None,
            is_connected: false,
            starting: Vec::new(),
            ending: Vec::new(),
        }
    }

    /// Replaces the program. A run that has begun goes on as it was.
    pub(super) fn replace(&mut self, program: ProgramOrigin, settings: Settings, place: u64) {
        self.life.set_policy(settings.restart, interval_us(&settings));
        (self.program, self.settings, self.place) = (program, settings, place);
    }

    /// Returns whether it runs and has not connected yet, or is about to run again.
    pub(super) fn is_starting(&self) -> bool {
        let is_stopping = matches!(self.life.phase(), Phase::Stopping { then: Then::Start });
        is_stopping || (self.running.is_some() && !self.is_connected)
    }

    /// Answers the replies that wait for the start of the present run.
    pub(super) fn answer_started(&mut self) {
        for reply in self.starting.drain(..) {
            answer(reply, Ok(self.problem.clone()));
        }
    }

    /// Announces the interfaces that this container is about to provide.
    pub(super) fn announce(&mut self, launcher: &Launcher) {
        if self.announced.is_empty() {
            self.announced = self.provided.iter().map(|interface| launcher.announce(*interface)).collect();
        }
    }

    /// Returns the memory and the processor time that it uses: `None` for both if it does not run.
    pub(super) fn usage(&self) -> Usage {
        self.running.as_ref().map(RunningContainer::usage).unwrap_or_default()
    }

    pub(super) fn is_installed(&self) -> bool {
        matches!(self.program, ProgramOrigin::Installed { .. })
    }

    /// Returns the digest and the kind of its image.
    pub(super) fn identity(&self) -> (Digest, Kind) {
        match &self.program {
            ProgramOrigin::Installed { image, kind } => (*image, *kind),
            ProgramOrigin::Sent(sent) => (sent.image().digest(), sent.image().manifest().kind),
        }
    }

    /// Encodes the files that come with it, and its defines, in the format that programs read.
    pub(super) fn assets(&self, store: &Store) -> Result<Vec<u8>, Refusal> {
        let mut entries = match &self.program {
            ProgramOrigin::Sent(sent) => sent.assets.clone(),
            ProgramOrigin::Installed { .. } => {
                let read = |(name, digest): (&String, &Digest)| Ok((name.clone(), store.asset(*digest)?));
                self.settings
                    .assets
                    .iter()
                    .map(read)
                    .collect::<Result<_, StoreError>>()
                    .map_err(Refusal::new)?
            }
        };
        if !self.settings.defines.is_empty() {
            let defines = tison::to_bytes(&self.settings.defines).map_err(Refusal::new)?;
            entries.insert(assets::DEFINES.to_owned(), defines);
        }
        Ok(if entries.is_empty() { Vec::new() } else { assets::encode(&entries) })
    }

    pub(super) fn image(&self, store: &Store) -> Result<Image, Refusal> {
        match &self.program {
            ProgramOrigin::Installed { image, .. } => store.image(*image).map_err(Refusal::new),
            ProgramOrigin::Sent(sent) => Ok(sent.image().clone()),
        }
    }

    /// Loads the Toit program.
    pub(super) fn load(&self, store: &Store) -> Result<Arc<LoadedProgram>, Refusal> {
        match &self.program {
            ProgramOrigin::Installed { image, .. } => load_stored(store, *image),
            ProgramOrigin::Sent(sent) => {
                let program = sent.checked.program.clone();
                program.ok_or_else(|| Refusal::new("the program that was sent is not a Toit program"))
            }
        }
    }
}

/// Returns the time from one start to the next, if the container is started at intervals.
fn interval_us(settings: &Settings) -> Option<i64> {
    settings.interval_us.filter(|interval_us| *interval_us >= 0)
}
