//! Why a request to start a load is refused, and as which exception.

/// A refused request. The variant is the exception's class, the text what the caller is told (without secrets).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// `MissingParameterException`, 400.
    #[error("{0}")]
    Missing(String),
    /// `InvalidParameterException`, 400.
    #[error("{0}")]
    Invalid(String),
    /// `BadRequestException`, 400: the body cannot be read at all.
    #[error("{0}")]
    BadRequest(String),
    /// `UnsupportedOperationException`, 400: understood, and not offered.
    #[error("{0}")]
    Unsupported(String),
}

impl RequestError {
    /// All of `names` are missing.
    pub(crate) fn missing(names: &[&str]) -> Self {
        Self::Missing(format!("Missing required parameters: [{}]", names.join(", ")))
    }

    /// The value of `name` cannot be used; `why` is a clause that says what was expected.
    pub(crate) fn invalid(name: &str, why: impl std::fmt::Display) -> Self {
        Self::Invalid(format!("Invalid value for parameter {name}: {why}"))
    }
}

/// `value` as an error message may show it: quoted, without control characters, cut when long.
pub(crate) fn shown(value: &str) -> String {
    const LONGEST: usize = 100;
    let mut text = String::with_capacity(value.len().min(LONGEST) + 4);
    text.push('\'');
    text.extend(value.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }));
    if value.chars().nth(LONGEST).is_some() {
        text.push('…');
    }
    text.push('\'');
    text
}
