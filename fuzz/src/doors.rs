//! Properties of what stands before authentication: whoever can reach the server can send these.

use std::path::Path;

use auth::{Action, Claim, Directory, EMPTY_SHA256, Head, Settings};
use jiff::Timestamp;

/// A property: panics if the input breaks it.
pub type Door = fn(&[u8]);

/// All of them by the name of their fuzz target and corpus folder; the tests of `auth` replay their corpus.
pub const DOORS: [(&str, Door); 3] = [("signed_head", signed_head), ("bolt_json", bolt_json), ("policy", policy)];

const SETTINGS: Settings = Settings { region: None, unsigned_payload: false };

/// An IAM file that knows the access key of the corpus, by a secret that no input knows.
fn directory() -> Directory {
    let text = r#"{"principals": [{"arn": "arn:aws:iam::000000000000:user/ann", "accessKeys": [
        {"accessKeyId": "AKIDANN", "secretAccessKey": "not in the corpus"},
        {"accessKeyId": "ASIAANN", "secretAccessKey": "not in the corpus", "sessionToken": "token"}]}]}"#;
    Directory::from_json(Path::new("iam.json"), text).expect("the file is good")
}

fn now() -> Timestamp {
    Timestamp::from_second(1_781_524_800).expect("an instant of 2026")
}

/// A head is refused: its secret is unknown. First line: method, path, query with blanks between; then headers.
pub fn signed_head(input: &[u8]) {
    let mut lines = input.split(|byte| *byte == b'\n');
    let Ok(first) = str::from_utf8(lines.next().unwrap_or_default()) else { return };
    let mut parts = first.splitn(3, ' ');
    let (method, path) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let headers = lines.filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        Some((str::from_utf8(&line[..colon]).ok()?, &line[colon + 1..]))
    });
    let head = Head::http(method, path, parts.next(), headers);
    if let Ok(claim) = Claim::read(&head, &directory(), now(), &SETTINGS) {
        let is_told = claim.check_head().is_err();
        let verified = claim.verify(&EMPTY_SHA256);
        assert!(verified.is_err(), "{verified:?}");
        // What the head alone refuses, no body can mend.
        assert!(!is_told || verified.is_err());
    }
}

/// The same of what Bolt drivers send.
pub fn bolt_json(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let Ok(head) = Head::from_bolt_json(text) else { return };
    if let Ok(claim) = Claim::read(&head, &directory(), now(), &SETTINGS) {
        assert!(claim.verify(&EMPTY_SHA256).is_err());
    }
}

/// A policy is refused with a place, or decides on each action: twice alike, and never for a principal beside it.
pub fn policy(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let file = format!(
        r#"{{"principals": [
            {{"arn": "arn:aws:iam::000000000000:user/ann", "tags": {{"team": "a*c"}},
              "accessKeys": [{{"accessKeyId": "ann", "secretAccessKey": "s"}}], "policies": [{text}]}},
            {{"arn": "arn:aws:iam::000000000000:user/bob",
              "accessKeys": [{{"accessKeyId": "bob", "secretAccessKey": "s"}}]}}]}}"#
    );
    match Directory::from_json(Path::new("iam.json"), &file) {
        Err(error) => assert!(error.to_string().starts_with("iam.json: "), "{error}"),
        Ok(directory) => {
            let decisions = auth::fuzz_decisions(&directory, "ann", now());
            assert_eq!(decisions.len(), Action::ALL.len());
            assert_eq!(decisions, auth::fuzz_decisions(&directory, "ann", now()));
            assert!(!auth::fuzz_decisions(&directory, "bob", now()).contains(&true));
        }
    }
}
