//! Whether a text is an absolute IRI: fast for the ordinary ones, exact for all.

use oxiri::{Iri, IriParseError};

/// Checks the text as RFC 3987 does.
///
/// Most IRIs of a file are plain (`http://`, a host of letters and digits, a path), and a look-up a byte tells so; the
/// full parser, which took half of the time of reading N-Triples, sees the others.
///
/// # Errors
///
/// What is wrong with it.
pub(super) fn check(text: &str) -> Result<(), IriParseError> {
    if is_plain(text.as_bytes()) { Ok(()) } else { Iri::parse(text).map(|_| ()) }
}

/// What a byte may be part of, in an IRI without percent signs, brackets and non-ASCII characters.
const fn class(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => SCHEME | HOST | REST,
        b'+' => SCHEME | REST,
        b'_' | b'~' => HOST | REST,
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b',' | b';' | b'=' | b':' | b'@' | b'/' | b'?' => REST,
        _ => 0,
    }
}

/// Of a scheme, after its first letter.
const SCHEME: u8 = 1;
/// Of a host without user and port.
const HOST: u8 = 2;
/// Of a path, query or fragment.
const REST: u8 = 4;

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = class(byte as u8);
        byte += 1;
    }
    classes
};

/// How many bytes from the first on are of a class.
fn run(text: &[u8], of: u8) -> usize {
    text.iter().position(|byte| CLASSES[usize::from(*byte)] & of == 0).unwrap_or(text.len())
}

/// True only for absolute IRIs; false for some of them, too.
fn is_plain(text: &[u8]) -> bool {
    if !text.first().is_some_and(u8::is_ascii_alphabetic) {
        return false;
    }
    let (_, rest) = text.split_at(run(text, SCHEME));
    let [b':', rest @ ..] = rest else { return false };
    let rest = match rest {
        [b'/', b'/', authority @ ..] => {
            let (_, path) = authority.split_at(run(authority, HOST));
            match path {
                [] | [b'/' | b'?' | b'#', ..] => path,
                _ => return false, // a port, a user, an address
            }
        }
        path => path,
    };
    match rest.split_at(run(rest, REST)).1 {
        [] => true,
        [b'#', fragment @ ..] => run(fragment, REST) == fragment.len(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_iris_are_plain() {
        for iri in [
            "http://example.org/a/b?c=d&e=(f)#g",
            "https://a.b-c.de",
            "urn:isbn:0-19-852663-6",
            "a:",
            "mailto:a@b.c",
            "http://x#y",
            "tag:a,2020:b;c",
        ] {
            assert!(is_plain(iri.as_bytes()), "{iri}");
        }
        for iri in [
            "",
            "a",
            "a b:c",
            "1a:b",
            ":",
            "//a/b",
            "a:#b#c",
            "a:[",
            "a:%41",
            "http://[::1]/",
            "http://u@h/",
            "http://h:80/",
            "a:é",
            "a:\"",
            "a:<",
        ] {
            assert!(!is_plain(iri.as_bytes()), "{iri}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn what_is_plain_is_an_iri(text in "[a-c1+.:/?#@\\[%!_~é -]{0,12}", plain in "[a-c][a-c1+]{0,2}:(//)?[a-c.:/?#@]{0,8}") {
            for text in [text, plain] {
                prop_assert!(!is_plain(text.as_bytes()) || Iri::parse(text.as_str()).is_ok(), "{}", text);
            }
        }
    }
}
