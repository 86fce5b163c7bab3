//! What an IAM file may say, and how it is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::Directory;
use crate::{Action, Caller, Context};

const POLICY: &str =
    r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "neptune-db:*", "Resource": "*"}]}"#;

fn write(file: &Path, text: &str, mode: u32) {
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
}

/// An IAM file of one user with this list of policies.
fn iam(policies: &str) -> String {
    format!(
        r#"{{"accountId": "000000000000", "region": "us-east-1", "clusterResourceId": "cluster-LOCAL",
            "principals": [{{"arn": "arn:aws:iam::000000000000:user/ann", "accessKeys": [{{"accessKeyId": "AKIDANN",
            "secretAccessKey": "very secret", "sessionToken": null, "expiration": null}}], "tags": {{}},
            "policies": {policies}}}]}}"#
    )
}

fn folder_with(text: &str, mode: u32) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("iam.json");
    write(&file, text, mode);
    (folder, file)
}

fn may_cancel(directory: &Directory) -> bool {
    let key = directory.key("AKIDANN").unwrap().clone();
    let caller = Caller::new(key, "us-east-1".into(), directory.resource().clone());
    caller.authorize(Action::CancelLoaderJob, &Context::new(jiff::Timestamp::UNIX_EPOCH)).is_ok()
}

#[test]
fn the_documented_file_is_read_with_its_policies_within_or_beside() {
    let (folder, file) = folder_with(&iam(&format!("[{POLICY}]")), 0o600);
    assert!(may_cancel(&Directory::load(&file).unwrap()));
    write(&folder.path().join("all.json"), POLICY, 0o644);
    write(&file, &iam(r#"["all.json", "all.json"]"#), 0o400);
    let directory = Directory::load(&file).unwrap();
    assert!(may_cancel(&directory));
    assert_eq!(&**directory.resource(), "arn:aws:neptune-db:us-east-1:000000000000:cluster-LOCAL/*");
    assert_eq!(&**directory.region(), "us-east-1");
}

#[test]
fn what_is_not_said_is_the_default() {
    for (members, resource) in [
        ("", "arn:aws:neptune-db:us-east-1:000000000000:cluster-LOCAL/*"),
        (r#""region": "cn-north-1", "#, "arn:aws-cn:neptune-db:cn-north-1:000000000000:cluster-LOCAL/*"),
        (
            r#""region": "us-gov-west-1", "accountId": "123456789012", "clusterResourceId": "cluster-X1", "#,
            "arn:aws-us-gov:neptune-db:us-gov-west-1:123456789012:cluster-X1/*",
        ),
    ] {
        let directory =
            Directory::from_json(Path::new("iam.json"), &format!(r#"{{{members}"principals": []}}"#)).unwrap();
        assert_eq!(&**directory.resource(), resource);
    }
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    for mode in [0o644, 0o640, 0o604, 0o660, 0o601] {
        let (_folder, file) = folder_with(&iam("[]"), mode);
        let error = Directory::load(&file).unwrap_err().to_string();
        let shown = file.display();
        assert_eq!(
            error,
            format!(
                "{shown} can be read by others than its owner (mode {mode:04o}), and it holds secret keys: run chmod \
                 600 {shown}"
            )
        );
    }
    let (folder, file) = folder_with(&iam(r#"["all.json"]"#), 0o600);
    write(&folder.path().join("all.json"), POLICY, 0o666);
    let error = Directory::load(&file).unwrap_err().to_string();
    assert!(error.contains("all.json can be written by others than its owner (mode 0666)"), "{error}");
}

#[test]
fn an_error_names_file_place_and_what_was_expected() {
    let one = |member: &str| iam("[]").replacen("\"tags\": {}", member, 1);
    for (text, expected) in [
        ("{".to_owned(), "EOF while parsing an object at line 1 column 1"),
        ("[]".to_owned(), "the document: expected an object, found an array"),
        ("{}".to_owned(), "the document: member \"principals\" is missing"),
        (
            r#"{"principles": []}"#.to_owned(),
            "the document: unknown member \"principles\"; known are accountId, region, clusterResourceId, principals",
        ),
        (
            r#"{"accountId": "12", "principals": []}"#.to_owned(),
            "accountId: expected an account id of 12 digits, found \"12\"",
        ),
        (r#"{"region": "", "principals": []}"#.to_owned(), "region: expected a region like us-east-1, found \"\""),
        (
            r#"{"clusterResourceId": "a/b", "principals": []}"#.to_owned(),
            "clusterResourceId: expected a resource id of letters, digits and hyphens, found \"a/b\"",
        ),
        (r#"{"principals": {}}"#.to_owned(), "principals: expected an array, found an object"),
        (r#"{"principals": [{}]}"#.to_owned(), "principals[0]: member \"arn\" is missing"),
        (
            r#"{"principals": [{"arn": "ann"}]}"#.to_owned(),
            "principals[0].arn: expected the ARN of a user, role, session or root, like \
             arn:aws:iam::000000000000:user/ann, found \"ann\"",
        ),
        (
            r#"{"principals": [{"arn": "arn:aws:iam::000000000000:root"}, {"arn": "arn:aws:iam::000000000000:root"}]}"#
                .to_owned(),
            "principals[1].arn: arn:aws:iam::000000000000:root is there twice",
        ),
        (
            one(r#""tag": {}"#),
            "principals[0]: unknown member \"tag\"; known are arn, accessKeys, userId, tags, policies",
        ),
        (one(r#""tags": {"a": 1}"#), "principals[0].tags.a: expected a string, found a number"),
        (
            one(r#""tags": {"a b": "1", "A B": "2"}"#),
            "principals[0].tags[\"A B\"]: a tag of this name is there twice (case does not tell tags apart)",
        ),
        (
            iam("[]").replace("\"secretAccessKey\": \"very secret\"", "\"secretAccessKey\": \"\""),
            "principals[0].accessKeys[0].secretAccessKey: expected a secret key, found an empty string",
        ),
        (
            iam("[]").replace("\"secretAccessKey\": \"very secret\"", "\"secretAccessKey\": 12345"),
            "principals[0].accessKeys[0].secretAccessKey: expected a string, found a number",
        ),
        (
            iam("[]").replace("\"sessionToken\": null", "\"sessionToken\": \"\""),
            "principals[0].accessKeys[0].sessionToken: expected a session token or null, found an empty string",
        ),
        (
            iam("[]").replace("\"expiration\": null", "\"expiration\": \"soon\""),
            "principals[0].accessKeys[0].expiration: expected an instant like 2030-01-31T00:00:00Z, found \"soon\"",
        ),
        (
            iam("[]").replace("AKIDANN", "AKID/ANN"),
            "principals[0].accessKeys[0].accessKeyId: expected up to 128 letters, digits and underscores, found \"AKID/ANN\"",
        ),
        (
            iam("[]")
                .replace("}], \"tags\"", "}, {\"accessKeyId\": \"AKIDANN\", \"secretAccessKey\": \"x\"}], \"tags\""),
            "principals[0].accessKeys[1].accessKeyId: access key AKIDANN is there twice",
        ),
        (iam(r#"[{"Statement": []}]"#), "principals[0].policies[0].Statement: a policy has at least one statement"),
        (
            iam(r#"["../all.json"]"#),
            "principals[0].policies[0]: expected a policy document, or the name of a file beside this one without a \
             path, found \"../all.json\"",
        ),
    ] {
        let (_folder, file) = folder_with(&text, 0o600);
        let error = Directory::load(&file).expect_err(&text).to_string();
        assert_eq!(error, format!("{}: {expected}", file.display()));
        assert!(!error.contains("secret key") || !error.contains("very secret"), "{error}");
    }
}

#[test]
fn an_error_of_a_policy_file_names_that_file() {
    let (folder, file) = folder_with(&iam(r#"["all.json"]"#), 0o600);
    let error = Directory::load(&file).unwrap_err().to_string();
    assert!(error.starts_with("cannot read ") && error.contains("all.json: "), "{error}");
    let policy = folder.path().join("all.json");
    write(&policy, r#"{"Statement": []}"#, 0o600);
    let error = Directory::load(&file).unwrap_err().to_string();
    assert_eq!(error, format!("{}: Statement: a policy has at least one statement", policy.display()));
    write(&policy, "{", 0o600);
    let error = Directory::load(&file).unwrap_err().to_string();
    assert_eq!(error, format!("{}: EOF while parsing an object at line 1 column 1", policy.display()));
}

#[test]
fn principals_are_known_by_their_arns() {
    for (arn, username, policy_arn) in [
        ("arn:aws:iam::000000000000:user/a/b/ann", Some("ann"), None),
        ("arn:aws-cn:iam::000000000000:role/r", None, None),
        ("arn:aws:iam::000000000000:root", None, None),
        ("arn:aws:sts::000000000000:federated-user/f", None, None),
        ("arn:aws:sts::000000000000:assumed-role/r/s", None, Some("arn:aws:iam::000000000000:role/r")),
    ] {
        let principal = super::Principal::of(arn).unwrap_or_else(|| panic!("{arn}"));
        assert_eq!(principal.username.as_deref(), username);
        assert_eq!(principal.policy_arn, policy_arn.unwrap_or(arn));
    }
    for arn in [
        "",
        "*",
        "arn:aws:iam::000000000000:user/",
        "arn:aws:iam::000000000000:user",
        "arn:aws:iam::00000000000:user/ann",
        "arn:aws:iam:us-east-1:000000000000:user/ann",
        "arn:aws:s3::000000000000:user/ann",
        "arn:aws:iam::000000000000:group/g",
        "arn:aws:iam::000000000000:user/a b",
        "arn:aws:sts::000000000000:assumed-role/r",
        "arn:aws:sts::000000000000:assumed-role/r/s/t",
        "arn:aws:sts::000000000000:assumed-role//s",
    ] {
        assert!(super::Principal::of(arn).is_none(), "{arn}");
    }
}
