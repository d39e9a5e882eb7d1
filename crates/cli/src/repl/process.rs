//! The process of a session: here, or as a container of a running system.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

    /// Waits for the end of the input that runs.
    fn wait(&self) -> Result<Outcome, Ended> {
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

/// Handles Ctrl-C: interrupts the running input, or the input that is being compiled.
pub(crate) struct Interrupts(Arc<Mutex<Current>>);

/// The input that Ctrl-C interrupts.
#[derive(Default)]
struct Current {
    /// The process with the input that runs.
    running: Option<Arc<InputChannel>>,
    /// Whether Ctrl-C was pressed since the line was entered, and before its input ran.
    is_requested: bool,
}

impl Interrupts {
    /// Begins to watch for Ctrl-C. Without a terminal, it ends this OS process.
    pub(crate) fn watch(is_terminal: bool, output: Arc<SessionOutput>) -> Result<Interrupts, Stop> {
        let interrupts = Interrupts(Arc::default());
        let watched = Interrupts(interrupts.0.clone());
        let watching = if is_terminal {
            on_interrupt(move || {
                let mut current = watched.current();
                match &current.running {
                    Some(channel) => channel.interrupt(),
                    None => current.is_requested = true,
                }
            })
        } else {
            on_end_signal(move |signal| {
                output.flush();
                std::process::exit(exit_status(signal));
            })
        };
        watching.map_err(|error| Stop::failure(format!("cannot handle Ctrl-C: {}", reason(&error))))?;
        Ok(interrupts)
    }

    /// Forgets a Ctrl-C from before the line that the user has entered.
    pub(crate) fn forget(&self) {
        self.current().is_requested = false;
    }

    /// Runs an input to its end, unless it was interrupted before.
    pub(crate) fn run(&self, running: &Running, image: Arc<LoadedProgram>) -> Result<Outcome, Ended> {
        let mut current = self.current();
        if std::mem::take(&mut current.is_requested) {
            return Ok(Outcome::Interrupted);
        }
        running.channel.run(image);
        current.running = Some(running.channel.clone());
        drop(current);
        let outcome = running.wait();
        self.current().running = None;
        outcome
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_that_is_interrupted_while_it_is_compiled_does_not_run() {
        let (_, image) = super::super::fresh().expect("the library compiles");
        let running = Running { channel: Arc::default(), failure: Arc::default(), _system: None };
        let interrupts = Interrupts(Arc::default());
        interrupts.current().is_requested = true;
        assert!(matches!(interrupts.run(&running, image.clone()), Ok(Outcome::Interrupted)));

        interrupts.current().is_requested = true;
        interrupts.forget();
        running.channel.close();
        assert!(
            matches!(interrupts.run(&running, image), Err(Ended::Failed)),
            "it was handed to the process"
        );
    }
}
