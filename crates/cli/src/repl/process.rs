//! The process of a session: here, or as a container of a running system.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use lucarne_host::{ConnectError, ProgramOptions, System};
use lucarne_ports::Output;
use lucarne_toit::{InputChannel, LoadedProgram, Outcome};

use super::output::SessionOutput;
use crate::Stop;
use crate::arguments::repl::Repl;
use crate::output::reason;
use crate::reach::{folder, reach};
use crate::signals::{exit_status, on_end_signal, on_interrupt};

/// The name of the program for others.
const NAME: &str = "repl";

/// A process that waits for inputs.
pub(crate) struct Running {
    channel: Arc<InputChannel>,
    /// Why the connection could not be made, or has ended.
    failure: Arc<Mutex<Option<Stop>>>,
    /// The system of a process that runs here.
    _system: Option<System>,
}

/// How a process has ended.
pub(crate) enum Ended {
    /// It has called `exit`, with this code.
    Itself(i32),
    /// It has failed: its memory was used up, or another process of the session has stopped it.
    Failed,
    /// The system that it was a container of has ended, or could not be reached.
    Lost(Stop),
}

impl Running {
    /// Starts a process with a program.
    pub(crate) fn start(
        options: &Repl,
        image: Arc<LoadedProgram>,
        output: Arc<SessionOutput>,
    ) -> Result<Running, Stop> {
        let channel = Arc::<InputChannel>::default();
        let failure = Arc::default();
        let program = ProgramOptions {
            memory_limit: options.memory_limit,
            outside: true,
            session: Some(channel.clone()),
            ..ProgramOptions::default()
        };
        let Some(socket) = socket(options)? else {
            let system = System::builder().output(output).start();
            let running = system.start_program(image, Path::new(NAME), program);
            let ended = channel.clone();
            running.when_ended(move |_| ended.close());
            return Ok(Running { channel, failure, _system: Some(system) });
        };
        let running = Running { channel: channel.clone(), failure: failure.clone(), _system: None };
        let output: Arc<dyn Output> = output;
        thread::spawn(move || {
            let code = lucarne_host::run_connected(&socket, image, Path::new(NAME), program, &output);
            let stop = match code {
                Ok(Some(_)) => None,
                Ok(None) => Some(Stop::failure(format!(
                    "the system that listened at {} has ended, or the connection to it is lost",
                    socket.display()
                ))),
                Err(error @ ConnectError::Unreachable { .. }) => Some(Stop::failure(format!(
                    "{error}: start the system first, such as with 'lucarne run --listen PATH'"
                ))),
                Err(error) => Some(Stop::failure(error.to_string())),
            };
            *failure.lock().unwrap_or_else(PoisonError::into_inner) = stop;
            channel.close();
        });
        Ok(running)
    }

    /// Waits until the process runs.
    pub(crate) fn await_start(&self) -> Result<(), Stop> {
        match self.channel.await_start() {
            true => Ok(()),
            false => Err(self
                .failure()
                .unwrap_or_else(|| Stop::failure("the process of the session could not start"))),
        }
    }

    /// Runs an input to its end.
    pub(crate) fn run(&self, image: Arc<LoadedProgram>) -> Result<Outcome, Ended> {
        self.channel.run(image);
        self.channel.wait().ok_or_else(|| match (self.channel.exit_code(), self.failure()) {
            (Some(code), _) => Ended::Itself(code),
            (None, Some(stop)) => Ended::Lost(stop),
            (None, None) => Ended::Failed,
        })
    }

    /// Returns the code that the process has ended itself with, if it has.
    pub(crate) fn exit_code(&self) -> Option<i32> {
        self.channel.exit_code()
    }

    /// Asks the process to end.
    pub(crate) fn end(&self) {
        self.channel.end();
    }

    fn failure(&self) -> Option<Stop> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Returns the socket of the system whose container the session is, if it is one.
fn socket(options: &Repl) -> Result<Option<PathBuf>, Stop> {
    if options.device.is_some() {
        let at = options.at();
        reach(&at)?;
        return Ok(Some(folder(at.state.as_deref())?.client_socket()));
    }
    Ok(options.connect.clone())
}

/// Ctrl-C, which interrupts the input that runs.
pub(crate) struct Interrupts(Arc<Mutex<Option<Arc<InputChannel>>>>);

/// The time in which an input runs.
pub(crate) struct WhileRunning(Arc<Mutex<Option<Arc<InputChannel>>>>);

impl Interrupts {
    /// Begins to watch for Ctrl-C. Without a terminal, it ends this OS process.
    pub(crate) fn watch(is_terminal: bool, output: Arc<SessionOutput>) -> Result<Interrupts, Stop> {
        let running = Arc::new(Mutex::new(None::<Arc<InputChannel>>));
        let watched = running.clone();
        let watching = if is_terminal {
            on_interrupt(move || {
                if let Some(channel) = &*watched.lock().unwrap_or_else(PoisonError::into_inner) {
                    channel.interrupt();
                }
            })
        } else {
            on_end_signal(move |signal| {
                output.flush();
                std::process::exit(exit_status(signal));
            })
        };
        watching.map_err(|error| Stop::failure(format!("cannot handle Ctrl-C: {}", reason(&error))))?;
        Ok(Interrupts(running))
    }

    /// Interrupts the inputs of a process until the result is dropped.
    pub(crate) fn while_running(&self, running: &Running) -> WhileRunning {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(running.channel.clone());
        WhileRunning(self.0.clone())
    }
}

impl Drop for WhileRunning {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
