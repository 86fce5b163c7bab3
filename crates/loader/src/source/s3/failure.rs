//! What went wrong with a request to S3, before anybody has decided what to tell whom.

use std::error::Error;

use reqwest::{Response, StatusCode};

use super::MAX_ERROR;
use super::listing;

/// A request that gave nothing to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Whoever gives out keys gave none.
    Credentials { why: String, may_pass: bool },
    /// No connection, no answer in time, or a connection that broke.
    Transport(String),
    /// The bucket is in another region; which one, if that was said.
    Region(Option<String>),
    /// A status that is no success, with S3's own code and message.
    Status { status: StatusCode, code: String, message: String },
    /// An answer that makes no sense, and would make none another time.
    Unusable(String),
    /// An answer that does not read; it may have been damaged on its way.
    Garbled(String),
}

impl Failure {
    pub(super) fn transport(error: &reqwest::Error) -> Self {
        Self::Transport(chain(error))
    }

    /// Reads the error that S3 put into its response.
    pub(super) async fn of_response(mut response: Response) -> Self {
        let status = response.status();
        let region = response.headers().get("x-amz-bucket-region").and_then(|region| region.to_str().ok());
        let region = region.map(ToOwned::to_owned);
        // An error without a body is an error all the same.
        let body = read_bounded(&mut response, MAX_ERROR).await.unwrap_or_default();
        let told = listing::parse_error(&body);
        if status.is_redirection()
            || matches!(
                told.code.as_str(),
                "PermanentRedirect"
                    | "TemporaryRedirect"
                    | "AuthorizationHeaderMalformed"
                    | "IllegalLocationConstraintException"
            )
        {
            return Self::Region(region.or(told.region));
        }
        let code = if told.code.is_empty() { status.as_u16().to_string() } else { told.code };
        Self::Status { status, code, message: told.message }
    }

    /// Whether it says that these credentials may not do this.
    pub(super) fn is_denial(&self) -> bool {
        match self {
            Self::Status { status, code, .. } => {
                matches!(*status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
                    || matches!(code.as_str(), "ExpiredToken" | "InvalidToken")
            }
            _ => false,
        }
    }

    /// Whether the same request may succeed a little later.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Transport(_) | Self::Garbled(_) => true,
            Self::Credentials { may_pass, .. } => *may_pass,
            Self::Region(_) | Self::Unusable(_) => false,
            Self::Status { status, code, .. } => {
                status.is_server_error()
                    || matches!(*status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
                    || matches!(code.as_str(), "RequestTimeout" | "SlowDown" | "InternalError")
            }
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Credentials { why, .. } => write!(f, "no credentials: {why}"),
            Self::Transport(why) | Self::Unusable(why) | Self::Garbled(why) => f.write_str(why),
            Self::Region(Some(region)) => write!(f, "the bucket is in region {region}"),
            Self::Region(None) => f.write_str("the bucket is in another region"),
            Self::Status { status, code, message } => write!(f, "{status} ({code}: {message})"),
        }
    }
}

/// The body of `response`, up to `limit` bytes; a longer one is refused.
pub(super) async fn read_bounded(response: &mut Response, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Failure::transport(&error))? {
        if body.len() + chunk.len() > limit {
            return Err(Failure::Unusable(format!("the answer is longer than {limit} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An error with its causes: what `reqwest` says of itself alone is never the cause.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}
