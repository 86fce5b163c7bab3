//! AWS's shared credentials and configuration files: as much of them as holds plain keys.

use std::io;
use std::path::PathBuf;

use crate::source::S3Keys;

/// No such file has any business being larger.
const MAX_FILE: u64 = 1 << 20;

/// What a profile says that is of use here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Profile {
    pub(super) keys: Option<S3Keys>,
    pub(super) region: Option<String>,
}

/// The text of a file, `None` if there is none.
pub(super) fn read_file(path: &PathBuf) -> io::Result<Option<String>> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.len() > MAX_FILE || !metadata.is_file() => {
            Err(named(io::Error::other("this is no file of profiles")))
        }
        Ok(_) => std::fs::read_to_string(path).map(Some).map_err(named),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(named(error)),
    }
}

/// The section `[name]` of `text`, `None` if it has none.
pub(super) fn find(text: &str, name: &str) -> Option<Profile> {
    let (mut found, mut inside) = (false, false);
    let (mut access_key, mut secret_key, mut session_token, mut region) = (None, None, None, None);
    for line in text.lines() {
        let line = line.trim();
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.split(']').next()) {
            inside = section.split_whitespace().eq(name.split_whitespace());
            found |= inside;
            continue;
        }
        let Some((key, value)) = line.split_once('=').filter(|_| inside && !line.starts_with(['#', ';'])) else {
            continue;
        };
        let value = value.trim().to_owned();
        match key.trim().to_ascii_lowercase().as_str() {
            "aws_access_key_id" => access_key = Some(value),
            "aws_secret_access_key" => secret_key = Some(value),
            "aws_session_token" => session_token = Some(value),
            "region" => region = Some(value),
            _ => {}
        }
    }
    let keys =
        access_key.zip(secret_key).map(|(access_key, secret_key)| S3Keys { access_key, secret_key, session_token });
    found.then_some(Profile { keys, region })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# comment
[default]
region = eu-west-1
[ profile  ann ]
aws_access_key_id=AKIA1
 aws_secret_access_key = s=e/c+r
; aws_session_token = no
[bob]
aws_access_key_id = AKIA2
aws_secret_access_key = two
aws_session_token = token
";

    #[test]
    fn a_profile_is_its_section() {
        let keys = |id: &str, secret: &str, token: Option<&str>| {
            Some(S3Keys {
                access_key: id.to_owned(),
                secret_key: secret.to_owned(),
                session_token: token.map(ToOwned::to_owned),
            })
        };
        let default = Profile { keys: None, region: Some("eu-west-1".to_owned()) };
        assert_eq!(find(TEXT, "default"), Some(default));
        assert_eq!(find(TEXT, "profile ann"), Some(Profile { keys: keys("AKIA1", "s=e/c+r", None), region: None }));
        assert_eq!(find(TEXT, "bob"), Some(Profile { keys: keys("AKIA2", "two", Some("token")), region: None }));
        assert_eq!(find(TEXT, "ann"), None);
    }

    #[test]
    fn a_missing_file_is_no_error() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(read_file(&directory.path().join("credentials")).unwrap(), None);
        assert!(read_file(&directory.path().to_owned()).is_err());
    }
}
