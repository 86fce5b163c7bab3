//! Who asks, once the signature is verified, and what they may do.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;

use crate::directory::{AccessKey, Directory};
use crate::policy::{Effect, Keys, Request};
use crate::{Access, Action, Language, Refusal};

/// A verified principal. Cheap to clone; stays what it was when the directory is read again.
#[derive(Clone)]
pub struct Caller {
    key: Arc<AccessKey>,
    /// The region of the signature's scope.
    region: Arc<str>,
    /// What every request is for.
    resource: Arc<str>,
}

/// What of a request conditions can ask for.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The server's clock.
    pub now: Timestamp,
    /// In which language is asked. Looked at for the actions of queries, their status and streams alone; for
    /// [`Action::GetStreamRecords`], none (as well as either of its languages) means the stream of the property graph.
    pub language: Option<Language>,
    /// Where the request comes from.
    pub source_ip: Option<IpAddr>,
    /// Whether it came through TLS.
    pub secure_transport: bool,
    /// Its `User-Agent`.
    pub user_agent: Option<&'a str>,
}

impl<'a> Context<'a> {
    /// A request of this moment of which nothing else is known.
    pub const fn new(now: Timestamp) -> Context<'a> {
        Self { now, language: None, source_ip: None, secure_transport: false, user_agent: None }
    }
}

impl Caller {
    pub(crate) fn new(key: Arc<AccessKey>, region: Arc<str>, resource: Arc<str>) -> Self {
        Self { key, region, resource }
    }

    pub(crate) fn renewed(&self, directory: &Directory) -> Result<Self, Refusal> {
        let key = directory.key(&self.key.id).filter(|key| key.is(&self.key)).ok_or(Refusal::UnknownKey)?;
        Ok(Self::new(Arc::clone(key), Arc::clone(&self.region), Arc::clone(directory.resource())))
    }

    /// The principal's ARN: what tells callers apart.
    pub fn arn(&self) -> &str {
        &self.key.principal.arn
    }

    /// The account of the principal.
    pub fn account(&self) -> &str {
        &self.key.principal.account
    }

    /// Whether the principal's policies allow the action: one statement that allows it applies, none that denies it.
    ///
    /// # Errors
    ///
    /// [`Denied`], which prints the service's text.
    pub fn authorize(&self, action: Action, context: &Context<'_>) -> Result<(), Denied> {
        let is_allowed = match (action, context.language) {
            // The stream of the property graph has no language of its own: it is read by whoever may in either.
            (Action::GetStreamRecords, None | Some(Language::Gremlin | Language::OpenCypher)) => {
                [Language::Gremlin, Language::OpenCypher]
                    .iter()
                    .any(|language| self.is_allowed(action, Some(*language), context))
            }
            (action, language) => self.is_allowed(action, language.filter(|_| action.has_language()), context),
        };
        if is_allowed {
            return Ok(());
        }
        let principal = Arc::clone(&self.key.principal.arn);
        Err(Denied { principal, action, resource: Arc::clone(&self.resource) })
    }

    /// The same for all that a query may do: each kind of access must be allowed.
    ///
    /// # Errors
    ///
    /// [`Denied`] for the first that is not.
    pub fn authorize_access(&self, access: Access, context: &Context<'_>) -> Result<(), Denied> {
        access.actions().try_for_each(|action| self.authorize(action, context))
    }

    fn is_allowed(&self, action: Action, language: Option<Language>, context: &Context<'_>) -> bool {
        let principal = &*self.key.principal;
        let keys = Keys {
            principal,
            issued: self.key.issued,
            region: &self.region,
            language,
            source_ip: context.source_ip,
            is_secure: context.secure_transport,
            user_agent: context.user_agent,
            now: context.now,
        };
        let request = Request { action, resource: &self.resource, keys };
        let mut is_allowed = false;
        for policy in &principal.policies {
            match policy.effect(&request) {
                Some(Effect::Deny) => return false,
                Some(Effect::Allow) => is_allowed = true,
                None => {}
            }
        }
        is_allowed
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Caller").field(&self.arn()).finish()
    }
}

/// An action that no policy allows or one denies: for the service, 403 `AccessDeniedException`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("User: {principal} is not authorized to perform: {} on resource: {resource}", action.name())]
pub struct Denied {
    /// The ARN of who asked.
    pub principal: Arc<str>,
    /// What for.
    pub action: Action,
    /// The ARN of the database, with `/*`.
    pub resource: Arc<str>,
}
