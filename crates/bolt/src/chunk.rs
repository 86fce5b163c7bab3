//! Messages out of chunks, and into them.
//!
//! A chunk is its length in two bytes and so many bytes; an empty one ends a message. An empty one where no message has
//! begun keeps a connection awake and says nothing.

use thiserror::Error;

/// Most bytes of a chunk.
const CHUNK: usize = u16::MAX as usize;

/// A message beyond what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the message has more than {limit} bytes")]
pub struct MessageTooLarge {
    /// Most bytes.
    pub limit: usize,
}

/// What has arrived of a message.
#[derive(Debug)]
pub struct Inbound {
    limit: usize,
    message: Vec<u8>,
    /// Of a chunk's length the first byte, if the second is not there yet.
    half: Option<u8>,
    /// Bytes of the chunk that are still to come.
    left: usize,
}

impl Inbound {
    /// Nothing yet, of a message of at most `limit` bytes.
    pub const fn new(limit: usize) -> Self {
        Self { limit, message: Vec::new(), half: None, left: 0 }
    }

    /// Lets messages have so many bytes from now on.
    pub const fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Bytes of the message that are there.
    pub const fn held(&self) -> usize {
        self.message.len()
    }

    /// Takes bytes from the front of `input` until a message is whole or nothing is left.
    ///
    /// # Errors
    ///
    /// [`MessageTooLarge`] as soon as a chunk would go beyond the limit. Nothing can be read after that.
    pub fn take(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, MessageTooLarge> {
        loop {
            if self.left > 0 {
                let (bytes, rest) = input.split_at(self.left.min(input.len()));
                self.message.extend_from_slice(bytes);
                self.left -= bytes.len();
                *input = rest;
            }
            let Some((&byte, rest)) = input.split_first() else { return Ok(None) };
            *input = rest;
            let Some(high) = self.half.take() else {
                self.half = Some(byte);
                continue;
            };
            self.left = usize::from(u16::from_be_bytes([high, byte]));
            if self.left == 0 && !self.message.is_empty() {
                return Ok(Some(std::mem::take(&mut self.message)));
            }
            if self.message.len() + self.left > self.limit {
                return Err(MessageTooLarge { limit: self.limit });
            }
        }
    }
}

/// Appends a message, which `write` writes, in chunks. If it fails, nothing was appended.
///
/// # Errors
///
/// Those of `write`.
pub fn message<E>(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
    let header = out.len();
    out.extend_from_slice(&[0, 0]);
    let start = out.len();
    if let Err(error) = write(out) {
        out.truncate(header);
        return Err(error);
    }
    let length = out.len() - start;
    if let Ok(short) = u16::try_from(length) {
        out[header..start].copy_from_slice(&short.to_be_bytes());
    } else {
        let long = out.split_off(start);
        out.truncate(header);
        for chunk in long.chunks(CHUNK) {
            out.extend_from_slice(&(chunk.len() as u16).to_be_bytes());
            out.extend_from_slice(chunk);
        }
    }
    out.extend_from_slice(&[0, 0]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn wrap(out: &mut Vec<u8>, body: &[u8]) {
        message(out, |out| {
            out.extend_from_slice(body);
            Ok::<_, Infallible>(())
        })
        .unwrap();
    }

    proptest! {
        /// Whatever pieces the bytes arrive in.
        #[test]
        fn messages_come_out_as_they_went_in(
            bodies in vec(vec(any::<u8>(), 1..300), 0..6),
            pieces in vec(1..40_usize, 1..10),
        ) {
            let mut bytes = Vec::new();
            for body in &bodies {
                wrap(&mut bytes, body);
                bytes.extend_from_slice(&[0, 0]); // a sign of life
            }
            let mut inbound = Inbound::new(300);
            let mut found = Vec::new();
            let mut sizes = pieces.iter().cycle();
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let (mut piece, after) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
                while let Some(message) = inbound.take(&mut piece).unwrap() {
                    found.push(message);
                }
                rest = after;
            }
            prop_assert_eq!(found, bodies);
            prop_assert_eq!(inbound.held(), 0);
        }
    }

    #[test]
    fn a_long_message_has_several_chunks() {
        for length in [0xFFFF, 0x1_0000, 200_000] {
            let body = vec![7; length];
            let mut bytes = vec![9];
            wrap(&mut bytes, &body);
            assert_eq!(bytes.len(), 1 + length + 2 * length.div_ceil(CHUNK) + 2);
            let found = Inbound::new(length).take(&mut &bytes[1..]).unwrap();
            assert_eq!(found.as_deref(), Some(&body[..]));
        }
    }

    #[test]
    fn a_message_is_refused_before_it_is_held() {
        let mut inbound = Inbound::new(10);
        assert_eq!(inbound.take(&mut &[0, 6, 1, 2, 3, 4, 5, 6][..]), Ok(None));
        assert_eq!(inbound.take(&mut &[0, 5][..]), Err(MessageTooLarge { limit: 10 }));
        assert_eq!(inbound.held(), 6);
    }
}
