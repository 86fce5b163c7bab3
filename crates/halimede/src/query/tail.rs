//! The end of an answer: a failure after the first bytes stands there, as the JSON of an error.

use std::io::{self, Read};

use serde_json::Value;

/// More than any such error takes.
const KEPT: usize = 16 << 10;

/// A reader that remembers the end of what it has read.
pub(super) struct Tail<R> {
    inner: R,
    last: Vec<u8>,
}

impl<R: Read> Tail<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, last: Vec::new() }
    }

    /// Reads what is left, and says which error stands at the end, if one does.
    pub(super) fn failure(&mut self) -> Option<String> {
        // What cannot be read any more has no error that is worth more than the one that is known.
        let _ = io::copy(self, &mut io::sink());
        let text = String::from_utf8_lossy(&self.last);
        let place = text.rfind("{\"code\":\"")?;
        let error: Value = serde_json::from_str(&text[place..]).ok()?;
        let member = |name: &str| error.get(name).and_then(Value::as_str);
        Some(format!("{}: {}", member("code")?, member("detailedMessage")?))
    }
}

impl<R: Read> Read for Tail<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.last.extend_from_slice(&buffer[..count]);
        if self.last.len() > 2 * KEPT {
            let surplus = self.last.len() - KEPT;
            self.last.drain(..surplus);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_at_the_end_is_found() {
        let rows = format!("{{\"results\":[{}", "{\"a\":\"{\\\"code\\\":\\\"x\\\"}\"},".repeat(9_000));
        let error = r#"{"code":"XException","detailedMessage":"No \"more\".","message":"","requestId":""}"#;
        let text = format!("{rows}{error}");
        assert_eq!(Tail::new(text.as_bytes()).failure().as_deref(), Some("XException: No \"more\"."));
        assert_eq!(Tail::new(rows.as_bytes()).failure(), None);
        assert_eq!(Tail::new(&br#"{"results":[{"code":"x"}]}"#[..]).failure(), None);
    }
}
