//! Signing: what a client sends, in the words that [`crate::Claim`] reads.

use jiff::Timestamp;
use ring::hmac;

use crate::head::Head;
use crate::signature::{self, ALGORITHM, Scope, TERMINATOR};
use crate::{Secret, canonical, instant};

/// Keys to sign requests with.
#[derive(Clone, Debug)]
pub struct Signer {
    /// The access key's id.
    pub access_key: String,
    /// Its secret.
    pub secret: Secret,
    /// The session token of temporary keys.
    pub session_token: Option<String>,
    /// The region that signatures are for.
    pub region: String,
}

impl Signer {
    /// The headers to add to a request of this moment. Path and query as they are sent; `host` as in the `Host` header.
    pub fn headers(
        &self,
        method: &str,
        path: &str,
        query: Option<&str>,
        host: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Vec<(&'static str, String)> {
        let date = instant::basic(now);
        let mut added = vec![("x-amz-date", date.clone())];
        added.extend(self.session_token.clone().map(|token| ("x-amz-security-token", token)));
        let mut names = vec!["host"];
        names.extend(added.iter().map(|(name, _)| *name));
        let names = names.join(";");
        let sent = added.iter().map(|(name, value)| (*name, value.as_bytes()));
        let head = Head::http(method, path, query, std::iter::once(("host", host.as_bytes())).chain(sent));
        // The likeliest of the canonical texts comes first, and there is always one.
        let canonical = canonical::texts(&head, &names).swap_remove(0) + &signature::hex(&signature::sha256(body));
        let day = date.get(..8).unwrap_or_default().to_owned();
        let scope = Scope { day, region: self.region.clone(), service: crate::claim::SERVICE.to_owned() };
        let text = scope.string_to_sign(&date, &signature::sha256(canonical.as_bytes()));
        let tag = hmac::sign(&scope.key(&self.secret), text.as_bytes());
        let Scope { day, region, service } = &scope;
        added.push((
            "authorization",
            format!(
                "{ALGORITHM} Credential={}/{day}/{region}/{service}/{TERMINATOR}, SignedHeaders={names}, Signature={}",
                self.access_key,
                signature::hex(tag.as_ref())
            ),
        ));
        added
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{Claim, Directory, Settings};

    #[test]
    fn what_is_signed_here_is_verified_here() {
        let directory = Directory::from_json(
            Path::new("iam.json"),
            r#"{"principals": [{"arn": "arn:aws:iam::000000000000:user/ann", "policies": [], "accessKeys": [
                {"accessKeyId": "ANN", "secretAccessKey": "secret"},
                {"accessKeyId": "TMP", "secretAccessKey": "secret", "sessionToken": "token"}]}]}"#,
        )
        .unwrap();
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        for (access_key, session_token) in [("ANN", None), ("TMP", Some("token".to_owned()))] {
            let signer = Signer {
                access_key: access_key.to_owned(),
                secret: Secret::new("secret"),
                session_token,
                region: "eu-west-1".to_owned(),
            };
            for (method, path, query, body) in [
                ("GET", "/status", None, ""),
                ("DELETE", "/loader/a%20b", None, ""),
                ("GET", "/loader", Some("limit=3&details=true"), ""),
                ("POST", "/loader", None, r#"{"source": "s3://b/"}"#),
            ] {
                let mut headers = signer.headers(method, path, query, "localhost:8182", body.as_bytes(), now);
                headers.push(("host", "localhost:8182".to_owned()));
                let head =
                    Head::http(method, path, query, headers.iter().map(|(name, value)| (*name, value.as_bytes())));
                let claim = Claim::read(&head, &directory, now, &Settings::default()).unwrap();
                assert!(claim.verify(&signature::sha256(body.as_bytes())).is_ok(), "{method} {path}");
            }
        }
    }
}
