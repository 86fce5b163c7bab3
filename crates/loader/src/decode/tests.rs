//! Whole, concatenated, damaged and cut off.

use std::io::Write;

use bzip2::write::BzEncoder;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(text: &[u8]) -> Vec<u8> {
    let mut encoder = BzEncoder::new(Vec::new(), bzip2::Compression::fast());
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
    let mut text = Vec::new();
    decoder(Trickle { bytes: Cursor::new(bytes.to_vec()), step })?.read_to_end(&mut text)?;
    Ok(text)
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
        (bzip2(&text), "bzip2"),
        ([bzip2(first), bzip2(b""), bzip2(second)].concat(), "bzip2 of three streams"),
    ] {
        for step in [1, 7, usize::MAX] {
            assert!(decode(&bytes, step).unwrap() == text, "{name}, {step} bytes at a time");
        }
    }
    for bytes in [Vec::new(), gzip(b""), bzip2(b"")] {
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
    let followed = decode(&[gzip(b"a"), b"garbage garbage".to_vec()].concat(), 1000).unwrap_err();
    assert!(followed.to_string().starts_with("the gzip data is damaged near byte "), "{followed}");
    for start in [&b"\x1f\x8b"[..], b"\x1f\x8b\x08", b"BZh9\x31\x41\x59\x26\x53\x59"] {
        assert_eq!(decode(start, 1).unwrap_err().kind(), io::ErrorKind::UnexpectedEof, "{start:?}");
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
    for bytes in [text.clone(), gzip(&text), bzip2(&text)] {
        let half = bytes[..bytes.len() / 2].to_vec();
        let mut decoder = decoder(Cancelled(Cursor::new(half))).unwrap();
        let error = decoder.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(ReadError::of(&error), Some(&ReadError::Cancelled), "{error}");
    }
    let error = decoder(Cancelled(Cursor::default())).err().unwrap();
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
