//! A system of containers: on threads, or under simulation.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use lucarne_kernel::{Kernel, KernelHandle, Simulation};
use lucarne_ports::Output;
use lucarne_ports::containers::Keeper;
use lucarne_ports::regions::Regions;
use lucarne_providers::network::SimulatedNetwork;
use lucarne_providers::storage::OpenRegions;
use lucarne_services::{Container, Policies, Presence};

use crate::Builder;
#[cfg(feature = "link")]
use crate::connections::LazyConnections;
#[cfg(feature = "toit")]
use crate::programs::Programs;

/// A set of containers that can open each other's services. Dropping the system ends all of them.
///
/// Several systems in one OS process are independent of each other.
pub struct System {
    #[cfg(feature = "link")]
    pub(crate) connections: LazyConnections,
    handle: SystemHandle,
    #[cfg(feature = "fabric")]
    fabric: Option<lucarne_fabric::Status>,
    /// Dropped last, which ends the workers and all processes.
    _kernel: Kernel,
}

/// A system on one thread, in virtual time, whose every choice follows from a seed.
pub struct SimulatedSystem {
    handle: SystemHandle,
    network: SimulatedNetwork,
    /// Runs the system, step by step.
    pub simulation: Simulation,
}

/// The part that a [`System`] and a [`SimulatedSystem`] have in common.
pub struct SystemHandle {
    pub(crate) kernel: KernelHandle,
    pub(crate) presence: Presence,
    pub(crate) output: Arc<dyn Output>,
    pub(crate) policies: Policies,
    regions: OpenRegions,
    #[cfg(feature = "toit")]
    pub(crate) programs: Programs,
}

impl SystemHandle {
    pub(crate) fn new(
        kernel: KernelHandle,
        presence: Presence,
        output: Arc<dyn Output>,
        policies: Policies,
        regions: OpenRegions,
    ) -> SystemHandle {
        SystemHandle {
            kernel,
            presence,
            output,
            policies,
            regions,
            #[cfg(feature = "toit")]
            programs: Programs::default(),
        }
    }

    /// Starts a container whose code is Rust. The name is for display and need not be unique.
    pub fn container(&self, name: &str) -> Container {
        Container::start(&self.kernel, name)
    }

    /// Returns the kernel, for use from any thread.
    pub fn kernel(&self) -> &KernelHandle {
        &self.kernel
    }

    /// Returns the policies: which services each group may open and provide.
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// Returns the flags that tell whether a service has a provider.
    pub fn presence(&self) -> &Presence {
        &self.presence
    }

    /// Returns the open regions of the storage. Programs read and write them directly in native code, without a call to
    /// the storage service.
    pub fn regions(&self) -> Arc<dyn Regions> {
        Arc::new(self.regions.clone())
    }

    /// Returns the output that programs print to.
    pub fn output(&self) -> &Arc<dyn Output> {
        &self.output
    }

    /// Returns the keeper for a builder that was given none. It lists the running programs as images and refuses
    /// installations.
    #[cfg(feature = "toit")]
    pub(crate) fn keeper(&self) -> Arc<dyn Keeper> {
        Arc::new(self.programs.keeper(self.kernel.clone()))
    }

    /// The same without the `toit` feature: lists no images and refuses installations.
    #[cfg(not(feature = "toit"))]
    pub(crate) fn keeper(&self) -> Arc<dyn Keeper> {
        Arc::new(no_images::NoImages)
    }
}

impl System {
    /// Starts a system with a worker thread for each processor. Its programs print to the streams of this OS process.
    pub fn new() -> System {
        Builder::default().start()
    }

    /// Starts a system whose programs print to the given output.
    pub fn with_output(output: Arc<dyn Output>) -> System {
        Builder::default().output(output).start()
    }

    /// Returns a builder, which offers all other options.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn from_handle(
        handle: SystemHandle,
        #[cfg(feature = "fabric")] fabric: Option<lucarne_fabric::Status>,
        kernel: Kernel,
    ) -> System {
        System {
            #[cfg(feature = "link")]
            connections: LazyConnections::default(),
            handle,
            #[cfg(feature = "fabric")]
            fabric,
            _kernel: kernel,
        }
    }
}

#[cfg(feature = "fabric")]
impl System {
    /// Returns the status of the other machines, if the system has joined a fabric.
    pub fn fabric(&self) -> Option<&lucarne_fabric::Status> {
        self.fabric.as_ref()
    }
}

impl Deref for System {
    type Target = SystemHandle;

    fn deref(&self) -> &SystemHandle {
        &self.handle
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

impl Drop for System {
    fn drop(&mut self) {
        self.output.flush();
    }
}

impl SimulatedSystem {
    /// Starts a simulated system without faults.
    pub fn new(seed: u64, output: Arc<dyn Output>) -> SimulatedSystem {
        Builder::default().output(output).simulate(seed, lucarne_kernel::Faults::default())
    }

    pub(crate) fn from_handle(
        handle: SystemHandle,
        network: SimulatedNetwork,
        simulation: Simulation,
    ) -> SimulatedSystem {
        SimulatedSystem { handle, network, simulation }
    }

    /// Returns the network, whose connections can be broken, and whose open sockets can be counted.
    pub fn network(&self) -> &SimulatedNetwork {
        &self.network
    }
}

impl Deref for SimulatedSystem {
    type Target = SystemHandle;

    fn deref(&self) -> &SystemHandle {
        &self.handle
    }
}

#[cfg(not(feature = "toit"))]
mod no_images {
    use lucarne_kernel::Gid;
    use lucarne_ports::containers::{
        ContainerFault, Doing, InstallOptions, InstalledImage, Keeper, Startable,
    };
    use lucarne_services::Uuid;

    /// Keeps no images and accepts none.
    pub(super) struct NoImages;

    impl Keeper for NoImages {
        fn images(&self) -> Doing<Vec<InstalledImage>> {
            Box::pin(async { Ok(Vec::new()) })
        }

        fn load(&self, _asker: Gid, _id: Uuid) -> Doing<Option<Box<dyn Startable>>> {
            Box::pin(async { Ok(None) })
        }

        fn uninstall(&self, _id: Uuid) -> Doing<()> {
            Box::pin(async { Err(ContainerFault::Denied) })
        }

        fn install(&self, _image: Vec<u8>, _how: InstallOptions) -> Doing<Uuid> {
            Box::pin(async { Err(ContainerFault::Denied) })
        }
    }
}
