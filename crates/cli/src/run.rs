//! `lucarne run`: compiles a program, and runs it on a device or here, where it can also run in virtual time.

use std::io::IsTerminal;
use std::path::Path;
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::time::Instant;

use clap::Parser;
use lucarne_compiler::program::Program;
use lucarne_device::BadName;
use lucarne_host::components::{self, Components};
use lucarne_host::{ConnectError, ProgramOptions, System};
use lucarne_kernel::Faults;
use lucarne_ports::{Output, StandardOutput};
use lucarne_toit::LoadedProgram;

use crate::arguments::device::At;
use crate::arguments::{Command, CommandLine, HOST, Run};
use crate::output::{end_after, end_with_reader, print_error, print_out, reason};
use crate::profile::ProfileFile;
use crate::reach::reach;
use crate::signals::{exit_status, on_end_signal};
use crate::{FAILURE, Stop, bundle, cache, container, front, input};

/// Compiles a program and runs it to its end, or sends it to a device. Returns the exit status of a program that ran
/// here.
pub(crate) fn run(options: &Run) -> Result<ExitCode, Stop> {
    let file = options.file();
    let is_text = options.eval.is_some() || file.as_os_str() == "-";
    if let Some(option) = file.to_str().filter(|file| file.starts_with('-') && !is_text) {
        let hint = "see 'lucarne run --help'; for a file with this name, write './-...'";
        return Err(Stop::usage(format!("there is no option {option}: {hint}")));
    }
    if options.device != HOST {
        if is_text {
            return Err(Stop::usage("a program for a device is a file, not standard input"));
        }
        return run_on_device(options, file);
    }
    require_options_of_host(options)?;
    if let Some(parent) = options.end_with_parent {
        end_with_parent(parent)?;
    }
    let program = match text_of(options)? {
        Some(text) => front::compile_text(file, text, options.optimization())?,
        None => match bundle::read(file)? {
            Some(program) => Some(program),
            None if options.no_cache => front::compile(file, options.optimization())?,
            None => cache::program(file, options.optimization())?,
        },
    };
    match program {
        Some(program) => run_program(options, program),
        None => Ok(ExitCode::from(FAILURE)),
    }
}

/// Returns the text of a program that is not in a file: of the command line, or of standard input.
fn text_of(options: &Run) -> Result<Option<Vec<u8>>, Stop> {
    if let Some(code) = &options.eval {
        return Ok(Some(body_of_main(code).into_bytes()));
    }
    if options.file().as_os_str() != "-" {
        return Ok(None);
    }
    if std::io::stdin().is_terminal() {
        print_error("lucarne: reading a program from the terminal; Ctrl-D ends it\n");
    }
    input::read_stdin().map(Some)
}

/// Returns the program whose `main` has the code as its body. The imports of the code come before it.
fn body_of_main(code: &str) -> String {
    let is_import = |line: &&str| line.trim().is_empty() || line.starts_with("import ");
    let imports = code.lines().take_while(is_import).count();
    let mut text: String = code.lines().take(imports).map(|line| format!("{line}\n")).collect();
    text += "main args/List -> none:\n";
    for line in code.lines().skip(imports) {
        text += &format!("  {line}\n");
    }
    text
}

/// Runs the program that is in this executable.
pub(crate) fn run_own(program: Program) -> Result<ExitCode, Stop> {
    let own = std::env::current_exe()
        .map_err(|error| Stop::failure(format!("cannot find this executable: {}", reason(&error))))?;
    let arguments = std::env::args_os().skip(1);
    let line =
        ["lucarne".into(), "run".into(), "--".into(), own.into_os_string()].into_iter().chain(arguments);
    match CommandLine::try_parse_from(line) {
        Ok(CommandLine { command: Command::Run(options), .. }) => run_program(&options, program),
        Ok(_) => Err(Stop::failure("the arguments cannot be read")),
        Err(error) => Err(Stop::usage(format!("the arguments cannot be read: {}", error.kind()))),
    }
}

fn run_program(options: &Run, program: Program) -> Result<ExitCode, Stop> {
    let profile = options.profile.as_deref().map(ProfileFile::create).transpose()?;
    let image = match &profile {
        Some(file) => lucarne_toit::load_with_profile(program, options.machine_code(), file.profile.clone()),
        None => lucarne_toit::load_with(program, options.machine_code()),
    };
    let image = image.map_err(|error| Stop::failure(error.to_string()))?;
    let output: Arc<dyn Output> = Arc::new(StandardOutput::new().on_failure(end_after));
    end_with_reader();
    let code = match (options.simulate, &options.connect) {
        (Some(seed), _) => simulate(options, seed, image, output)?,
        (None, Some(socket)) => run_connected(options, socket, image, output)?,
        (None, None) => run_on_threads(options, image, profile, output)?,
    };
    // The operating system cuts an exit status to a byte. A failure must not become a success that way.
    Ok(ExitCode::from(if code != 0 && code & 0xff == 0 { FAILURE } else { code as u8 }))
}

/// The name of the container in which a device runs the program that was sent last.
const SENT_PROGRAM: &str = "run";

/// Refuses options that a device would ignore. `--gc-stress` and `--native` are not refused, since they may come from the
/// environment.
fn require_options_of_device(options: &Run) -> Result<(), Stop> {
    let given = [
        ("--workers", options.workers.is_some()),
        ("--memory-limit", options.memory_limit.is_some()),
        ("--component", !options.component.is_empty()),
        ("--simulate", options.simulate.is_some()),
        ("--no-native", options.no_native),
        ("--profile", options.profile.is_some()),
        ("-O0", options.optimization == 0),
        ("--listen", options.listen.is_some()),
        ("--connect", options.connect.is_some()),
    ];
    match given.iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => Err(Stop::usage(format!(
            "{option} means nothing with --device: it is for programs that run here"
        ))),
        None => Ok(()),
    }
}

/// Refuses options that only apply on a device.
fn require_options_of_host(options: &Run) -> Result<(), Stop> {
    let given = options.on_device.given();
    let Some(first) = given.first() else { return Ok(()) };
    let hint = match *first {
        "--memory" => "'--memory-limit SIZE' limits each process of a program that runs here",
        _ => "add '--device NAME' with the name of a device",
    };
    Err(Stop::usage(format!("{first} is for programs on a device: {hint}")))
}

/// Sends a program to a device, where it runs in the background.
fn run_on_device(options: &Run, file: &Path) -> Result<ExitCode, Stop> {
    require_options_of_device(options)?;
    let at = At { state: options.state.clone(), device: Some(options.device.clone()) };
    let (reached, device) = reach(&at)?;
    let Some(program) = container::program(file)? else { return Ok(ExitCode::from(FAILURE)) };
    print_out(format!("Running '{}' on '{device}' ...\n", file.display()).as_bytes())?;
    let began = Instant::now();
    let settings = container::settings(&options.on_device, options.arguments());
    let upload = container::send(&reached, &program, &options.on_device.assets)?;
    upload.run(settings).wait().map_err(|refusal| program.refused(refusal))?;
    let name = SENT_PROGRAM.parse().map_err(|error: BadName| Stop::failure(error.to_string()))?;
    if let Some(problem) = container::problem_of_start(&reached, &name)? {
        return Err(container::not_started(&format!("'{}' was sent", file.display()), &problem, &name));
    }
    let (size, took) = (program.image.bytes().len().div_ceil(1024), began.elapsed().as_secs_f64());
    print_out(
        format!("Success: Sent {size}KB to '{device}' in {took:.2}s; see 'lucarne container logs -f run'\n")
            .as_bytes(),
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Asks the operating system to kill this process when its parent ends: if `lucarne test` is killed, its tests must
/// not keep running.
#[cfg(target_os = "linux")]
fn end_with_parent(parent: i32) -> Result<(), Stop> {
    use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| {
        Stop::failure(format!("cannot set the signal for the end of the parent process: {error}"))
    })?;
    // The parent may have ended before the request.
    if getppid().map(Pid::as_raw_pid) == Some(parent) {
        Ok(())
    } else {
        Err(Stop::failure("the parent process has ended"))
    }
}

/// Does nothing: only Linux can send a signal when a parent process ends.
#[cfg(not(target_os = "linux"))]
fn end_with_parent(_: i32) -> Result<(), Stop> {
    Ok(())
}

fn run_on_threads(
    options: &Run,
    image: Arc<LoadedProgram>,
    profile: Option<ProfileFile>,
    output: Arc<dyn Output>,
) -> Result<i32, Stop> {
    let write_profile = {
        let program = image.program().clone();
        move || profile.as_ref().map_or(Ok(()), |profile| profile.write(&program))
    };
    let at_end = write_profile.clone();
    end_on_interrupt(output.clone(), move || {
        if let Err(stop) = at_end() {
            print_error(&format!("lucarne: {}\n", stop.message));
        }
    })?;
    if !options.component_process {
        trace_requests(options.trace_requests)?;
        components::load(&options.component).map_err(|error| Stop::usage(error.to_string()))?;
    }
    let mut builder = System::builder().output(output);
    if let Some(workers) = options.workers {
        builder = builder.workers(workers.into());
    }
    #[cfg(feature = "fabric")]
    {
        builder = crate::fabric::join_system(&options.fabric, builder)?;
    }
    let system = builder.start();
    let cannot_listen = |error| Stop::failure(format!("cannot listen: {error}"));
    #[cfg(feature = "fabric")]
    if options.listen.is_some() {
        crate::fabric::show_status(&system)?;
    }
    options.listen.as_ref().map(|path| system.listen(path).map_err(cannot_listen)).transpose()?;
    let components = start_components(options, &system)?;
    let program = system.start_program(image, options.file(), program_options(options));
    let code = program.wait();
    write_profile()?;
    drop(system);
    for (library, status) in components.finish() {
        let library = library.display();
        print_error(&match status {
            Ok(status) => format!("lucarne: the component {library} has ended: {status}\n"),
            Err(error) => format!("lucarne: {library}: {error}\n"),
        });
    }
    Ok(code)
}

/// Runs a program as a container of the system that listens at a path.
fn run_connected(
    options: &Run,
    socket: &Path,
    image: Arc<LoadedProgram>,
    output: Arc<dyn Output>,
) -> Result<i32, Stop> {
    end_on_interrupt(output.clone(), || {})?;
    let code = lucarne_host::run_connected(socket, image, options.file(), program_options(options), &output);
    let code = code.map_err(|error| match error {
        ConnectError::Unreachable { .. } => Stop::failure(format!(
            "{error}: start the system first, such as with 'lucarne run --listen PATH'"
        )),
        error => Stop::failure(error.to_string()),
    })?;
    code.ok_or_else(|| {
        let socket = socket.display();
        Stop::failure(format!(
            "the system that listened at {socket} has ended, or the connection to it is lost"
        ))
    })
}

fn start_components(options: &Run, system: &System) -> Result<Components, Stop> {
    if !options.component_process {
        return Components::start_here(system).map_err(|error| Stop::failure(error.to_string()));
    }
    let binary = std::env::current_exe()
        .map_err(|error| Stop::failure(format!("cannot find the binary of lucarne: {error}")))?;
    let command = |library: &Path, socket: &Path| {
        let mut command = process::Command::new(&binary);
        command.arg("component-host").arg(library).arg(socket);
        if options.trace_requests {
            command.arg("--trace-requests");
        }
        command
    };
    Components::start_elsewhere(system, &options.component, command)
        .map_err(|error| Stop::failure(error.to_string()))
}

/// Runs a component in this OS process. [`start_components`] of the parent process has started this process.
pub(crate) fn serve_component(
    library: &Path,
    socket: &Path,
    traces_requests: bool,
) -> Result<ExitCode, Stop> {
    trace_requests(traces_requests)?;
    components::serve(library, socket).map_err(|error| Stop::failure(error.to_string()))?;
    Ok(ExitCode::SUCCESS)
}

/// Lists the requests that components in this OS process leave unanswered, if `is_requested`.
fn trace_requests(is_requested: bool) -> Result<(), Stop> {
    if !is_requested {
        return Ok(());
    }
    let print = |line: &str| print_error(&format!("lucarne: {line}\n"));
    components::Handlers::trace_requests(print).map_err(|error| Stop::failure(error.to_string()))
}

/// Ends this process on a signal that asks for it, after the output and what else there is to write have been written.
fn end_on_interrupt(output: Arc<dyn Output>, write: impl Fn() + Send + 'static) -> Result<(), Stop> {
    on_end_signal(move |signal| {
        output.flush();
        write();
        std::process::exit(exit_status(signal));
    })
    .map_err(|error| Stop::failure(format!("cannot handle signals: {error}")))
}

/// Runs a program in virtual time. Fails if the simulation has no step left and the program has not ended.
fn simulate(
    options: &Run,
    seed: u64,
    image: Arc<LoadedProgram>,
    output: Arc<dyn Output>,
) -> Result<i32, Stop> {
    let faults = Faults { kill_at_steps: options.kill_at.clone() };
    let mut system = System::builder()
        .output(output.clone())
        .weather(options.weather.unwrap_or_default())
        .simulate(seed, faults);
    let program = system.start_program(image, options.file(), program_options(options));
    system.simulation.run_until(u64::MAX, || program.code().is_some());
    output.flush();
    program.code().ok_or_else(|| {
        Stop::failure("the program cannot end: each of its processes waits, and no timer or message is left")
    })
}

/// Returns the options of a program that runs here, not on a device: it may use all that its user may use.
fn program_options(options: &Run) -> ProgramOptions {
    ProgramOptions {
        arguments: options.arguments().to_vec(),
        memory_limit: options.memory_limit,
        outside: true,
        gc_stress: options.gc_stress,
        session: None,
    }
}
