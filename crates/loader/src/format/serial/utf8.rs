//! Text "as UTF-8 anyway": a stream in which bytes that are no UTF-8 are replaced by U+FFFD.
//!
//! Files in other encodings are loaded, not refused (`spec/loader.md` §6.1). The formats read in blocks do this where a
//! text is taken; the parsers of whole files would refuse a statement or the rest of the file, so they get valid bytes.

use std::io::{self, Read};

/// How much is read at a time, in bytes.
const CHUNK: usize = 16 << 10;

/// See the module.
#[derive(Debug)]
pub(super) struct Utf8<R> {
    reader: R,
    /// Read from the reader. What is before `valid` is valid text of which `given` bytes are given out; what is after it
    /// is the beginning of a character that is not all there yet.
    buffer: Vec<u8>,
    given: usize,
    valid: usize,
}

impl<R: Read> Utf8<R> {
    pub(super) const fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), given: 0, valid: 0 }
    }

    /// Reads some text if there is none left.
    fn fill(&mut self) -> io::Result<()> {
        while self.given == self.valid {
            self.buffer.drain(..self.valid);
            (self.given, self.valid) = (0, 0);
            let rest = self.buffer.len();
            self.buffer.resize(rest + CHUNK, 0);
            let read = self.reader.read(self.buffer.get_mut(rest..).unwrap_or_default());
            self.buffer.truncate(rest + *read.as_ref().unwrap_or(&0));
            let ended = read? == 0;
            self.valid = match str::from_utf8(&self.buffer) {
                Ok(text) => text.len(),
                // The end of the chunk cuts a character.
                Err(error) if error.error_len().is_none() && !ended => error.valid_up_to(),
                Err(_) => {
                    self.replace(ended);
                    self.buffer.len() - if ended { 0 } else { incomplete(&self.buffer) }
                }
            };
            if ended {
                break;
            }
        }
        Ok(())
    }

    /// Replaces what is no UTF-8 in the buffer, but for a character that its end cuts, unless that is the file's end.
    fn replace(&mut self, ended: bool) {
        let kept = if ended { 0 } else { incomplete(&self.buffer) };
        let tail = self.buffer.split_off(self.buffer.len() - kept);
        self.buffer = String::from_utf8_lossy(&self.buffer).into_owned().into_bytes();
        self.buffer.extend_from_slice(&tail);
    }
}

/// How many bytes at the end begin a character that more bytes could complete.
fn incomplete(bytes: &[u8]) -> usize {
    // A character has at most four bytes, so only the last three can be the beginning of a longer one.
    (1..=bytes.len().min(3))
        .find(|length| {
            let tail = bytes.get(bytes.len() - length..).unwrap_or_default();
            str::from_utf8(tail).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
        })
        .unwrap_or(0)
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        let read = self.buffer.get(self.given..self.valid).unwrap_or_default().read(buffer)?;
        self.given += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives `size` bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(buffer.len());
            self.0.read(&mut buffer[..length])
        }
    }

    fn check(data: &[u8], size: usize) {
        let mut text = String::new();
        Utf8::new(Slow(data, size)).read_to_string(&mut text).expect("it is UTF-8 now");
        assert_eq!(text, String::from_utf8_lossy(data), "{data:?} in pieces of {size}");
    }

    #[test]
    fn other_encodings_are_replaced() {
        for size in 1..6 {
            for data in ["", "plain", "é€😀", "a😀"] {
                check(data.as_bytes(), size);
            }
            for data in [
                &b"B\xE4r"[..],
                b"\xE4",
                b"\xF0\x9F\x98",
                b"\xF0\x9F\x98x",
                b"\xFF\xFE\xE2\x82",
                b"\xE2\x82\xE2\x82\xAC",
                b"\xC0\x80",
            ] {
                check(data, size);
            }
        }
        check(&b"x\xF0\x9F\x98\x80".repeat(CHUNK), CHUNK);
    }

    #[test]
    fn a_failure_loses_nothing() {
        struct Failing(u8);
        impl Read for Failing {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                match self.0 {
                    1 => (&b"a\xC3"[..]).read(buffer),
                    2 => Err(io::ErrorKind::Interrupted.into()),
                    3 => (&b"\xA9b"[..]).read(buffer),
                    _ => Ok(0),
                }
            }
        }
        let mut text = String::new();
        Utf8::new(Failing(0)).read_to_string(&mut text).expect("interruptions are tried again");
        assert_eq!(text, "aéb");
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces(data in prop::collection::vec(prop_oneof![Just(0xE2), Just(0x82), Just(0xAC), Just(0xF0), Just(b'a'), any::<u8>()], 0..40), size in 1_usize..8) {
            check(&data, size);
        }
    }
}
