//! The id that a request, its span, its log lines and its reply share.

use std::fmt;

use axum::http::HeaderValue;
use uuid::Uuid;

/// A random UUID, one per request. It says nothing about the request and is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RequestId(Uuid);

impl RequestId {
    /// A new id.
    pub(crate) fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// As the value of a header.
    pub(crate) fn header(self) -> HeaderValue {
        HeaderValue::from_str(&self.to_string()).expect("a UUID is visible ASCII")
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}
