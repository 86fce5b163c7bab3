//! The condition keys of a request, by name.

use std::borrow::Cow;
use std::net::IpAddr;

use jiff::Timestamp;

use crate::Language;
use crate::directory::Principal;

/// What a request carries for conditions and variables. **Source**: `spec/iam.md` §4.
#[derive(Clone, Copy)]
pub(crate) struct Keys<'a> {
    pub(crate) principal: &'a Principal,
    /// When the session token was issued.
    pub(crate) issued: Option<Timestamp>,
    /// The region of the signature's scope.
    pub(crate) region: &'a str,
    pub(crate) language: Option<Language>,
    pub(crate) source_ip: Option<IpAddr>,
    pub(crate) is_secure: bool,
    pub(crate) user_agent: Option<&'a str>,
    pub(crate) now: Timestamp,
}

impl<'a> Keys<'a> {
    /// The value of a key, given in lower case. Nothing here is about tags of requests or resources, organisations or
    /// services that act for others, so those keys are absent.
    pub(super) fn get(&self, key: &str) -> Option<Cow<'a, str>> {
        let whether = |is: bool| if is { "true" } else { "false" };
        let borrowed = match key {
            "neptune-db:querylanguage" => self.language?.name(),
            // To the second, so that a moment can be equal to one that a policy names.
            "aws:currenttime" => return Some(Timestamp::from_second(self.now.as_second()).ok()?.to_string().into()),
            "aws:epochtime" => return Some(self.now.as_second().to_string().into()),
            "aws:tokenissuetime" => return Some(self.issued?.to_string().into()),
            "aws:principalaccount" => &self.principal.account,
            "aws:principalarn" => &self.principal.policy_arn,
            "aws:principaltype" => self.principal.kind.name(),
            "aws:principalisawsservice" | "aws:viaawsservice" => "false",
            "aws:username" => self.principal.username.as_ref()?,
            "aws:userid" => self.principal.user_id.as_ref()?,
            "aws:requestedregion" => self.region,
            "aws:securetransport" => whether(self.is_secure),
            "aws:sourceip" => return Some(self.source_ip?.to_canonical().to_string().into()),
            "aws:useragent" => self.user_agent?,
            _ => {
                let tag = key.strip_prefix("aws:principaltag/")?;
                let (_, value) = self.principal.tags.iter().find(|(name, _)| name.to_lowercase() == tag)?;
                value
            }
        };
        Some(borrowed.into())
    }
}
