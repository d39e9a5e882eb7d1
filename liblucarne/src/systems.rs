//! The systems of this OS process, and the programs in them.
//!
//! A system is first taken out of the table and then ended, so that only one thread ends it. The
//! table's lock is never held while waiting. A user of a system holds that system's lock, and
//! ending the system waits for its users.

use std::io;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use lucarne::{Output, ProgramOptions, RunningProgram, StandardOutput, System};
use lucarne_c::{Components, ContainerNumber, Slots};
use lucarne_kernel::clock::Clock;
use lucarne_kernel::sync::{Condvar, Mutex, wait, wait_timeout};

use crate::error::Error;
use crate::thread::{check_outside, inside};

/// The exit code of programs that are stopped by the end of their system.
const CUT_OFF: i32 = 1;

static TABLE: LazyLock<Mutex<Table>> =
    LazyLock::new(|| Mutex::new(Table { systems: Slots::new(), programs: Slots::new() }));

/// Held while a component is loaded and its handlers are collected, so that these handlers belong to the system that
/// loads the component.
static LOADING: Mutex<()> = Mutex::new(());

struct Table {
    systems: Slots<Arc<Mutex<Running>>>,
    programs: Slots<Arc<Started>>,
}

/// A system and its handlers.
#[derive(Default)]
struct Running {
    /// None once the system is ending.
    system: Option<System>,
    components: Components,
    /// The containers that the host has started. Some of those that it has closed can still be among them.
    containers: Vec<ContainerNumber>,
}

struct Started {
    /// The number of the program's system.
    system: usize,
    program: RunningProgram,
    end: Arc<End>,
}

/// The end of a program, for threads that wait with a time limit.
#[derive(Default)]
struct End {
    code: Mutex<Option<i32>>,
    changed: Condvar,
}

/// Starts a system with the recorded handlers, and returns its number.
pub(crate) fn start(workers: Option<usize>, output: Arc<dyn Output>) -> Result<usize, Error> {
    check_outside()?;
    let running = start_running(workers, output)?;
    let number = TABLE.lock().systems.add(Arc::new(Mutex::new(running)));
    number.ok_or(Error::Argument("there are too many systems"))
}

fn start_running(workers: Option<usize>, output: Arc<dyn Output>) -> Result<Running, Error> {
    let mut builder = System::builder().output(output);
    if let Some(workers) = workers {
        builder = builder.workers(workers);
    }
    let system = builder.start();
    let mut components = Components::default();
    let loading = LOADING.lock();
    let added = components.add(system.kernel());
    drop(loading);
    let mut running = Running { system: Some(system), components, containers: Vec::new() };
    match added {
        Ok(()) => Ok(running),
        Err(error) => {
            running.end();
            Err(error.into())
        }
    }
}

/// Loads a component into a system.
pub(crate) fn load(system: usize, library: &Path) -> Result<(), Error> {
    check_outside()?;
    let running = find(system)?;
    let mut running = running.lock();
    let Running { system: Some(system), components, .. } = &mut *running else {
        return Err(Error::NotFound("system"));
    };
    let _loading = LOADING.lock();
    inside(|| Components::load(library))?;
    Ok(components.add(system.kernel())?)
}

/// Ends a system. Its programs exit with [`CUT_OFF`]. Fails if this thread is in a function of the host that the system calls.
pub(crate) fn end(system: usize) -> Result<(), Error> {
    check_outside()?;
    let running = find(system)?;
    let mut running = running.lock();
    if running.components.is_callback() {
        return Err(Error::NotHere);
    }
    for started in forget(system)? {
        started.program.stop(CUT_OFF);
    }
    let mut ending = std::mem::take(&mut *running);
    drop(running);
    ending.end();
    Ok(())
}

/// Takes a system and its programs out of the table. Returns the programs.
fn forget(system: usize) -> Result<Vec<Arc<Started>>, Error> {
    let mut table = TABLE.lock();
    table.systems.remove(system).ok_or(Error::NotFound("system"))?;
    let started = table.programs.iter().filter(|started| started.system == system).cloned().collect();
    table.programs.retain(|started| started.system != system);
    Ok(started)
}

/// Starts a container in a system.
pub(crate) fn start_container(system: usize, name: &str) -> Result<ContainerNumber, Error> {
    check_outside()?;
    let running = find(system)?;
    let mut running = running.lock();
    let system = running.system.as_ref().ok_or(Error::NotFound("system"))?;
    let number = ContainerNumber::new(system.container(name), Some(system.kernel().clone()));
    let number = number.ok_or(Error::Argument("there are too many containers"))?;
    running.containers.retain(|other| !other.is_closed());
    running.containers.push(number);
    Ok(number)
}

/// Starts a program in a system, and returns its number.
pub(crate) fn start_program(system: usize, file: &str, options: ProgramOptions) -> Result<usize, Error> {
    check_outside()?;
    let running = find(system)?;
    let running = running.lock();
    let started = running.start_program(system, file, options)?;
    let number = TABLE.lock().programs.add(Arc::new(started));
    number.ok_or(Error::Argument("there are too many programs"))
}

/// Waits for the end of a program, and returns its exit code. Fails after the timeout, if there is one.
pub(crate) fn wait_for_program(program: usize, timeout: Option<Duration>) -> Result<i32, Error> {
    check_outside()?;
    find_program(program)?.end.wait(timeout).ok_or(Error::Timeout)
}

/// Stops a program, which then ends with the exit code.
pub(crate) fn stop_program(program: usize, code: i32) -> Result<(), Error> {
    check_outside()?;
    find_program(program)?.program.stop(code);
    Ok(())
}

/// Releases the number of a program.
pub(crate) fn release_program(program: usize) -> Result<(), Error> {
    check_outside()?;
    let released = TABLE.lock().programs.remove(program);
    released.map(|_| ()).ok_or(Error::NotFound("program"))
}

/// Runs a program in a system of its own. Returns its exit code.
pub(crate) fn run(file: &str, options: ProgramOptions) -> Result<i32, Error> {
    check_outside()?;
    let mut running = start_running(None, Arc::new(StandardOutput::new()))?;
    let code = running.start_program(0, file, options).map(|started| started.program.wait());
    running.end();
    code
}

fn find(system: usize) -> Result<Arc<Mutex<Running>>, Error> {
    TABLE.lock().systems.get(system).cloned().ok_or(Error::NotFound("system"))
}

fn find_program(program: usize) -> Result<Arc<Started>, Error> {
    TABLE.lock().programs.get(program).cloned().ok_or(Error::NotFound("program"))
}

impl Running {
    fn start_program(&self, number: usize, file: &str, options: ProgramOptions) -> Result<Started, Error> {
        let system = self.system.as_ref().ok_or(Error::NotFound("system"))?;
        check_readable(file).map_err(|reason| Error::File { file: file.to_owned(), reason })?;
        let program = system.run_with(file, options)?;
        let end = Arc::new(End::default());
        let ended = end.clone();
        program.when_ended(move |code| ended.tell(code));
        Ok(Started { system: number, program, end })
    }

    /// Ends the system, and then its handlers and containers, which it uses until its end.
    fn end(&mut self) {
        drop(self.system.take());
        std::mem::take(&mut self.components).finish();
        std::mem::take(&mut self.containers).into_iter().for_each(ContainerNumber::finish);
    }
}

/// Checks that the file can be read. The compiler would report this as one of the errors of a
/// program.
fn check_readable(file: &str) -> io::Result<()> {
    if std::fs::File::open(file)?.metadata()?.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(())
}

impl End {
    fn tell(&self, code: i32) {
        *self.code.lock() = Some(code);
        self.changed.notify_all();
    }

    /// Returns the code; none if the time limit passes.
    fn wait(&self, timeout: Option<Duration>) -> Option<i32> {
        let mut code = self.code.lock();
        let Some(timeout) = timeout else {
            while code.is_none() {
                code = wait(&self.changed, code);
            }
            return *code;
        };
        // A time beyond the clock's range means forever.
        let clock = Clock::real();
        let until_us = clock.now_us().saturating_add(i64::try_from(timeout.as_micros()).unwrap_or(i64::MAX));
        loop {
            let left_us = u64::try_from(until_us - clock.now_us()).unwrap_or(0);
            if code.is_some() || left_us == 0 {
                return *code;
            }
            code = wait_timeout(&self.changed, code, Duration::from_micros(left_us));
        }
    }
}
