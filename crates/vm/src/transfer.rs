//! Values between heaps and messages.
//!
//! Byte arrays that have a buffer of their own are handed over and left empty. If the message then
//! cannot be sent, they get it back.

use lucarne_message::{Decoder, EncodeError, Encoder, Payload, Sink, Token};

use crate::heap::{Format, Heap, Kept, OutOfMemory, Ref, Word};
use crate::native::{Failure, hash};

/// An encoded value, and the byte arrays whose buffers it holds, in the order of these.
pub(crate) struct Encoding {
    pub(crate) payload: Payload,
    emptied: Vec<Word>,
}

/// Encodes a value.
pub(crate) fn encode(heap: &mut Heap, value: Word) -> Result<Encoding, Failure> {
    encode_with(heap, |writer| writer.value(value))
}

/// Encodes what `write` writes.
pub(crate) fn encode_with(
    heap: &mut Heap,
    write: impl FnOnce(&mut Writer<'_>) -> Result<(), EncodeError>,
) -> Result<Encoding, Failure> {
    let mut writer = Writer { heap, encoder: Encoder::new(), emptied: Vec::new(), hands_over: true };
    let result = write(&mut writer);
    let Writer { heap, mut encoder, emptied, .. } = writer;
    match result {
        Ok(()) => match encoder.finish() {
            Ok(payload) => Ok(Encoding { payload, emptied }),
            Err(error) => Err(Failure::Message(error.to_string())),
        },
        Err(error) => {
            give_back(heap, encoder.take_buffers(), emptied);
            Err(failure(error))
        }
    }
}

/// Encodes a value that stays as it is: byte arrays are copied, whatever their size.
pub(crate) fn encode_copy(heap: &mut Heap, value: Word) -> Result<Payload, Failure> {
    let mut writer = Writer { heap, encoder: Encoder::new(), emptied: Vec::new(), hands_over: false };
    writer.value(value).map_err(failure)?;
    writer.encoder.finish().map_err(|error| Failure::Message(error.to_string()))
}

impl Encoding {
    /// Undoes the encoding, if no allocation has come between.
    pub(crate) fn restore(heap: &mut Heap, mut payload: Payload, emptied: Vec<Word>) {
        give_back(heap, payload.take_buffers(), emptied);
    }

    pub(crate) fn into_parts(self) -> (Payload, Vec<Word>) {
        (self.payload, self.emptied)
    }
}

fn give_back(heap: &mut Heap, buffers: Vec<lucarne_message::Buffer>, emptied: Vec<Word>) {
    for (buffer, object) in buffers.into_iter().zip(emptied) {
        heap.restore_buffer(object, buffer);
    }
}

fn failure(error: EncodeError) -> Failure {
    match error {
        EncodeError::Refused(class) => Failure::Detailed {
            error: "SERIALIZATION_FAILED",
            detail: format!("SERIALIZATION_FAILED error.\nCannot encode instance of class '{class}'"),
        },
        EncodeError::NestingTooDeep => Failure::Error("NESTING_TOO_DEEP"),
        EncodeError::OutOfMemory(_) => Failure::OutOfMemory,
        other => Failure::Message(other.to_string()),
    }
}

/// Writes values of a heap.
pub(crate) struct Writer<'h> {
    heap: &'h mut Heap,
    encoder: Encoder,
    emptied: Vec<Word>,
    hands_over: bool,
}

impl Writer<'_> {
    pub(crate) fn list(&mut self, length: usize) -> Result<(), EncodeError> {
        self.encoder.list(length)
    }

    pub(crate) fn bool(&mut self, value: bool) -> Result<(), EncodeError> {
        self.encoder.bool(value)
    }

    pub(crate) fn value(&mut self, word: Word) -> Result<(), EncodeError> {
        let value = Ref::of(word);
        match word {
            Word::NULL => return self.encoder.null(),
            Word::TRUE => return self.encoder.bool(true),
            Word::FALSE => return self.encoder.bool(false),
            _ => {}
        }
        if let Some(int) = self.heap.int(value) {
            return self.encoder.int(int);
        }
        if let Some(float) = self.heap.float(value) {
            return self.encoder.float(float);
        }
        if let Some(text) = self.heap.string(value) {
            return self.encoder.string(text);
        }
        // Large arrays live in buffers, which are handed over.
        if self.hands_over
            && let Some(buffer) = self.heap.take_buffer(word)
        {
            self.emptied.push(word);
            return self.encoder.buffer(buffer);
        }
        if let Some(bytes) = self.heap.bytes(value) {
            return self.encoder.bytes(bytes);
        }
        self.collection(word)
    }

    fn collection(&mut self, word: Word) -> Result<(), EncodeError> {
        let builtins = *self.heap.builtins();
        let class = self.heap.class_of(word);
        let value = Ref::of(word);
        if class == builtins.array {
            return self.elements(word, 0, self.heap.length(value));
        }
        if class == builtins.list
            && let [array, size, ..] = *self.heap.words(word)
        {
            return self.elements(array, 0, size.to_int().unwrap_or(0) as usize);
        }
        if class == builtins.list_slice
            && let Some((list, from, to)) = self.heap.slice_parts(value)
        {
            let list = list.word();
            let array = if self.heap.class_of(list) == builtins.list {
                self.heap.words(list).first().copied().unwrap_or(list)
            } else {
                list
            };
            return self.elements(array, from, to);
        }
        if class == builtins.map {
            return self.map(word);
        }
        let name = self.heap.image().program().classes[class.0 as usize].name.clone();
        Err(EncodeError::Refused(name))
    }

    fn elements(&mut self, array: Word, from: usize, to: usize) -> Result<(), EncodeError> {
        let to = to.min(self.heap.words(array).len());
        self.encoder.list(to.saturating_sub(from))?;
        for index in from..to {
            // Nothing allocates on this heap meanwhile, so the array stays where it is.
            self.value(self.heap.words(array)[index])?;
        }
        Ok(())
    }

    fn map(&mut self, map: Word) -> Result<(), EncodeError> {
        let entries = hash::map_entries(self.heap, Ref::of(map));
        self.encoder.map(entries.len())?;
        for (key, value) in entries {
            self.value(key)?;
            self.value(value)?;
        }
        Ok(())
    }
}

/// Reads the next value of a message into the heap.
///
/// # Errors
/// If the message is damaged, or the process may not use more memory.
pub(crate) fn decode<'h>(heap: &'h mut Heap, decoder: &mut Decoder<'_>) -> Result<Ref<'h>, Failure> {
    let scope = heap.scope();
    let result = Reader { heap }.value(decoder);
    heap.end_scope(scope);
    result.map(Ref::of)
}

struct Reader<'h> {
    heap: &'h mut Heap,
}

impl Reader<'_> {
    fn value(&mut self, decoder: &mut Decoder<'_>) -> Result<Word, Failure> {
        let token = decoder.expect_next().map_err(|error| Failure::Message(error.to_string()))?;
        let heap = &mut *self.heap;
        Ok(match token {
            Token::Null => Word::NULL,
            Token::Bool(value) => Word::bool(value),
            Token::Int(value) => heap.new_int(value)?.word(),
            Token::Float(value) => heap.new_float(value)?.word(),
            Token::String(text) => heap.new_string(text)?.word(),
            Token::Bytes(bytes) => heap.new_bytes_from(bytes)?.word(),
            Token::Buffer(buffer) => heap.adopt(buffer)?.word(),
            Token::List(length) => {
                let class = heap.builtins().array;
                let array = heap
                    .allocate(class, Format::Words, length)
                    .map_err(|OutOfMemory| Failure::OutOfMemory)?;
                let array = heap.keep(array);
                self.fill(decoder, array, length)?;
                self.heap.kept(array).word()
            }
            Token::Map(length) => self.map(decoder, length)?,
        })
    }

    fn fill(&mut self, decoder: &mut Decoder<'_>, array: Kept, length: usize) -> Result<(), Failure> {
        for index in 0..length {
            let element = self.value(decoder)?;
            let array = self.heap.kept(array).word();
            self.heap.set_field(array, index, element);
        }
        Ok(())
    }

    fn map(&mut self, decoder: &mut Decoder<'_>, length: usize) -> Result<Word, Failure> {
        let pairs = self.heap.new_array(length * 2)?.word();
        let pairs = self.heap.keep(pairs);
        self.fill(decoder, pairs, length * 2)?;
        Ok(hash::new_map(self.heap, pairs)?.word())
    }
}
