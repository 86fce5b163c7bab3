//! A realm follows its files, and keeps what was good when they are not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use auth::{Realm, Refresh, Settings};

const POLICY: &str = r#"{"Statement": {"Effect": "Allow", "Action": "neptune-db:*", "Resource": "*"}}"#;

/// Writes a file whole, as an editor does: beside it, then in its place.
fn put(file: &Path, text: &str, mode: u32) {
    let new = file.with_extension("new");
    fs::write(&new, text).expect("the folder is writable");
    fs::set_permissions(&new, fs::Permissions::from_mode(mode)).expect("the file is ours");
    fs::rename(&new, file).expect("the folder is writable");
}

fn iam(region: &str) -> String {
    format!(
        r#"{{"region": "{region}", "principals": [{{"arn": "arn:aws:iam::000000000000:user/ann", "policies": ["all.json"]}}]}}"#
    )
}

struct Clock(Instant);

impl Clock {
    /// The next moment at which files are looked at.
    fn later(&mut self) -> Instant {
        self.0 += Duration::from_secs(1);
        self.0
    }
}

#[test]
fn changes_are_taken_and_bad_ones_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let (file, policy) = (folder.path().join("iam.json"), folder.path().join("all.json"));
    put(&file, &iam("us-east-1"), 0o600);
    put(&policy, POLICY, 0o600);
    let realm = Realm::open(&file, Settings::default()).unwrap();
    let mut clock = Clock(Instant::now());
    assert!(matches!(realm.refresh(clock.later()), Refresh::Unchanged));

    put(&file, &iam("eu-west-1"), 0o600);
    assert!(matches!(realm.refresh(clock.0), Refresh::Unchanged), "a second has not passed");
    assert_eq!(&**realm.directory().region(), "us-east-1");
    assert!(matches!(realm.refresh(clock.later()), Refresh::Reloaded));
    assert_eq!(&**realm.directory().region(), "eu-west-1");

    // Bad in each way, and told once each: the text, the permissions, the file itself, the policy beside it.
    let bad: [(&dyn Fn(), &str); 4] = [
        (&|| put(&file, "{", 0o600), "EOF while parsing"),
        (&|| put(&file, &iam("eu-west-2"), 0o644), "can be read by others"),
        (&|| fs::remove_file(&file).unwrap(), "cannot read"),
        (
            &|| {
                put(&file, &iam("eu-west-3"), 0o600);
                put(&policy, "[]", 0o600);
            },
            "all.json: the document: expected an object, found an array",
        ),
    ];
    for (change, expected) in bad {
        change();
        match realm.refresh(clock.later()) {
            Refresh::Failed(error) => assert!(error.to_string().contains(expected), "{error}"),
            other => panic!("{expected}: {other:?}"),
        }
        assert!(matches!(realm.refresh(clock.later()), Refresh::Unchanged), "told once: {expected}");
        assert_eq!(&**realm.directory().region(), "eu-west-1", "{expected}");
    }

    // Mending the policy alone mends the whole.
    put(&policy, POLICY, 0o600);
    assert!(matches!(realm.refresh(clock.later()), Refresh::Reloaded));
    assert_eq!(&**realm.directory().region(), "eu-west-3");
    assert!(matches!(realm.refresh(clock.later()), Refresh::Unchanged));
}

#[test]
fn a_realm_does_not_open_on_a_bad_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("iam.json");
    assert!(Realm::open(&file, Settings::default()).is_err());
    put(&file, r#"{"principals": []}"#, 0o640);
    let error = Realm::open(&file, Settings::default()).unwrap_err().to_string();
    assert!(error.contains("run chmod 600"), "{error}");
}
