//! Who asks, and may they: Signature Version 4 and IAM policies. Knows no HTTP library, no store, no clock.
//!
//! A [`Realm`] holds the IAM file of the server, a [`Directory`], and reads it again when it changes. A request is checked
//! in two steps, so that nobody's body is read who does not belong: [`Claim::read`] looks at the head alone,
//! [`Claim::verify`] takes the hash of the body and answers the [`Caller`]. What the caller may do, its policies say:
//! [`Caller::authorize`].
//!
//! - **Errors**: a [`Refusal`] or a [`Denied`] prints the text that the service documents, and both are its 403
//!   `AccessDeniedException`. An [`Error`] is for whoever wrote the IAM file.
//! - **Secrets** are in no error, no `Debug` and no log line: see [`Secret`].
//! - **Source**: `spec/iam.md`, `spec/errors.md` §4.

mod access;
mod action;
mod caller;
mod canonical;
mod claim;
mod directory;
mod error;
mod head;
mod instant;
mod json;
mod network;
mod policy;
mod realm;
mod refusal;
mod secret;
mod signature;
mod signer;

pub use access::{Access, Accesses, Language};
pub use action::Action;
pub use caller::{Caller, Context, Denied};
pub use claim::{Claim, Settings};
pub use directory::Directory;
pub use error::Error;
pub use head::Head;
pub use network::{Network, NotANetwork};
pub use realm::{Realm, Refresh};
pub use refusal::Refusal;
pub use secret::Secret;
pub use signature::{EMPTY_SHA256, sha256};
pub use signer::Signer;

/// For the fuzz target of policies only: whether the owner of an access key may do each of [`Action::ALL`].
#[doc(hidden)]
pub fn fuzz_decisions(directory: &Directory, access_key: &str, now: jiff::Timestamp) -> Vec<bool> {
    let Some(key) = directory.key(access_key) else { return Vec::new() };
    let caller =
        Caller::new(std::sync::Arc::clone(key), "us-east-1".into(), std::sync::Arc::clone(directory.resource()));
    let context = Context { language: Some(Language::Sparql), user_agent: Some("a*c"), ..Context::new(now) };
    Action::ALL.iter().map(|action| caller.authorize(*action, &context).is_ok()).collect()
}
