//! What the Rust SDK's signer signs is verified, and nothing that was changed after it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use auth::{Claim, Directory, Head, Refusal, Settings, sha256};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use jiff::Timestamp;
use proptest::prelude::*;

const KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLE==";
/// 2026-06-15T12:00:00Z
const NOW: i64 = 1_781_524_800;

/// A request before it is signed, and how.
#[derive(Clone, Debug)]
struct Request {
    method: &'static str,
    path: String,
    query: Option<String>,
    headers: BTreeMap<&'static str, String>,
    body: Vec<u8>,
    region: &'static str,
    has_token: bool,
    declares_hash: bool,
    is_normalized: bool,
}

/// A signed request as it comes off the wire.
#[derive(Clone, Debug)]
struct Wire {
    method: String,
    path: String,
    query: Option<String>,
    headers: Vec<(String, Vec<u8>)>,
    body_sha256: [u8; 32],
}

impl Request {
    fn sign(&self) -> Wire {
        let token = self.has_token.then(|| TOKEN.to_owned());
        let identity = Credentials::new(KEY, SECRET, token, None, "test").into();
        let mut settings = SigningSettings::default();
        if self.declares_hash {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        if !self.is_normalized {
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        }
        let params = SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name("neptune-db")
            .time(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.unsigned_abs()))
            .settings(settings)
            .build()
            .expect("all is said")
            .into();
        let query = self.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        let uri = format!("http://db.example:8182{}{query}", self.path);
        let headers = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let signable =
            SignableRequest::new(self.method, uri, headers, SignableBody::Bytes(&self.body)).expect("it is a request");
        let (instructions, _) = sign(signable, &params).expect("it can be signed").into_parts();
        let mut sent: Vec<(String, Vec<u8>)> = vec![("host".into(), b"db.example:8182".into())];
        sent.extend(self.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes())));
        sent.extend(instructions.headers().map(|(name, value)| (name.to_ascii_lowercase(), value.as_bytes().to_vec())));
        Wire {
            method: self.method.to_owned(),
            path: self.path.clone(),
            query: self.query.clone(),
            headers: sent,
            body_sha256: sha256(&self.body),
        }
    }
}

impl Wire {
    fn verify(&self, directory: &Directory) -> Result<(), Refusal> {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        let head = Head::http(&self.method, &self.path, self.query.as_deref(), headers);
        let now = Timestamp::from_second(NOW).expect("an instant of 2026");
        let claim = Claim::read(&head, directory, now, &Settings::default())?;
        claim.check_head()?;
        claim.verify(&self.body_sha256).map(drop)
    }

    fn is_signed(&self, name: &str) -> bool {
        let (_, authorization) = self.headers.iter().find(|(name, _)| name == "authorization").expect("it is signed");
        let text = String::from_utf8_lossy(authorization).into_owned();
        let (_, list) = text.split_once("SignedHeaders=").expect("of the one form");
        list.split([';', ',']).take_while(|name| !name.starts_with(' ')).any(|other| other == name)
    }

    /// This request with one byte changed, for each byte that is signed, and for those of the signature.
    fn changes(&self, seed: u8) -> Vec<(String, Wire)> {
        let mut changes = Vec::new();
        for (at, method) in changed(self.method.as_bytes(), seed) {
            changes.push((format!("method, byte {at}"), Wire { method, ..self.clone() }));
        }
        for (at, path) in changed(self.path.as_bytes(), seed) {
            changes.push((format!("path, byte {at}"), Wire { path, ..self.clone() }));
        }
        for (at, query) in changed(self.query.as_deref().unwrap_or_default().as_bytes(), seed) {
            // Of `%2f` and `%2F` nobody can say which was signed, and they mean the same.
            if pairs(&query) != pairs(self.query.as_deref().unwrap_or_default()) {
                changes.push((format!("query, byte {at}: {query}"), Wire { query: Some(query), ..self.clone() }));
            }
        }
        for (index, (name, value)) in self.headers.iter().enumerate() {
            if name != "authorization" && !self.is_signed(name) {
                continue;
            }
            for (at, name) in changed(name.as_bytes(), seed) {
                let mut wire = self.clone();
                wire.headers[index].0 = name;
                changes.push((format!("name of header {index}, byte {at}"), wire));
            }
            for (at, value) in changed(value, seed) {
                let mut wire = self.clone();
                wire.headers[index].1 = value.into_bytes();
                changes.push((format!("{name}, byte {at}"), wire));
            }
        }
        for at in 0..32 {
            let mut wire = self.clone();
            wire.body_sha256[at] ^= seed | 1;
            changes.push((format!("hash of the body, byte {at}"), wire));
        }
        changes
    }
}

/// The text with each byte in turn replaced by another printable one.
fn changed(text: &[u8], seed: u8) -> impl Iterator<Item = (usize, String)> {
    (0..text.len()).filter_map(move |at| {
        let mut changed = text.to_vec();
        let old = changed[at];
        // Steps through what can be printed; a seed of 0 is a change by one.
        changed[at] = b'!' + (old.wrapping_sub(b'!').wrapping_add(1 + seed % 93)) % 94;
        (changed[at] != old).then(|| Some((at, String::from_utf8(changed).ok()?))).flatten()
    })
}

/// What a query says, whatever its order and its escapes.
fn pairs(query: &str) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    pairs.sort();
    pairs
}

fn directory(has_token: bool) -> Directory {
    let token = if has_token { format!("\"{TOKEN}\"") } else { "null".to_owned() };
    let text = format!(
        r#"{{"principals": [{{"arn": "arn:aws:iam::000000000000:user/ann", "accessKeys": [{{"accessKeyId": "{KEY}",
            "secretAccessKey": "{SECRET}", "sessionToken": {token}}}]}}]}}"#
    );
    Directory::from_json(Path::new("iam.json"), &text).expect("the file is good")
}

/// Requests such as clients send, with paths that are tidy: an untidy one means the same as another.
fn requests() -> impl Strategy<Value = Request> {
    let path = prop::collection::vec("([a-zA-Z0-9_~:@!$&'()*+,;=-]|%20|%2F|%c3%a9){1,8}", 0..4);
    let pair = "([a-zA-Z0-9_.~*!'():,@/?+-]|%20|%2B|%26|%e2%82%ac){1,8}(=([a-zA-Z0-9_.~*!'():,@/?+=-]|%20|%3d){0,8})?";
    let query = prop::option::of(prop::collection::vec(pair, 1..4).prop_map(|pairs| pairs.join("&")));
    let name = prop::sample::select(vec!["accept", "content-type", "x-amz-meta", "amz-sdk-invocation-id", "te"]);
    let headers = prop::collection::btree_map(name, "[a-z]([ -~]{0,10}[!-~])?", 0..4);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let parts = (
        prop::sample::select(vec!["GET", "POST", "DELETE", "PUT"]),
        path,
        query,
        headers,
        prop::collection::vec(any::<u8>(), 0..64),
        prop::sample::select(vec!["us-east-1", "eu-west-1", "us-gov-west-1"]),
        flags,
    );
    parts.prop_map(|(method, path, query, headers, body, region, flags)| {
        let (has_token, declares_hash, is_normalized, has_slash) = flags;
        let slash = if has_slash && !path.is_empty() { "/" } else { "" };
        let path = format!("/{}{slash}", path.join("/"));
        Request { method, path, query, headers, body, region, has_token, declares_hash, is_normalized }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_signed_request_verifies_until_one_byte_of_it_is_changed(request in requests(), seed: u8) {
        let wire = request.sign();
        let directory = directory(request.has_token);
        prop_assert_eq!(wire.verify(&directory), Ok(()));
        for (what, changed) in wire.changes(seed) {
            prop_assert!(changed.verify(&directory).is_err(), "{}: {:?}", what, changed);
        }
    }
}

#[test]
fn paths_that_are_not_tidy_verify_both_ways() {
    for path in ["/", "//", "/loader//x", "/loader/./x", "/a/../loader", "/loader/x/", "/loader/..", "/.."] {
        for is_normalized in [true, false] {
            let request = Request {
                method: "GET",
                path: path.to_owned(),
                query: Some("loadId=a+b&details".to_owned()),
                headers: BTreeMap::new(),
                body: Vec::new(),
                region: "us-east-1",
                has_token: false,
                declares_hash: false,
                is_normalized,
            };
            assert_eq!(request.sign().verify(&directory(false)), Ok(()), "{path}, normalized: {is_normalized}");
        }
    }
}
