//! Starts the programs of containers, and tells them to end.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use lucarne_kernel::{Gid, KernelHandle, Prepared, RunningProgram, priority};
use lucarne_ports::regions::Regions;
use lucarne_services::{Announcement, Announcements, Presence, Value};
use lucarne_toit::{Grants, MemoryAccount};
use uuid::Uuid;

use crate::control::Refusal;
use crate::residents::Residents;
use crate::start::{Start, Usage};
use crate::{ContainerName, Settings};

/// The memory limit of a container without one in its settings, in bytes.
const MEMORY_DEFAULT: usize = 512 << 20;

/// The number of full collections in a row that each free under 2 % of a container's memory, after which its process
/// ends. Otherwise a program with less memory than it needs would spend all processor time on collections.
const FUTILE_COLLECTIONS_MAX: u32 = 16;

/// The work of a Toit program in about a microsecond of processor time.
const WORK_PER_US: u64 = 100;

/// Starts containers in a system.
pub(crate) struct Launcher {
    pub(crate) kernel: KernelHandle,
    pub(crate) presence: Presence,
    pub(crate) regions: Arc<dyn Regions>,
    pub(crate) executables: Box<dyn Executables>,
    pub(crate) residents: Residents,
    pub(crate) announcements: Announcements,
}

/// Starts executables and components: OS processes on a device, stand-ins for them in a simulation.
pub(crate) trait Executables: Send {
    /// Starts an executable, which reports its end through `start.on_end`.
    fn start(&self, executable: ExecutableStart, start: Start<'_>) -> io::Result<Box<dyn RunningExecutable>>;
}

/// The file of an executable or a component, ready to be loaded.
pub(crate) struct ExecutableStart {
    pub(crate) file: PathBuf,
    pub(crate) is_component: bool,
    /// Called when it has connected as a container, and never if it does not.
    pub(crate) on_connected: Box<dyn FnOnce() + Send>,
}

/// An executable or a component that runs.
pub(crate) trait RunningExecutable: Send {
    /// Asks it to end, and kills it if it does not in time. Its `on_end` is called when it has ended.
    fn end(&self);
    /// Returns its memory and its processor time, as far as they are known.
    fn usage(&self) -> Usage;
    /// Describes the bounds that are in force, for display.
    fn bounds(&self) -> Vec<String>;
}

/// A container that runs.
pub(crate) enum RunningContainer {
    Toit { program: RunningProgram, memory: Arc<MemoryAccount> },
    Executable(Box<dyn RunningExecutable>),
}

impl Launcher {
    /// Announces that a container will provide this interface: clients wait for it for a while.
    pub(crate) fn announce(&self, interface: Uuid) -> Announcement {
        self.announcements.announce(&self.kernel, interface)
    }

    /// Starts a Toit program: a group of processes in this OS process.
    pub(crate) fn start_toit(
        &self,
        image: Arc<lucarne_toit::LoadedProgram>,
        start: Start<'_>,
    ) -> RunningContainer {
        let group = self.residents.admit(&self.kernel, start.name, &start.settings.permissions);
        start.announced.iter().for_each(|announced| announced.set_group(group.gid()));
        let (residents, name) = (self.residents.clone(), start.name.clone());
        self.run(group, image, start, None, move || residents.forget(&name))
    }

    /// Prepares the group of an instance of a container, which `starter` starts.
    ///
    /// # Errors
    /// If the starter has too many instances.
    pub(crate) fn prepare_instance(
        &self,
        name: &ContainerName,
        settings: &Settings,
        starter: ContainerName,
    ) -> Result<Prepared, Refusal> {
        self.residents.admit_instance(&self.kernel, name, &settings.permissions, starter)
    }

    /// Forgets an instance that was prepared and does not start.
    pub(crate) fn forget_instance(&self, gid: Gid) {
        self.residents.forget_instance(gid);
    }

    /// Starts an instance, whose `main` gets the argument.
    pub(crate) fn start_instance(
        &self,
        group: Prepared,
        image: Arc<lucarne_toit::LoadedProgram>,
        argument: Value,
        start: Start<'_>,
    ) -> RunningContainer {
        let (residents, gid) = (self.residents.clone(), group.gid());
        self.run(group, image, start, Some(argument), move || residents.forget_instance(gid))
    }

    fn run(
        &self,
        group: Prepared,
        image: Arc<lucarne_toit::LoadedProgram>,
        start: Start<'_>,
        argument: Option<Value>,
        forget: impl FnOnce() + Send + 'static,
    ) -> RunningContainer {
        let Start { name, image_id, settings, assets, output, on_end, .. } = start;
        let mut grants = Grants::new(output, &self.presence);
        grants.arguments.clone_from(&settings.arguments);
        grants.argument = argument;
        grants.image_id = image_id.into_bytes();
        grants.program_name = Some(name.to_string());
        grants.assets = assets;
        grants.regions = Some(self.regions.clone());
        grants.heap.limit_bytes = settings
            .memory_bytes
            .map_or(MEMORY_DEFAULT, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        grants.futile_collections_max = Some(FUTILE_COLLECTIONS_MAX);
        let memory = Arc::new(MemoryAccount::new(grants.heap.limit_bytes));
        grants.memory = Some(memory.clone());
        grants.priority = if settings.background { priority::LOW } else { priority::NORMAL };
        let program = lucarne_toit::start_in(&self.kernel, group, image, grants);
        program.when_ended(move |code| {
            forget();
            on_end(code);
        });
        RunningContainer::Toit { program, memory }
    }

    /// Starts an executable or a component.
    ///
    /// # Errors
    /// If the operating system cannot start it.
    pub(crate) fn start_executable(
        &self,
        executable: ExecutableStart,
        start: Start<'_>,
    ) -> io::Result<RunningContainer> {
        self.executables.start(executable, start).map(RunningContainer::Executable)
    }
}

impl RunningContainer {
    /// Tells it to end. Its `on_end` is called when it has.
    pub(crate) fn end(&self) {
        match self {
            RunningContainer::Toit { program, .. } => program.stop(0),
            RunningContainer::Executable(executable) => executable.end(),
        }
    }

    /// Returns its memory and its processor time.
    pub(crate) fn usage(&self) -> Usage {
        match self {
            RunningContainer::Toit { program, memory } => {
                let (memory_bytes, cpu_us) = (memory.used_bytes() as u64, program.work() / WORK_PER_US);
                Usage { memory_bytes: Some(memory_bytes), cpu_us: Some(cpu_us) }
            }
            RunningContainer::Executable(executable) => executable.usage(),
        }
    }

    /// Describes the bounds that are in force, for display.
    pub(crate) fn bounds(&self, settings: &Settings) -> Vec<String> {
        match self {
            RunningContainer::Toit { .. } => {
                let memory = settings.memory_bytes.unwrap_or(MEMORY_DEFAULT as u64);
                vec![
                    format!("memory: {memory} bytes of heaps and byte arrays"),
                    "no access to files, processes or the environment".to_owned(),
                ]
            }
            RunningContainer::Executable(executable) => executable.bounds(),
        }
    }
}
