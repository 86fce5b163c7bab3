//! Web pages must not drive a laptop's server: rules on `Host` and `Origin`, before a body is read.
//!
//! Any page in a browser on this machine can send requests to a loopback port. Two things give it away. A page that had
//! its own name resolve to this address still names itself in `Host`; a page that asks across origins is named in
//! `Origin`. So a request passes only if each host it names is loopback, the address it arrived at, or allowed by
//! `--allow-host`, and if its origin, should it carry one, is the server's own or allowed by `--allow-origin`. Headers
//! for cross-origin reading go to allowed origins alone.

mod cors;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::str::FromStr;

use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, header};

use crate::exception::{Exception, Failure};
use crate::parameters::excerpt;

pub(crate) use cors::{grant, is_preflight, preflight};

/// A host or origin in the configuration that cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// `--allow-host`.
    #[error("'{0}' is not a host: expected a name or address with an optional port, such as db.example:8182")]
    Host(String),
    /// `--allow-origin`.
    #[error("'{0}' is not an origin: expected scheme, host and optional port, such as http://localhost:5173")]
    Origin(String),
}

/// What the configuration allows beyond loopback.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    /// The address listened at: the one of the ready line, even if it stands for all addresses.
    listen: IpAddr,
    hosts: Vec<Host>,
    origins: Vec<Origin>,
}

/// Who a request that passed says it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Visitor {
    /// No page, or the server's own.
    Direct,
    /// A page of an allowed origin: the reply may be read by it.
    Page(HeaderValue),
}

impl Guard {
    /// The rules for a server at `listen` and these names.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] for the first that is none.
    pub(crate) fn new(listen: IpAddr, hosts: &[String], origins: &[String]) -> Result<Self, InvalidName> {
        Ok(Self {
            listen: listen.to_canonical(),
            hosts: hosts
                .iter()
                .map(|text| Host::parse(text).ok_or_else(|| InvalidName::Host(text.clone())))
                .collect::<Result<_, _>>()?,
            origins: origins
                .iter()
                .map(|text| Origin::parse(text.trim_end_matches('/')).ok_or_else(|| InvalidName::Origin(text.clone())))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Lets a request pass that arrived at the address `local`. Where callers are not known otherwise (`is_open`), it must
    /// name this server and come from none but its own or an allowed page.
    ///
    /// # Errors
    ///
    /// `AccessDeniedException` with a text that names the flag to set.
    pub(crate) fn admit(&self, request: &Parts, local: IpAddr, is_open: bool) -> Result<Visitor, Failure> {
        let named = named_hosts(request)?;
        if let Some(stranger) = named.iter().find(|host| is_open && !self.serves(host, local)) {
            return Err(denied(format!(
                "Host '{}' is not served here. If that is this server's name, allow it with --allow-host {}",
                excerpt(&stranger.name),
                excerpt(&stranger.name)
            )));
        }
        let Some(value) = only(&request.headers, header::ORIGIN.as_str())? else { return Ok(Visitor::Direct) };
        let origin = value.to_str().ok().and_then(Origin::parse);
        match origin {
            Some(origin) if self.origins.contains(&origin) => Ok(Visitor::Page(value.clone())),
            Some(origin) if named.iter().all(|host| origin.is_of(host)) => Ok(Visitor::Direct),
            _ if !is_open => Ok(Visitor::Direct),
            Some(_) | None => {
                let text = excerpt(&String::from_utf8_lossy(value.as_bytes()));
                Err(denied(format!(
                    "Origin '{text}' may not use this server. If its pages are yours, allow them with --allow-origin {text}"
                )))
            }
        }
    }

    fn serves(&self, host: &Host, local: IpAddr) -> bool {
        let by_address = host
            .address()
            .is_some_and(|address| address.is_loopback() || address == self.listen || address == local.to_canonical());
        by_address
            || host.name == "localhost"
            || self
                .hosts
                .iter()
                .any(|allowed| allowed.name == host.name && (allowed.port.is_none() || allowed.port == host.port))
    }
}

/// A name or address, in lower case, with the port if one is given.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Host {
    name: String,
    port: Option<u16>,
}

impl Host {
    /// `name`, `name:port`, `1.2.3.4:port`, `[::1]:port`; nothing with a user in front.
    fn parse(text: &str) -> Option<Self> {
        let authority = Authority::from_str(text).ok()?;
        let name = authority.host();
        let rest = text.strip_prefix(name)?;
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port.parse().ok()?),
            None if rest.is_empty() => None,
            None => return None,
        };
        (!name.is_empty()).then(|| Self { name: name.to_ascii_lowercase(), port })
    }

    fn address(&self) -> Option<IpAddr> {
        let bare = self.name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&self.name);
        bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
    }
}

/// Scheme, host and effective port of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    scheme: String,
    name: String,
    port: Option<u16>,
}

impl Origin {
    /// `scheme://host[:port]` and nothing behind it. The opaque origin `null` is nobody's.
    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let well_formed = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let host = Host::parse(rest)?;
        (well_formed && !scheme.is_empty()).then(|| Self {
            port: host.port.or_else(|| default_port(&scheme)),
            scheme,
            name: host.name,
        })
    }

    /// Whether `host`, as a request names it, is this page's own server.
    fn is_of(&self, host: &Host) -> bool {
        default_port(&self.scheme).is_some()
            && self.name == host.name
            && self.port == host.port.or_else(|| default_port(&self.scheme))
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// Every host that a request names: `Host`, and the authority of an absolute target or of HTTP/2.
fn named_hosts(request: &Parts) -> Result<Vec<Host>, Failure> {
    let unreadable = || denied("The Host header must be one host with an optional port".to_owned());
    let mut named = Vec::new();
    if let Some(value) = only(&request.headers, header::HOST.as_str())? {
        named.push(value.to_str().ok().and_then(Host::parse).ok_or_else(unreadable)?);
    }
    if let Some(authority) = request.uri.authority() {
        named.push(Host::parse(authority.as_str()).ok_or_else(unreadable)?);
    }
    if named.is_empty() {
        Err(denied("The request does not name a host: a Host header is needed".to_owned()))
    } else {
        Ok(named)
    }
}

/// The one value of a header, if it is there.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a HeaderValue>, Failure> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(denied(format!("The header {name} is given more than once")));
    }
    Ok(first)
}

fn denied(message: String) -> Failure {
    Failure::new(Exception::AccessDenied, message)
}
