//! A request as operations see it, and where it came in.

use std::net::IpAddr;

use axum::http::{HeaderMap, Method, header};

use crate::body::Received;
use crate::exception::{Exception, Failure};
use crate::identity::Identity;
use crate::parameters::{Parameters, excerpt};
use crate::request_id::RequestId;

/// Where a request came in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    /// The address it arrived at.
    pub(crate) local: IpAddr,
    /// The address it came from.
    pub(crate) remote: IpAddr,
    /// Whether its connection is one of the reserved ones.
    pub(crate) reserved: bool,
    /// Whether it came over TLS.
    pub(crate) secure: bool,
    /// Through which socket.
    pub(crate) entrance: Entrance,
}

/// A socket of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entrance {
    /// That of the clients.
    Main,
    /// That of the operator's tools.
    Admin,
}

/// The media type of a form, which is what a body is if nobody says.
const FORM: &str = "application/x-www-form-urlencoded";

/// A request as operations see it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) id: RequestId,
    pub(crate) identity: Identity,
    pub(crate) method: Method,
    /// The raw path.
    pub(crate) path: String,
    /// The raw query string.
    pub(crate) query: Option<String>,
    /// The query string's parameters.
    pub(crate) parameters: Parameters,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Received,
    /// The decoded label of the path, if its route has one.
    pub(crate) label: Option<String>,
}

impl Call {
    /// What the body is, told by its media type among those that are known; a form if nothing is said.
    ///
    /// # Errors
    ///
    /// `BadRequestException` for another type, with those that are known.
    pub(crate) fn body_is<F: Copy>(&self, known: &[(&str, F)]) -> Result<F, Failure> {
        // A body that is not there has no type that matters, whatever a client's habit is.
        let is_there = !self.body.bytes.is_empty() || self.method != Method::GET;
        let said = self.headers.get(header::CONTENT_TYPE).filter(|_| is_there);
        let text = said.map(|value| String::from_utf8_lossy(value.as_bytes())).unwrap_or_default();
        let named = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let media_type = if named.is_empty() { FORM } else { &named };
        known.iter().find(|(name, _)| *name == media_type).map(|(_, form)| *form).ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            let expected = match names.split_last() {
                Some((last, [])) => (*last).to_owned(),
                Some((last, others)) => format!("{} or {last}", others.join(", ")),
                None => String::new(),
            };
            let found = excerpt(&text);
            Failure::new(
                Exception::BadRequest,
                format!("Content-Type '{found}' is not known here: expected {expected}"),
            )
        })
    }
}

#[cfg(test)]
impl Call {
    /// A request with this body and nothing else.
    pub(crate) fn of_body(body: &'static str) -> Self {
        Self {
            id: RequestId::random(),
            identity: Identity::nobody(),
            method: Method::POST,
            path: "/".to_owned(),
            query: None,
            parameters: Parameters::default(),
            headers: HeaderMap::new(),
            body: Received::of(body),
            label: None,
        }
    }
}
