//! What the processes of a program share besides the program: limits, output, names.

use std::sync::Arc;

use lucarne_kernel::priority;
use lucarne_message::Value;
use lucarne_outside::Surroundings;
use lucarne_ports::{Output, Stream};
use lucarne_services::protocol::interface;
use lucarne_services::{Presence, ProviderFlag};

use crate::heap::{HeapOptions, MemoryAccount};

/// The surroundings of a program.
pub struct Host {
    /// How heaps are made.
    pub heap: HeapOptions,
    /// What all its processes may use together, besides what each may use; nothing if nobody counts.
    pub memory: Option<Arc<MemoryAccount>>,
    /// The priority that its processes start with: see `lucarne_kernel::priority`.
    pub priority: u8,
    /// The arguments of `main`.
    pub arguments: Vec<String>,
    /// What `main` gets instead of a list of the arguments, if whoever starts the program says so.
    pub argument: Option<Value>,
    /// The id of the image that it runs from, as programs know it; all zero if it is none that is installed.
    pub image_id: [u8; 16],
    /// The program as the user named it.
    pub program_name: Option<String>,
    /// The program's full path.
    pub program_path: Option<String>,
    /// Files that come with it, as `system.assets` reads them: names and contents in one byte array, or nothing.
    pub assets: Vec<u8>,
    /// What the program may reach of the machine around it: files, environment, other programs. Having
    /// none is the rule, and each try is then an error. A program that a person starts on a desk is
    /// given what the person has.
    pub outside: Option<Arc<Surroundings>>,
    pub(crate) output: Arc<dyn Output>,
    pub(crate) print: ProviderFlag,
    pub(crate) log: ProviderFlag,
    pub(crate) trace: ProviderFlag,
}

impl Host {
    /// Surroundings with default limits, no arguments, no name, and nothing outside.
    pub fn new(output: Arc<dyn Output>, presence: &Presence) -> Host {
        Host {
            heap: HeapOptions::default(),
            memory: None,
            priority: priority::NORMAL,
            arguments: Vec::new(),
            argument: None,
            image_id: [0; 16],
            program_name: None,
            program_path: None,
            assets: Vec::new(),
            outside: None,
            output,
            print: presence.flag(interface::PRINT.uuid),
            log: presence.flag(interface::LOG.uuid),
            trace: presence.flag(interface::TRACE.uuid),
        }
    }

    /// Tells the user what went wrong in a process.
    pub(crate) fn report(&self, text: &str) {
        self.output.write(Stream::Error, format!("{text}\n").as_bytes());
    }

    pub(crate) fn name(&self) -> String {
        self.program_name.clone().unwrap_or_default()
    }
}
