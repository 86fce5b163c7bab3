//! A signed request, checked in two steps: the head, then the body.
//!
//! **Source**: `spec/iam.md` §1; the texts are those of `spec/errors.md` §4.

mod authorization;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use ring::{digest, hmac};

use crate::canonical;
use crate::directory::{AccessKey, Directory};
use crate::head::Head;
use crate::json::excerpt;
use crate::refusal::{after, before};
use crate::signature::{self, Scope, TERMINATOR};
use crate::{Caller, Refusal, instant};
use authorization::Authorization;

/// The service that requests are signed for.
pub(crate) const SERVICE: &str = "neptune-db";

/// How requests are held against a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The region that scopes must name; `None` takes any.
    pub region: Option<String>,
    /// Whether a request may leave its body out of the signature (`x-amz-content-sha256: UNSIGNED-PAYLOAD`). Then whoever
    /// is on the way can replace the body.
    pub unsigned_payload: bool,
}

/// Who a request says it is from, not yet believed: all that the head can tell is right, and the signature is to be
/// compared when the body is there.
pub struct Claim {
    caller: Caller,
    key: hmac::Key,
    scope: Scope,
    /// The date in the basic form.
    date: String,
    /// The signature that was sent; `None` for one that none can be equal to.
    signature: Option<[u8; 32]>,
    /// The hashes of the canonical texts, up to the payload's.
    texts: Vec<digest::Context>,
    payload: Payload,
}

/// What is signed of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Payload {
    /// Its hash, which the head does not say.
    Body,
    /// Its hash, which the head says.
    Declared([u8; 32]),
    /// That it is not signed.
    Unsigned,
    /// Something that is not accepted.
    Refused,
}

impl Claim {
    /// Checks the head: the form of `Authorization`, its scope, the date, the headers that it names, access key and
    /// session token.
    ///
    /// # Errors
    ///
    /// The first of these that is wrong.
    pub fn read(head: &Head<'_>, directory: &Directory, now: Timestamp, settings: &Settings) -> Result<Self, Refusal> {
        Self::read_for(SERVICE, head, directory, now, settings)
    }

    fn read_for(
        service: &str,
        head: &Head<'_>,
        directory: &Directory,
        now: Timestamp,
        settings: &Settings,
    ) -> Result<Self, Refusal> {
        let text = head.one("authorization")?.filter(|text| !text.is_empty()).ok_or(Refusal::Missing)?;
        let authorization = Authorization::parse(text).ok_or(Refusal::Malformed)?;
        let date = date(head, &authorization)?;
        check_scope(&authorization, service, date, settings)?;
        if date < before(now) {
            return Err(Refusal::Expired { date, now });
        }
        if date > after(now) {
            return Err(Refusal::NotYetCurrent { date, now });
        }
        check_headers(head, &authorization)?;
        let key = find_key(head, &authorization, directory, now)?;
        let scope = Scope {
            day: authorization.day.to_owned(),
            region: authorization.region.to_owned(),
            service: service.to_owned(),
        };
        let texts = canonical::texts(head, authorization.signed_headers).into_iter().map(|text| {
            let mut context = digest::Context::new(&digest::SHA256);
            context.update(text.as_bytes());
            context
        });
        Ok(Self {
            key: scope.key(&key.secret),
            caller: Caller::new(Arc::clone(key), authorization.region.into(), Arc::clone(directory.resource())),
            scope,
            date: instant::basic(date),
            signature: signature::unhex(authorization.signature),
            texts: texts.collect(),
            payload: payload(head, &authorization, settings)?,
        })
    }

    /// Compares the signature already if the head says the body's hash. `true` if it did: then only the hash itself
    /// remains to be held against the body, and a body of a wrong signature need not be read.
    ///
    /// # Errors
    ///
    /// [`Refusal::Mismatch`]
    pub fn check_head(&self) -> Result<bool, Refusal> {
        match self.payload {
            Payload::Body => Ok(false),
            Payload::Declared(hash) => self.compare(&signature::hex(&hash)).map(|()| true),
            Payload::Unsigned => self.compare(UNSIGNED).map(|()| true),
            Payload::Refused => Err(Refusal::Mismatch),
        }
    }

    /// Compares the signature, given the SHA-256 of the body as it was received.
    ///
    /// # Errors
    ///
    /// [`Refusal::Mismatch`]
    pub fn verify(self, body_sha256: &[u8; 32]) -> Result<Caller, Refusal> {
        match self.payload {
            Payload::Body => self.compare(&signature::hex(body_sha256))?,
            Payload::Declared(hash) if hash != *body_sha256 => return Err(Refusal::Mismatch),
            Payload::Declared(_) | Payload::Unsigned | Payload::Refused => {
                self.check_head()?;
            }
        }
        Ok(self.caller)
    }

    /// Who the request says it is from, for the log. It may be from anybody.
    pub fn claimed_arn(&self) -> &str {
        self.caller.arn()
    }

    fn compare(&self, payload: &str) -> Result<(), Refusal> {
        let signature = self.signature.ok_or(Refusal::Mismatch)?;
        let is_signed = |text: &digest::Context| {
            let mut text = text.clone();
            text.update(payload.as_bytes());
            let to_sign = self.scope.string_to_sign(&self.date, &signature::finish(&text.finish()));
            signature::is_signature_of(&self.key, &to_sign, &signature)
        };
        if self.texts.iter().any(is_signed) { Ok(()) } else { Err(Refusal::Mismatch) }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim").field("by", &self.caller.arn()).field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// What stands for the hash of a body that is not signed.
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// When the request was signed: `X-Amz-Date`, else `Date` if it is signed.
fn date(head: &Head<'_>, authorization: &Authorization<'_>) -> Result<Timestamp, Refusal> {
    let read = |name, parse: fn(&str) -> Option<Timestamp>| -> Result<Option<Timestamp>, Refusal> {
        let mut values = head.values(name);
        let Some(value) = values.next() else { return Ok(None) };
        let text = String::from_utf8_lossy(value);
        let date = parse(text.trim()).filter(|_| values.next().is_none());
        date.map(Some).ok_or_else(|| Refusal::Date(excerpt(&text)))
    };
    if let Some(date) = read("x-amz-date", instant::parse_basic)? {
        return Ok(date);
    }
    if authorization.names("date") {
        return read("date", instant::parse_date_header)?.ok_or_else(|| Refusal::HeaderAbsent("date".to_owned()));
    }
    Err(Refusal::Malformed)
}

fn check_scope(
    authorization: &Authorization<'_>,
    service: &str,
    date: Timestamp,
    settings: &Settings,
) -> Result<(), Refusal> {
    if authorization.terminator != TERMINATOR {
        return Err(Refusal::Terminator(excerpt(authorization.terminator)));
    }
    if authorization.service != service {
        return Err(Refusal::Service);
    }
    if settings.region.as_ref().is_some_and(|region| region != authorization.region) {
        return Err(Refusal::Region(excerpt(authorization.region)));
    }
    let date = instant::basic(date);
    let day = date.get(..8).unwrap_or_default().to_owned();
    if authorization.day != day {
        return Err(Refusal::ScopeDate { scope: excerpt(authorization.day), day, date });
    }
    Ok(())
}

/// Each header that is named must be there; without the host, a request to another server could be sent here.
fn check_headers(head: &Head<'_>, authorization: &Authorization<'_>) -> Result<(), Refusal> {
    if !authorization.names("host") {
        return Err(Refusal::Mismatch);
    }
    match authorization.signed_headers.split(';').find(|name| head.values(name).next().is_none()) {
        None => Ok(()),
        Some("host") => Err(Refusal::Mismatch),
        Some(name) => Err(Refusal::HeaderAbsent(excerpt(name))),
    }
}

/// The access key, if the session token is the one issued with it and its time is not over.
fn find_key<'d>(
    head: &Head<'_>,
    authorization: &Authorization<'_>,
    directory: &'d Directory,
    now: Timestamp,
) -> Result<&'d Arc<AccessKey>, Refusal> {
    let key = directory.key(authorization.access_key).ok_or(Refusal::UnknownKey)?;
    let token = head.one("x-amz-security-token").map_err(|_| Refusal::UnknownKey)?.filter(|token| !token.is_empty());
    if token.map(|token| signature::sha256(token.as_bytes())) != key.token_sha256 {
        return Err(Refusal::UnknownKey);
    }
    if key.expiration.is_some_and(|expiration| expiration <= now) {
        return Err(Refusal::ExpiredKey);
    }
    Ok(key)
}

/// What the head says of the body. A hash that is not signed says nothing.
fn payload(head: &Head<'_>, authorization: &Authorization<'_>, settings: &Settings) -> Result<Payload, Refusal> {
    if !authorization.names("x-amz-content-sha256") {
        return Ok(Payload::Body);
    }
    Ok(match head.one("x-amz-content-sha256")? {
        Some(UNSIGNED) if settings.unsigned_payload => Payload::Unsigned,
        Some(text) => signature::unhex(text).map_or(Payload::Refused, Payload::Declared),
        None => Payload::Refused,
    })
}
