//! Containers whose code is C: those that are added before a system starts, those of hosts, and those that connect to
//! a system in another OS process.

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lucarne_kernel::KernelHandle;
use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::thread::{self, JoinHandle};
use lucarne_link::{Connect, ConnectError};
use lucarne_services::Container;

use super::client::{Answer, Status};
use super::serving::Serving;
use super::{Table, give, text_of};
use crate::abi::{Error, REGISTRY, code};
use crate::crash::Named;
use crate::loading::count_handler;
use crate::registry::{Added, ID_MAX, Plan, UserData};

static CONTAINERS: Table<Arc<Own>> = Table::new();

thread_local! {
    /// Whether this thread runs code of a container in C: its `run`, or a callback of a provider.
    static IS_OURS: Cell<bool> = const { Cell::new(false) };
}

/// A container that C has a number for, and the threads of its providers.
pub(super) struct Own {
    pub(super) container: Container,
    /// The kernel of its system, if that is in this OS process.
    kernel: Option<KernelHandle>,
    providers: Mutex<Vec<(Arc<Serving>, JoinHandle<()>)>>,
}

/// `toit_container_run_cb_t`.
pub(crate) type Run = unsafe extern "C" fn(*mut c_void, *mut c_void);

/// A number that C has for a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContainerNumber(usize);

impl ContainerNumber {
    /// Gives C a number for a container, whose system has this kernel if it is in this OS process. Returns none if there
    /// are too many.
    pub fn new(container: Container, kernel: Option<KernelHandle>) -> Option<ContainerNumber> {
        let own = Own { container, kernel, providers: Mutex::default() };
        CONTAINERS.add(Arc::new(own)).map(|number| ContainerNumber(number.addr()))
    }

    /// Returns the number as `toit_container_t*`.
    pub fn as_ptr(self) -> *mut c_void {
        std::ptr::without_provenance_mut(self.0)
    }

    /// Takes the number back, ends the container, and waits for the last callbacks of its providers. The system of the
    /// container must have ended, unless the container was closed.
    pub fn finish(self) {
        if let Some(own) = CONTAINERS.remove(self.as_ptr()) {
            own.container.kill();
            own.finish();
        }
    }

    /// Returns whether C has closed the container.
    pub fn is_closed(self) -> bool {
        CONTAINERS.get(self.as_ptr()).is_none()
    }
}

impl Own {
    /// Starts the thread of a provider.
    pub(super) fn start(&self, serving: &Arc<Serving>, number: *mut c_void) -> std::io::Result<()> {
        let (run, container) = (serving.clone(), number.addr());
        let thread = thread::Builder::new().name(format!("c {}", serving.name())).spawn(move || {
            is_ours(|| run.live(std::ptr::without_provenance_mut(container)));
        })?;
        let mut providers = self.providers.lock();
        providers.retain(|(_, thread)| !lucarne_kernel::sync::is_finished(thread));
        providers.push((serving.clone(), thread));
        Ok(())
    }

    /// Ends a provider and waits for its last callback, unless this is the thread of the provider.
    pub(super) fn finish_provider(&self, serving: &Arc<Serving>) {
        serving.end();
        let mut providers = self.providers.lock();
        let place = providers.iter().position(|(other, _)| Arc::ptr_eq(other, serving));
        let thread = place.map(|place| providers.swap_remove(place).1);
        drop(providers);
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != thread::current().id()) {
            // The panic hook has already reported a panic.
            let _ = thread.join();
        }
    }

    fn finish(&self) {
        let all: Vec<Arc<Serving>> =
            self.providers.lock().iter().map(|(serving, _)| serving.clone()).collect();
        all.iter().for_each(|serving| self.finish_provider(serving));
    }
}

/// Returns the kernels of containers, for the collection of garbage.
pub(crate) fn kernels() -> Vec<KernelHandle> {
    CONTAINERS.0.lock().iter().filter_map(|own| own.kernel.clone()).collect()
}

/// Marks a thread while it runs code of a container in C.
fn is_ours<T>(run: impl FnOnce() -> T) -> T {
    IS_OURS.set(true);
    let result = run();
    IS_OURS.set(false);
    result
}

/// Returns whether this thread runs code of a container in C.
pub(crate) fn is_callback() -> bool {
    IS_OURS.get()
}

/// Returns the container with this number.
pub(super) fn find(number: *mut c_void) -> Option<Arc<Own>> {
    CONTAINERS.get(number)
}

/// Starts the thread that runs the code of a container.
pub(crate) fn start(
    (container, kernel): (Container, Option<KernelHandle>),
    run: Run,
    added: &Added,
) -> std::io::Result<(ContainerNumber, JoinHandle<()>)> {
    let too_many = || std::io::Error::other("there are too many containers");
    let number = ContainerNumber::new(container, kernel).ok_or_else(too_many)?;
    let (user_data, line) = (added.user_data, added.describe());
    let thread = thread::Builder::new().name(format!("c {}", added.name)).spawn(move || {
        let _named = Named::new(&line);
        let UserData(user_data) = { user_data };
        // SAFETY: the function is of this type, and gets the argument that was passed with it.
        is_ours(|| unsafe { run(user_data, number.as_ptr()) });
        let provides = find(number.as_ptr()).is_some_and(|own| !own.providers.lock().is_empty());
        if !provides {
            toit_container_close(number.as_ptr());
        }
    })?;
    Ok((number, thread))
}

/// See `toit/service.h`.
///
/// # Safety
/// `name` is null or a C string; `run` is null or a function of its type.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_container_add(
    name: *const c_char,
    run: Option<Run>,
    user_data: *mut c_void,
) -> c_int {
    let file = count_handler();
    // SAFETY: as the caller promises.
    let name = unsafe { text_of(name) }.filter(|name| !name.is_empty() && name.len() <= ID_MAX);
    let Some((name, run)) = name.zip(run) else { return code(Err(Error::Other)) };
    REGISTRY.add_container(Added { name, file, user_data: UserData(user_data), plan: Plan::Run(run) });
    code(Ok(()))
}

/// See `toit/service.h`.
///
/// # Safety
/// `name` and `path` are null or C strings, the other pointers are null or places for such values.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_container_connect(
    name: *const c_char,
    path: *const c_char,
    container: *mut *mut c_void,
    answer: *mut Answer,
) -> c_int {
    // SAFETY: as the caller promises.
    let answer = unsafe { answer.as_mut() };
    let Some(answer) = answer else { return Status::Refused as c_int };
    answer.begin();
    // SAFETY: as the caller promises.
    let (name, path) = unsafe { (text_of(name), text_of(path)) };
    let Some((name, path)) = name.zip(path).filter(|_| !container.is_null()) else {
        return answer.fail(Status::Refused, "a name, a path or a place for the container is missing");
    };
    let mut connecting = Container::connect_as(&name, Path::new(&path));
    if let Some(limit) = answer.limit(0) {
        connecting = connecting.within(limit);
    }
    let connected = match connecting.wait() {
        Ok(connected) => connected,
        Err(error) => {
            let status = match error {
                ConnectError::Unreachable { .. } => Status::Gone,
                ConnectError::Deadline => Status::Deadline,
                _ => Status::Refused,
            };
            return answer.fail(status, &error.to_string());
        }
    };
    let Some(number) = ContainerNumber::new(connected, None) else {
        return answer.fail(Status::Refused, "there are too many containers");
    };
    // SAFETY: as the caller promises.
    unsafe { give(container, number.as_ptr()) };
    answer.succeed()
}

/// The time that closing may take before the container is ended without waiting for others.
const CLOSING_MAX: Duration = Duration::from_secs(30);

/// See `toit/service.h`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn toit_container_close(container: *mut c_void) -> c_int {
    let Some(own) = CONTAINERS.remove(container) else { return code(Err(Error::NotFound)) };
    // If it fails, the container has ended already, or is ended now.
    if own.container.close().within(CLOSING_MAX).wait().is_err() {
        own.container.kill();
    }
    own.finish();
    code(Ok(()))
}
