//! The IAM file: who there is, which keys they have, which policies bind them.
//!
//! - **Shape**: `design.md` §6. Every member is known or refused by name; policies are IAM policy documents or names of
//!   files beside the IAM file.
//! - **Errors**: all of them name the file, the path within it, and what was expected; none shows a secret.

mod files;
mod principal;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::json::{Fault, Node, Place, excerpt};
use crate::policy::Policy;
use crate::{Error, Secret, instant, signature};
pub(crate) use files::{Files, Stamp};
pub(crate) use principal::Principal;

/// The parsed IAM file.
#[derive(Debug)]
pub struct Directory {
    region: Arc<str>,
    resource: Arc<str>,
    keys: HashMap<String, Arc<AccessKey>>,
}

/// One access key, and whose it is.
#[derive(Debug)]
pub(crate) struct AccessKey {
    pub(crate) id: Box<str>,
    pub(crate) secret: Secret,
    /// The hash of the session token, for temporary keys: who compares hashes tells nothing by the time it takes.
    pub(crate) token_sha256: Option<[u8; 32]>,
    pub(crate) expiration: Option<Timestamp>,
    /// When the session token was issued.
    pub(crate) issued: Option<Timestamp>,
    pub(crate) principal: Arc<Principal>,
}

impl AccessKey {
    /// Whether whoever has the one has the other.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.id == other.id && self.secret.reveal() == other.secret.reveal() && self.token_sha256 == other.token_sha256
    }
}

impl Directory {
    /// Reads the file and the policy files that it names.
    ///
    /// # Errors
    ///
    /// See [`Error`]. Nothing of a file with an error is used.
    pub fn load(file: &Path) -> Result<Self, Error> {
        Self::read(&mut Files::new(file))
    }

    pub(crate) fn read(files: &mut Files) -> Result<Self, Error> {
        let text = files.iam()?;
        let node = Files::parse(&files.iam_file(), &text)?;
        Self::parse(&node, files).map_err(|wrong| wrong.into_error(files.iam_file()))
    }

    /// Reads a document that names no policy files.
    ///
    /// # Errors
    ///
    /// See [`Error`]: of the kinds for documents, with `file` as their file.
    pub fn from_json(file: &Path, text: &str) -> Result<Self, Error> {
        let node = Files::parse(file, text)?;
        Self::parse(&node, &mut Files::none(file)).map_err(|wrong| wrong.into_error(file.to_owned()))
    }

    /// The access key of this id.
    pub(crate) fn key(&self, id: &str) -> Option<&Arc<AccessKey>> {
        self.keys.get(id)
    }

    /// The resource of every request: the ARN of the database, with `/*`.
    pub fn resource(&self) -> &Arc<str> {
        &self.resource
    }

    /// The region that the file places the database in.
    pub fn region(&self) -> &Arc<str> {
        &self.region
    }

    fn parse(node: &Node, files: &mut Files) -> Result<Self, Wrong> {
        let members = Place::ROOT.members(node, &["accountId", "region", "clusterResourceId", "principals"])?;
        let account = match members.optional_text("accountId")? {
            None => "000000000000",
            Some((_, text)) if is_account(text) => text,
            Some((place, text)) => return Err(place.fault(expected("an account id of 12 digits", text)).into()),
        };
        let region = match members.optional_text("region")? {
            None => "us-east-1",
            Some((_, text)) if is_name(text) => text,
            Some((place, text)) => return Err(place.fault(expected("a region like us-east-1", text)).into()),
        };
        let cluster = match members.optional_text("clusterResourceId")? {
            None => "cluster-LOCAL",
            Some((_, text)) if is_name(text) => text,
            Some((place, text)) => {
                return Err(place.fault(expected("a resource id of letters, digits and hyphens", text)).into());
            }
        };
        let partition = match region {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        let mut directory = Self {
            region: region.into(),
            resource: format!("arn:{partition}:neptune-db:{region}:{account}:{cluster}/*").into(),
            keys: HashMap::new(),
        };
        let (place, principals) = members.required("principals")?;
        let mut arns = HashSet::new();
        for (index, node) in place.list(principals)?.iter().enumerate() {
            directory.add(&place.item(index), node, &mut arns, files)?;
        }
        Ok(directory)
    }

    fn add<'n>(
        &mut self,
        place: &Place<'_>,
        node: &'n Node,
        arns: &mut HashSet<&'n str>,
        files: &mut Files,
    ) -> Result<(), Wrong> {
        let members = place.members(node, &["arn", "accessKeys", "userId", "tags", "policies"])?;
        let (arn_place, arn) = members.required_text("arn")?;
        let Some(mut principal) = Principal::of(arn) else {
            let what = "the ARN of a user, role, session or root, like arn:aws:iam::000000000000:user/ann";
            return Err(arn_place.fault(expected(what, arn)).into());
        };
        if !arns.insert(arn) {
            return Err(arn_place.fault(format!("{} is there twice", excerpt(arn))).into());
        }
        if let Some((_, id)) = members.optional_text("userId")? {
            principal.user_id = Some(id.to_owned());
        }
        if let Some((place, tags)) = members.optional("tags") {
            principal.tags = read_tags(&place, tags)?;
        }
        if let Some((place, policies)) = members.optional("policies") {
            for (index, node) in place.list(policies)?.iter().enumerate() {
                principal.policies.push(read_policy(&place.item(index), node, files)?);
            }
        }
        let principal = Arc::new(principal);
        if let Some((place, keys)) = members.optional("accessKeys") {
            for (index, node) in place.list(keys)?.iter().enumerate() {
                self.add_key(&place.item(index), node, &principal)?;
            }
        }
        Ok(())
    }

    fn add_key(&mut self, place: &Place<'_>, node: &Node, principal: &Arc<Principal>) -> Result<(), Fault> {
        let known = ["accessKeyId", "secretAccessKey", "sessionToken", "expiration", "issued"];
        let members = place.members(node, &known)?;
        let (id_place, id) = members.required_text("accessKeyId")?;
        if id.is_empty() || id.len() > 128 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(id_place.fault(expected("up to 128 letters, digits and underscores", id)));
        }
        let (secret_place, secret) = members.required_text("secretAccessKey")?;
        if secret.is_empty() {
            return Err(secret_place.fault("expected a secret key, found an empty string"));
        }
        let token = members.optional_text("sessionToken")?;
        if let Some((place, "")) = token {
            return Err(place.fault("expected a session token or null, found an empty string"));
        }
        let instant = |name| -> Result<Option<Timestamp>, Fault> {
            let Some((place, text)) = members.optional_text(name)? else { return Ok(None) };
            let instant = instant::parse_any(text);
            instant.map(Some).ok_or_else(|| place.fault(expected("an instant like 2030-01-31T00:00:00Z", text)))
        };
        let key = AccessKey {
            id: id.into(),
            secret: Secret::new(secret),
            token_sha256: token.map(|(_, token)| signature::sha256(token.as_bytes())),
            expiration: instant("expiration")?,
            issued: instant("issued")?,
            principal: Arc::clone(principal),
        };
        if self.keys.insert(id.to_owned(), Arc::new(key)).is_some() {
            return Err(id_place.fault(format!("access key {id} is there twice")));
        }
        Ok(())
    }
}

/// What is wrong with what was parsed: in this file, or in a policy file with an error of its own.
enum Wrong {
    Here(Fault),
    Elsewhere(Error),
}

impl Wrong {
    fn into_error(self, file: std::path::PathBuf) -> Error {
        match self {
            Self::Here(Fault { place, problem }) => Error::Invalid { file, place, problem },
            Self::Elsewhere(error) => error,
        }
    }
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        Self::Here(fault)
    }
}

fn read_tags(place: &Place<'_>, node: &Node) -> Result<Vec<(String, String)>, Fault> {
    let mut tags: Vec<(String, String)> = Vec::new();
    for (name, value) in place.object(node)? {
        let place = place.member(name);
        // IAM keeps the case of a tag's key and ignores it when comparing.
        if tags.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            return Err(place.fault("a tag of this name is there twice (case does not tell tags apart)"));
        }
        tags.push((name.clone(), place.text(value)?.to_owned()));
    }
    Ok(tags)
}

fn read_policy(place: &Place<'_>, node: &Node, files: &mut Files) -> Result<Arc<Policy>, Wrong> {
    match node {
        Node::Text(name) => {
            let what = "a policy document, or the name of a file beside this one without a path";
            let policy = files.policy(name).ok_or_else(|| place.fault(expected(what, name)))?;
            policy.map_err(Wrong::Elsewhere)
        }
        document => Ok(Arc::new(Policy::parse(place, document)?)),
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn expected(what: &str, found: &str) -> String {
    format!("expected {what}, found \"{}\"", excerpt(found))
}
