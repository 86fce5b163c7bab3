//! Whole, concatenated, damaged and cut off.

use std::io::Write;

use ::bzip2::write::BzEncoder;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;
use crate::source::ReadError;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(text: &[u8]) -> Vec<u8> {
    let mut encoder = BzEncoder::new(Vec::new(), ::bzip2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Gives out as many bytes at a time as it is told.
struct Trickle {
    bytes: Cursor<Vec<u8>>,
    step: usize,
}

impl Read for Trickle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.step);
        self.bytes.read(&mut buffer[..length])
    }
}

fn decode(bytes: &[u8], step: usize) -> io::Result<Vec<u8>> {
    let (text, error) = decode_on(bytes, step, &Threads::none());
    error.map_or(Ok(text), Err)
}

/// The text, and the error after it.
fn decode_on(bytes: &[u8], step: usize, threads: &Threads) -> (Vec<u8>, Option<io::Error>) {
    let mut text = Vec::new();
    let decoder = decoder(Trickle { bytes: Cursor::new(bytes.to_vec()), step }, threads);
    let error = decoder.and_then(|mut decoder| decoder.read_to_end(&mut text)).err();
    assert!(!threads.join(), "a thread panicked");
    (text, error)
}

/// gzip as `bgzip` writes it: members of at most 64 KiB that say how long they are, the last of them empty.
fn bgzf(text: &[u8]) -> Vec<u8> {
    let member = |part: &[u8]| {
        let extra = vec![b'B', b'C', 2, 0, 0, 0];
        let mut encoder = flate2::GzBuilder::new().extra(extra).write(Vec::new(), flate2::Compression::fast());
        encoder.write_all(part).unwrap();
        let mut member = encoder.finish().unwrap();
        let size = u16::try_from(member.len() - 1).unwrap();
        member[16..18].copy_from_slice(&size.to_le_bytes());
        member
    };
    text.chunks(60_000).chain([&b""[..]]).flat_map(member).collect()
}

/// A text that does not compress to nothing.
fn long_text() -> Vec<u8> {
    (0..40_000_u32).flat_map(|n| format!("v{},{}\n", n, n.wrapping_mul(2_654_435_761)).into_bytes()).collect()
}

#[test]
fn every_compression_gives_the_text_back() {
    let text = long_text();
    let (first, second) = text.split_at(1000);
    for (bytes, name) in [
        (text.clone(), "plain"),
        (gzip(&text), "gzip"),
        ([gzip(first), gzip(b""), gzip(second)].concat(), "gzip of three members"),
        (bgzf(&text), "BGZF"),
        ([bgzf(first), gzip(second)].concat(), "BGZF and a member of unknown length"),
        ([gzip(first), bgzf(second)].concat(), "the other way round"),
        (bzip2(&text), "bzip2"),
        ([bzip2(first), bzip2(b""), bzip2(second)].concat(), "bzip2 of three streams"),
    ] {
        for step in [1, 7, usize::MAX] {
            assert!(decode(&bytes, step).unwrap() == text, "{name}, {step} bytes at a time");
        }
    }
    for bytes in [Vec::new(), gzip(b""), bgzf(b""), bzip2(b"")] {
        assert_eq!(decode(&bytes, 3).unwrap(), b"");
    }
}

#[test]
fn a_text_is_not_taken_for_compressed_data() {
    for text in ["B", "BZ", "BZh", "BZh9", "BZh9 is the id of a vertex\n", "~id,~label\n", "\u{1f}", "\u{feff}~id\n"] {
        assert_eq!(Compression::of(text.as_bytes()), Compression::None, "{text}");
        assert_eq!(decode(text.as_bytes(), 1).unwrap(), text.as_bytes());
    }
}

#[test]
fn damage_is_reported_with_its_place() {
    let text = long_text();
    for (mut bytes, name) in [(gzip(&text), "gzip"), (bzip2(&text), "bzip2")] {
        let middle = bytes.len() / 2;
        let cut = decode(&bytes[..middle], 1000).unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof, "{name}: {cut}");
        let expected = format!("the {name} data is cut off: the file ends at byte {middle} in the middle of it");
        assert_eq!(cut.to_string(), expected);

        for byte in &mut bytes[middle..middle + 50] {
            *byte ^= 0x5a;
        }
        let damaged = decode(&bytes, 1000).unwrap_err();
        assert_eq!(damaged.kind(), io::ErrorKind::InvalidData, "{name}: {damaged}");
        let text = damaged.to_string();
        assert!(text.starts_with(&format!("the {name} data is damaged near byte ")), "{text}");
    }
    for (bytes, name) in [(gzip(b"a"), "gzip"), (bgzf(b"a"), "gzip"), (bzip2(b"a"), "bzip2"), (bzip2(b""), "bzip2")] {
        for garbage in [&b"garbage garbage"[..], b"BZh9\x31\x41\x59\x26\x53\x58", &[0; 512]] {
            let text = if bytes == bzip2(b"") { &b""[..] } else { b"a" };
            let (found, error) = decode_on(&[&bytes, garbage].concat(), 1000, &Threads::none());
            let error = error.unwrap().to_string();
            assert!(error.starts_with(&format!("the {name} data is damaged near byte ")), "{garbage:?}: {error}");
            assert_eq!(found, text);
        }
    }
    for start in [&b"\x1f\x8b"[..], b"\x1f\x8b\x08", b"BZh9\x31\x41\x59\x26\x53\x59"] {
        assert_eq!(decode(start, 1).unwrap_err().kind(), io::ErrorKind::UnexpectedEof, "{start:?}");
    }
}

/// A text of which much is read beyond what is decoded by the reader itself.
fn longer_text() -> Vec<u8> {
    (0..400_000_u32).flat_map(|n| format!("v{},{}\n", n, n.wrapping_mul(2_654_435_761)).into_bytes()).collect()
}

fn files(text: &[u8]) -> Vec<(Vec<u8>, &'static str)> {
    let part = text.len() / 5 * 3;
    let (first, second) = text.split_at(part);
    vec![
        (gzip(text), "gzip"),
        ([gzip(first), gzip(second)].concat(), "gzip of two members"),
        (bgzf(text), "BGZF"),
        ([bgzf(first), gzip(second)].concat(), "BGZF and a member of unknown length"),
        (bzip2(text), "bzip2"),
        (text.chunks(150_001).flat_map(bzip2).collect(), "bzip2 of many streams"),
    ]
}

#[test]
fn threads_change_nothing() {
    let text = longer_text();
    for (bytes, name) in files(&text) {
        for threads in [1, 2, 5] {
            let (found, error) = decode_on(&bytes, usize::MAX, &Threads::new(threads, u64::MAX));
            assert!(error.is_none() && found == text, "{name} on {threads} threads: {error:?}");
        }
    }
}

/// Wherever it is cut off, there is the same text and the same error with threads and without. Damage is noticed by both; what
/// a decoder gives before it notices depends on how much it is asked for at a time, and may be wrong already.
#[test]
fn threads_find_the_same_damage() {
    let text = longer_text();
    for (bytes, name) in files(&text) {
        for place in [9, 11, 14, 15] {
            let at = bytes.len() * place / 16;
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            damaged[at + 1] ^= 0x10;
            for (bytes, how) in [(&damaged[..], "damaged"), (&bytes[..at], "cut")] {
                let (expected, here) = decode_on(bytes, usize::MAX, &Threads::none());
                let (found, there) = decode_on(bytes, usize::MAX, &Threads::new(2, u64::MAX));
                let (here, there) = (here.unwrap(), there.unwrap());
                if how == "damaged" {
                    assert_eq!((here.kind(), there.kind()), (io::ErrorKind::InvalidData, io::ErrorKind::InvalidData));
                    continue;
                }
                assert_eq!((here.kind(), here.to_string()), (there.kind(), there.to_string()), "{name}, {how} at {at}");
                assert!(found == expected && text.starts_with(&found), "{name}, {how} at {at}");
            }
        }
    }
}

/// Looks that marks have which are none: the pieces are joined again.
#[test]
fn a_mark_within_a_block_is_no_end_of_it() {
    struct Torn(Blocks, u64, Option<bzip2::Bits>);
    impl Split for Torn {
        fn next(&mut self) -> io::Result<reader::Next> {
            if let Some(rest) = self.2.take() {
                return Ok(reader::Next::Unit(reader::Unit::Bits(rest)));
            }
            let next = self.0.next()?;
            let reader::Next::Unit(reader::Unit::Bits(bits)) = next else { return Ok(next) };
            self.1 += 1;
            let (first, rest) = bits.tear(100 + 1237 * self.1);
            self.2 = rest;
            Ok(reader::Next::Unit(reader::Unit::Bits(first)))
        }
    }
    let text = longer_text();
    for threads in [Threads::none(), Threads::new(2, u64::MAX)] {
        let blocks = Blocks::new(Input::new(Vec::new(), Box::new(Cursor::new(bzip2(&text))))).unwrap();
        let mut found = Vec::new();
        Reader::new(Box::new(Torn(blocks, 0, None)), true, threads.clone()).read_to_end(&mut found).unwrap();
        assert!(found == text);
        assert!(!threads.join());
    }
}

/// A reader that is left early leaves no thread behind, though nobody reads what they have decoded.
#[test]
fn a_reader_that_leaves_ends_its_threads() {
    let text = longer_text();
    for (bytes, _) in files(&text) {
        let threads = Threads::new(2, u64::MAX);
        let mut decoder = decoder(Cursor::new(bytes), &threads).unwrap();
        decoder.read_exact(&mut vec![0; 2 << 20]).unwrap();
        drop(decoder);
        assert!(!threads.join());
    }
}

/// Breaks like a source whose job was cancelled.
struct Cancelled(Cursor<Vec<u8>>);

impl Read for Cancelled {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(ReadError::Cancelled.into()),
            count => Ok(count),
        }
    }
}

#[test]
fn an_error_of_the_source_comes_through() {
    let text = long_text();
    let longer = longer_text();
    let threads = Threads::new(2, u64::MAX);
    let short = [text.clone(), gzip(&text), bzip2(&text)].map(|bytes| bytes[..bytes.len() / 2].to_vec());
    let long = files(&longer).into_iter().map(|(bytes, _)| bytes[..bytes.len() / 4 * 3].to_vec());
    for bytes in short.into_iter().chain(long) {
        let mut decoder = decoder(Cancelled(Cursor::new(bytes)), &threads).unwrap();
        let error = decoder.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(ReadError::of(&error), Some(&ReadError::Cancelled), "{error}");
        let again = decoder.read(&mut [0]).unwrap_err();
        assert_eq!(ReadError::of(&again), Some(&ReadError::Cancelled), "and so it stays");
        drop(decoder);
        assert!(!threads.join());
    }
    let error = decoder(Cancelled(Cursor::default()), &Threads::none()).err().unwrap();
    assert_eq!(ReadError::of(&error), Some(&ReadError::Cancelled));
}

proptest! {
    #[test]
    fn decoding_is_the_inverse_of_encoding(parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..4), step in 1..64_usize) {
        let text = parts.concat();
        let members: Vec<u8> = parts.iter().flat_map(|part| gzip(part)).collect();
        prop_assert_eq!(&decode(&members, step).unwrap(), &text);
        let streams: Vec<u8> = parts.iter().flat_map(|part| bzip2(part)).collect();
        prop_assert_eq!(&decode(&streams, step).unwrap(), &text);
    }

    #[test]
    fn no_bytes_are_a_panic(start in 0..3_usize, bytes: Vec<u8>) {
        let start = [&b""[..], b"\x1f\x8b\x08\x00\0\0\0\0\0\0", b"BZh1\x31\x41\x59\x26\x53\x59"][start];
        let _ = decode(&[start, &bytes].concat(), 5);
    }
}
