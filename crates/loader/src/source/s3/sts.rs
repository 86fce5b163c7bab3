//! Roles that are assumed: one request to the configured STS endpoint each, and its keys kept until shortly before they
//! expire.
//!
//! Of a chain of roles each is assumed with the keys of the one before it. The endpoint comes from configuration alone; of a
//! request comes the role's ARN, which is checked before it is sent.
//! **Source**: STS API reference, AssumeRole; `spec/loader.md` §2.12, `design.md` §9.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::client::{HttpRequest, HttpRequestBody};
use reqwest::{Client, Method, Url};
use tokio::sync::Mutex;

use super::failure::{self, Failure};
use super::{encode, listing};
use crate::source::S3Keys;
use crate::source::credentials::Signer;

/// No answer with a set of keys has any business being longer.
const MAX_ANSWER: usize = 64 << 10;

/// Keys are asked for anew this long before they expire, or after four fifths of their time if that is later.
const MARGIN: Duration = Duration::from_mins(5);

/// Where roles are assumed.
#[derive(Clone, Debug)]
pub(crate) struct Sts {
    pub(super) client: Client,
    pub(super) endpoint: Url,
}

impl Sts {
    /// The keys of `role`, assumed with those of `base`. Asks for nothing yet.
    pub(crate) fn assume(&self, role: &str, region: &str, base: Signer) -> Signer {
        let (role, region) = (role.to_owned(), region.to_owned());
        Signer::Assumed(Arc::new(Assumed { sts: self.clone(), role, region, base, kept: Mutex::default() }))
    }
}

/// A role's keys, as long as they are good.
#[derive(Debug)]
pub(crate) struct Assumed {
    sts: Sts,
    role: String,
    region: String,
    base: Signer,
    /// Held while they are asked for, so that many requests ask once.
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug)]
struct Kept {
    keys: Arc<AwsCredential>,
    renew_at: Timestamp,
}

impl Assumed {
    /// The keys, asked for if there are none or they expire soon.
    pub(crate) async fn keys(&self) -> Result<Arc<AwsCredential>, Failure> {
        let mut kept = self.kept.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| Timestamp::now() < kept.renew_at) {
            return Ok(Arc::clone(&kept.keys));
        }
        let fresh = self.ask().await?;
        Ok(Arc::clone(&kept.insert(fresh).keys))
    }

    async fn ask(&self) -> Result<Kept, Failure> {
        let Some(base) = Box::pin(self.base.keys()).await? else {
            return Err(self.refused("a role can be assumed with keys only, and there are none", false));
        };
        let mut form =
            "Action=AssumeRole&Version=2011-06-15&DurationSeconds=3600&RoleSessionName=halimede&RoleArn=".to_owned();
        encode(&self.role, false, &mut form);
        let mut signed = HttpRequest::new(HttpRequestBody::from(form.clone().into_bytes()));
        *signed.method_mut() = Method::POST;
        let uri = self.sts.endpoint.as_str().parse();
        *signed.uri_mut() = uri.map_err(|_| self.refused("the endpoint's URL cannot be used", false))?;
        AwsAuthorizer::new(&base, "sts", &self.region)
            .try_authorize(&mut signed, None)
            .map_err(|error| self.refused(&failure::chain(&error), false))?;
        let request = self.sts.client.post(self.sts.endpoint.clone()).headers(std::mem::take(signed.headers_mut()));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        let asked_at = Timestamp::now();
        let mut response = request.send().await.map_err(|error| self.refused(&failure::chain(&error), true))?;
        if response.status().is_redirection() {
            return Err(self.refused("it answered with a redirect, and none is followed", false));
        }
        if !response.status().is_success() {
            let told = Failure::of_response(response).await;
            return Err(self.refused(&told.to_string(), told.may_pass()));
        }
        let answer = failure::read_bounded(&mut response, MAX_ANSWER).await;
        let answer = answer.map_err(|failure| self.refused(&failure.to_string(), failure.may_pass()))?;
        let (keys, expiration) = parse(&answer).map_err(|why| self.refused(&why, false))?;
        let Ok(Signer::Keys(keys)) = Signer::of(keys) else {
            return Err(self.refused("its answer holds characters that no key has", false));
        };
        let lasts = expiration.duration_since(asked_at).as_secs_f64().max(0.0);
        let good = (lasts - MARGIN.as_secs_f64()).max(lasts * 0.8);
        let renew_at = asked_at.saturating_add(Duration::from_secs_f64(good)).unwrap_or(asked_at);
        Ok(Kept { keys, renew_at })
    }

    fn refused(&self, why: &str, may_pass: bool) -> Failure {
        let hint = "Check --sts-endpoint, and that the role's trust policy names the keys that the server uses";
        Failure::Credentials { why: format!("{} could not be assumed: {why}. {hint}", self.role), may_pass }
    }
}

/// Reads an AssumeRoleResponse; the error says what is wrong with it.
fn parse(xml: &[u8]) -> Result<(S3Keys, Timestamp), String> {
    let (mut access_key, mut secret_key, mut token, mut expiration) = (None, None, None, None);
    listing::elements(xml, |path, text| {
        if let ["AssumeRoleResponse", "AssumeRoleResult", "Credentials", field] = path {
            let text = Some(text.trim().to_owned());
            match *field {
                "AccessKeyId" => access_key = text,
                "SecretAccessKey" => secret_key = text,
                "SessionToken" => token = text,
                "Expiration" => expiration = text,
                _ => {}
            }
        }
        Ok(())
    })?;
    let (Some(access_key), Some(secret_key), Some(expiration)) = (access_key, secret_key, expiration) else {
        return Err("its answer holds no keys".to_owned());
    };
    let expiration = expiration.parse().map_err(|_| format!("its answer's keys expire at '{expiration}'"))?;
    Ok((S3Keys { access_key, secret_key, session_token: token }, expiration))
}

/// Whether `text` is the ARN of a role.
pub(crate) fn is_role(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let &["arn", partition, "iam", "", account, resource] = &parts[..] else { return false };
    let name = resource.strip_prefix("role/").unwrap_or_default();
    (partition == "aws" || partition.starts_with("aws-"))
        && partition.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && (1..=576).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=.@_/-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_keys_and_their_end() {
        let answer = |fields: &str| {
            format!(
                "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials>{fields}\
                 </Credentials></AssumeRoleResult></AssumeRoleResponse>"
            )
        };
        let keys =
            "<AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s/+</SecretAccessKey><SessionToken>t==</SessionToken>";
        let whole = answer(&format!("{keys}<Expiration>2030-01-02T03:04:05Z</Expiration>"));
        let (found, expiration) = parse(whole.as_bytes()).unwrap();
        let expected = S3Keys {
            access_key: "ASIA1".to_owned(),
            secret_key: "s/+".to_owned(),
            session_token: Some("t==".to_owned()),
        };
        assert!(found == expected);
        assert_eq!(expiration.to_string(), "2030-01-02T03:04:05Z");
        for bad in
            [String::new(), answer(keys), answer(&format!("{keys}<Expiration>soon</Expiration>")), "<a>".to_owned()]
        {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_role_is_told_from_other_text() {
        for role in ["arn:aws:iam::000000000000:role/r", "arn:aws-cn:iam::123456789012:role/path/to/r+=.@_-1"] {
            assert!(is_role(role), "{role}");
        }
        for other in [
            "",
            "role/r",
            "arn:aws:iam::1:role/r",
            "arn:aws:iam::000000000000:user/u",
            "arn:aws:iam::000000000000:role/",
            "arn:gcp:iam::000000000000:role/r",
            "arn:aws:iam:eu:000000000000:role/r",
            "arn:aws:iam::000000000000:role/r&Action=x",
            "arn:aws:iam::000000000000:role/ü",
        ] {
            assert!(!is_role(other), "{other}");
        }
    }
}
