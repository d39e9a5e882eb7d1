//! The builder of systems, and the start of their services.
//!
//! The order is fixed: the service manager comes first, since every service is opened through it. Then come the
//! services storage, console, containers and network, each in a container of its own. A system is complete when its
//! builder returns. The network of a simulated system is in memory, since that of the operating system does not follow from
//! a seed.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use lucarne_kernel::sync::thread;
use lucarne_kernel::{
    EndReport, Exit, Faults, Hooks, Kernel, KernelHandle, KernelOptions, Observer, Simulation, SpawnOptions,
    priority,
};
use lucarne_ports::containers::Keeper;
use lucarne_ports::{Output, StandardOutput, Stream};
use lucarne_providers::console::{self, Outputs};
use lucarne_providers::containers;
use lucarne_providers::network::{self, Borders, Names, NoBorders, SimulatedNetwork, SystemNames, Weather};
use lucarne_providers::storage::{self, Media, OpenRegions, Owners};
use lucarne_services::{
    CallError, Container, InstallError, Oversight, Pending, Policy, Presence, Provider, ServiceManager,
    StandInRules, Traffic,
};

use crate::system::{SimulatedSystem, System, SystemHandle};

/// Configures and starts a system.
///
/// Without further choices, output goes to the streams of this OS process, storage lies in memory and is shared by
/// all containers, and the installed images are the programs that the system runs.
pub struct Builder {
    workers: Option<usize>,
    output: Arc<dyn Output>,
    outputs: Option<Outputs>,
    oversight: Oversight,
    presence: Presence,
    media: Media,
    owners: Owners,
    keeper: Option<Arc<dyn Keeper>>,
    has_services: bool,
    weather: Weather,
    borders: Arc<dyn Borders>,
    names: Arc<dyn Names>,
    #[cfg(feature = "fabric")]
    fabric: Option<lucarne_fabric::Options>,
}

impl Default for Builder {
    fn default() -> Builder {
        Builder {
            workers: None,
            output: Arc::new(StandardOutput::new()),
            outputs: None,
            oversight: Oversight::default(),
            presence: Presence::default(),
            media: Media::in_memory(),
            owners: storage::one_owner(),
            keeper: None,
            has_services: true,
            weather: Weather::default(),
            borders: Arc::new(NoBorders),
            names: Arc::new(SystemNames),
            #[cfg(feature = "fabric")]
            fabric: None,
        }
    }
}

impl Builder {
    /// Sets the number of worker threads; by default, one for each processor. A simulation has none.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Builder {
        self.workers = Some(workers);
        self
    }

    /// Sets the output for the text and log records of programs.
    #[must_use]
    pub fn output(mut self, output: Arc<dyn Output>) -> Builder {
        self.output = output;
        self
    }

    /// Gives each container an output of its own, which gets the text that it sends to the services `print`, `log` and
    /// `trace`.
    #[must_use]
    pub fn outputs(mut self, outputs: Outputs) -> Builder {
        self.outputs = Some(outputs);
        self
    }

    /// Sets the policies of the service manager, and the receivers of its reports.
    #[must_use]
    pub fn oversight(mut self, oversight: Oversight) -> Builder {
        self.oversight = oversight;
        self
    }

    /// Sets how programs use containers that print, log or take traces in the place of the system. By default, programs
    /// wait for the answer of such a container until the container ends.
    #[must_use]
    pub fn stand_ins(mut self, rules: StandInRules) -> Builder {
        self.presence = Presence::with_rules(rules);
        self
    }

    /// Sets the media on which the storage service keeps its entries, and the owners, which say which containers share
    /// entries.
    #[must_use]
    pub fn storage(mut self, media: Media, owners: Owners) -> Builder {
        (self.media, self.owners) = (media, owners);
        self
    }

    /// Sets the keeper of images, which also starts containers from them.
    #[must_use]
    pub fn keeper(mut self, keeper: Arc<dyn Keeper>) -> Builder {
        self.keeper = Some(keeper);
        self
    }

    /// Sets the weather of the network of a simulated system: fair by default.
    #[must_use]
    pub fn weather(mut self, weather: Weather) -> Builder {
        self.weather = weather;
        self
    }

    /// Sets what containers may reach over the network: everything by default.
    #[must_use]
    pub fn borders(mut self, borders: Arc<dyn Borders>) -> Builder {
        self.borders = borders;
        self
    }

    /// Sets the resolver of host names: that of the operating system by default. A simulated network has names of its
    /// own.
    #[must_use]
    pub fn names(mut self, names: Arc<dyn Names>) -> Builder {
        self.names = names;
        self
    }

    /// Joins the system to a fabric of several machines. A simulated system joins none: see
    /// [`lucarne_fabric::simulation`].
    #[cfg(feature = "fabric")]
    #[must_use]
    pub fn join(mut self, options: lucarne_fabric::Options) -> Builder {
        self.fabric = Some(options);
        self
    }

    /// Leaves out storage, console, containers and network: for a system that runs no programs.
    #[must_use]
    pub fn without_services(mut self) -> Builder {
        self.has_services = false;
        self
    }

    /// Starts the system on threads.
    pub fn start(self) -> System {
        let workers = self.workers.unwrap_or_else(processors);
        let hooks = hooks(&self.output, self.oversight.traffic.clone());
        let kernel = Kernel::new(KernelOptions { workers, hooks });
        #[cfg(feature = "fabric")]
        let (this, joining) = self.take_fabric();
        #[cfg(not(feature = "fabric"))]
        let this = self;
        let handle = this.start_on(&kernel, None, |pending| pending.wait());
        System::from_handle(
            handle,
            #[cfg(feature = "fabric")]
            joining.map(|(abroad, options)| lucarne_fabric::join(&kernel, &abroad, options)),
            kernel,
        )
    }

    /// Takes the options of the fabric, which the system joins once it runs, out of the builder.
    #[cfg(feature = "fabric")]
    fn take_fabric(mut self) -> (Builder, Option<(lucarne_services::Abroad, lucarne_fabric::Options)>) {
        let joining = self.fabric.take().map(|options| (self.oversight.abroad.clone(), options));
        (self, joining)
    }

    /// Starts the system on one thread, in virtual time. Every choice follows from the seed.
    pub fn simulate(self, seed: u64, faults: Faults) -> SimulatedSystem {
        let hooks = hooks(&self.output, self.oversight.traffic.clone());
        self.start_under(Simulation::with_hooks(seed, hooks).with_faults(faults))
    }

    /// Starts the system on one simulated worker: see [`Simulation::with_worker`]. It shows how late containers get
    /// their turns.
    pub fn simulate_worker(self, seed: u64) -> SimulatedSystem {
        let hooks = hooks(&self.output, self.oversight.traffic.clone());
        self.start_under(Simulation::with_worker(seed, hooks))
    }

    fn start_under(self, mut simulation: Simulation) -> SimulatedSystem {
        let kernel = simulation.handle().clone();
        let seed = kernel.random().next_u64();
        let network = SimulatedNetwork::new(seed, self.weather, kernel.clock().clone());
        let in_memory = Some(&network);
        let handle = self.start_on(&kernel, in_memory, |pending| run_until_done(&mut simulation, pending));
        SimulatedSystem::from_handle(handle, network, simulation)
    }

    fn start_on(
        self,
        kernel: &KernelHandle,
        simulated: Option<&SimulatedNetwork>,
        mut finish: impl FnMut(Pending<Provider, InstallError>) -> Result<Provider, InstallError>,
    ) -> SystemHandle {
        let policies = self.oversight.policies.clone();
        let presence = self.presence;
        let regions = OpenRegions::new(self.owners);
        start_manager(kernel, &presence, self.oversight);
        let handle = SystemHandle::new(kernel.clone(), presence, self.output, policies, regions.clone());
        if !self.has_services {
            return handle;
        }
        let mut start = |name: &str, install: &dyn Fn(&Container) -> Pending<Provider, InstallError>| {
            let container = Container::start(kernel, name);
            handle.policies.set(container.gid(), Policy::host());
            // In a new system no installation is refused, but a simulated fault may kill the container.
            if let Err(error) = finish(install(&container)) {
                let text = format!("the service '{name}' has not started: {error}\n");
                handle.output.write(Stream::Error, text.as_bytes());
            }
        };
        start("storage", &|container| storage::install(container, self.media.clone(), regions.clone()));
        let outputs = self.outputs.unwrap_or_else(|| console::one_output(handle.output.clone()));
        start("console", &|container| console::install(container, outputs.clone()));
        let keeper = self.keeper.unwrap_or_else(|| handle.keeper());
        start("containers", &|container| containers::install(container, keeper.clone()));
        start("network", &|container| match simulated {
            Some(network) => network.install(container, self.borders.clone()),
            None => network::install(container, self.borders.clone(), self.names.clone()),
        });
        handle
    }
}

/// Returns the number of processors that this OS process may use.
pub fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Runs a simulation until an operation is done. Returns an error if the simulation ends before that.
fn run_until_done(
    simulation: &mut Simulation,
    mut pending: Pending<Provider, InstallError>,
) -> Result<Provider, InstallError> {
    let mut context = Context::from_waker(Waker::noop());
    let mut result = None;
    simulation.run_until(u64::MAX, || {
        if let std::task::Poll::Ready(done) = Pin::new(&mut pending).poll(&mut context) {
            result = Some(done);
        }
        result.is_some()
    });
    result.unwrap_or(Err(InstallError::Failed(CallError::Gone)))
}

/// Starts the service manager, and makes it the process that `Pid::SYSTEM` stands for.
fn start_manager(kernel: &KernelHandle, presence: &Presence, oversight: Oversight) {
    let options = SpawnOptions { priority: priority::CRITICAL, ..SpawnOptions::named("service manager") };
    let manager = ServiceManager::overseen(presence.clone(), oversight);
    let manager = kernel.start_system(Box::new(manager), options);
    kernel.set_system_process(manager);
}

fn hooks(output: &Arc<dyn Output>, traffic: Option<Arc<Traffic>>) -> Hooks {
    let (reports, idle) = (output.clone(), output.clone());
    Hooks {
        on_end: Some(Box::new(move |report| {
            report_panic(reports.as_ref(), report);
            // A thread that waits for the end of a program may end this OS process next.
            reports.flush();
        })),
        on_idle: Some(Box::new(move || idle.flush())),
        observer: traffic.map(|traffic| traffic as Arc<dyn Observer>),
    }
}

/// Reports a panic of a native container. Programs report their own failures.
fn report_panic(output: &dyn Output, report: &EndReport<'_>) {
    if let Exit::Panicked { message } = report.exit {
        let EndReport { pid, name, .. } = report;
        let line = format!("process {pid} ({name}) ended by a fault in its native code: {message}\n");
        output.write(Stream::Error, line.as_bytes());
    }
}
