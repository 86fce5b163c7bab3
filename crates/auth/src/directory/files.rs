//! The files behind a directory: read once each, within bounds, only if their permissions keep others out.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Error;
use crate::json::{Node, Place};
use crate::policy::Policy;

/// The most bytes of one file.
const LIMIT_BYTES: u64 = 16 << 20;

/// Reads the IAM file and the policy files beside it, and remembers what they were like.
#[derive(Debug)]
pub(crate) struct Files {
    iam: PathBuf,
    /// Whether files may be read besides.
    has_folder: bool,
    policies: HashMap<String, Arc<Policy>>,
    stamps: Vec<(PathBuf, Option<Stamp>)>,
}

/// What tells that a file has changed. The change time tells of permissions too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// What the file is like now; `None` if it is not there.
    pub(crate) fn read(file: &Path) -> Option<Self> {
        std::fs::metadata(file).ok().as_ref().map(Self::of)
    }
}

impl Files {
    pub(crate) fn new(iam: &Path) -> Self {
        Self { iam: iam.to_owned(), has_folder: true, policies: HashMap::new(), stamps: Vec::new() }
    }

    /// No file at all; `iam` is what errors call the document.
    pub(super) fn none(iam: &Path) -> Self {
        Self { has_folder: false, ..Self::new(iam) }
    }

    /// The files that were asked for, each with what it was like before it was read.
    pub(crate) fn into_stamps(self) -> Vec<(PathBuf, Option<Stamp>)> {
        self.stamps
    }

    pub(super) fn iam_file(&self) -> PathBuf {
        self.iam.clone()
    }

    /// The text of the IAM file.
    pub(super) fn iam(&mut self) -> Result<String, Error> {
        let file = self.iam.clone();
        self.text(&file, 0o077, |file, mode| Error::Exposed { file, mode })
    }

    /// The policy in the file of this name; `None` if it is not the name of a file beside the IAM file.
    pub(super) fn policy(&mut self, name: &str) -> Option<Result<Arc<Policy>, Error>> {
        let is_name = !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', '\0']);
        (is_name && self.has_folder).then(|| self.policy_file(name))
    }

    fn policy_file(&mut self, name: &str) -> Result<Arc<Policy>, Error> {
        if let Some(policy) = self.policies.get(name) {
            return Ok(Arc::clone(policy));
        }
        let file = self.iam.with_file_name(name);
        let text = self.text(&file, 0o022, |file, mode| Error::Writable { file, mode })?;
        let policy = Policy::parse(&Place::ROOT, &Self::parse(&file, &text)?)
            .map(Arc::new)
            .map_err(|fault| Error::Invalid { file, place: fault.place, problem: fault.problem })?;
        self.policies.insert(name.to_owned(), Arc::clone(&policy));
        Ok(policy)
    }

    /// Parses the text of a file.
    pub(super) fn parse(file: &Path, text: &str) -> Result<Node, Error> {
        serde_json::from_str(text).map_err(|source| Error::Json { file: file.to_owned(), source })
    }

    /// The text of a file none of whose `forbidden` permission bits are set. The open file is looked at, so that what was
    /// looked at is what is read.
    fn text(&mut self, file: &Path, forbidden: u32, refuse: fn(PathBuf, u32) -> Error) -> Result<String, Error> {
        let failed = |source| Error::Read { file: file.to_owned(), source };
        let opened = File::open(file).and_then(|opened| Ok((opened.metadata()?, opened)));
        self.stamps.push((file.to_owned(), opened.as_ref().ok().map(|(metadata, _)| Stamp::of(metadata))));
        let (metadata, opened) = opened.map_err(failed)?;
        let mode = metadata.mode() & 0o7777;
        if mode & forbidden != 0 {
            return Err(refuse(file.to_owned(), mode));
        }
        let mut text = String::new();
        opened.take(LIMIT_BYTES + 1).read_to_string(&mut text).map_err(failed)?;
        if text.len() as u64 > LIMIT_BYTES {
            return Err(Error::TooLarge { file: file.to_owned(), limit_bytes: LIMIT_BYTES });
        }
        Ok(text)
    }
}
