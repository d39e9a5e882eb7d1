//! A container, as the supervisor knows it: what it runs and how, and how that goes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lucarne_message::tison;
use lucarne_services::Expectation;
use uuid::Uuid;

use super::Reply;
use crate::control::Refusal;
use crate::guest::{Guest, Guests};
use crate::life::Life;
use crate::start::Usage;
use crate::{Digest, Image, Kind, Settings, Store, StoreError, assets};

/// A container of a device.
pub(super) struct Slot {
    pub(super) program: Program,
    pub(super) settings: Settings,
    /// Its place among the containers.
    pub(super) place: u64,
    pub(super) life: Life,
    pub(super) guest: Option<Guest>,
    /// The interfaces that it provided when it last ran, and those that it has provided in this run.
    pub(super) provided: BTreeSet<Uuid>,
    pub(super) provides: BTreeSet<Uuid>,
    pub(super) started: Option<Instant>,
    /// What those who look for its interfaces wait for, while it starts.
    pub(super) expected: Vec<Expectation>,
    pub(super) starts: u32,
    pub(super) ends: u64,
    pub(super) failures: u64,
    pub(super) problem: Option<String>,
    /// Who waits until it has ended.
    pub(super) ending: Vec<Reply<()>>,
}

/// Where the program of a container is.
pub(super) enum Program {
    /// In the store.
    Installed { image: Digest, kind: Kind },
    /// Here alone: it was sent to be run once.
    Sent(Arc<Sent>),
}

/// A program that was sent to the device, and the files that come with it.
pub(crate) struct Sent {
    pub(crate) image: Image,
    pub(crate) assets: BTreeMap<String, Vec<u8>>,
}

impl Slot {
    pub(super) fn new(program: Program, settings: Settings, place: u64) -> Slot {
        Slot {
            life: Life::new(settings.restart, interval(&settings)),
            program,
            settings,
            place,
            guest: None,
            provided: BTreeSet::new(),
            provides: BTreeSet::new(),
            started: None,
            expected: Vec::new(),
            starts: 0,
            ends: 0,
            failures: 0,
            problem: None,
            ending: Vec::new(),
        }
    }

    /// Another program takes the name. What runs goes on as it was.
    pub(super) fn replace(&mut self, program: Program, settings: Settings, place: u64) {
        self.life.set_policy(settings.restart, interval(&settings));
        (self.program, self.settings, self.place) = (program, settings, place);
    }

    /// Has those wait who look for what this container is about to provide.
    pub(super) fn expect(&mut self, guests: &Guests) {
        if self.expected.is_empty() {
            self.expected = self.provided.iter().map(|interface| guests.expect(*interface)).collect();
        }
    }

    /// What it uses; nothing if it does not run.
    pub(super) fn usage(&self) -> Usage {
        self.guest.as_ref().map(Guest::usage).unwrap_or_default()
    }

    pub(super) fn is_installed(&self) -> bool {
        matches!(self.program, Program::Installed { .. })
    }

    /// What names its image, and what it is.
    pub(super) fn identity(&self) -> (Digest, Kind) {
        match &self.program {
            Program::Installed { image, kind } => (*image, *kind),
            Program::Sent(sent) => (sent.image.digest(), sent.image.manifest().kind),
        }
    }

    /// The files that come with it, and what was defined, as programs read them.
    pub(super) fn assets(&self, store: &Store) -> Result<Vec<u8>, Refusal> {
        let mut entries = match &self.program {
            Program::Sent(sent) => sent.assets.clone(),
            Program::Installed { .. } => {
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
            Program::Installed { image, .. } => store.image(*image).map_err(Refusal::new),
            Program::Sent(sent) => Ok(sent.image.clone()),
        }
    }
}

/// The time from one start to the next, if there is such a time.
fn interval(settings: &Settings) -> Option<Duration> {
    settings.interval_us.and_then(|interval| u64::try_from(interval).ok()).map(Duration::from_micros)
}
