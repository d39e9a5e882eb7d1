//! A system of containers in this OS process.

use std::fmt;
use std::sync::Arc;

use lucarne_kernel::KernelHandle;
#[cfg(feature = "link")]
use lucarne_kernel::sync::Mutex;
use lucarne_services::Container;
use lucarne_system::{Output, Services, StandardOutput};

/// Containers that see each other's services. Dropping it ends them all.
///
/// Several systems in one OS process know nothing of each other.
pub struct System {
    #[cfg(feature = "link")]
    connections: Mutex<Option<lucarne_link::Connections>>,
    system: lucarne_system::System,
}

impl System {
    /// A system without containers, with a worker thread for each processor. What its programs print
    /// goes to the streams of this OS process.
    pub fn new() -> System {
        System::with_output(Arc::new(StandardOutput::new()))
    }

    /// The same, with another place for what programs print.
    pub fn with_output(output: Arc<dyn Output>) -> System {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        System::with_workers(workers, output)
    }

    /// The same, with so many worker threads.
    pub fn with_workers(workers: usize, output: Arc<dyn Output>) -> System {
        System {
            #[cfg(feature = "link")]
            connections: Mutex::default(),
            system: lucarne_system::System::new(workers, output),
        }
    }

    /// Starts a container whose code is Rust. The name is for people; it need not be unique.
    pub fn container(&self, name: &str) -> Container {
        Container::start(self.kernel(), name)
    }

    /// What everything runs on.
    pub fn kernel(&self) -> &KernelHandle {
        self.system.kernel()
    }

    /// What those need who [start](crate::console::start) the services of a device here.
    pub fn services(&self) -> &Services {
        self.system.services()
    }

    #[cfg(feature = "link")]
    pub(crate) fn connections(&self) -> std::io::Result<lucarne_link::Connections> {
        let mut connections = self.connections.lock();
        if let Some(connections) = &*connections {
            return Ok(connections.clone());
        }
        Ok(connections.insert(lucarne_link::Connections::new(self.kernel())?).clone())
    }
}

impl Default for System {
    fn default() -> System {
        System::new()
    }
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("System").field("processes", &self.kernel().process_count()).finish()
    }
}
