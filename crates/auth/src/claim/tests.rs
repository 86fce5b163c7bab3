//! Signatures: the published vectors, the texts of refusals, Bolt's credentials.

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use super::{Claim, Settings};
use crate::signature::{self, Scope, hex};
use crate::{Caller, Directory, EMPTY_SHA256, Head, Refusal, Secret, canonical, instant, sha256};

const NOW: &str = "20260615T120000Z";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLE==";

fn instant(text: &str) -> Timestamp {
    instant::parse_basic(text).expect("tests write instants right")
}

fn directory() -> Directory {
    let text = format!(
        r#"{{"principals": [
            {{"arn": "arn:aws:iam::000000000000:user/ann", "accessKeys": [
                {{"accessKeyId": "AKIDANN", "secretAccessKey": "{SECRET}"}},
                {{"accessKeyId": "AKIDOLD", "secretAccessKey": "{SECRET}", "expiration": "2026-06-15T12:00:00Z"}}]}},
            {{"arn": "arn:aws:sts::000000000000:assumed-role/loader/nightly", "accessKeys": [
                {{"accessKeyId": "ASIANIGHTLY", "secretAccessKey": "{SECRET}", "sessionToken": "{TOKEN}",
                  "expiration": "2026-06-15T12:00:01Z"}},
                {{"accessKeyId": "ASIAOVER", "secretAccessKey": "{SECRET}", "sessionToken": "{TOKEN}",
                  "expiration": "2026-06-15T11:00:00Z"}}]}}]}}"#
    );
    Directory::from_json(Path::new("iam.json"), &text).unwrap()
}

/// A request that can be changed in every part between signing and sending.
#[derive(Clone, Debug)]
struct Sent {
    method: String,
    path: String,
    query: Option<String>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Sent {
    fn new(method: &str, path: &str) -> Self {
        let headers = [("host", "db.example:8182"), ("x-amz-date", NOW)];
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: None,
            headers: headers.map(|(name, value)| (name.to_owned(), value.into())).into(),
            body: Vec::new(),
        }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    fn replaced(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self.with(name, value)
    }

    fn head(&self) -> Head<'_> {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        Head::http(&self.method, &self.path, self.query.as_deref(), headers)
    }

    /// Signs what is there, by the first of the canonical texts.
    fn signed(self, key: &str, scope: &str, signed_headers: &str) -> Self {
        let date = self.headers.iter().find(|(name, _)| name == "x-amz-date").unwrap().1.clone();
        let date = String::from_utf8(date).unwrap();
        let mut parts = scope.split('/').map(str::to_owned);
        let mut part = || parts.next().unwrap();
        let of = Scope { day: part(), region: part(), service: part() };
        let declared = self.headers.iter().find(|(name, _)| name == "x-amz-content-sha256");
        let payload = match declared {
            Some((_, value)) if signed_headers.contains("x-amz-content-sha256") => {
                String::from_utf8(value.clone()).unwrap()
            }
            _ => hex(&sha256(&self.body)),
        };
        let text = format!("{}{payload}", canonical::texts(&self.head(), signed_headers)[0]);
        let to_sign = of.string_to_sign(&date, &sha256(text.as_bytes()));
        let tag = ring::hmac::sign(&of.key(&Secret::new(SECRET)), to_sign.as_bytes());
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={signed_headers}, Signature={}",
            hex(tag.as_ref())
        );
        self.with("authorization", &value)
    }

    /// Signs as Ann does.
    fn by_ann(self) -> Self {
        self.signed("AKIDANN", "20260615/us-east-1/neptune-db/aws4_request", "host;x-amz-date")
    }

    fn verified(&self, settings: &Settings) -> Result<Caller, Refusal> {
        let claim = Claim::read(&self.head(), &directory(), instant(NOW), settings)?;
        claim.check_head()?;
        claim.verify(&sha256(&self.body))
    }

    fn refusal(&self) -> String {
        self.verified(&Settings::default()).expect_err("it is refused").to_string()
    }
}

#[test]
fn the_published_vectors_are_verified() {
    let suite: Value = serde_json::from_str(include_str!("../../tests/data/aws-signing-test-suite.json")).unwrap();
    let cases = suite["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 38);
    for case in cases {
        let text = |name: &str| case[name].as_str().unwrap();
        let key = serde_json::json!({
            "accessKeyId": case["access_key"], "secretAccessKey": case["secret"],
            // The one case whose token is added after signing still sends it.
            "sessionToken": case["token"],
        });
        let principal = serde_json::json!({"arn": "arn:aws:iam::000000000000:user/a", "accessKeys": [key]});
        let file = serde_json::json!({"principals": [principal]}).to_string();
        let directory = Directory::from_json(Path::new("iam.json"), &file).unwrap();
        let headers: Vec<(String, &[u8])> = case["headers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| {
                let (name, value) = line.as_str().unwrap().split_once(':').unwrap();
                (name.to_ascii_lowercase(), value.as_bytes())
            })
            .collect();
        let (path, query) =
            text("target").split_once('?').map_or((text("target"), None), |(path, query)| (path, Some(query)));
        let head = Head::http(text("method"), path, query, headers.iter().map(|(name, value)| (name.as_str(), *value)));

        let name = text("name");
        let signed_headers = text("canonical_request").lines().nth_back(1).unwrap();
        let (canonical, hash) = text("canonical_request").rsplit_once('\n').unwrap();
        let texts = canonical::texts(&head, signed_headers);
        assert!(texts.contains(&format!("{canonical}\n")), "{name}: {texts:#?}");
        assert_eq!(hash, hex(&sha256(text("body").as_bytes())), "{name}");

        let date = text("string_to_sign").lines().nth(1).unwrap();
        let settings = Settings { region: Some(text("region").to_owned()), unsigned_payload: false };
        let claim = Claim::read_for(text("service"), &head, &directory, instant(date), &settings)
            .unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        let canonical_sha256 = sha256(text("canonical_request").as_bytes());
        assert_eq!(claim.scope.string_to_sign(date, &canonical_sha256), text("string_to_sign"), "{name}");
        claim.verify(&sha256(text("body").as_bytes())).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
    }
}

/// The example of the documentation of Signature Version 4: the key that is derived for IAM on 2015-08-30.
#[test]
fn the_documented_signing_key_is_derived() {
    let scope = Scope { day: "20150830".into(), region: "us-east-1".into(), service: "iam".into() };
    let canonical = signature::unhex("f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59").unwrap();
    let to_sign = scope.string_to_sign("20150830T123600Z", &canonical);
    let tag =
        ring::hmac::sign(&scope.key(&Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")), to_sign.as_bytes());
    assert_eq!(hex(tag.as_ref()), "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

#[test]
fn a_good_signature_tells_who_it_is() {
    let ann = Sent::new("GET", "/status").by_ann().verified(&Settings::default()).unwrap();
    assert_eq!((ann.arn(), ann.account()), ("arn:aws:iam::000000000000:user/ann", "000000000000"));
    let nightly = Sent::new("GET", "/status")
        .with("x-amz-security-token", TOKEN)
        .signed("ASIANIGHTLY", "20260615/eu-west-1/neptune-db/aws4_request", "host;x-amz-date;x-amz-security-token")
        .verified(&Settings::default())
        .unwrap();
    assert_eq!(nightly.arn(), "arn:aws:sts::000000000000:assumed-role/loader/nightly");
}

#[test]
fn every_refusal_has_its_text() {
    const MALFORMED: &str = "The request did not include the required authorization header, or it was malformed.";
    const INVALID: &str = "The security token included in the request is invalid.";
    const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your \
                            AWS Secret Access Key and signing method. Consult the service documentation for details.";
    let get = || Sent::new("GET", "/status");
    let scope = "20260615/us-east-1/neptune-db/aws4_request";
    let dated = |date: &str| get().replaced("x-amz-date", date);
    let (ann, nightly) = ("AKIDANN", "ASIANIGHTLY");
    let basic = "host;x-amz-date";
    for (sent, expected) in [
        (get(), "Missing Authentication Token"),
        (get().with("authorization", ""), "Missing Authentication Token"),
        (get().with("authorization", "Basic YTpi"), MALFORMED),
        (get().by_ann().with("authorization", "AWS4-HMAC-SHA256 x"), MALFORMED),
        (get().signed(ann, "20260615/eu-west-1/neptune-db/aws4_request", basic), MISMATCH_REGION),
        (
            get().signed(ann, "20260615/us-east-1/s3/aws4_request", basic),
            "Credential should be scoped to correct service: 'neptune-db'.",
        ),
        (
            get().signed(ann, "20260615/us-east-1/neptune-db/aws5_request", basic),
            "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'.",
        ),
        (
            get().signed(ann, "20260614/us-east-1/neptune-db/aws4_request", basic),
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260614' != \
             '20260615', from '20260615T120000Z'.",
        ),
        (
            dated("20260615T115459Z").by_ann(),
            "Signature expired: 20260615T115459Z is now earlier than 20260615T115500Z (20260615T120000Z - 5 min.)",
        ),
        (
            dated("20260615T120501Z").by_ann(),
            "Signature not yet current: 20260615T120501Z is still later than 20260615T120500Z (20260615T120000Z + 5 min.)",
        ),
        (
            dated("2026-06-15T12:00:00Z").by_ann(),
            "Date must be in ISO-8601 'basic format'. Got '2026-06-15T12:00:00Z'. See \
             http://en.wikipedia.org/wiki/ISO_8601",
        ),
        (get().signed("AKIDNOBODY", scope, basic), INVALID),
        (get().with("x-amz-security-token", TOKEN).by_ann(), INVALID),
        (get().signed(nightly, scope, basic), INVALID),
        (get().with("x-amz-security-token", "other").signed(nightly, scope, basic), INVALID),
        (get().signed("AKIDOLD", scope, basic), "The security token included in the request is expired"),
        (
            get().with("x-amz-security-token", TOKEN).signed("ASIAOVER", scope, basic),
            "The security token included in the request is expired",
        ),
        (
            get().signed(nightly, scope, "host;x-amz-date;x-amz-security-token"),
            "'x-amz-security-token' is named as a SignedHeader, but it does not exist in the HTTP request.",
        ),
        (get().signed(ann, scope, "x-amz-date"), MISMATCH),
        (get().by_ann().replaced("host", "other.example"), MISMATCH),
        (Sent { method: "POST".into(), ..get().by_ann() }, MISMATCH),
        (Sent { body: b"x".into(), ..get().by_ann() }, MISMATCH),
        (
            get().with("x-amz-content-sha256", "UNSIGNED-PAYLOAD").signed(
                ann,
                scope,
                "host;x-amz-content-sha256;x-amz-date",
            ),
            MISMATCH,
        ),
    ] {
        let settings = Settings { region: Some("us-east-1".to_owned()), unsigned_payload: false };
        let refusal = sent.verified(&settings).expect_err("it is refused").to_string();
        assert_eq!(refusal, expected, "{sent:?}");
    }
}

const MISMATCH_REGION: &str = "Credential should be scoped to a valid Region, not 'eu-west-1'.";

#[test]
fn five_minutes_to_either_side_are_borne() {
    for date in ["20260615T115500Z", "20260615T120500Z"] {
        Sent::new("GET", "/status").replaced("x-amz-date", date).by_ann().verified(&Settings::default()).unwrap();
    }
}

#[test]
fn a_date_header_does_if_it_is_signed() {
    let sent = Sent::new("GET", "/status").with("date", "Mon, 15 Jun 2026 12:00:00 GMT");
    let mut sent = sent.signed("AKIDANN", "20260615/us-east-1/neptune-db/aws4_request", "date;host");
    sent.headers.retain(|(name, _)| name != "x-amz-date");
    sent.verified(&Settings::default()).unwrap();
    sent.headers.retain(|(name, _)| name != "date");
    assert_eq!(sent.refusal(), "'date' is named as a SignedHeader, but it does not exist in the HTTP request.");
    let mut sent = Sent::new("GET", "/status").with("date", "Mon, 15 Jun 2026 12:00:00 GMT").by_ann();
    sent.headers.retain(|(name, _)| name != "x-amz-date");
    assert!(sent.refusal().starts_with("The request did not include"), "{}", sent.refusal());
}

#[test]
fn a_declared_hash_lets_the_signature_be_compared_before_the_body() {
    let signed_headers = "host;x-amz-content-sha256;x-amz-date";
    let scope = "20260615/us-east-1/neptune-db/aws4_request";
    let body = b"{\"source\": \"s3://b/k\"}".to_vec();
    let sent = Sent { body: body.clone(), ..Sent::new("POST", "/loader") };
    let sent = sent.with("x-amz-content-sha256", &hex(&sha256(&body))).signed("AKIDANN", scope, signed_headers);
    let claim = |sent: &Sent| Claim::read(&sent.head(), &directory(), instant(NOW), &Settings::default()).unwrap();
    assert_eq!(claim(&sent).check_head(), Ok(true));
    claim(&sent).verify(&sha256(&body)).unwrap();
    assert_eq!(claim(&sent).verify(&EMPTY_SHA256).err(), Some(Refusal::Mismatch));
    // Another's body with its own hash does not have the signature, which is seen at once.
    let other = sent.replaced("x-amz-content-sha256", &hex(&EMPTY_SHA256));
    assert_eq!(claim(&other).check_head(), Err(Refusal::Mismatch));
    assert_eq!(claim(&other).verify(&EMPTY_SHA256).err(), Some(Refusal::Mismatch));
    // Without it there is nothing to compare yet, and a hash that is not signed says nothing.
    let plain = Sent::new("GET", "/status").with("x-amz-content-sha256", "UNSIGNED-PAYLOAD").by_ann();
    assert_eq!(claim(&plain).check_head(), Ok(false));
    claim(&plain).verify(&EMPTY_SHA256).unwrap();
}

#[test]
fn a_body_may_be_unsigned_where_the_operator_says_so() {
    let sent = Sent { body: b"x".into(), ..Sent::new("POST", "/loader") };
    let sent = sent.with("x-amz-content-sha256", "UNSIGNED-PAYLOAD").signed(
        "AKIDANN",
        "20260615/us-east-1/neptune-db/aws4_request",
        "host;x-amz-content-sha256;x-amz-date",
    );
    assert_eq!(sent.verified(&Settings::default()).err(), Some(Refusal::Mismatch));
    sent.verified(&Settings { unsigned_payload: true, ..Settings::default() }).unwrap();
}

#[test]
fn headers_that_proxies_touch_without_need_still_verify() {
    let scope = "20260615/us-east-1/neptune-db/aws4_request";
    let sent = Sent::new("GET", "/status").with("accept", "a,  b").with("accept", "c");
    let mut sent = sent.signed("AKIDANN", scope, "accept;host;x-amz-date");
    sent.headers.insert(0, ("via".into(), b"1.1 proxy".into()));
    sent.headers.retain(|(name, _)| name != "accept");
    sent.verified(&Settings::default()).expect_err("a signed header is gone");
    sent.clone().with("accept", " a, b ").with("accept", "c").verified(&Settings::default()).unwrap();
    sent.with("accept", "c").with("accept", "a, b").verified(&Settings::default()).expect_err("the order counts");
}

#[test]
fn bolt_drivers_send_a_head_as_json() {
    let signed = |path: &str, host: &str| {
        let sent = Sent::new("GET", path).replaced("host", host).by_ann();
        let (_, authorization) = sent.headers.into_iter().find(|(name, _)| name == "authorization").unwrap();
        (String::from_utf8(authorization).unwrap(), host.to_owned())
    };
    let verified = |text: &str| {
        let head = Head::from_bolt_json(text)?;
        Claim::read(&head, &directory(), instant(NOW), &Settings::default())?.verify(&EMPTY_SHA256)
    };
    for path in ["/opencypher", "/openCypher", "/"] {
        for host in ["db.example:8182", "db.example"] {
            let (authorization, host) = signed(path, host);
            let text = format!(
                r#"{{"Authorization": "{authorization}", "HttpMethod": "GET", "X-Amz-Date": "{NOW}", "Host": "{host}",
                    "X-Amz-Security-Token": null}}"#
            );
            let caller = verified(&text).unwrap_or_else(|refusal| panic!("{path} {host}: {refusal}"));
            assert_eq!(caller.arn(), "arn:aws:iam::000000000000:user/ann");
            let lower = text.replace("Authorization\"", "authorization\"").replace("X-Amz-Date", "x-amz-date");
            verified(&lower).unwrap();
            assert_eq!(verified(&text.replace(&host, "other.example")).err(), Some(Refusal::Mismatch));
        }
    }
    let (authorization, _) = signed("/gremlin", "db.example");
    let other = format!(r#"{{"Authorization": "{authorization}", "X-Amz-Date": "{NOW}", "Host": "db.example"}}"#);
    assert_eq!(verified(&other).err(), Some(Refusal::Mismatch));
    for (text, expected) in [
        ("", Refusal::Missing),
        ("  ", Refusal::Missing),
        ("{}", Refusal::Missing),
        ("password", Refusal::Malformed),
        ("[]", Refusal::Malformed),
        (r#"{"Authorization": 7}"#, Refusal::Malformed),
        (r#"{"Authorization": "a", "authorization": "b"}"#, Refusal::Malformed),
        (r#"{"Host": "a\nb"}"#, Refusal::Malformed),
    ] {
        assert_eq!(verified(text).err(), Some(expected), "{text}");
    }
    assert_eq!(verified(&format!("\"{}\"", "x".repeat(64 << 10))).err(), Some(Refusal::Malformed));
}

#[test]
fn a_gremlin_socket_may_be_opened_with_a_slash() {
    let sent = Sent::new("GET", "/gremlin").by_ann();
    Sent { path: "/gremlin/".to_owned(), ..sent }.verified(&Settings::default()).unwrap();
}

#[test]
fn secrets_are_not_shown() {
    let sent = Sent::new("GET", "/status").by_ann();
    let claim = Claim::read(&sent.head(), &directory(), instant(NOW), &Settings::default()).unwrap();
    for shown in [format!("{:?}", directory()), format!("{claim:?}"), format!("{:?}", claim.verify(&EMPTY_SHA256))] {
        assert!(!shown.contains("wJalr") && !shown.contains("AQoD"), "{shown}");
    }
}
