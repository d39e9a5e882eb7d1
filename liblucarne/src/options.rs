//! The structures of options in the C interface, and how they are read.
//!
//! A structure of options begins with its size. Fields are only ever added at its end, and 0 always
//! means the behavior before the field existed. So the host can be older than the library: the
//! library reads the fields that the host does not have as 0. The host can also be newer, if the
//! fields that the library does not have are 0.

use std::ffi::{CStr, c_char, c_void};
use std::mem::MaybeUninit;
use std::sync::Arc;

use lucarne::{Output, ProgramOptions, StandardOutput};

use crate::error::Error;
use crate::output::{OnOutput, OutputForC};

/// The maximum size of a structure in bytes. A larger size means that the field was not
/// initialized.
const SIZE_MAX: usize = 4_096;

const WORKERS_MAX: u64 = 1_024;

/// The flag `LUCARNE_PROGRAM_OUTSIDE`.
const OUTSIDE: u64 = 1;

/// A structure of options that C code fills in.
///
/// # Safety
/// The type has the layout of C, begins with its size, has no padding, and is valid for any bits,
/// zeros included.
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

/// Reads options; null means the defaults.
///
/// # Safety
/// `options` is null or points to as many bytes as its first field says.
///
/// # Errors
/// If the size is invalid, or an unknown field is not 0.
pub(crate) unsafe fn read<T: Options>(options: *const T) -> Result<T, Error> {
    let mut read = MaybeUninit::<T>::zeroed();
    if !options.is_null() {
        // SAFETY: at least the size exists.
        let size = unsafe { options.cast::<usize>().read_unaligned() };
        if !(size_of::<usize>()..=SIZE_MAX).contains(&size) {
            return Err(Error::Argument(
                "the size of the options is invalid: set it to the sizeof of the structure",
            ));
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
    /// Returns the number of workers. None means one for each processor.
    pub(crate) fn workers(&self) -> Result<Option<usize>, Error> {
        match self.workers {
            0 => Ok(None),
            workers if workers <= WORKERS_MAX => Ok(usize::try_from(workers).ok()),
            _ => Err(Error::Argument("too many workers: the maximum is 1024")),
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
    /// Converts the options of a program.
    ///
    /// # Safety
    /// The field `arguments` points to `argument_count` pointers, each of which is null or points
    /// to a C string.
    ///
    /// # Errors
    /// If an option is invalid.
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
            return Err(Error::Argument("the pointer to the arguments is NULL, but their count is not 0"));
        }
        // SAFETY: it is not null, and as the caller promises.
        let arguments = unsafe { std::slice::from_raw_parts(self.arguments, self.argument_count) };
        // SAFETY: each is null or a text.
        arguments.iter().map(|argument| unsafe { text(*argument, "an argument is NULL") }).collect()
    }
}

/// Copies a C string.
///
/// # Safety
/// `text` is null or points to bytes that end with a zero byte.
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

    /// Returns the result of reading these fields.
    fn read_fields(fields: &[u64]) -> Result<ForProgram, i32> {
        // SAFETY: a size in the tests is at most that of its array, or is refused before anything
        // else is read.
        unsafe { read(fields.as_ptr().cast::<ForProgram>()) }.map_err(|error| error.code())
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn options_of_other_versions_are_read() {
        let older = read_fields(&[16, 0]).expect("missing fields are 0");
        assert_eq!((older.size, older.flags), (16, 0));
        let newer = read_fields(&[48, 0, 0, 7, 1, 0]).expect("unknown fields are 0");
        assert_eq!((newer.memory_limit, newer.flags), (7, 1));
        assert_eq!(read_fields(&[48, 0, 0, 7, 1, 1]).err(), Some(1));
    }

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn invalid_sizes_are_refused() {
        for size in [0, 7, 4_097, u64::MAX] {
            assert_eq!(read_fields(&[size, 0, 0, 0, 0]).err(), Some(1));
        }
    }

    #[test]
    fn null_is_the_default() {
        // SAFETY: null is allowed.
        let read = unsafe { read::<ForProgram>(std::ptr::null()) }.expect("the default is valid");
        // SAFETY: there are no arguments.
        let options = unsafe { read.options() }.expect("the default is valid");
        assert!(options.arguments.is_empty() && options.memory_limit.is_none() && !options.outside);
    }
}
