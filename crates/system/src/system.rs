//! Starting a system, on threads or under simulation.

use std::sync::Arc;

use lucarne_kernel::{
    EndReport, Exit, Faults, Hooks, Kernel, KernelHandle, KernelOptions, Observer, Simulation, SpawnOptions,
    priority,
};
use lucarne_services::{Container, Oversight, Policies, Policy, Presence, ServiceManager, Traffic};

use crate::output::{Output, Stream};

/// A system that runs on threads. Dropping it ends all its processes.
pub struct System {
    services: Services,
    kernel: Kernel,
}

/// A system on one thread, in virtual time, whose every choice follows from a seed.
pub struct SimulatedSystem {
    services: Services,
    /// Runs the system, step by step.
    pub simulation: Simulation,
}

/// What guests and their makers need of a system besides the kernel.
#[derive(Clone)]
pub struct Services {
    /// Who provides what, at a glance.
    pub presence: Presence,
    /// Where output goes.
    pub output: Arc<dyn Output>,
    /// What groups may open and provide.
    pub policies: Policies,
}

impl System {
    /// A system with so many worker threads, and no guests.
    pub fn new(workers: usize, output: Arc<dyn Output>) -> System {
        System::overseen(workers, output, Oversight::default())
    }

    /// The same, for those who have a say in who may provide and open what.
    pub fn overseen(workers: usize, output: Arc<dyn Output>, oversight: Oversight) -> System {
        let services = Services::new(output, &oversight);
        let kernel =
            Kernel::new(KernelOptions { workers, hooks: hooks(&services.output, oversight.traffic.clone()) });
        start_manager(&kernel, &services, oversight);
        System { services, kernel }
    }

    /// The kernel, for use from any thread.
    pub fn kernel(&self) -> &KernelHandle {
        &self.kernel
    }

    /// What guests need.
    pub fn services(&self) -> &Services {
        &self.services
    }
}

impl Drop for System {
    fn drop(&mut self) {
        self.services.output.flush();
    }
}

impl SimulatedSystem {
    /// A simulated system without guests.
    pub fn new(seed: u64, faults: Faults, output: Arc<dyn Output>) -> SimulatedSystem {
        let oversight = Oversight::default();
        let services = Services::new(output, &oversight);
        let simulation = Simulation::with_hooks(seed, hooks(&services.output, None)).with_faults(faults);
        start_manager(simulation.handle(), &services, oversight);
        SimulatedSystem { services, simulation }
    }

    /// The kernel.
    pub fn kernel(&self) -> &KernelHandle {
        self.simulation.handle()
    }

    /// What guests need.
    pub fn services(&self) -> &Services {
        &self.services
    }
}

impl Services {
    fn new(output: Arc<dyn Output>, oversight: &Oversight) -> Services {
        Services { presence: Presence::default(), output, policies: oversight.policies.clone() }
    }

    /// Starts a container of the system itself.
    pub(crate) fn container(&self, kernel: &KernelHandle, name: &str) -> Container {
        let container = Container::start(kernel, name);
        self.policies.set(container.gid(), Policy::host());
        container
    }
}

/// The manager is in the way of everybody who opens a service, so it goes first.
fn start_manager(kernel: &KernelHandle, services: &Services, oversight: Oversight) {
    let options = SpawnOptions { priority: priority::CRITICAL, ..SpawnOptions::named("service manager") };
    let manager = ServiceManager::overseen(services.presence.clone(), oversight);
    let manager = kernel.start_system(Box::new(manager), options);
    kernel.set_system_process(manager);
}

fn hooks(output: &Arc<dyn Output>, traffic: Option<Arc<Traffic>>) -> Hooks {
    let (reports, idle) = (output.clone(), output.clone());
    Hooks {
        on_end: Some(Box::new(move |report| {
            report_panic(reports.as_ref(), report);
            // Who has waited for the end of a program may go on to end this OS process.
            reports.flush();
        })),
        on_idle: Some(Box::new(move || idle.flush())),
        observer: traffic.map(|traffic| traffic as Arc<dyn Observer>),
    }
}

/// A guest says itself why it fails; of a panic nobody else would.
fn report_panic(output: &dyn Output, report: &EndReport<'_>) {
    if let Exit::Panicked { message } = report.exit {
        let EndReport { pid, name, .. } = report;
        let line = format!("process {pid} ({name}) ended by a fault in its native code: {message}\n");
        output.write(Stream::Error, line.as_bytes());
    }
}
