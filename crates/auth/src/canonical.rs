//! The canonical text of a request: what both sides hash. **Source**: `spec/iam.md` §1, step 4.
//!
//! Signers do not agree on every detail, so one request has a few canonical texts, and a signature of any of them is
//! good. Each of them fixes what the request means: none lets two requests pass for each other that the server would
//! read differently.

use crate::head::Head;

/// The canonical texts of a request up to the hash of the body, which comes last. The likeliest comes first.
pub(crate) fn texts(head: &Head<'_>, signed_headers: &str) -> Vec<String> {
    let headers = headers(head, signed_headers);
    let mut texts: Vec<String> = Vec::new();
    for path in paths(head) {
        for query in queries(head.query) {
            let text = format!("{}\n{path}\n{query}\n{headers}\n{signed_headers}\n", head.method);
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
    }
    texts
}

/// The path without dot segments and doubled slashes, then as it was sent: some clients do not tidy it up. Percent signs
/// are encoded once more in both.
fn paths(head: &Head<'_>) -> Vec<String> {
    let mut paths = Vec::new();
    for path in &head.paths {
        for path in [normalized(path), if path.is_empty() { "/".to_owned() } else { (*path).to_owned() }] {
            let path = encoded(path.as_bytes(), b"-_.~/");
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
    }
    paths
}

fn normalized(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    // Nothing is put before a path that is none, so that it cannot pass for one.
    let first = if path.is_empty() || path.starts_with('/') { "/" } else { "" };
    let last = if path.ends_with('/') && !kept.is_empty() { "/" } else { "" };
    format!("{first}{}{last}", kept.join("/"))
}

/// The query decoded and encoded anew, as most signers do, then with its parts as they were sent, as botocore does. A
/// plus is a space in the first, since that is how the server reads it.
fn queries(query: &str) -> [String; 2] {
    let pairs = || query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let reencoded = |text: &str| encoded(&decoded(text), b"-_.~");
    let first =
        pairs().filter(|pair| *pair != ("", "")).map(|(name, value)| (reencoded(name), reencoded(value))).collect();
    let second = pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    [joined(first), if query.is_empty() { String::new() } else { joined(second) }]
}

fn joined(mut pairs: Vec<(String, String)>) -> String {
    pairs.sort();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// A line for each signed header, in the order of the list.
fn headers(head: &Head<'_>, signed_headers: &str) -> String {
    let mut lines = String::new();
    for name in signed_headers.split(';') {
        let values: Vec<_> = head.values(name).map(collapsed).collect();
        lines.push_str(name);
        lines.push(':');
        lines.push_str(&values.join(","));
        lines.push('\n');
    }
    lines
}

/// A header's value without spaces around it, and with single ones within. What is not UTF-8 is taken for Latin-1:
/// Python's clients sign a text as the one and send it as the other.
fn collapsed(value: &[u8]) -> String {
    let text = match str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().copied().map(char::from).collect(),
    };
    let words: Vec<_> = text.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// Percent-encodes all but letters, digits and `kept`.
fn encoded(bytes: &[u8], kept: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || kept.contains(byte) {
            text.push(char::from(*byte));
        } else {
            text.push('%');
            text.extend([byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)])));
        }
    }
    text
}

/// Decodes a part of a query as forms are decoded: a plus is a space, and a percent sign without two digits is itself.
fn decoded(text: &str) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16)).map(|digit| digit as u8);
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match (*byte, digit(bytes.get(at)), digit(bytes.get(at + 1))) {
            (b'+', ..) => decoded.push(b' '),
            (b'%', Some(high), Some(low)) => {
                decoded.push(high << 4 | low);
                at += 2;
            }
            (other, ..) => decoded.push(other),
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::{normalized, queries};

    #[test]
    fn paths_are_tidied_up_as_botocore_does() {
        for (path, expected) in [
            ("", "/"),
            ("/", "/"),
            ("//", "/"),
            ("/loader", "/loader"),
            ("/loader/", "/loader/"),
            ("//loader//x", "/loader/x"),
            ("/a/./b/../c", "/a/c"),
            ("/../..", "/"),
            ("/a/..", "/"),
            ("/a/.", "/a"),
            ("/%2e%2e/x", "/%2e%2e/x"),
            ("*", "*"),
            (".", ""),
        ] {
            assert_eq!(normalized(path), expected, "{path}");
        }
    }

    #[test]
    fn a_query_is_read_as_the_server_reads_it_and_as_it_stands() {
        for (query, first, second) in [
            ("", "", ""),
            ("cancelQuery", "cancelQuery=", "cancelQuery="),
            ("b=2&a=1", "a=1&b=2", "a=1&b=2"),
            ("a=2&a=1&A=3", "A=3&a=1&a=2", "A=3&a=1&a=2"),
            ("a=x+y", "a=x%20y", "a=x+y"),
            ("a=x%2By", "a=x%2By", "a=x%2By"),
            ("a=%7e%2f", "a=~%2F", "a=%7e%2f"),
            ("a=1%zz%", "a=1%25zz%25", "a=1%zz%"),
            ("a=%ff", "a=%FF", "a=%ff"),
            ("a=1&&b=(", "a=1&b=%28", "=&a=1&b=("),
            ("a=b=c", "a=b%3Dc", "a=b=c"),
            ("ä=é", "%C3%A4=%C3%A9", "ä=é"),
        ] {
            assert_eq!(queries(query), [first, second], "{query}");
        }
    }
}
