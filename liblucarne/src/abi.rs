//! The functions that `lucarne/lucarne.h` declares; the header documents each of them.

use std::any::Any;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use crate::error::Error;
use crate::options::{self, ForProgram, SystemOptions};
use crate::systems;

const VERSION: &CStr = {
    let version = concat!(env!("CARGO_PKG_VERSION"), "\0");
    match CStr::from_bytes_with_nul(version.as_bytes()) {
        Ok(version) => version,
        Err(_) => panic!("a version contains no zero"),
    }
};

/// See `lucarne/lucarne.h`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn lucarne_version() -> *const c_char {
    VERSION.as_ptr()
}

/// See `lucarne/lucarne.h`.
///
/// # Safety
/// Pointers are null or as the header documents.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lucarne_run(
    file: *const c_char,
    options: *const ForProgram,
    code: *mut c_int,
    message: *mut *mut c_char,
) -> c_int {
    let run = || {
        // SAFETY: as the caller promises.
        let (file, options) = unsafe { program(file, options) }?;
        let result = systems::run(&file, options)?;
        // SAFETY: as the caller promises.
        unsafe { give(code, result) };
        Ok(())
    };
    // SAFETY: as the caller promises.
    unsafe { answer(message, run) }
}

/// See `lucarne/lucarne.h`.
///
/// # Safety
/// Pointers are null or as the header documents.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lucarne_system_start(
    options: *const SystemOptions,
    system: *mut *mut c_void,
    message: *mut *mut c_char,
) -> c_int {
    let start = || {
        if system.is_null() {
            return Err(Error::Argument("the place for the system is NULL"));
        }
        // SAFETY: as the caller promises.
        let options = unsafe { options::read(options) }?;
        let number = systems::start(options.workers()?, options.output())?;
        // SAFETY: as the caller promises.
        unsafe { give(system, std::ptr::without_provenance_mut(number)) };
        Ok(())
    };
    // SAFETY: as the caller promises.
    unsafe { answer(message, start) }
}

/// See `lucarne/lucarne.h`.
///
/// # Safety
/// Pointers are null or as the header documents, except `system`, which may have any value.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lucarne_system_load(
    system: *mut c_void,
    library: *const c_char,
    message: *mut *mut c_char,
) -> c_int {
    let load = || {
        // SAFETY: as the caller promises.
        let library = unsafe { options::text(library, "there is no library") }?;
        systems::load(system.addr(), Path::new(&library))
    };
    // SAFETY: as the caller promises.
    unsafe { answer(message, load) }
}

/// See `lucarne/lucarne.h`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn lucarne_system_end(system: *mut c_void) -> c_int {
    code(&result_of(|| systems::end(system.addr())))
}

/// See `lucarne/lucarne.h`.
///
/// # Safety
/// Pointers are null or as the header documents, except `system`, which may have any value.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lucarne_container_start(
    system: *mut c_void,
    name: *const c_char,
    container: *mut *mut c_void,
    message: *mut *mut c_char,
) -> c_int {
    let start = || {
        if container.is_null() {
            return Err(Error::Argument("the place for the container is NULL"));
        }
        // SAFETY: as the caller promises.
        let name = unsafe { options::text(name, "there is no name") }?;
        let number = systems::start_container(system.addr(), &name)?;
        // SAFETY: as the caller promises.
        unsafe { give(container, number.as_ptr()) };
        Ok(())
    };
    // SAFETY: as the caller promises.
    unsafe { answer(message, start) }
}

/// See `lucarne/lucarne.h`.
///
/// # Safety
/// Pointers are null or as the header documents, except `system`, which may have any value.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lucarne_program_start(
    system: *mut c_void,
    file: *const c_char,
    options: *const ForProgram,
    started: *mut *mut c_void,
    message: *mut *mut c_char,
) -> c_int {
    let start = || {
        if started.is_null() {
            return Err(Error::Argument("the place for the program is NULL"));
        }
        // SAFETY: as the caller promises.
        let (file, options) = unsafe { program(file, options) }?;
        let number = systems::start_program(system.addr(), &file, options)?;
        // SAFETY: as the caller promises.
        unsafe { give(started, std::ptr::without_provenance_mut(number)) };
        Ok(())
    };
    // SAFETY: as the caller promises.
    unsafe { answer(message, start) }
}

/// See `lucarne/lucarne.h`.
///
/// # Safety
/// `code` is null or a place for an `int`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn lucarne_program_wait(
    program: *mut c_void,
    timeout_ms: i64,
    code: *mut c_int,
) -> c_int {
    let wait = || {
        // A negative time limit means forever.
        let timeout = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
        let result = systems::wait_for_program(program.addr(), timeout)?;
        // SAFETY: as the caller promises.
        unsafe { give(code, result) };
        Ok(())
    };
    self::code(&result_of(wait))
}

/// See `lucarne/lucarne.h`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn lucarne_program_stop(program: *mut c_void, with: c_int) -> c_int {
    code(&result_of(|| systems::stop_program(program.addr(), with)))
}

/// See `lucarne/lucarne.h`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn lucarne_program_release(program: *mut c_void) -> c_int {
    code(&result_of(|| systems::release_program(program.addr())))
}

/// Returns a program to run, as C describes it.
///
/// # Safety
/// Pointers are null or as the header documents.
unsafe fn program(
    file: *const c_char,
    options: *const ForProgram,
) -> Result<(String, lucarne::ProgramOptions), Error> {
    // SAFETY: as the caller promises.
    unsafe {
        let file = options::text(file, "there is no file")?;
        Ok((file, options::read(options)?.options()?))
    }
}

/// Writes a value to a place, unless it is null.
///
/// # Safety
/// `place` is null or a place for such a value.
unsafe fn give<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: as the caller promises.
        unsafe { place.write(value) };
    }
}

/// Converts the result of a function that has a message.
///
/// # Safety
/// `message` is null or a place for a pointer.
unsafe fn answer(message: *mut *mut c_char, call: impl FnOnce() -> Result<(), Error>) -> c_int {
    let result = result_of(call);
    let text = result.as_ref().err().map_or(std::ptr::null_mut(), |error| allocated(&error.to_string()));
    if message.is_null() {
        // SAFETY: memory from `malloc`, or null.
        unsafe { libc::free(text.cast()) };
    } else {
        // SAFETY: as the caller promises.
        unsafe { message.write(text) };
    }
    code(&result)
}

/// Runs a function, and turns a panic into an error.
fn result_of(call: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| Err(Error::Fault(text_of(&*panic))))
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}

fn code(result: &Result<(), Error>) -> c_int {
    result.as_ref().err().map_or(0, Error::code)
}

/// Returns a text in memory from `malloc`; null if there is none.
fn allocated(text: &str) -> *mut c_char {
    let text = text.trim_end();
    // SAFETY: `malloc` has no requirements; there is room for the text and the zero behind it.
    unsafe {
        let copy = libc::malloc(text.len() + 1).cast::<u8>();
        if !copy.is_null() {
            copy.copy_from_nonoverlapping(text.as_ptr(), text.len());
            copy.add(text.len()).write(0);
        }
        copy.cast()
    }
}
