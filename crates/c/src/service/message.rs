//! `toit_message_t`: the memory of values, and why a value was refused.
//!
//! C gets its address, as that of a stream in the C library, since it is used often and by one thread at a time.

use std::ffi::{CStr, CString, c_char, c_void};

use lucarne_services::{Client, Container, Value};

use super::give;
use super::values::{CEntry, CValue, Span, kind};

/// The size of the first block of memory, and the size up to which blocks become larger, in words of 8 bytes.
const FIRST_WORDS: usize = 64;
const BLOCK_WORDS: usize = 4_096;

/// The reason if memory is exhausted.
const NO_MEMORY: &CStr = c"OUT_OF_MEMORY";

/// Memory that is freed at once.
#[derive(Default)]
pub(crate) struct Message {
    /// Blocks never move. Memory is taken from the last.
    blocks: Vec<Box<[u64]>>,
    /// The number of words that are taken from the last block.
    taken: usize,
    /// Why the last value was refused. None if memory was exhausted.
    reason: Option<CString>,
    /// The values that byte arrays of C point into.
    held: Vec<Value>,
    /// The client whose call this is the answer to, and its container.
    pub(crate) client: Option<(Container, Client)>,
}

impl Message {
    /// Makes values for C, and keeps them in this message.
    pub(crate) fn hold(&mut self, values: Vec<Value>) -> Option<Span<CValue>> {
        let made = self.fill(&values, super::values::to_c)?;
        // Moving the values does not move the bytes in them.
        self.held.extend(values);
        Some(made)
    }

    /// Returns memory filled with zeros, aligned for all types of values.
    fn allocate(&mut self, count: usize, size: usize) -> Option<*mut u64> {
        let words = count.checked_mul(size)?.div_ceil(8);
        if words == 0 {
            // Not null, since null may have a meaning.
            return Some(std::ptr::NonNull::dangling().as_ptr());
        }
        let left = self.blocks.last().map_or(0, |block| block.len() - self.taken);
        if words > left {
            let usual = (FIRST_WORDS << self.blocks.len().min(6)).min(BLOCK_WORDS);
            let mut block = Vec::new();
            block.try_reserve_exact(words.max(usual)).ok()?;
            block.resize(words.max(usual), 0);
            self.blocks.push(block.into_boxed_slice());
            self.taken = 0;
        }
        let block = self.blocks.last_mut()?;
        let memory = block.get_mut(self.taken..self.taken + words)?.as_mut_ptr();
        self.taken += words;
        Some(memory)
    }

    /// Copies a text, with a zero after it.
    pub(crate) fn text(&mut self, text: &str) -> Option<*const u8> {
        let memory = self.allocate(text.len().checked_add(1)?, 1)?.cast::<u8>();
        // SAFETY: there is room for the text, and the memory is fresh; it has a zero after the text.
        unsafe { memory.copy_from_nonoverlapping(text.as_ptr(), text.len()) };
        Some(memory)
    }

    /// Makes an array of as many elements as `from` has.
    pub(crate) fn fill<F, T>(
        &mut self,
        from: &[F],
        make: impl Fn(&F, &mut Message) -> Option<T>,
    ) -> Option<Span<T>> {
        const { assert!(align_of::<T>() <= 8) };
        let data = self.allocate(from.len(), size_of::<T>())?.cast::<T>();
        for (place, from) in from.iter().enumerate() {
            let made = make(from, self)?;
            // SAFETY: the memory has room for as many elements, and is aligned.
            unsafe { data.add(place).write(made) };
        }
        Some(Span { data, count: from.len() })
    }

    fn refuse(&mut self, name: &str, found: i32, wanted: &str) -> bool {
        let found = match found {
            kind::NULL => "null",
            kind::BOOL => "a bool",
            kind::INT => "an int",
            kind::FLOAT => "a float",
            kind::STRING => "a string",
            kind::BYTES => "bytes",
            kind::LIST => "a list",
            kind::MAP => "a map",
            _ => "no value",
        };
        self.reason = CString::new(format!("{name}: found {found} where {wanted} was expected")).ok();
        false
    }

    pub(crate) fn reason(&self) -> &CStr {
        self.reason.as_deref().unwrap_or(NO_MEMORY)
    }
}

/// See `toit/service.h`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn toit_message_new() -> *mut Message {
    Box::into_raw(Box::default())
}

/// See `toit/service.h`.
///
/// # Safety
/// `message` is null or a message that has not been deleted.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_message_delete(message: *mut Message) {
    if !message.is_null() {
        // SAFETY: as the caller promises; all messages of C come from boxes.
        drop(unsafe { Box::from_raw(message) });
    }
}

/// See `toit/service.h`.
///
/// # Safety
/// `message` is null or a message.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_message_allocate(
    message: *mut Message,
    count: usize,
    size: usize,
) -> *mut c_void {
    // SAFETY: as the caller promises.
    let Some(message) = (unsafe { message.as_mut() }) else { return std::ptr::null_mut() };
    let memory = message.allocate(count, size).or_else(|| {
        crate::abi::toit_gc();
        message.allocate(count, size)
    });
    if memory.is_none() {
        message.reason = None;
    }
    memory.map_or(std::ptr::null_mut(), |memory| memory.cast())
}

/// See `toit/service.h`.
///
/// # Safety
/// `message` is null or a message.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_message_reason(message: *const Message) -> *const c_char {
    // SAFETY: as the caller promises.
    unsafe { message.as_ref() }.map_or(NO_MEMORY, Message::reason).as_ptr()
}

/// See `toit/service.h`.
///
/// # Safety
/// The map is valid, and `key` is a C string.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_map_find(map: Span<CEntry>, key: *const c_char) -> *const CValue {
    /// Null does not change, so all threads can read it.
    struct Shared(CValue);
    // SAFETY: as above.
    unsafe impl Sync for Shared {}
    static NULL: Shared = Shared(CValue::NULL);
    // SAFETY: as the caller promises.
    unsafe {
        let key = CStr::from_ptr(key).to_bytes();
        let found = map.slice().ok().and_then(|entries| entries.iter().find(|entry| entry.has_key(key)));
        found.map_or(&raw const NULL.0, |entry| &raw const entry.value)
    }
}

/// Reads a value of a kind. `give` writes the result; for null it gets none.
///
/// # Safety
/// The pointers are valid, and `name` is a C string.
unsafe fn read(
    message: *mut Message,
    value: *const CValue,
    name: *const c_char,
    (kind, wanted): (i32, &str),
    or_null: bool,
    give: impl FnOnce(Option<&CValue>),
) -> bool {
    // SAFETY: as the caller promises.
    let (message, value) = unsafe { (&mut *message, &*value) };
    match value.kind {
        found if found == kind => give(Some(value)),
        kind::NULL if or_null => give(None),
        found => {
            // SAFETY: as the caller promises.
            let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
            return message.refuse(&name, found, wanted);
        }
    }
    true
}

/// Defines the functions that read scalars, and those that read scalars or null.
macro_rules! scalars {
    ($($name:ident $or_null:ident $type:ty: $kind:ident $field:ident $wanted:literal;)*) => {$(
        /// See `toit/service.h`.
        ///
        /// # Safety
        /// The pointers are valid, and `name` is a C string.
        #[unsafe(no_mangle)]
        pub(crate) unsafe extern "C" fn $name(
            message: *mut Message,
            value: *const CValue,
            name: *const c_char,
            result: *mut $type,
        ) -> bool {
            // SAFETY: as the caller promises; the content is that of the kind.
            unsafe {
                read(message, value, name, (kind::$kind, $wanted), false, |value| {
                    give(result, value.map_or_else(Default::default, |value| value.content.$field));
                })
            }
        }

        /// See `toit/service.h`.
        ///
        /// # Safety
        /// The pointers are valid, and `name` is a C string.
        #[unsafe(no_mangle)]
        pub(crate) unsafe extern "C" fn $or_null(
            message: *mut Message,
            value: *const CValue,
            name: *const c_char,
            result: *mut *const $type,
        ) -> bool {
            // SAFETY: as the caller promises; the content is that of the kind.
            unsafe {
                read(message, value, name, (kind::$kind, $wanted), true, |value| {
                    give(result, value.map_or(std::ptr::null(), |value| &raw const value.content.$field));
                })
            }
        }
    )*};
}

scalars! {
    toit_read_bool toit_read_bool_or_null bool: BOOL boolean "a bool";
    toit_read_int toit_read_int_or_null i64: INT integer "an int";
    toit_read_float toit_read_float_or_null f64: FLOAT number "a float";
}

/// Defines the functions that read values with a length.
macro_rules! spans {
    ($($name:ident $type:ty: $kind:ident $field:ident $wanted:literal;)*) => {$(
        /// See `toit/service.h`.
        ///
        /// # Safety
        /// The pointers are valid, and `name` is a C string.
        #[unsafe(no_mangle)]
        pub(crate) unsafe extern "C" fn $name(
            message: *mut Message,
            value: *const CValue,
            name: *const c_char,
            or_null: bool,
            result: *mut Span<$type>,
        ) -> bool {
            let null = Span { data: std::ptr::null(), count: 0 };
            // SAFETY: as the caller promises; the content is that of the kind.
            unsafe {
                read(message, value, name, (kind::$kind, $wanted), or_null, |value| {
                    give(result, value.map_or(null, |value| value.content.$field));
                })
            }
        }
    )*};
}

spans! {
    toit_read_string u8: STRING bytes "a string";
    toit_read_bytes u8: BYTES bytes "bytes";
    toit_read_list CValue: LIST list "a list";
    toit_read_map CEntry: MAP map "a map";
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn memory_is_zero_and_does_not_move() {
        let mut message = Message::default();
        let mut made: Vec<(*mut u64, usize)> = Vec::new();
        for size in [1, 8, 0, 100, 511, 512, 40_000, 3, 4_096, 1_000_000, 1] {
            let memory = message.allocate(size, 1).expect("there is memory");
            for place in 0..size {
                // SAFETY: the memory has that size.
                unsafe {
                    assert_eq!(*memory.cast::<u8>().add(place), 0);
                    *memory.cast::<u8>().add(place) = u8::try_from(made.len() + 1).expect("small");
                }
            }
            made.push((memory, size));
        }
        for (number, (memory, size)) in made.iter().enumerate() {
            // SAFETY: as above.
            let bytes = unsafe { std::slice::from_raw_parts(memory.cast::<u8>(), *size) };
            assert!(bytes.iter().all(|byte| usize::from(*byte) == number + 1));
        }
        assert!(message.allocate(usize::MAX, 2).is_none());
        assert!(message.allocate(usize::MAX / 4, 1).is_none());
    }

    #[test]
    fn wrong_types_are_refused_with_a_reason() {
        let mut message = Message::default();
        let values = message.hold(vec![Value::Null, 5.into()]).expect("there is memory").data;
        // SAFETY: there are two values, and the names are C strings.
        unsafe {
            let (null, five) = (values, values.add(1));
            let mut number = 0;
            assert!(toit_read_int(&mut message, five, c"count".as_ptr(), &mut number));
            assert_eq!(number, 5);
            assert!(!toit_read_int(&mut message, null, c"count".as_ptr(), &mut number));
            assert_eq!(message.reason(), c"count: found null where an int was expected");
            let mut place = std::ptr::null();
            assert!(toit_read_int_or_null(&mut message, five, c"count".as_ptr(), &mut place) && *place == 5);
            assert!(
                toit_read_int_or_null(&mut message, null, c"count".as_ptr(), &mut place) && place.is_null()
            );
            let mut list = Span { data: std::ptr::null(), count: 0 };
            assert!(!toit_read_list(&mut message, five, c"items".as_ptr(), true, &mut list));
            assert_eq!(message.reason(), c"items: found an int where a list was expected");
            toit_message_allocate(&mut message, usize::MAX, 8);
            assert_eq!(message.reason(), NO_MEMORY);
        }
    }
}
