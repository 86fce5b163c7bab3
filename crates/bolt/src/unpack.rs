//! PackStream, read: from bytes that nobody vouches for.
//!
//! - **Invariant**: an item takes at least one byte of input, so a length is never believed beyond what is there; what
//!   the values take in memory, which can be 32 times their bytes, is counted against a budget.
//! - Nesting ends at [`MAX_DEPTH`]: values are read by recursion.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use exec::limits::MAX_DEPTH;
use exec::{EvalError, List, Map, Value};
use thiserror::Error;

use crate::value;

/// Why a message cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// Not what the protocol says: nothing that follows can be trusted.
    #[error("byte {at} of the message: expected {expected}, found {found}")]
    Malformed {
        /// Where.
        at: usize,
        /// What belongs there.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A value that queries have no type for.
    #[error("{0}")]
    Unsupported(String),
    /// A value that does not exist, such as the 400th of January.
    #[error("{0}")]
    Invalid(String),
    /// Values beyond their budget.
    #[error("the values of the message take more than {limit} bytes of memory")]
    TooLarge {
        /// Bytes.
        limit: usize,
    },
}

impl From<EvalError> for DecodeError {
    fn from(error: EvalError) -> Self {
        Self::Invalid(error.to_string())
    }
}

/// Bytes that an entry of a map takes beside its key and its value.
const ENTRY: usize = 40;

/// Reads values from the front of a message.
#[derive(Debug)]
pub struct Unpacker<'b> {
    bytes: &'b [u8],
    at: usize,
    depth: u16,
    limit: usize,
    left: usize,
}

impl<'b> Unpacker<'b> {
    /// Of a whole message, whose values may take `limit` bytes of memory.
    pub const fn new(bytes: &'b [u8], limit: usize) -> Self {
        Self { bytes, at: 0, depth: 0, limit, left: limit }
    }

    /// Where it is.
    pub const fn at(&self) -> usize {
        self.at
    }

    /// Whether everything was read.
    pub const fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The tag and the number of fields of a structure; then its fields follow.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Malformed`] if there is none.
    pub fn structure(&mut self) -> Result<(u8, usize), DecodeError> {
        let at = self.at;
        match self.byte("a structure")? {
            marker @ 0xB0..=0xBF => Ok((self.byte("the tag of a structure")?, usize::from(marker & 0x0F))),
            other => Err(malformed(at, "a structure", other)),
        }
    }

    /// A value.
    ///
    /// # Errors
    ///
    /// Each of [`DecodeError`].
    pub fn value(&mut self) -> Result<Value, DecodeError> {
        self.spend(size_of::<Value>())?;
        let at = self.at;
        let marker = self.byte("a value")?;
        Ok(match marker {
            0x00..=0x7F | 0xF0..=0xFF => Value::Integer(i64::from(marker.cast_signed())),
            0xC0 => Value::Null,
            0xC1 => Value::Float(f64::from_be_bytes(self.array("a float")?)),
            0xC2 => Value::Boolean(false),
            0xC3 => Value::Boolean(true),
            0xC8 => Value::Integer(i8::from_be_bytes(self.array("an integer")?).into()),
            0xC9 => Value::Integer(i16::from_be_bytes(self.array("an integer")?).into()),
            0xCA => Value::Integer(i32::from_be_bytes(self.array("an integer")?).into()),
            0xCB => Value::Integer(i64::from_be_bytes(self.array("an integer")?)),
            0xCC..=0xCE => {
                return Err(DecodeError::Unsupported(
                    "byte arrays are not supported: send a list of integers or a string".to_owned(),
                ));
            }
            0x80..=0x8F | 0xD0..=0xD2 => Value::String(self.text(marker)?),
            0x90..=0x9F | 0xD4..=0xD6 => self.nested(|this| this.list(marker))?,
            0xA0..=0xAF | 0xD8..=0xDA => self.nested(|this| this.map(marker).map(Value::Map))?,
            0xB0..=0xBF => {
                let tag = self.byte("the tag of a structure")?;
                self.nested(|this| value::read_structure(this, tag, usize::from(marker & 0x0F)))?
            }
            0xC4..=0xC7 | 0xCF | 0xD3 | 0xD7 | 0xDB..=0xEF => return Err(malformed(at, "a value", marker)),
        })
    }

    /// A string.
    ///
    /// # Errors
    ///
    /// As [`Self::value`].
    pub fn string(&mut self) -> Result<Arc<str>, DecodeError> {
        let at = self.at;
        match self.byte("a string")? {
            marker @ (0x80..=0x8F | 0xD0..=0xD2) => self.text(marker),
            other => Err(malformed(at, "a string", other)),
        }
    }

    /// A map.
    ///
    /// # Errors
    ///
    /// As [`Self::value`].
    pub fn entries(&mut self) -> Result<Map, DecodeError> {
        let at = self.at;
        match self.byte("a map")? {
            marker @ (0xA0..=0xAF | 0xD8..=0xDA) => self.map(marker),
            other => Err(malformed(at, "a map", other)),
        }
    }

    /// An integer, as a field of a structure.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Malformed`] for anything else.
    pub fn integer(&mut self) -> Result<i64, DecodeError> {
        let at = self.at;
        match self.value()? {
            Value::Integer(value) => Ok(value),
            other => Err(DecodeError::Malformed { at, expected: "an integer", found: other.kind().to_string() }),
        }
    }

    fn nested(&mut self, read: impl FnOnce(&mut Self) -> Result<Value, DecodeError>) -> Result<Value, DecodeError> {
        if self.depth >= MAX_DEPTH {
            return Err(EvalError::TooDeep { limit: MAX_DEPTH }.into());
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn list(&mut self, marker: u8) -> Result<Value, DecodeError> {
        let length = self.length(marker, "a list")?;
        let mut items = Vec::new();
        for _ in 0..length {
            items.push(self.value()?);
        }
        Ok(Value::List(List::new(items)?))
    }

    fn map(&mut self, marker: u8) -> Result<Map, DecodeError> {
        let length = self.length(marker, "a map")?;
        let mut entries = Vec::new();
        for _ in 0..length {
            self.spend(ENTRY)?;
            entries.push((self.string()?, self.value()?));
        }
        Ok(Map::new(entries)?)
    }

    fn text(&mut self, marker: u8) -> Result<Arc<str>, DecodeError> {
        let length = self.length(marker, "a string")?;
        self.spend(length)?;
        let at = self.at;
        let bytes = self.slice(length, "the bytes of a string")?;
        let text = str::from_utf8(bytes).map_err(|error| DecodeError::Malformed {
            at: at + error.valid_up_to(),
            expected: "UTF-8",
            found: "other bytes".to_owned(),
        })?;
        Ok(text.into())
    }

    /// The length that belongs to the marker of a string, a list or a map.
    fn length(&mut self, marker: u8, what: &'static str) -> Result<usize, DecodeError> {
        Ok(match marker {
            0x80..=0xAF => usize::from(marker & 0x0F),
            0xD0 | 0xD4 | 0xD8 => usize::from(self.byte(what)?),
            0xD1 | 0xD5 | 0xD9 => usize::from(u16::from_be_bytes(self.array(what)?)),
            _ => u32::from_be_bytes(self.array(what)?) as usize,
        })
    }

    fn spend(&mut self, bytes: usize) -> Result<(), DecodeError> {
        self.left = self.left.checked_sub(bytes).ok_or(DecodeError::TooLarge { limit: self.limit })?;
        Ok(())
    }

    fn byte(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        let [byte] = self.array(what)?;
        Ok(byte)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DecodeError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let array = *rest.first_chunk().ok_or_else(|| self.ended(what))?;
        self.at += N;
        Ok(array)
    }

    fn slice(&mut self, length: usize, what: &'static str) -> Result<&'b [u8], DecodeError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let slice = rest.get(..length).ok_or_else(|| self.ended(what))?;
        self.at += length;
        Ok(slice)
    }

    fn ended(&self, expected: &'static str) -> DecodeError {
        DecodeError::Malformed { at: self.bytes.len(), expected, found: "the end of the message".to_owned() }
    }
}

/// A byte that does not belong there.
pub(crate) fn malformed(at: usize, expected: &'static str, found: u8) -> DecodeError {
    DecodeError::Malformed { at, expected, found: format!("0x{found:02X}") }
}
