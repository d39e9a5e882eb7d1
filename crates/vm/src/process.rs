//! The kernel process that runs a Toit program.

use std::sync::Arc;

use lucarne_kernel::{Context, Exit, KernelHandle, Outcome, Prepared, Process, RunningProgram, SpawnOptions};

use crate::grants::Grants;
use crate::machine::{Machine, Start};
use crate::program::LoadedProgram;

/// A process that runs a program. Its heap is made in its first turn.
pub(crate) struct ToitProcess {
    program: Arc<LoadedProgram>,
    grants: Arc<Grants>,
    start: Option<Start>,
    /// Whether the process runs the `main` of the program.
    is_main: bool,
    machine: Option<Box<Machine>>,
}

impl ToitProcess {
    pub(crate) fn new(program: Arc<LoadedProgram>, grants: Arc<Grants>, start: Start) -> ToitProcess {
        ToitProcess { program, grants, start: Some(start), is_main: false, machine: None }
    }

    fn machine(&mut self, context: &Context<'_>) -> Result<&mut Machine, String> {
        if let Some(start) = self.start.take() {
            self.is_main = matches!(start, Start::Main);
            context.subscribe_to_memory_pressure();
            let machine = Machine::new(self.program.clone(), self.grants.clone());
            let mut machine = Box::new(machine.map_err(|error| error.to_string())?);
            if let (Start::Main, Some(session)) = (&start, &self.grants.session)
                && session.attach(context.waker())
            {
                machine.join_session(session.clone());
            }
            machine.start(start).map_err(|failure| format!("{failure:?}"))?;
            self.machine = Some(machine);
        }
        self.machine.as_deref_mut().ok_or_else(|| "the process could not start".to_string())
    }
}

impl Drop for ToitProcess {
    /// Announces the freeing of the heap, which takes long if the heap is large.
    fn drop(&mut self) {
        if let Some(machine) = &self.machine {
            machine.before_freeing();
        }
    }
}

impl Process for ToitProcess {
    fn run(&mut self, context: &mut Context<'_>) -> Outcome {
        match self.machine(context) {
            Ok(machine) => machine.run(context),
            Err(message) => {
                self.grants.report(&format!("EXCEPTION error.\n{message}"));
                // Processes that the program of a session spawns share its grants.
                if let Some(session) = self.grants.session.as_ref().filter(|_| self.is_main) {
                    session.close();
                }
                Outcome::Exit(Exit::failed(message))
            }
        }
    }
}

/// Starts a program: a process that runs its `main`, in a group of its own.
pub fn start(kernel: &KernelHandle, program: Arc<LoadedProgram>, grants: Grants) -> RunningProgram {
    start_in(kernel, kernel.prepare(), program, grants)
}

/// Returns the process that runs the `main` of a program.
pub fn process(kernel: &KernelHandle, program: Arc<LoadedProgram>, mut grants: Grants) -> Box<dyn Process> {
    grants.heap.hash_seed = kernel.random().next_u64();
    Box::new(ToitProcess::new(program, Arc::new(grants), Start::Main))
}

/// Starts a program in a group that has been prepared.
pub fn start_in(
    kernel: &KernelHandle,
    group: Prepared,
    program: Arc<LoadedProgram>,
    grants: Grants,
) -> RunningProgram {
    let options = SpawnOptions { priority: grants.priority, ..SpawnOptions::named(grants.name()) };
    group.start(process(kernel, program, grants), options)
}
