//! The transfer of data between Lucarne and C.
//!
//! Data for C is in memory from `malloc`, with a zero byte after the end; C frees it. Data from C is in memory from
//! `malloc` as well. A large array from C is passed on without a copy if its memory has room for the zero byte, and if
//! C gives it away in any case, also when the call fails (`free_on_failure`).

use std::ffi::{c_int, c_void};
use std::ptr::NonNull;

use lucarne_message::{Buffer, Encoder, INLINE_BYTES_MAX, OutOfMemory, Payload, Sink, Token};

use crate::abi::Error;

/// Data for C.
pub(crate) struct Data {
    buffer: Buffer,
    length: c_int,
}

impl Data {
    /// Returns the pointer to the data and its length. The receiver of the pointer must free it. Returns none if there
    /// is no memory.
    pub(crate) fn into_raw(self) -> Option<(*mut u8, c_int)> {
        let length = self.length;
        self.buffer.into_raw_parts().ok().map(|(data, _)| (data.as_ptr(), length))
    }
}

/// Converts a string or a byte array for C.
///
/// # Errors
/// If the value has another type, is too long or there is no memory. The error is the text that the sender's call
/// throws.
pub(crate) fn for_c(mut payload: Payload) -> Result<Data, &'static str> {
    let buffer = match payload.decoder().expect_next() {
        Ok(Token::String(text)) => copied(text.as_bytes()),
        Ok(Token::Bytes(bytes)) => copied(bytes),
        Ok(Token::Buffer(buffer)) => Ok(buffer),
        _ => return Err("WRONG_OBJECT_TYPE"),
    };
    let mut buffer = buffer.map_err(|OutOfMemory| "OUT_OF_MEMORY")?;
    let length = c_int::try_from(buffer.len()).map_err(|_| "OUT_OF_RANGE")?;
    // C may write into the data and frees it, so a shared or mapped buffer is copied into memory from `malloc`.
    with_garbage_collection(|| buffer.as_mut_slice().map(|_| ())).map_err(|OutOfMemory| "OUT_OF_MEMORY")?;
    Ok(Data { buffer, length })
}

fn copied(bytes: &[u8]) -> Result<Buffer, OutOfMemory> {
    with_garbage_collection(|| Buffer::copy_of(bytes))
}

/// Calls `make`. If there is no memory, collects garbage and calls it again.
fn with_garbage_collection<T>(mut make: impl FnMut() -> Result<T, OutOfMemory>) -> Result<T, OutOfMemory> {
    make().or_else(|OutOfMemory| {
        crate::abi::toit_gc();
        make()
    })
}

/// Data from C. If the call succeeds, the system owns it; if the call fails, it is freed or left to C.
pub(crate) struct Given {
    data: *mut u8,
    length: usize,
    /// Whether dropping this object frees the data.
    is_ours: bool,
    /// Whether the payload owns the memory.
    is_handed_on: bool,
}

impl Given {
    /// Takes data from C. `free_on_failure` tells whether to free it if the call fails, here or in a later step.
    ///
    /// # Safety
    /// `data` must be memory from `malloc` of at least `length` bytes, or null.
    ///
    /// # Errors
    /// If the length is negative, or the length is positive and `data` is null.
    pub(crate) unsafe fn new(data: *mut u8, length: c_int, free_on_failure: bool) -> Result<Given, Error> {
        let mut given = Given { data, length: 0, is_ours: free_on_failure, is_handed_on: false };
        given.length = usize::try_from(length).map_err(|_| Error::Other)?;
        if data.is_null() && given.length > 0 { Err(Error::Other) } else { Ok(given) }
    }

    /// Returns the data as a payload. Call this once.
    pub(crate) fn payload(&mut self) -> Result<Payload, Error> {
        let mut encoder = Encoder::new();
        let encoded = if self.length <= INLINE_BYTES_MAX {
            encoder.bytes(self.bytes())
        } else {
            encoder.buffer(self.buffer()?)
        };
        // Does not fail for these values: a single value is not nested too deeply.
        encoded.and_then(|()| encoder.finish()).map_err(|_| Error::Other)
    }

    fn bytes(&self) -> &[u8] {
        if self.length == 0 {
            return &[];
        }
        // SAFETY: `data` is not null, and the caller of `new` promises `length` bytes.
        unsafe { std::slice::from_raw_parts(self.data, self.length) }
    }

    fn buffer(&mut self) -> Result<Buffer, Error> {
        let Some(data) = NonNull::new(self.data).filter(|_| self.is_ours && self.has_spare_byte()) else {
            return copied(self.bytes()).map_err(|OutOfMemory| Error::OutOfMemory);
        };
        self.is_ours = false;
        self.is_handed_on = true;
        // SAFETY: `data` is memory from `malloc` with room for the zero byte, as just checked. It has no other owner:
        // the component has given it away, and `is_ours` is false from here on.
        Ok(unsafe { Buffer::from_raw_parts(data, self.length) })
    }

    fn has_spare_byte(&self) -> bool {
        // SAFETY: the caller of `new` promises that `data` is memory from `malloc`.
        unsafe { libc::malloc_usable_size(self.data.cast::<c_void>()) > self.length }
    }

    /// Records that the call has succeeded, so that the system owns the data. Frees the data if the payload has a copy.
    pub(crate) fn accepted(mut self) {
        self.is_ours = !self.is_handed_on;
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        if self.is_ours {
            // SAFETY: memory from `malloc` (or null) that the component has given away and that is
            // not in a payload.
            unsafe { libc::free(self.data.cast::<c_void>()) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allocated(bytes: &[u8]) -> *mut u8 {
        // SAFETY: fresh memory of that size.
        unsafe {
            let data = libc::malloc(bytes.len().max(1)).cast::<u8>();
            data.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            data
        }
    }

    fn given(bytes: &[u8], free_on_failure: bool) -> (*mut u8, Given) {
        let data = allocated(bytes);
        let length = c_int::try_from(bytes.len()).expect("the number is small");
        // SAFETY: it was just made.
        (data, unsafe { Given::new(data, length, free_on_failure) }.expect("valid arguments"))
    }

    #[test]
    fn small_and_large_data_reach_c_unchanged() {
        for size in [0, 1, INLINE_BYTES_MAX, INLINE_BYTES_MAX + 1, 1 << 20] {
            let bytes = vec![7; size];
            let (_, mut small) = given(&bytes, true);
            let payload = small.payload().expect("there is memory");
            small.accepted();
            let data = for_c(payload).expect("C can get bytes");
            let (data, length) = data.into_raw().expect("there is memory");
            assert_eq!(usize::try_from(length), Ok(size));
            // SAFETY: it has that many bytes, a zero after them, and no other owner.
            unsafe {
                assert_eq!(std::slice::from_raw_parts(data, size), bytes);
                assert_eq!(*data.add(size), 0);
                libc::free(data.cast());
            }
        }
    }

    #[test]
    fn data_is_freed_only_on_request() {
        for size in [10, INLINE_BYTES_MAX + 10] {
            let (data, mut kept) = given(&vec![7; size], false);
            drop(kept.payload().expect("there is memory"));
            drop(kept);
            // SAFETY: it has not been freed.
            unsafe {
                assert_eq!(*data.add(size - 1), 7);
                libc::free(data.cast());
            }
        }
    }

    #[test]
    fn large_data_is_not_copied() {
        let (data, mut large) = given(&vec![7; (1 << 20) - 100], true);
        let payload = large.payload().expect("there is memory");
        large.accepted();
        assert_eq!(payload.buffers()[0].as_slice().as_ptr(), data.cast_const());
    }

    #[test]
    fn invalid_arguments_are_refused() {
        // SAFETY: null is allowed.
        unsafe {
            assert!(Given::new(std::ptr::null_mut(), 1, true).is_err());
            assert!(Given::new(std::ptr::null_mut(), -1, true).is_err());
            assert!(Given::new(std::ptr::null_mut(), 0, true).is_ok());
        }
    }

    #[test]
    fn an_int_is_refused_and_a_string_is_accepted() {
        let payload = Payload::of(&lucarne_message::Value::Int(1)).expect("an int travels");
        assert_eq!(for_c(payload).err(), Some("WRONG_OBJECT_TYPE"));
        let (data, length) =
            for_c(Payload::string("text")).ok().and_then(Data::into_raw).expect("a string travels");
        assert_eq!(length, 4);
        // SAFETY: it has no other owner.
        unsafe { libc::free(data.cast()) };
    }
}
