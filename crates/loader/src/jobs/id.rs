//! The id of a load: a UUID, and what a client may send in its place.
//!
//! **Source**: spec/loader.md §1.4, §5.2; the order of checks is that of design §9.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

/// No id that any version of the service ever gave out is longer than this many bytes.
const LONGEST: usize = 256;

/// One load's name: a version 4 UUID, shown in lower case with hyphens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LoadId(Uuid);

impl LoadId {
    /// A new random id.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// Reads what a client sent.
    ///
    /// # Errors
    /// [`LoadIdError`], in the order in which a cancel has to check: text that no id can be, then text that is not
    /// shaped like an id.
    pub fn parse(text: &str) -> Result<Self, LoadIdError> {
        if text.len() > LONGEST {
            return Err(LoadIdError::TooLong { bytes: text.len() });
        }
        if text.chars().any(char::is_control) {
            return Err(LoadIdError::ControlCharacter);
        }
        // `Uuid` also reads braces, `urn:uuid:` and text without hyphens, none of which the service accepts.
        match Uuid::try_parse(text) {
            Ok(id) if text.len() == uuid::fmt::Hyphenated::LENGTH => Ok(Self(id)),
            _ => Err(LoadIdError::Malformed { text: text.to_owned() }),
        }
    }
}

impl fmt::Display for LoadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// Why a text is no load id.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LoadIdError {
    /// Longer than any id can be: a constraint is violated.
    #[error("Invalid loadId: {bytes} bytes, at most {LONGEST} are possible")]
    TooLong {
        /// How long the text is.
        bytes: usize,
    },
    /// A control character: a constraint is violated.
    #[error("Invalid loadId: it holds a control character")]
    ControlCharacter,
    /// Not a UUID: a bad request.
    #[error("Invalid loadId: {text}")]
    Malformed {
        /// What was sent.
        text: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_shows() {
        let id = LoadId::random();
        assert_eq!(LoadId::parse(&id.to_string()), Ok(id));
        assert_eq!(LoadId::parse(&id.to_string().to_uppercase()), Ok(id));
    }

    #[test]
    fn refuses_in_order() {
        let malformed = |text: &str| LoadIdError::Malformed { text: text.to_owned() };
        let long = "a".repeat(300) + "\n";
        for (text, expected) in [
            (long.as_str(), LoadIdError::TooLong { bytes: 301 }),
            ("abc\u{7f}", LoadIdError::ControlCharacter),
            ("", malformed("")),
            ("garbage", malformed("garbage")),
            ("0000000000004000800000000000000", malformed("0000000000004000800000000000000")),
            ("{00000000-0000-4000-8000-000000000000}", malformed("{00000000-0000-4000-8000-000000000000}")),
            ("00000000000040008000000000000000", malformed("00000000000040008000000000000000")),
        ] {
            assert_eq!(LoadId::parse(text), Err(expected), "{text:?}");
        }
    }
}
