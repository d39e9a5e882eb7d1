//! Reads a payload, token by token.

use crate::nesting::{Nesting, TooDeep};
use crate::{Buffer, Bytes, MAX_DEPTH, format};

/// One value, or the beginning of a list or map.
#[derive(Debug, PartialEq)]
pub enum Token<'p> {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// A string.
    String(&'p str),
    /// Bytes that were copied into the payload.
    Bytes(&'p [u8]),
    /// Bytes that were handed over: the reader owns them.
    Buffer(Buffer),
    /// The beginning of a list; the given number of items follow.
    List(usize),
    /// The beginning of a map; the given number of entries follow, each as a key and a value.
    Map(usize),
}

/// A type that can be read as exactly one value.
pub trait Decode: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// See [`DecodeError`].
    fn decode(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError>;
}

/// The reason why bytes are not a payload, or not a payload that the reader accepts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end in the middle of a value.
    #[error("the message is cut short")]
    Truncated,
    /// A tag without a meaning.
    #[error("unknown tag {0:#04x} in a message")]
    UnknownTag(u8),
    /// A number of more than 64 bits.
    #[error("a number in the message is too large")]
    NumberTooLarge,
    /// A list or map whose length is larger than the number of items that the message can contain.
    #[error("a length in the message is larger than the message")]
    LengthTooLarge,
    /// A string that is not UTF-8.
    #[error("a string in the message is not UTF-8")]
    NotUtf8,
    /// Lists and maps are nested deeper than [`MAX_DEPTH`].
    #[error("NESTING_TOO_DEEP")]
    NestingTooDeep,
    /// The bytes refer to a buffer that is missing.
    #[error("a buffer of the message is missing")]
    MissingBuffer,
    /// Bytes or buffers are left after the value.
    #[error("the message goes on after its end")]
    TrailingData,
    /// A valid message, but not one that its reader accepts.
    #[error("{0}")]
    Unexpected(String),
}

impl DecodeError {
    /// Returns the error of a reader that expected something else.
    pub fn unexpected(found: &Token<'_>, wanted: &str) -> DecodeError {
        let found = match found {
            Token::Null => "null",
            Token::Bool(_) => "a bool",
            Token::Int(_) => "an int",
            Token::Float(_) => "a float",
            Token::String(_) => "a string",
            Token::Bytes(_) | Token::Buffer(_) => "bytes",
            Token::List(_) => "a list",
            Token::Map(_) => "a map",
        };
        DecodeError::Unexpected(format!("found {found} where {wanted} was expected"))
    }
}

impl From<TooDeep> for DecodeError {
    fn from(_: TooDeep) -> DecodeError {
        DecodeError::NestingTooDeep
    }
}

/// Reads the tokens of a payload.
///
/// The decoder counts the missing items of lists and maps. [`Decoder::next`] returns `None` when one whole value has
/// been read, and never before, so a reader need not count to be safe.
pub struct Decoder<'p> {
    rest: &'p [u8],
    /// The number of bytes at the start.
    len: usize,
    buffers: std::slice::IterMut<'p, Buffer>,
    nesting: Nesting,
}

impl<'p> Decoder<'p> {
    pub(crate) fn new(bytes: &'p [u8], buffers: &'p mut [Buffer]) -> Decoder<'p> {
        Decoder { rest: bytes, len: bytes.len(), buffers: buffers.iter_mut(), nesting: Nesting::default() }
    }

    /// Returns the number of bytes that have been read.
    pub fn position(&self) -> usize {
        self.len - self.rest.len()
    }

    /// Returns the next token, or `None` after one whole value.
    ///
    /// # Errors
    /// See [`DecodeError`]. After an error the results are unspecified, but safe.
    #[allow(clippy::should_implement_trait)] // It is fallible and borrows from the payload.
    pub fn next(&mut self) -> Result<Option<Token<'p>>, DecodeError> {
        if self.nesting.is_complete() {
            return Ok(None);
        }
        let token = self.token()?;
        match token {
            Token::List(len) => self.nesting.begin(len as u64)?,
            Token::Map(len) => self.nesting.begin(2 * len as u64)?,
            _ => self.nesting.value(),
        }
        Ok(Some(token))
    }

    /// Returns the next token of a value that must not have ended.
    ///
    /// # Errors
    /// As [`Decoder::next`], and [`DecodeError::Truncated`] after the end.
    pub fn expect_next(&mut self) -> Result<Token<'p>, DecodeError> {
        self.next()?.ok_or(DecodeError::Truncated)
    }

    /// Reads an integer.
    ///
    /// # Errors
    /// [`DecodeError::Unexpected`] for any other token.
    pub fn expect_int(&mut self) -> Result<i64, DecodeError> {
        if let Some(value) = self.int()? {
            return Ok(value);
        }
        let other = self.expect_next()?;
        Err(DecodeError::unexpected(&other, "an int"))
    }

    /// Returns the next value if it is an integer; otherwise reads nothing. Most values are integers, so this is the
    /// fast path.
    pub(crate) fn int(&mut self) -> Result<Option<i64>, DecodeError> {
        let Some((&tag, rest)) = self.rest.split_first().filter(|_| !self.nesting.is_complete()) else {
            return Ok(None);
        };
        let value = match tag {
            0..=format::SMALL_INT_MAX => {
                self.rest = rest;
                i64::from(tag)
            }
            format::INT => {
                self.rest = rest;
                format::unzigzag(self.varint()?)
            }
            _ => return Ok(None),
        };
        self.nesting.value();
        Ok(Some(value))
    }

    /// Reads a string.
    ///
    /// # Errors
    /// [`DecodeError::Unexpected`] for any other token.
    pub fn expect_string(&mut self) -> Result<&'p str, DecodeError> {
        match self.expect_next()? {
            Token::String(value) => Ok(value),
            other => Err(DecodeError::unexpected(&other, "a string")),
        }
    }

    /// Reads the beginning of a list of exactly `len` items.
    ///
    /// # Errors
    /// [`DecodeError::Unexpected`] for any other token, and for a list of another length.
    pub fn expect_list(&mut self, len: usize) -> Result<(), DecodeError> {
        match self.expect_next()? {
            Token::List(found) if found == len => Ok(()),
            other => Err(DecodeError::unexpected(&other, &format!("a list of {len}"))),
        }
    }

    /// Skips one whole value.
    ///
    /// # Errors
    /// As [`Decoder::next`].
    pub fn skip(&mut self) -> Result<(), DecodeError> {
        let mut wanted: u64 = 1;
        while wanted > 0 {
            wanted -= 1;
            match self.expect_next()? {
                Token::List(len) => wanted += len as u64,
                Token::Map(len) => wanted += 2 * len as u64,
                _ => {}
            }
        }
        Ok(())
    }

    /// Checks that exactly one value has been read.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] or [`DecodeError::TrailingData`].
    pub fn finish(self) -> Result<(), DecodeError> {
        if !self.nesting.is_complete() {
            return Err(DecodeError::Truncated);
        }
        if !self.rest.is_empty() || self.buffers.len() > 0 {
            return Err(DecodeError::TrailingData);
        }
        Ok(())
    }

    fn token(&mut self) -> Result<Token<'p>, DecodeError> {
        let tag = self.take(1)?[0];
        Ok(match tag {
            0..=format::SMALL_INT_MAX => Token::Int(i64::from(tag)),
            0x80..=0x9f => self.string(usize::from(tag - format::SMALL_STRING))?,
            0xa0..=0xaf => Token::List(self.items(u64::from(tag - format::SMALL_LIST), 1)?),
            0xb0..=0xbf => Token::Map(self.items(u64::from(tag - format::SMALL_MAP), 2)?),
            format::NULL => Token::Null,
            format::FALSE => Token::Bool(false),
            format::TRUE => Token::Bool(true),
            format::INT => Token::Int(format::unzigzag(self.varint()?)),
            format::FLOAT => {
                let bytes = self.take(8)?.try_into().expect("eight bytes were taken");
                Token::Float(f64::from_le_bytes(bytes))
            }
            format::STRING => {
                let len = self.length()?;
                self.string(len)?
            }
            format::BYTES => {
                let len = self.length()?;
                Token::Bytes(self.take(len)?)
            }
            format::BUFFER => self.buffer()?,
            format::LIST => {
                let len = self.varint()?;
                Token::List(self.items(len, 1)?)
            }
            format::MAP => {
                let len = self.varint()?;
                Token::Map(self.items(len, 2)?)
            }
            unknown => return Err(DecodeError::UnknownTag(unknown)),
        })
    }

    fn take(&mut self, len: usize) -> Result<&'p [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn string(&mut self, len: usize) -> Result<Token<'p>, DecodeError> {
        let bytes = self.take(len)?;
        std::str::from_utf8(bytes).map(Token::String).map_err(|_| DecodeError::NotUtf8)
    }

    fn buffer(&mut self) -> Result<Token<'p>, DecodeError> {
        let place = self.buffers.next().ok_or(DecodeError::MissingBuffer)?;
        Ok(Token::Buffer(std::mem::replace(place, Buffer::from(Bytes::new()))))
    }

    fn length(&mut self) -> Result<usize, DecodeError> {
        usize::try_from(self.varint()?).map_err(|_| DecodeError::Truncated)
    }

    /// Checks the length of a list or map. Each value takes at least one byte, so a length beyond the remaining bytes
    /// is invalid; readers may reserve room for the returned number.
    fn items(&self, len: u64, bytes_each: u64) -> Result<usize, DecodeError> {
        if len > self.rest.len() as u64 / bytes_each {
            return Err(DecodeError::LengthTooLarge);
        }
        Ok(len as usize)
    }

    fn varint(&mut self) -> Result<u64, DecodeError> {
        let mut value: u64 = 0;
        for (index, &byte) in self.rest.iter().take(format::VARINT_MAX).enumerate() {
            let bits = u64::from(byte & 0x7f);
            let shift = 7 * index as u32;
            if shift == 63 && bits > 1 {
                return Err(DecodeError::NumberTooLarge);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                self.rest = &self.rest[index + 1..];
                return Ok(value);
            }
        }
        let is_cut_short = self.rest.len() < format::VARINT_MAX;
        Err(if is_cut_short { DecodeError::Truncated } else { DecodeError::NumberTooLarge })
    }
}

// The decoder's limit bounds the recursion of readers that build trees.
const _: () = assert!(MAX_DEPTH <= 1024);
