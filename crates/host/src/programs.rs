//! Starts programs in Toit, and further containers of the programs that run.
//!
//! A system that installs nothing still offers `system.containers`: its images are the programs that it runs. A
//! container that is started from an image gets the options with which the program of the image was started.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::{Gid, KernelHandle, Prepared, RunningProgram};
#[cfg(feature = "link")]
use lucarne_link::{ConnectError, RemoteProcess};
use lucarne_outside::Surroundings;
use lucarne_ports::containers::{
    ContainerFault, Doing, InstallOptions, InstalledImage, Keeper, OnEnd, Startable,
};
use lucarne_ports::{Environment, FixedEnvironment, MachineEnvironment, Output};
use lucarne_services::{Presence, Uuid, Value};
use lucarne_toit::{Grants, InputChannel, LoadedProgram, ToitError};

use crate::{SimulatedSystem, System, SystemHandle};

/// Options for a Toit program.
#[derive(Debug, Clone, Default)]
pub struct ProgramOptions {
    /// The arguments of its `main`.
    pub arguments: Vec<String>,
    /// The memory limit of each of its processes in bytes; 512 MiB by default.
    pub memory_limit: Option<usize>,
    /// Whether the program may use files, environment and other programs, as this OS process may.
    pub outside: bool,
    /// Whether to collect garbage at each allocation, for finding faults of the virtual machine.
    pub gc_stress: bool,
    /// The session whose inputs its first process runs after its `main`.
    pub session: Option<Arc<InputChannel>>,
}

impl System {
    /// Compiles a Toit program and starts it in a container of its own.
    ///
    /// # Errors
    /// See [`ToitError`].
    pub fn run(&self, file: impl AsRef<Path>, arguments: &[&str]) -> Result<RunningProgram, ToitError> {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        self.run_with(file, ProgramOptions { arguments, ..ProgramOptions::default() })
    }

    /// Compiles a Toit program and starts it with options.
    ///
    /// # Errors
    /// See [`ToitError`].
    pub fn run_with(
        &self,
        file: impl AsRef<Path>,
        options: ProgramOptions,
    ) -> Result<RunningProgram, ToitError> {
        let file = file.as_ref();
        let image = lucarne_toit::load(lucarne_toit::compile(file)?.program)?;
        Ok(self.start_program(image, file, options))
    }

    /// Starts a program that was compiled from a file.
    pub fn start_program(
        &self,
        image: Arc<LoadedProgram>,
        file: &Path,
        options: ProgramOptions,
    ) -> RunningProgram {
        let environment = Arc::new(MachineEnvironment);
        start_program(self, image, file, options, environment)
    }
}

impl SimulatedSystem {
    /// Starts a program that was compiled from a file. It cannot use files, environment variables or OS processes,
    /// since their state does not follow from the seed. Its time zone is UTC, and the name of its machine is always the
    /// same.
    pub fn start_program(
        &self,
        image: Arc<LoadedProgram>,
        file: &Path,
        options: ProgramOptions,
    ) -> RunningProgram {
        let options = ProgramOptions { outside: false, ..options };
        let environment = Arc::new(FixedEnvironment::default());
        start_program(self, image, file, options, environment)
    }
}

fn start_program(
    system: &SystemHandle,
    image: Arc<LoadedProgram>,
    file: &Path,
    options: ProgramOptions,
    environment: Arc<dyn Environment>,
) -> RunningProgram {
    let template = Arc::new(Template::new(system, image, file, options, environment));
    system.programs.start(&system.kernel, system.kernel.prepare(), template, None)
}

/// A program, with the grants that its containers start with.
struct Template {
    id: Uuid,
    image: Arc<LoadedProgram>,
    grants: Grants,
}

impl Template {
    fn new(
        system: &SystemHandle,
        image: Arc<LoadedProgram>,
        file: &Path,
        options: ProgramOptions,
        environment: Arc<dyn Environment>,
    ) -> Template {
        let id = id_of(file);
        let mut grants = grants(file, options, &system.output, &system.presence);
        grants.environment = environment;
        grants.regions = Some(system.regions());
        Template { id, image, grants }
    }
}

/// Returns the id of a program that is not installed: it is made from the path.
fn id_of(file: &Path) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, file.as_os_str().as_encoded_bytes())
}

fn grants(file: &Path, options: ProgramOptions, output: &Arc<dyn Output>, presence: &Presence) -> Grants {
    let name = file.to_str().map(str::to_owned);
    let path = std::fs::canonicalize(file).ok().and_then(|path| path.to_str().map(str::to_owned));
    let outside = options.outside.then(|| {
        let output = output.clone();
        Arc::new(Surroundings::new(move || output.flush()))
    });
    let mut grants = Grants::new(output.clone(), presence);
    if let Some(limit) = options.memory_limit {
        grants.heap.limit_bytes = limit;
    }
    grants.heap.stress = options.gc_stress;
    grants.arguments = options.arguments;
    grants.session = options.session;
    grants.image_id = id_of(file).into_bytes();
    grants.program_name = name;
    grants.program_path = path;
    grants.outside = outside;
    grants
}

/// Runs a program as a container of the system that listens at a path, on this thread, until the program or the
/// connection ends. The program prints to `output`; all its services are
/// those of that system. The program has only one process. Returns its exit code, or none if the connection ended
/// first.
///
/// # Errors
/// See [`ConnectError`].
#[cfg(feature = "link")]
pub fn run_connected(
    socket: &Path,
    image: Arc<LoadedProgram>,
    file: &Path,
    options: ProgramOptions,
    output: &Arc<dyn Output>,
) -> Result<Option<i32>, ConnectError> {
    let mut grants = grants(file, options, output, &Presence::default());
    grants.is_single = true;
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or("program");
    let process =
        RemoteProcess::connect(name, socket, |kernel| lucarne_toit::process(kernel, image, grants))?;
    let code = process.run_while_connected();
    output.flush();
    Ok(code)
}

/// The number of running programs at which programs cannot start further ones. The host still can.
const PROGRAMS_MAX: usize = 4_096;

/// The programs that run in a system, by their groups.
#[derive(Clone, Default)]
pub(crate) struct Programs {
    running: Arc<Mutex<BTreeMap<Gid, Arc<Template>>>>,
}

impl Programs {
    /// Returns a keeper whose images are these programs.
    pub(crate) fn keeper(&self, kernel: KernelHandle) -> impl Keeper + use<> {
        RunningPrograms { kernel, programs: self.clone() }
    }

    fn start(
        &self,
        kernel: &KernelHandle,
        group: Prepared,
        template: Arc<Template>,
        argument: Option<Value>,
    ) -> RunningProgram {
        let gid = group.gid();
        let (image, mut grants) = (template.image.clone(), template.grants.clone());
        grants.argument = argument;
        self.running.lock().insert(gid, template);
        let program = lucarne_toit::start_in(kernel, group, image, grants);
        let running = self.running.clone();
        program.when_ended(move |_| drop(running.lock().remove(&gid)));
        program
    }

    /// Returns the programs that run. A program with several containers is listed once.
    fn images(&self) -> Vec<InstalledImage> {
        let running = self.running.lock();
        let by_id: BTreeMap<Uuid, &Arc<Template>> =
            running.values().map(|template| (template.id, template)).collect();
        let image = |template: &Arc<Template>| InstalledImage {
            id: template.id,
            name: template.grants.program_name.clone(),
            options: InstallOptions::default(),
        };
        by_id.into_values().map(image).collect()
    }

    fn find(&self, id: Uuid) -> Option<Arc<Template>> {
        self.running.lock().values().find(|template| template.id == id).cloned()
    }
}

/// The keeper of a system that installs nothing: its images are the programs that run.
struct RunningPrograms {
    kernel: KernelHandle,
    programs: Programs,
}

fn ready<T: Send + 'static>(result: Result<T, ContainerFault>) -> Doing<T> {
    Box::pin(std::future::ready(result))
}

impl Keeper for RunningPrograms {
    fn images(&self) -> Doing<Vec<InstalledImage>> {
        ready(Ok(self.programs.images()))
    }

    fn load(&self, _asker: Gid, id: Uuid) -> Doing<Option<Box<dyn Startable>>> {
        let Some(template) = self.programs.find(id) else { return ready(Ok(None)) };
        let group = self.kernel.prepare();
        ready(Ok(Some(Box::new(Instance {
            kernel: self.kernel.clone(),
            programs: self.programs.clone(),
            template,
            gid: group.gid(),
            state: Mutex::new(State::Ready(group)),
        }))))
    }

    fn uninstall(&self, _id: Uuid) -> Doing<()> {
        ready(Err(ContainerFault::Denied))
    }

    fn install(&self, _image: Vec<u8>, _how: InstallOptions) -> Doing<Uuid> {
        ready(Err(ContainerFault::Denied))
    }
}

/// A further container of a program.
struct Instance {
    kernel: KernelHandle,
    programs: Programs,
    template: Arc<Template>,
    gid: Gid,
    state: Mutex<State>,
}

enum State {
    Ready(Prepared),
    /// The start is in progress.
    Starting,
    Started(RunningProgram),
}

impl Startable for Instance {
    fn gid(&self) -> Gid {
        self.gid
    }

    fn start(&self, argument: Value, on_end: OnEnd) -> Doing<()> {
        let count = self.programs.running.lock().len();
        if count >= PROGRAMS_MAX {
            let text = format!("QUOTA_EXCEEDED: {count} programs run in this system");
            return ready(Err(ContainerFault::Refused(text)));
        }
        let mut state = self.state.lock();
        let group = match std::mem::replace(&mut *state, State::Starting) {
            State::Ready(group) => group,
            other => {
                *state = other;
                return ready(Err(ContainerFault::Started));
            }
        };
        let program = self.programs.start(&self.kernel, group, self.template.clone(), Some(argument));
        program.when_ended(on_end);
        *state = State::Started(program);
        ready(Ok(()))
    }

    fn stop(&self) {
        if let State::Started(program) = &*self.state.lock() {
            program.stop(0);
        }
    }
}
