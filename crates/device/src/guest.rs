//! Containers at work: how one is started, and how it is told to end.

use std::sync::Arc;

use lucarne_host::System;
use lucarne_kernel::{Gid, Prepared, Program, priority};
use lucarne_services::{Expectation, Expectations, Value};
use lucarne_toit::{Host, MemoryAccount};
use uuid::Uuid;

use crate::native::{Native, NativeStart, Natives};
use crate::residents::Residents;
use crate::start::{Start, Usage};
use crate::{ContainerName, Settings};

/// What a container may use of memory if its settings do not say, in bytes.
const MEMORY_DEFAULT: usize = 512 << 20;

/// How much work of a program in Toit is about a microsecond of a processor.
const WORK_PER_US: u64 = 100;

/// What containers are started in.
pub(crate) struct Guests {
    system: System,
    natives: Natives,
    residents: Residents,
    expectations: Expectations,
}

/// A container that runs.
pub(crate) enum Guest {
    Toit { program: Program, memory: Arc<MemoryAccount> },
    Native(Native),
}

impl Guests {
    pub(crate) fn new(
        system: System,
        natives: Natives,
        residents: Residents,
        expectations: Expectations,
    ) -> Guests {
        Guests { system, natives, residents, expectations }
    }

    /// From now on, for a while, those who look for this interface wait for the container that will provide it.
    pub(crate) fn expect(&self, interface: Uuid) -> Expectation {
        self.expectations.expect(self.system.kernel(), interface)
    }

    /// Starts a program in Toit: a group of processes in this OS process.
    pub(crate) fn start_toit(&self, image: Arc<lucarne_toit::LoadedProgram>, start: Start<'_>) -> Guest {
        let group = self.residents.admit(self.system.kernel(), start.name, &start.settings.permissions);
        start.expected.iter().for_each(|expected| expected.of(group.gid()));
        let (residents, name) = (self.residents.clone(), start.name.clone());
        self.run(group, image, start, None, move || residents.forget(&name))
    }

    /// A group for an instance of a container.
    pub(crate) fn prepare_instance(&self, name: &ContainerName, settings: &Settings) -> Prepared {
        self.residents.admit_instance(self.system.kernel(), name, &settings.permissions)
    }

    /// An instance does not start after all.
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
    ) -> Guest {
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
    ) -> Guest {
        let Start { name, image_id, settings, assets, output, on_end, .. } = start;
        let mut host = Host::new(output, self.system.presence());
        host.arguments.clone_from(&settings.arguments);
        host.argument = argument;
        host.image_id = image_id.into_bytes();
        host.program_name = Some(name.to_string());
        host.assets = assets;
        host.heap.limit_bytes = settings
            .memory_bytes
            .map_or(MEMORY_DEFAULT, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        let memory = Arc::new(MemoryAccount::new(host.heap.limit_bytes));
        host.memory = Some(memory.clone());
        host.priority = if settings.background { priority::LOW } else { priority::NORMAL };
        let program = lucarne_toit::start_in(self.system.kernel(), group, image, host);
        program.when_ended(move |code| {
            forget();
            on_end(code);
        });
        Guest::Toit { program, memory }
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

impl Guest {
    /// Tells it to end. It is over when `on_end` was told.
    pub(crate) fn end(&self) {
        match self {
            Guest::Toit { program, .. } => program.stop(0),
            Guest::Native(native) => native.end(),
        }
    }

    /// What it uses.
    pub(crate) fn usage(&self) -> Usage {
        match self {
            Guest::Toit { program, memory } => {
                let (memory_bytes, cpu_us) = (memory.used_bytes() as u64, program.work() / WORK_PER_US);
                Usage { memory_bytes: Some(memory_bytes), cpu_us: Some(cpu_us) }
            }
            Guest::Native(native) => native.usage(),
        }
    }

    /// The bounds that are in force, for people.
    pub(crate) fn bounds(&self, settings: &Settings) -> Vec<String> {
        match self {
            Guest::Toit { .. } => {
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
