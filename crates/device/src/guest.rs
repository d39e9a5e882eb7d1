//! Containers at work: how one is started, and how it is told to end.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::{Gid, Program, priority};
use lucarne_system::storage::{self, FlashError, Media};
use lucarne_system::{Output, Services, System};
use lucarne_vm::Host;

use crate::native::{Native, NativeStart, Natives};
use crate::{ContainerName, Settings};

/// What a container may use of memory if its settings do not say, in bytes.
const MEMORY_DEFAULT: usize = 512 << 20;

/// What containers are started in.
pub(crate) struct Guests {
    system: System,
    natives: Natives,
    names: Names,
    media: Media,
}

/// The names of the containers that run, by group: what they store lies under their names.
#[derive(Clone, Default)]
pub(crate) struct Names(Arc<Mutex<BTreeMap<Gid, String>>>);

/// A container that runs.
pub(crate) enum Guest {
    Toit(Program),
    Native(Native),
}

/// What a container is started with.
pub(crate) struct Start<'a> {
    pub(crate) name: &'a ContainerName,
    pub(crate) settings: &'a Settings,
    /// The files that come with it.
    pub(crate) assets: Vec<u8>,
    /// Its log.
    pub(crate) output: Arc<dyn Output>,
    /// Told of its end, once, with its code.
    pub(crate) on_end: Box<dyn FnOnce(i32) + Send>,
}

impl Guests {
    /// Starts the storage of the containers to be.
    pub(crate) fn new(system: System, natives: Natives, names: Names, media: Media) -> io::Result<Guests> {
        let known = names.clone();
        let owners = Arc::new(move |gid| known.get(gid));
        storage::start(system.kernel(), media.clone(), owners).wait().map_err(io::Error::other)?;
        Ok(Guests { system, natives, names, media })
    }

    /// Starts a program in Toit: a group of processes in this OS process.
    pub(crate) fn start_toit(&self, image: Arc<lucarne_vm::Image>, start: Start<'_>) -> Guest {
        let Start { name, settings, assets, output, on_end } = start;
        let services = Services { presence: self.system.services().presence.clone(), output };
        let mut host = Host::new(&services);
        host.arguments.clone_from(&settings.arguments);
        host.program_name = Some(name.to_string());
        host.assets = assets;
        host.heap.limit_bytes = settings
            .memory_bytes
            .map_or(MEMORY_DEFAULT, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        host.priority = if settings.background { priority::LOW } else { priority::NORMAL };
        let program = lucarne_vm::start(self.system.kernel(), image, host);
        let gid = program.gid();
        self.names.add(gid, name.to_string());
        let names = self.names.clone();
        program.when_ended(move |code| {
            names.remove(gid);
            on_end(code);
        });
        Guest::Toit(program)
    }

    /// Starts an executable or a component: an OS process that is one container, or more, of the system.
    pub(crate) fn start_native(
        &self,
        native: NativeStart,
        start: Start<'_>,
    ) -> Result<Guest, std::io::Error> {
        self.natives.start(native, start).map(Guest::Native)
    }
}

impl Guests {
    /// Removes what a container has stored, which has ended.
    pub(crate) fn forget(&self, name: &ContainerName) -> Result<(), FlashError> {
        self.media.forget(name.as_str())
    }
}

impl Names {
    pub(crate) fn add(&self, gid: Gid, name: String) {
        self.0.lock().insert(gid, name);
    }

    pub(crate) fn remove(&self, gid: Gid) {
        self.0.lock().remove(&gid);
    }

    fn get(&self, gid: Gid) -> Option<String> {
        self.0.lock().get(&gid).cloned()
    }
}

impl Guest {
    /// Tells it to end. It is over when `on_end` was told.
    pub(crate) fn end(&self) {
        match self {
            Guest::Toit(program) => program.stop(0),
            Guest::Native(native) => native.end(),
        }
    }

    /// The bounds that are in force, for people.
    pub(crate) fn bounds(&self, settings: &Settings) -> Vec<String> {
        match self {
            Guest::Toit(_) => {
                let memory = settings.memory_bytes.unwrap_or(MEMORY_DEFAULT as u64);
                vec![
                    format!("memory: {memory} bytes of heaps and byte arrays"),
                    "no access to files, processes or the environment".to_owned(),
                ]
            }
            Guest::Native(native) => native.bounds(),
        }
    }
}
