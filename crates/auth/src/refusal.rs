//! Why a request's signature was refused. Each prints the text that clients know. **Source**: `spec/errors.md` §4 and §6.

use crate::instant::basic;
use jiff::{SignedDuration, Timestamp};

/// How far a request's date may be from the server's clock.
pub(crate) const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// A signature that was refused: for the service, always 403 `AccessDeniedException`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no `Authorization`. A signature in the query string is none.
    #[error("Missing Authentication Token")]
    Missing,
    /// `Authorization` is not of the one form, or the request has no date.
    #[error("The request did not include the required authorization header, or it was malformed.")]
    Malformed,
    /// The date cannot be read.
    #[error("Date must be in ISO-8601 'basic format'. Got '{0}'. See http://en.wikipedia.org/wiki/ISO_8601")]
    Date(String),
    /// The scope's day is not that of the date.
    #[error(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{scope}' != \
         '{day}', from '{date}'."
    )]
    ScopeDate {
        /// The day of the scope.
        scope: String,
        /// The day of the request.
        day: String,
        /// The instant of the request.
        date: String,
    },
    /// The scope names another region than the server's.
    #[error("Credential should be scoped to a valid Region, not '{0}'.")]
    Region(String),
    /// The scope names another service.
    #[error("Credential should be scoped to correct service: 'neptune-db'.")]
    Service,
    /// The scope does not end as it must.
    #[error("Credential should be scoped with a valid terminator: 'aws4_request', not '{0}'.")]
    Terminator(String),
    /// The request is too old.
    #[error(
        "Signature expired: {} is now earlier than {} ({} - 5 min.)",
        basic(*date), basic(before(*now)), basic(*now)
    )]
    Expired {
        /// When it was signed.
        date: Timestamp,
        /// The server's clock.
        now: Timestamp,
    },
    /// The request is from the future.
    #[error(
        "Signature not yet current: {} is still later than {} ({} + 5 min.)",
        basic(*date), basic(after(*now)), basic(*now)
    )]
    NotYetCurrent {
        /// When it was signed.
        date: Timestamp,
        /// The server's clock.
        now: Timestamp,
    },
    /// A header of `SignedHeaders` is not there.
    #[error("'{0}' is named as a SignedHeader, but it does not exist in the HTTP request.")]
    HeaderAbsent(String),
    /// The access key is unknown, or the session token is not the one issued with it.
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    /// The access key's time is over.
    #[error("The security token included in the request is expired")]
    ExpiredKey,
    /// The signature is another: wrong secret, or something that is signed was changed on the way.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details."
    )]
    Mismatch,
}

/// The oldest date that is taken.
pub(crate) fn before(now: Timestamp) -> Timestamp {
    now.checked_sub(SKEW).unwrap_or(Timestamp::MIN)
}

/// The youngest date that is taken.
pub(crate) fn after(now: Timestamp) -> Timestamp {
    now.checked_add(SKEW).unwrap_or(Timestamp::MAX)
}
