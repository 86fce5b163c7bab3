//! One identity of the IAM file.

use std::sync::Arc;

use super::is_account;
use crate::policy::Policy;

/// Somebody who may sign.
#[derive(Debug)]
pub(crate) struct Principal {
    /// The ARN by which refusals call it.
    pub(crate) arn: Arc<str>,
    /// The ARN that policies see: for a session of a role that of the role.
    pub(crate) policy_arn: String,
    pub(crate) account: String,
    pub(crate) kind: Kind,
    /// `aws:username`: of users only.
    pub(crate) username: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) policies: Vec<Arc<Policy>>,
}

/// The sorts of principals that `aws:PrincipalType` tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Account,
    User,
    AssumedRole,
    FederatedUser,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Account => "Account",
            Self::User => "User",
            Self::AssumedRole => "AssumedRole",
            Self::FederatedUser => "FederatedUser",
        }
    }
}

impl Principal {
    /// The principal of this ARN, without tags and policies; `None` if it is no ARN of a principal.
    pub(super) fn of(arn: &str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        let mut part = || parts.next();
        let (scheme, partition, service, region, account, name) =
            (part()?, part()?, part()?, part()?, part()?, part()?);
        if scheme != "arn" || !partition.starts_with("aws") || !region.is_empty() || !is_account(account) {
            return None;
        }
        if name.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return None;
        }
        let mut policy_arn = arn.to_owned();
        let (kind, username) = match (service, name.split_once('/')) {
            ("iam", None) if name == "root" => (Kind::Account, None),
            ("iam", Some(("user", path))) => (Kind::User, Some(last(path)?.to_owned())),
            ("iam", Some(("role", path))) => {
                last(path)?;
                (Kind::AssumedRole, None)
            }
            ("sts", Some(("assumed-role", path))) => {
                let (role, session) =
                    path.split_once('/').filter(|(role, session)| !role.is_empty() && !session.is_empty())?;
                if session.contains('/') {
                    return None;
                }
                policy_arn = format!("arn:{partition}:iam::{account}:role/{role}");
                (Kind::AssumedRole, None)
            }
            ("sts", Some(("federated-user", name))) if !name.is_empty() => (Kind::FederatedUser, None),
            _ => return None,
        };
        Some(Self {
            arn: arn.into(),
            policy_arn,
            account: account.to_owned(),
            kind,
            username,
            user_id: None,
            tags: Vec::new(),
            policies: Vec::new(),
        })
    }
}

/// The name at the end of a path.
fn last(path: &str) -> Option<&str> {
    path.rsplit('/').next().filter(|name| !name.is_empty())
}
