//! The grants of a program: the limits, output, names and access to the machine that all its processes share.

use std::sync::Arc;

use lucarne_heap::{HeapOptions, MemoryAccount};
use lucarne_kernel::{before_long_work, before_waiting, priority};
use lucarne_message::Value;
use lucarne_outside::Surroundings;
use lucarne_ports::regions::Regions;
use lucarne_ports::{Environment, MachineEnvironment, Output, Stream};
use lucarne_services::protocol::{Interface, interface};
use lucarne_services::{Presence, ProviderFlag};

use crate::session::InputChannel;

/// Everything that a program is granted. Besides this, each of its processes has only its heap and its mailbox.
#[derive(Clone)]
pub struct Grants {
    /// The options of the heap of each process.
    pub heap: HeapOptions,
    /// The number of futile collections in a row after which a process ends: see [`Heap::futile_collections`]. By
    /// default there is no such limit, and the program gets `OUT_OF_MEMORY` each time.
    ///
    /// [`Heap::futile_collections`]: lucarne_heap::Heap::futile_collections
    pub futile_collections_max: Option<u32>,
    /// The account that limits the memory of all processes of the program together. The limit of each process, in
    /// `heap`, applies as well.
    pub memory: Option<Arc<MemoryAccount>>,
    /// Whether the program has one process only, so that `spawn` fails.
    pub is_single: bool,
    /// The priority that the program's first process starts with: see `lucarne_kernel::priority`. Processes that
    /// programs spawn get the priority that the spawning task chooses, or the normal one.
    pub priority: u8,
    /// The arguments of `main`.
    pub arguments: Vec<String>,
    /// The value to pass to `main` in place of the list `arguments`.
    pub argument: Option<Value>,
    /// The id of the program's image, as the program reads it; all zero if the program is not installed.
    pub image_id: [u8; 16],
    /// The name of the program, as the user wrote it.
    pub program_name: Option<String>,
    /// The program's full path.
    pub program_path: Option<String>,
    /// The assets of the container, as `system.assets` reads them: names and contents in one byte array. Empty if the
    /// container has no assets.
    pub assets: Vec<u8>,
    /// The parts of the machine that the program may reach: files, environment, other programs. By default the
    /// program may reach no part, and each attempt fails. A program that a user starts with `lucarne run` may reach
    /// all parts that the user may reach.
    pub outside: Option<Arc<Surroundings>>,
    /// The machine's time zone, zone files, and name, as natives see them. By default those of the real machine.
    pub environment: Arc<dyn Environment>,
    /// The regions of the storage that programs access in native steps. By default there are none, and programs access
    /// regions by calls of the storage service.
    pub regions: Option<Arc<dyn Regions>>,
    /// The session whose inputs the first process runs after its `main`.
    pub session: Option<Arc<InputChannel>>,
    pub(crate) output: Arc<dyn Output>,
    pub(crate) presence: Presence,
    /// The services that let a container stand in for the native steps print, log and trace, each with the flag that
    /// tells whether it has a provider. The index is the number in `lib/system/stand-in_.toit`.
    pub(crate) stand_ins: [(Interface, ProviderFlag); 3],
}

impl Grants {
    /// Creates grants with default limits, no arguments, no name, and no access to files, environment variables
    /// or other programs.
    pub fn new(output: Arc<dyn Output>, presence: &Presence) -> Grants {
        Grants {
            heap: HeapOptions { before_long_work, before_waiting, ..HeapOptions::default() },
            futile_collections_max: None,
            memory: None,
            is_single: false,
            priority: priority::NORMAL,
            arguments: Vec::new(),
            argument: None,
            image_id: [0; 16],
            program_name: None,
            program_path: None,
            assets: Vec::new(),
            outside: None,
            environment: Arc::new(MachineEnvironment),
            regions: None,
            session: None,
            output,
            presence: presence.clone(),
            stand_ins: [interface::PRINT, interface::LOG, interface::TRACE]
                .map(|interface| (interface, presence.flag(interface.uuid))),
        }
    }

    /// Writes an error message of a process, as a line, to the error output.
    pub(crate) fn report(&self, text: &str) {
        self.output.write(Stream::Error, format!("{text}\n").as_bytes());
    }

    pub(crate) fn name(&self) -> String {
        self.program_name.clone().unwrap_or_default()
    }
}
