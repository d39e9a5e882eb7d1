//! `lucarne run`.

use std::path::Path;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Instant;

use lucarne_compiler::diagnostic::Diagnostic;
use lucarne_compiler::link::link;
use lucarne_compiler::program::Program;
use lucarne_device::Digest;
use lucarne_kernel::{Faults, KernelHandle};
use lucarne_link::{Connections, Listener};
use lucarne_outside::Surroundings;
use lucarne_services::{InstallError, Pending, Provider};
use lucarne_system::storage::{self, Media};
use lucarne_system::{Output, Services, SimulatedSystem, StandardOutput, System, console, containers};
use lucarne_vm::{Host, Image, SoleImage};

use crate::arguments::device::{At, RunOptions};
use crate::arguments::{HOST, Run};
use crate::components::Components;
use crate::front::analyze_file;
use crate::reach::{reach, refused};
use crate::{FAILURE, Stop, container, print_out};

/// The status after Ctrl-C: 128 and the number of the signal, as shells have it.
const INTERRUPTED: i32 = 130;

/// Compiles a program and runs it to its end. The status is the program's.
pub(crate) fn run(options: &Run) -> Result<ExitCode, Stop> {
    let file = options.file();
    if let Some(option) = file.to_str().filter(|file| file.starts_with('-')) {
        let hint = "see 'lucarne run --help'; a file of that name is './-...'";
        return Err(Stop::usage(format!("there is no option {option}: {hint}")));
    }
    if options.device != HOST {
        return run_on_device(options, file);
    }
    if options.on_device != RunOptions::default() {
        return Err(Stop::usage("only a program that runs on a device can have these options: see -d"));
    }
    if let Some(parent) = options.end_with_parent {
        end_with_parent(parent)?;
    }
    let Some(program) = compile(file)? else { return Ok(ExitCode::from(FAILURE)) };
    let image = Image::new(Arc::new(program)).map_err(|error| Stop::failure(error.to_string()))?;
    let output: Arc<dyn Output> = Arc::new(StandardOutput::new());
    let code = match options.simulate {
        Some(seed) => simulate(options, seed, Arc::new(image), output)?,
        None => run_on_threads(options, Arc::new(image), output)?,
    };
    // What a program passes to `exit` is cut to a byte by the operating system. A failure must
    // not become a success by that.
    Ok(ExitCode::from(if code != 0 && code & 0xff == 0 { FAILURE } else { code as u8 }))
}

/// Sends a program to a device, where it runs in the background.
fn run_on_device(options: &Run, file: &Path) -> Result<ExitCode, Stop> {
    let at = At { state: options.state.clone(), device: Some(options.device.clone()) };
    let (reached, device) = reach(&at)?;
    let Some(image) = container::image(file)? else { return Ok(ExitCode::from(FAILURE)) };
    print_out(format!("Running '{}' on '{device}' ...\n", file.display()).as_bytes());
    let began = Instant::now();
    let settings = container::settings(&options.on_device, options.arguments());
    let upload = container::send(&reached, &image, &options.on_device.assets)?;
    upload.run(settings).wait().map_err(refused)?;
    let (size, took) = (image.bytes().len().div_ceil(1024), began.elapsed().as_secs_f64());
    print_out(
        format!("Success: Sent {size}KB to '{device}' in {took:.2}s; see 'lucarne container logs -f run'\n")
            .as_bytes(),
    );
    Ok(ExitCode::SUCCESS)
}

/// Asks to be killed with the process that started this one. `lucarne test` may be killed itself, and
/// what it has started must not run on unwatched.
#[cfg(target_os = "linux")]
fn end_with_parent(parent: i32) -> Result<(), Stop> {
    use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| Stop::failure(format!("cannot be bound to the parent's end: {error}")))?;
    // It may have ended before it was asked.
    if getppid().map(Pid::as_raw_pid) == Some(parent) {
        Ok(())
    } else {
        Err(Stop::failure("the parent has ended"))
    }
}

/// Other systems have no such signal.
#[cfg(not(target_os = "linux"))]
fn end_with_parent(_: i32) -> Result<(), Stop> {
    Ok(())
}

/// The linked program; none if it has errors. These, and warnings, have been printed.
pub(crate) fn compile(file: &Path) -> Result<Option<Program>, Stop> {
    let analysis = analyze_file(file)?;
    if analysis.diagnostics.iter().any(Diagnostic::is_error) {
        return Ok(None);
    }
    match link(&analysis.unit) {
        Ok(program) => Ok(Some(program)),
        Err(error) => Err(Stop::failure(format!("{}: {error}", file.display()))),
    }
}

fn run_on_threads(options: &Run, image: Arc<Image>, output: Arc<dyn Output>) -> Result<i32, Stop> {
    end_on_interrupt(output.clone())?;
    if !options.component_process {
        Components::load(&options.component)?;
    }
    let workers = options.workers.map_or_else(processors, usize::from);
    let system = System::new(workers, output);
    storage::start(system.kernel(), Media::in_memory(), storage::one_owner())
        .wait()
        .map_err(|error| Stop::failure(error.to_string()))?;
    let console = console::one_output(system.services().output.clone());
    console::start(system.kernel(), system.services(), console)
        .wait()
        .map_err(|error| Stop::failure(error.to_string()))?;
    let connections = connections(options, &system)?;
    let listener = match (&options.listen, &connections) {
        (Some(path), Some(connections)) => Some(listen(connections, path)?),
        _ => None,
    };
    let components = match &connections {
        Some(connections) if options.component_process => {
            Components::start_elsewhere(connections, &options.component)?
        }
        _ => Components::start_here(&system)?,
    };
    let output = system.services().output.clone();
    let outside = Arc::new(Surroundings::new(move || output.flush()));
    let sole = sole(options, system.kernel(), system.services(), &image, Some(&outside));
    containers::start(system.kernel(), system.services(), sole)
        .wait()
        .map_err(|error| Stop::failure(error.to_string()))?;
    let mut host = host(options, system.services());
    host.outside = Some(outside);
    let program = lucarne_vm::start(system.kernel(), image, host);
    let code = program.wait();
    drop(listener);
    drop(system);
    components.finish();
    Ok(code)
}

/// What other OS processes are let in by, if any are.
fn connections(options: &Run, system: &System) -> Result<Option<Connections>, Stop> {
    if options.listen.is_none() && !options.component_process {
        return Ok(None);
    }
    Connections::new(system.kernel()).map(Some).map_err(|error| cannot_listen(&error))
}

/// Lets other OS processes in for as long as the listener is kept.
fn listen(connections: &Connections, path: &Path) -> Result<Listener, Stop> {
    connections.listen(path).map_err(|error| cannot_listen(&error))
}

fn cannot_listen(error: &dyn std::fmt::Display) -> Stop {
    Stop::failure(format!("cannot listen: {error}"))
}

pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn end_on_interrupt(output: Arc<dyn Output>) -> Result<(), Stop> {
    ctrlc::set_handler(move || {
        output.flush();
        std::process::exit(INTERRUPTED);
    })
    .map_err(|error| Stop::failure(format!("cannot handle Ctrl-C: {error}")))
}

/// Runs in virtual time. Nothing outside would follow from the seed, so the program reaches nothing
/// there. A program that waits for ever is ended when nothing else can happen.
fn simulate(options: &Run, seed: u64, image: Arc<Image>, output: Arc<dyn Output>) -> Result<i32, Stop> {
    let faults = Faults { kill_at_steps: options.kill_at.clone() };
    let mut system = SimulatedSystem::new(seed, faults, output);
    let storage = storage::start(system.kernel(), Media::in_memory(), storage::one_owner());
    run_until_done(&mut system, storage);
    let console = console::one_output(system.services().output.clone());
    let console = console::start(system.kernel(), system.services(), console);
    run_until_done(&mut system, console);
    let sole = sole(options, system.kernel(), system.services(), &image, None);
    let containers = containers::start(system.kernel(), system.services(), sole);
    run_until_done(&mut system, containers);
    let host = host(options, system.services());
    let program = lucarne_vm::start(system.kernel(), image, host);
    system.simulation.run_until(u64::MAX, || program.code().is_some());
    system.services().output.flush();
    program.code().ok_or_else(|| Stop::failure("the program waits for something that can never happen"))
}

/// Runs a simulation until something has come that somebody waits for.
fn run_until_done(system: &mut SimulatedSystem, mut pending: Pending<Provider, InstallError>) {
    let mut polled = Context::from_waker(Waker::noop());
    system.simulation.run_until(u64::MAX, || Pin::new(&mut pending).poll(&mut polled).is_ready());
}

/// The program as the one image that is installed: what is started of it has what it has itself.
fn sole(
    options: &Run,
    kernel: &KernelHandle,
    services: &Services,
    image: &Arc<Image>,
    outside: Option<&Arc<Surroundings>>,
) -> Arc<SoleImage> {
    let (options, services, outside) = (options.clone(), services.clone(), outside.cloned());
    let make = move || {
        let mut host = host(&options, &services);
        host.outside.clone_from(&outside);
        host
    };
    Arc::new(SoleImage::new(kernel.clone(), image.clone(), make))
}

fn host(options: &Run, services: &Services) -> Host {
    let mut host = Host::new(services);
    host.heap.stress = options.gc_stress;
    if let Some(limit) = options.memory_limit {
        host.heap.limit_bytes = limit;
    }
    host.arguments = options.arguments().to_vec();
    host.program_name = options.file().to_str().map(str::to_string);
    let path = std::fs::canonicalize(options.file()).ok();
    host.program_path = path.and_then(|path| path.to_str().map(str::to_string));
    // A program that is not installed is known by its place.
    host.image_id = Digest::of(options.file().as_os_str().as_encoded_bytes()).id().into_bytes();
    host
}
