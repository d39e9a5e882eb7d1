//! Options as C writes them.
//!
//! A structure of options begins with its size. Fields are only ever added at its end, and 0 always means what was done
//! before there was the field. So a host may be older than the library, whose fields are then 0, or newer, if what the
//! library does not know is 0.

use std::ffi::{CStr, c_char, c_void};
use std::mem::MaybeUninit;
use std::sync::Arc;

use lucarne::{Output, ProgramOptions, StandardOutput};

use crate::error::Error;
use crate::output::{OnOutput, OutputForC};

/// The most that a structure can have grown to: whatever claims more was never initialised.
const SIZE_MAX: usize = 4_096;

const WORKERS_MAX: u64 = 1_024;

/// LUCARNE_PROGRAM_OUTSIDE.
const OUTSIDE: u64 = 1;

/// Structures of options.
///
/// # Safety
/// It is laid out as C has it, begins with its size, has no padding, and is valid whatever its bits are, zeros included.
pub(crate) unsafe trait Options: Copy {}

/// `lucarne_system_options_t`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct SystemOptions {
    size: usize,
    workers: u64,
    on_output: Option<OnOutput>,
    user_data: *mut c_void,
}

// SAFETY: numbers and pointers; a function that is null is None.
unsafe impl Options for SystemOptions {}

/// `lucarne_program_options_t`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct ForProgram {
    size: usize,
    arguments: *const *const c_char,
    argument_count: usize,
    memory_limit: u64,
    flags: u64,
}

// SAFETY: numbers and a pointer.
unsafe impl Options for ForProgram {}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<SystemOptions>() == 32 && size_of::<ForProgram>() == 40);

/// Reads options; those of null are the defaults.
///
/// # Safety
/// `options` is null or points to as many bytes as its first field says.
///
/// # Errors
/// If the size makes no sense, or something is asked for that this version does not know.
pub(crate) unsafe fn read<T: Options>(options: *const T) -> Result<T, Error> {
    let mut read = MaybeUninit::<T>::zeroed();
    if !options.is_null() {
        // SAFETY: at least the size is there.
        let size = unsafe { options.cast::<usize>().read_unaligned() };
        if !(size_of::<usize>()..=SIZE_MAX).contains(&size) {
            return Err(Error::Argument("the size of the options makes no sense"));
        }
        let known = size.min(size_of::<T>());
        let bytes = options.cast::<u8>();
        // SAFETY: there are `size` bytes, and room for `known`.
        unsafe { bytes.copy_to_nonoverlapping(read.as_mut_ptr().cast::<u8>(), known) };
        // SAFETY: there are `size` bytes.
        let unknown = unsafe { std::slice::from_raw_parts(bytes.add(known), size - known) };
        if unknown.iter().any(|byte| *byte != 0) {
            return Err(Error::Argument("an option is not known to this version of the library"));
        }
    }
    // SAFETY: zeros, or what the host has written, are valid.
    Ok(unsafe { read.assume_init() })
}

impl SystemOptions {
    /// None: one for each processor.
    pub(crate) fn workers(&self) -> Result<Option<usize>, Error> {
        match self.workers {
            0 => Ok(None),
            workers if workers <= WORKERS_MAX => Ok(usize::try_from(workers).ok()),
            _ => Err(Error::Argument("there cannot be so many workers")),
        }
    }

    pub(crate) fn output(&self) -> Arc<dyn Output> {
        match self.on_output {
            None => Arc::new(StandardOutput::new()),
            Some(on_output) => Arc::new(OutputForC::new(on_output, self.user_data)),
        }
    }
}

impl ForProgram {
    /// # Safety
    /// `arguments` points to as many texts as there are said to be.
    ///
    /// # Errors
    /// If something makes no sense.
    pub(crate) unsafe fn options(&self) -> Result<ProgramOptions, Error> {
        if self.flags & !OUTSIDE != 0 {
            return Err(Error::Argument("a flag is not known to this version of the library"));
        }
        let memory_limit = match self.memory_limit {
            0 => None,
            limit => Some(usize::try_from(limit).unwrap_or(usize::MAX)),
        };
        // SAFETY: as the caller promises.
        let arguments = unsafe { self.arguments() }?;
        let outside = self.flags & OUTSIDE != 0;
        Ok(ProgramOptions { arguments, memory_limit, outside, ..ProgramOptions::default() })
    }

    /// # Safety
    /// As for `options`.
    unsafe fn arguments(&self) -> Result<Vec<String>, Error> {
        if self.argument_count == 0 {
            return Ok(Vec::new());
        }
        if self.arguments.is_null() {
            return Err(Error::Argument("there are no arguments"));
        }
        // SAFETY: it is not null, and as the caller promises.
        let arguments = unsafe { std::slice::from_raw_parts(self.arguments, self.argument_count) };
        // SAFETY: each is null or a text.
        arguments.iter().map(|argument| unsafe { text(*argument, "an argument is NULL") }).collect()
    }
}

/// A text of C.
///
/// # Safety
/// It is null or ends with a zero.
///
/// # Errors
/// If it is null, or not UTF-8.
pub(crate) unsafe fn text(text: *const c_char, if_null: &'static str) -> Result<String, Error> {
    if text.is_null() {
        return Err(Error::Argument(if_null));
    }
    // SAFETY: it ends with a zero.
    let text = unsafe { CStr::from_ptr(text) };
    text.to_str().map(str::to_owned).map_err(|_| Error::Argument("a text is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of these fields.
    fn read_fields(fields: &[u64]) -> Result<ForProgram, i32> {
        // SAFETY: the tests say no more than is there.
        unsafe { read(fields.as_ptr().cast::<ForProgram>()) }.map_err(|error| error.code())
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn hosts_of_other_versions() {
        let older = read_fields(&[16, 0]).expect("it knows less");
        assert_eq!((older.size, older.flags), (16, 0));
        let newer = read_fields(&[48, 0, 0, 7, 1, 0]).expect("what it adds is not used");
        assert_eq!((newer.memory_limit, newer.flags), (7, 1));
        assert_eq!(read_fields(&[48, 0, 0, 7, 1, 1]).err(), Some(1));
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn sizes_that_make_no_sense() {
        for size in [0, 7, 4_097, u64::MAX] {
            assert_eq!(read_fields(&[size, 0, 0, 0, 0]).err(), Some(1));
        }
    }

    #[test]
    fn null_is_the_default() {
        // SAFETY: null is allowed.
        let read = unsafe { read::<ForProgram>(std::ptr::null()) }.expect("the default makes sense");
        // SAFETY: there are no arguments.
        let options = unsafe { read.options() }.expect("the default makes sense");
        assert!(options.arguments.is_empty() && options.memory_limit.is_none() && !options.outside);
    }
}
