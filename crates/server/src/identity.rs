//! Who asks, and what they may: authentication and authorization of one request.
//!
//! Without authentication everyone is the same and may do everything. With IAM a head is looked at before its body is
//! read ([`Gate::look`]), the signature is compared when the body is there ([`Visitor::enter`]), and each operation asks
//! for the actions that it needs ([`Identity::may`]).
//!
//! **Source**: spec/iam.md; spec/errors.md §3, §4.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use auth::{Access, Action, Caller, Claim, Context, Head, Language, Network, Realm, Refresh, Settings};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Version, header};
use jiff::Timestamp;

use crate::door::{Entrance, Peer};
use crate::exception::{Exception, Failure};
use crate::permissions::Needs;

/// The name of whoever asks where nobody is asked for one.
pub(crate) const NOBODY: &str = "anonymous";

/// The IAM file of a server, and how requests are held against it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IamFile {
    /// Principals, keys and policies.
    pub path: PathBuf,
    /// The region that signatures must be for; `None` takes any.
    pub region: Option<String>,
}

/// Lets callers in.
#[derive(Debug)]
pub(crate) struct Gate {
    realm: Option<Realm>,
    proxies: Vec<Network>,
}

/// A caller whose head is right, as far as a head can tell.
#[derive(Debug)]
pub(crate) struct Visitor {
    claim: Option<Claim>,
    origin: Origin,
}

/// A caller.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    caller: Option<Caller>,
    origin: Origin,
}

/// What policies can ask for beside the principal.
#[derive(Clone, Debug)]
struct Origin {
    address: IpAddr,
    secure: bool,
    user_agent: Option<Arc<str>>,
}

impl Gate {
    /// # Errors
    ///
    /// If the IAM file cannot be taken: then a server must not start.
    pub(crate) fn new(iam: Option<&IamFile>, proxies: Vec<Network>) -> Result<Self, auth::Error> {
        let open =
            |iam: &IamFile| Realm::open(&iam.path, Settings { region: iam.region.clone(), ..Settings::default() });
        Ok(Self { realm: iam.map(open).transpose()?, proxies })
    }

    /// Whether callers are asked who they are.
    pub(crate) fn is_guarded(&self) -> bool {
        self.realm.is_some()
    }

    /// Looks at the head of a request that needs a signature or not.
    ///
    /// # Errors
    ///
    /// `AccessDeniedException` with the documented text.
    pub(crate) fn look(&self, request: &Parts, peer: Peer, needs: Option<Needs>) -> Result<Visitor, Failure> {
        let origin = self.origin(&request.headers, peer);
        let is_free = peer.entrance == Entrance::Admin || needs == Some(Needs::Nothing);
        let Some(realm) = self.realm.as_ref().filter(|_| !is_free) else { return Ok(Visitor { claim: None, origin }) };
        refresh(realm);
        let claim = realm.claim(&head(request), Timestamp::now()).map_err(denied)?;
        Ok(Visitor { claim: Some(claim), origin })
    }

    /// Lets in who logs in with the credentials text of a Bolt driver.
    ///
    /// # Errors
    ///
    /// Whom they say they are, believed or not, and `AccessDeniedException` with the documented text.
    pub(crate) fn log_in(
        &self,
        credentials: &str,
        agent: Option<&str>,
        peer: Peer,
    ) -> Result<Identity, (String, Failure)> {
        let origin = Origin { address: peer.remote, secure: peer.secure, user_agent: agent.map(Arc::from) };
        let Some(realm) = &self.realm else { return Ok(Identity { caller: None, origin }) };
        refresh(realm);
        let unknown = |refusal| (NOBODY.to_owned(), denied(refusal));
        let head = Head::from_bolt_json(credentials).map_err(unknown)?;
        let claim = realm.claim(&head, Timestamp::now()).map_err(unknown)?;
        let claimed = claim.claimed_arn().to_owned();
        let caller = claim.verify(&auth::EMPTY_SHA256).map_err(|refusal| (claimed, denied(refusal)))?;
        Ok(Identity { caller: Some(caller), origin })
    }

    /// Who logged in a while ago, with the policies of now.
    ///
    /// # Errors
    ///
    /// `AccessDeniedException` if the access key was taken away.
    pub(crate) fn renew(&self, identity: &Identity) -> Result<Identity, Failure> {
        let (Some(realm), Some(caller)) = (&self.realm, &identity.caller) else { return Ok(identity.clone()) };
        refresh(realm);
        let caller = realm.renew(caller).map_err(denied)?;
        Ok(Identity { caller: Some(caller), origin: identity.origin.clone() })
    }

    /// Where a request came from: its peer, or what trusted proxies say of theirs.
    fn origin(&self, headers: &HeaderMap, peer: Peer) -> Origin {
        let is_trusted = |address: IpAddr| self.proxies.iter().any(|network| network.contains(address));
        let (mut address, mut secure) = (peer.remote, peer.secure);
        if is_trusted(address) {
            let proto = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
            secure = proto.map_or(secure, |proto| proto.trim().eq_ignore_ascii_case("https"));
            let lists = headers.get_all("x-forwarded-for").iter().rev().filter_map(|list| list.to_str().ok());
            // The nearest proxy wrote last. Whoever is not trusted is the client, whatever stands before it.
            for hop in lists.flat_map(|list| list.rsplit(',')) {
                let Ok(hop) = hop.trim().parse::<IpAddr>() else { break };
                address = hop.to_canonical();
                if !is_trusted(address) {
                    break;
                }
            }
        }
        let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).map(Arc::from);
        Origin { address, secure, user_agent }
    }
}

impl Visitor {
    /// Whom the request says it is from, believed or not.
    pub(crate) fn claimed(&self) -> &str {
        self.claim.as_ref().map_or(NOBODY, Claim::claimed_arn)
    }

    /// Where the request came from.
    pub(crate) fn address(&self) -> IpAddr {
        self.origin.address
    }

    /// Compares the signature already where the head says the hash of the body, so that the body need not be read for it.
    ///
    /// # Errors
    ///
    /// As [`Self::enter`].
    pub(crate) fn check_head(&self) -> Result<(), Failure> {
        self.claim.as_ref().map_or(Ok(()), |claim| claim.check_head().map(drop)).map_err(denied)
    }

    /// Compares the signature.
    ///
    /// # Errors
    ///
    /// `AccessDeniedException` with the documented text.
    pub(crate) fn enter(self, body: &[u8]) -> Result<Identity, Failure> {
        let caller = self.claim.map(|claim| claim.verify(&auth::sha256(body))).transpose().map_err(denied)?;
        Ok(Identity { caller, origin: self.origin })
    }
}

#[cfg(test)]
impl Identity {
    /// Nobody, where nobody is asked.
    pub(crate) fn nobody() -> Self {
        let origin = Origin { address: IpAddr::from([127, 0, 0, 1]), secure: false, user_agent: None };
        Self { caller: None, origin }
    }
}

impl Identity {
    /// The principal's ARN.
    pub(crate) fn principal(&self) -> &str {
        self.caller.as_ref().map_or(NOBODY, Caller::arn)
    }

    /// Asks for what an operation needs. What a query needs is asked for by [`Self::may_query`] when it has been read, and what
    /// a status needs when its body has; where the language is not offered, it is to read.
    ///
    /// # Errors
    ///
    /// `AccessDeniedException` for the first action that is not allowed.
    pub(crate) fn may(&self, needs: Needs, offered: bool) -> Result<(), Failure> {
        match needs {
            Needs::Query(language) if !offered => self.may_query(language, Access::READ),
            Needs::Status(language) if !offered => self.is_allowed(Action::GetQueryStatus, Some(language)),
            Needs::Nothing | Needs::Query(_) | Needs::Status(_) => Ok(()),
            Needs::Actions(actions) => actions.iter().try_for_each(|action| self.is_allowed(*action, None)),
            Needs::InLanguage(action, language) => self.is_allowed(action, language),
        }
    }

    /// Asks for what a query does.
    ///
    /// # Errors
    ///
    /// `AccessDeniedException` for the first kind of access that is not allowed.
    pub(crate) fn may_query(&self, language: Language, access: Access) -> Result<(), Failure> {
        access.actions().try_for_each(|action| self.is_allowed(action, Some(language)))
    }

    fn is_allowed(&self, action: Action, language: Option<Language>) -> Result<(), Failure> {
        let Some(caller) = &self.caller else { return Ok(()) };
        let context = Context {
            now: Timestamp::now(),
            language,
            source_ip: Some(self.origin.address),
            secure_transport: self.origin.secure,
            user_agent: self.origin.user_agent.as_deref(),
        };
        caller.authorize(action, &context).map_err(denied)
    }
}

/// Takes what has changed in the IAM file.
fn refresh(realm: &Realm) {
    match realm.refresh(Instant::now()) {
        Refresh::Unchanged => {}
        Refresh::Reloaded => tracing::info!("the IAM file was read again"),
        Refresh::Failed(error) => {
            tracing::error!(%error, "the changed IAM file is not taken, what it said before stays in force");
        }
    }
}

/// The head as it was signed. HTTP/2 carries the host as the authority.
fn head(request: &Parts) -> Head<'_> {
    let authority = request
        .uri
        .authority()
        .filter(|_| request.version >= Version::HTTP_2 && !request.headers.contains_key(header::HOST));
    let host = authority.map(|authority| ("host", authority.as_str().as_bytes()));
    let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let uri = &request.uri;
    Head::http(request.method.as_str(), uri.path(), uri.query(), host.into_iter().chain(headers))
}

fn denied(reason: impl std::fmt::Display) -> Failure {
    Failure::new(Exception::AccessDenied, reason.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    /// The peer, unless it is a trusted proxy: then what that says, up to the first that is none.
    #[test]
    fn only_trusted_proxies_are_believed() {
        let gate = Gate::new(None, vec!["10.0.0.0/8".parse().unwrap()]).unwrap();
        for (remote, forwarded, proto, expected, secure) in [
            ("192.0.2.1", vec!["203.0.113.9"], Some("https"), "192.0.2.1", false),
            ("10.0.0.1", vec![], None, "10.0.0.1", false),
            ("10.0.0.1", vec!["203.0.113.9"], Some("HTTPS"), "203.0.113.9", true),
            ("10.0.0.1", vec!["203.0.113.9"], Some("http"), "203.0.113.9", false),
            ("10.0.0.1", vec!["1.1.1.1, 203.0.113.9, 10.2.2.2"], None, "203.0.113.9", false),
            ("10.0.0.1", vec!["1.1.1.1", "203.0.113.9 ,10.2.2.2"], None, "203.0.113.9", false),
            ("10.0.0.1", vec!["203.0.113.9, nonsense"], None, "10.0.0.1", false),
            ("10.0.0.1", vec!["2001:db8::1"], None, "2001:db8::1", false),
        ] {
            let mut headers = HeaderMap::new();
            for list in &forwarded {
                headers.append("x-forwarded-for", HeaderValue::from_static(list));
            }
            if let Some(proto) = proto {
                headers.insert("x-forwarded-proto", HeaderValue::from_static(proto));
            }
            let peer = Peer {
                local: "127.0.0.1".parse().unwrap(),
                remote: remote.parse().unwrap(),
                reserved: false,
                secure: false,
                entrance: Entrance::Main,
            };
            let origin = gate.origin(&headers, peer);
            assert_eq!((origin.address.to_string().as_str(), origin.secure), (expected, secure), "{forwarded:?}");
        }
    }
}
