//! The parts of a `multipart/form-data` body, as forms of web pages and `curl -F` send files.
//!
//! Only lines can be boundaries, so a body is gone through once, line by line, whatever it holds.
//!
//! **Source**: RFC 2046 §5.1; RFC 7578.

use std::borrow::Cow;

use axum::http::header;

use crate::exception::{Exception, Failure};
use crate::parameters::excerpt;

/// Most parts of a body.
const MOST: usize = 1_000;
/// Most characters of a boundary.
const LONGEST_BOUNDARY: usize = 70;
const UNFINISHED: &str = "A part of the body has no empty line after its headers";

/// One file of the form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    content_type: Option<String>,
    file: Option<String>,
    /// What it holds.
    pub(super) bytes: &'a [u8],
}

impl Part<'_> {
    /// Its media type. Programs that do not know a file say `application/octet-stream`: then its name tells.
    pub(super) fn media_type(&self) -> Cow<'_, str> {
        let said = self.content_type.as_deref().filter(|said| !said.starts_with("application/octet-stream"));
        let named = || self.file.as_deref().and_then(sparql::media_type_of);
        said.or_else(named).or(self.content_type.as_deref()).map_or(Cow::Borrowed("text/plain"), Cow::Borrowed)
    }
}

/// The line between the parts of a body of this type; `None` if it has none.
///
/// # Errors
///
/// `BadRequestException` if it has parts and does not say what is between them.
pub(super) fn boundary(content_type: &str) -> Result<Option<String>, Failure> {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("multipart/form-data") {
        return Ok(None);
    }
    match parameter(content_type, "boundary") {
        Some(boundary) if (1..=LONGEST_BOUNDARY).contains(&boundary.len()) => Ok(Some(boundary)),
        _ => Err(bad(format!("Content-Type '{}' names no boundary of 1 to 70 characters", excerpt(content_type)))),
    }
}

/// The parts of a body.
///
/// # Errors
///
/// `BadRequestException` if it has none, or does not end as it should.
pub(super) fn parts<'a>(body: &'a [u8], boundary: &str) -> Result<Vec<Part<'a>>, Failure> {
    let mark = format!("--{boundary}");
    let (mut parts, mut at, mut start, mut ended) = (Vec::new(), 0, None, false);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let next = at + line.len();
        if let Some(rest) = line.strip_prefix(mark.as_bytes()) {
            ended = rest.starts_with(b"--");
            if ended || rest.trim_ascii().is_empty() {
                if let Some(start) = start {
                    // The line's end before a boundary belongs to it.
                    let content = &body[start..at];
                    let content = content.strip_suffix(b"\n").unwrap_or(content);
                    parts.push(part(content.strip_suffix(b"\r").unwrap_or(content))?);
                }
                if ended || parts.len() > MOST {
                    break;
                }
                start = Some(next);
            }
        }
        at = next;
    }
    match parts.len() {
        _ if !ended => Err(bad(format!("The body has no line '{}--' at its end", excerpt(&mark)))),
        0 => Err(bad("The body has no parts".to_owned())),
        1..=MOST => Ok(parts),
        _ => Err(bad(format!("The body has more than {MOST} parts"))),
    }
}

fn part(text: &[u8]) -> Result<Part<'_>, Failure> {
    let mut found = Part { content_type: None, file: None, bytes: &[] };
    let mut at = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        let line = String::from_utf8_lossy(line.trim_ascii());
        if line.is_empty() {
            found.bytes = &text[at..];
            return Ok(found);
        }
        let Some((name, value)) = line.split_once(':') else { return Err(bad(UNFINISHED.to_owned())) };
        if name.eq_ignore_ascii_case(header::CONTENT_TYPE.as_str()) {
            found.content_type = Some(value.trim().to_owned());
        } else if name.eq_ignore_ascii_case(header::CONTENT_DISPOSITION.as_str()) {
            found.file = parameter(value, "filename");
        }
    }
    // Of a part that holds nothing, the empty line is the end of line before the boundary.
    if text.ends_with(b"\n") { Ok(found) } else { Err(bad(UNFINISHED.to_owned())) }
}

/// The value of a parameter of a header, without its quotes.
fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn bad(text: String) -> Failure {
    Failure::new(Exception::BadRequest, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "before\r\n--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.ttl\"\r\n\
                        Content-Type: application/octet-stream\r\n\r\n<a> <b> 1 .\r\n--xy\r\n--x\r\n\
                        content-type: text/turtle; charset=utf-8\r\n\r\n--x--\r\nafter";

    #[test]
    fn parts_are_what_stands_between_the_lines() {
        let parts = parts(BODY.as_bytes(), "x").unwrap();
        let found: Vec<_> = parts.iter().map(|part| (part.media_type().into_owned(), part.bytes)).collect();
        assert_eq!(
            found,
            [
                ("text/turtle".to_owned(), &b"<a> <b> 1 .\r\n--xy"[..]),
                ("text/turtle; charset=utf-8".to_owned(), &b""[..]),
            ]
        );
    }

    #[test]
    fn a_broken_form_is_refused() {
        for (body, expected) in [
            ("", "The body has no line '--x--' at its end"),
            ("--x\r\n\r\nno end", "The body has no line '--x--' at its end"),
            ("--x--", "The body has no parts"),
            ("--x\r\nno header\r\n--x--", "A part of the body has no empty line"),
            ("--x\r\nsome: header\r\n--x--", "A part of the body has no empty line"),
        ] {
            let failure = parts(body.as_bytes(), "x").unwrap_err();
            assert!(failure.to_string().contains(expected), "{body}: {failure}");
        }
        let many = format!("{}--x--", "--x\r\n\r\n\r\n".repeat(MOST + 2));
        assert!(parts(many.as_bytes(), "x").is_err());
    }

    #[test]
    fn the_boundary_is_a_parameter_of_the_type() {
        assert_eq!(boundary("text/turtle").unwrap(), None);
        assert_eq!(boundary("Multipart/Form-Data; charset=x; Boundary=\"a b\"").unwrap().as_deref(), Some("a b"));
        assert!(boundary("multipart/form-data").is_err());
        assert!(boundary(&format!("multipart/form-data; boundary={}", "b".repeat(71))).is_err());
    }
}
