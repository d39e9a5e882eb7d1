//! Copies values between heaps and messages.
//!
//! Byte arrays that have a buffer of their own are handed over and left empty. They are emptied when the whole value is
//! encoded, so that the same array, or a slice of it, can occur in a message several times: it is handed over where it
//! occurs first, and copied elsewhere. If the message then cannot be sent, they get their buffers back.

use lucarne_heap::{Heap, Immediate, Kept, RefMut, Value};
use lucarne_message::{Decoder, EncodeError, Encoder, Payload, Sink, Token};

use crate::{Failure, hash};

/// An encoded value, and the byte arrays from which its buffers come, in the order of the buffers.
pub struct Encoding {
    /// The encoded value.
    pub payload: Payload,
    emptied: Vec<Leaving>,
}

/// Encodes a value.
///
/// # Errors
/// If the value or a value in it cannot be sent, or no memory is left.
pub fn encode(heap: &mut Heap, value: impl Value) -> Result<Encoding, Failure> {
    encode_with(heap, |writer| writer.value(value))
}

/// Encodes the values that `write` writes.
///
/// # Errors
/// As for [`encode`].
pub fn encode_with(
    heap: &mut Heap,
    write: impl FnOnce(&mut Writer<'_>) -> Result<(), EncodeError>,
) -> Result<Encoding, Failure> {
    let mut writer = Writer::new(heap, true);
    write(&mut writer).map_err(failure)?;
    let Writer { heap, output: Output { mut encoder, leaving, .. } } = writer;
    if !encoder.is_complete() {
        return Err(failure(EncodeError::Unbalanced));
    }
    for array in &leaving {
        if let Some(buffer) = heap.get_mut(array.array).take_buffer() {
            encoder.hand_over(buffer).map_err(failure)?;
        }
    }
    let payload = encoder.finish().map_err(failure)?;
    Ok(Encoding { payload, emptied: leaving })
}

/// Encodes a value that stays as it is: byte arrays are copied, whatever their size.
///
/// # Errors
/// As for [`encode`].
pub fn encode_copy(heap: &mut Heap, value: impl Value) -> Result<Payload, Failure> {
    let mut writer = Writer::new(heap, false);
    writer.value(value).map_err(failure)?;
    writer.output.encoder.finish().map_err(|error| Failure::Message(error.to_string()))
}

/// The byte arrays that an encoding has emptied.
pub struct Emptied(Vec<Leaving>);

impl Encoding {
    /// Separates the payload, to be sent, from the byte arrays that [`Emptied::restore`] needs to undo the encoding.
    pub fn into_parts(self) -> (Payload, Emptied) {
        (self.payload, Emptied(self.emptied))
    }
}

impl Emptied {
    /// Undoes the encoding: gives the byte arrays their buffers back.
    pub fn restore(self, heap: &mut Heap, mut payload: Payload) {
        for (buffer, leaving) in payload.take_buffers().into_iter().zip(self.0) {
            heap.get_mut(leaving.array).restore_buffer(buffer);
        }
    }
}

fn failure(error: EncodeError) -> Failure {
    match error {
        EncodeError::Refused(class) => Failure::Detailed {
            error: "SERIALIZATION_FAILED".into(),
            detail: format!("SERIALIZATION_FAILED error.\nCannot encode instance of class '{class}'"),
        },
        EncodeError::NestingTooDeep => Failure::Error("NESTING_TOO_DEEP"),
        EncodeError::OutOfMemory(_) => Failure::OutOfMemory,
        other => Failure::Message(other.to_string()),
    }
}

/// Writes values of a heap.
pub struct Writer<'h> {
    heap: &'h mut Heap,
    output: Output,
}

struct Output {
    encoder: Encoder,
    /// The byte arrays that are emptied at the end.
    leaving: Vec<Leaving>,
    hands_over: bool,
}

/// A byte array whose buffer is handed over.
struct Leaving {
    array: Kept,
    buffer_number: u64,
}

impl<'h> Writer<'h> {
    fn new(heap: &'h mut Heap, hands_over: bool) -> Writer<'h> {
        Writer { heap, output: Output { encoder: Encoder::new(), leaving: Vec::new(), hands_over } }
    }

    /// Starts a list of `length` values.
    ///
    /// # Errors
    /// If the value cannot be encoded.
    pub fn list(&mut self, length: usize) -> Result<(), EncodeError> {
        self.output.encoder.list(length)
    }

    /// Writes a boolean.
    ///
    /// # Errors
    /// As for [`Writer::list`].
    pub fn bool(&mut self, value: bool) -> Result<(), EncodeError> {
        self.output.encoder.bool(value)
    }

    /// Writes a value of the heap.
    ///
    /// # Errors
    /// As for [`Writer::list`].
    pub fn value(&mut self, value: impl Value) -> Result<(), EncodeError> {
        self.output.value(self.heap.get_mut(value))
    }
}

impl Output {
    fn value(&mut self, value: RefMut<'_>) -> Result<(), EncodeError> {
        let (heap, reference) = (value.heap(), value.as_ref());
        if let Some(int) = heap.int(reference) {
            return self.encoder.int(int);
        }
        if let Some(text) = heap.string(reference) {
            return self.encoder.string(text);
        }
        if reference.is_null() {
            return self.encoder.null();
        }
        if let Some(bool) = heap.bool(reference) {
            return self.encoder.bool(bool);
        }
        if let Some(float) = heap.float(reference) {
            return self.encoder.float(float);
        }
        // Large arrays live in buffers, which are handed over once.
        if self.hands_over
            && let Some(buffer_number) = value.buffer_number()
            && !self.leaving.iter().any(|leaving| leaving.buffer_number == buffer_number)
        {
            self.leaving.push(Leaving { array: value.keep(), buffer_number });
            return self.encoder.announce_buffer();
        }
        if let Some(bytes) = value.heap().bytes(value.as_ref()) {
            value.heap().before_work(bytes.len());
            return self.encoder.bytes(bytes);
        }
        self.collection(value)
    }

    fn collection(&mut self, value: RefMut<'_>) -> Result<(), EncodeError> {
        let builtins = value.heap().builtins();
        let (list, list_slice) = (builtins.list, builtins.list_slice);
        let class = value.heap().class(value.as_ref());
        if class == builtins.array {
            let length = value.as_ref().elements().len();
            return self.elements(Some(value), 0, length);
        }
        if class == builtins.map {
            return self.map(value);
        }
        if class == list
            && let [_, size, ..] = *value.as_ref().elements()
        {
            let size = size.to_small().unwrap_or(0) as usize;
            return self.elements(value.field(0), 0, size);
        }
        if class == list_slice
            && let Some((whole, from, to)) = value.heap().slice_parts(value.as_ref())
        {
            let is_list = value.heap().class(whole) == list;
            let whole = value.field(0);
            let array = if is_list { whole.and_then(|list| list.field(0)) } else { whole };
            return self.elements(array, from, to);
        }
        Err(EncodeError::Refused(value.heap().class_name(value.as_ref()).to_string()))
    }

    fn elements(&mut self, array: Option<RefMut<'_>>, from: usize, to: usize) -> Result<(), EncodeError> {
        let Some(mut array) = array else { return self.encoder.list(0) };
        let to = to.min(array.as_ref().elements().len());
        array.heap().before_work(to.saturating_sub(from) * ELEMENT_WORK_BYTES);
        self.encoder.list(to.saturating_sub(from))?;
        for index in from..to {
            if let Some(element) = array.reborrow().field(index) {
                self.value(element)?;
            }
        }
        Ok(())
    }

    fn map(&mut self, mut map: RefMut<'_>) -> Result<(), EncodeError> {
        let places = hash::map_places(map.heap(), map.as_ref());
        self.encoder.map(places.len())?;
        map.heap().before_work(places.len() * 2 * ELEMENT_WORK_BYTES);
        for place in places {
            for place in [place, place + 1] {
                if let Some(part) = map.reborrow().field(hash::BACKING).and_then(|all| all.field(place)) {
                    self.value(part)?;
                }
            }
        }
        Ok(())
    }
}

/// The number of bytes that can be read in the time that it takes to encode a value of a list.
const ELEMENT_WORK_BYTES: usize = 16;

/// Reads the next value of a message into the heap.
///
/// # Errors
/// If the message is damaged, or the process has reached its memory limit.
pub fn decode<'h>(heap: &'h mut Heap, decoder: &mut Decoder<'_>) -> Result<RefMut<'h>, Failure> {
    let token = decoder.expect_next().map_err(|error| Failure::Message(error.to_string()))?;
    Ok(match token {
        Token::Null => heap.get_mut(Immediate::NULL),
        Token::Bool(value) => heap.get_mut(Immediate::bool(value)),
        Token::Int(value) => heap.new_int(value)?,
        Token::Float(value) => heap.new_float(value)?,
        Token::String(text) => heap.new_string(text)?,
        Token::Bytes(bytes) => heap.new_bytes_from(bytes)?,
        Token::Buffer(buffer) => heap.adopt(buffer)?,
        Token::List(length) => {
            let scope = heap.scope();
            let array = elements(heap, decoder, length)?;
            heap.leave(scope, array)
        }
        Token::Map(length) => {
            let scope = heap.scope();
            let pairs = elements(heap, decoder, length * 2)?;
            let map = hash::new_map(heap, pairs)?.keep();
            heap.leave(scope, map)
        }
    })
}

/// Reads values into a new array, and keeps it.
fn elements(heap: &mut Heap, decoder: &mut Decoder<'_>, length: usize) -> Result<Kept, Failure> {
    let array = heap.new_array(length)?.keep();
    for index in 0..length {
        decode(heap, decoder)?.store(array, index);
    }
    Ok(array)
}
