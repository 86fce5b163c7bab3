//! Local files and directories as sources.
//!
//! A path is opened beneath its import directory in one system call (`openat2` with `RESOLVE_BENEATH`): the kernel
//! itself refuses to leave, so that swapping a link between a check and the opening gains nothing. Everything that
//! must be known of a file is asked of the open handle: that it is a regular file, which one it is, and that it does
//! not lie in the server's own data directory.
//!
//! A source is one regular file, or a directory: its regular files in byte order, without dot files and without what
//! lies in directories below. (On S3 a source is a prefix of names; on disk it is a name.)
//! **Source**: `design.md` §5 and §9.

#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{self as sys, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;
use store::CancelToken;

use super::error::{ReadError, SourceError};
use super::uri::file_uri;
use super::{FeedInfo, MAX_FEEDS, SourceConfig};

/// How often an opening is tried again that met a rename going on.
const RACES: u32 = 8;

/// How many files a probe looks at: some 50 ms' worth.
const PROBED: usize = 10_000;

/// A file or a directory beneath a directory that is held open.
#[derive(Clone, Debug)]
pub(super) struct LocalSource {
    uri: String,
    root: Arc<Root>,
    /// Relative to the root.
    path: PathBuf,
    /// The source's text ends in a slash.
    directory_only: bool,
}

/// The directory that is not left.
#[derive(Debug)]
struct Root {
    handle: OwnedFd,
    /// As the source's text names it, to make full names of feeds.
    path: PathBuf,
    resolve: ResolveFlags,
    data_dir: PathBuf,
}

/// Why a path beneath the root was not opened.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    /// The kernel said no.
    Kernel(Errno),
    /// It is in the data directory.
    DataDirectory,
    /// It is a pipe, a device or a socket, or a directory where a file is meant.
    NoRegularFile,
}

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Self {
        Self::Kernel(errno)
    }
}

impl LocalSource {
    /// Finds the import directory that `path` lies below and opens that directory.
    pub(super) fn open(uri: &str, path: &Path, config: &SourceConfig) -> Result<Self, SourceError> {
        let directory_only = path.as_os_str().as_bytes().ends_with(b"/");
        let data_dir = config.data_dir.canonicalize().or_else(|_| std::path::absolute(&config.data_dir));
        let data_dir = data_dir.unwrap_or_default();
        let root = |handle: OwnedFd, path: PathBuf, resolve| {
            Arc::new(Root { handle, path, resolve, data_dir: data_dir.clone() })
        };
        if config.any_local {
            let handle = open_root(Path::new("/")).map_err(|errno| no_root("/", errno))?;
            let relative = path.strip_prefix("/").unwrap_or(path).to_owned();
            let root = root(handle, PathBuf::from("/"), ResolveFlags::empty());
            return Ok(Self { uri: uri.to_owned(), root, path: relative, directory_only });
        }
        for import_dir in &config.import_dirs {
            let absolute = std::path::absolute(import_dir).unwrap_or_else(|_| import_dir.clone());
            let names = [Some(absolute.clone()), absolute.canonicalize().ok()];
            for name in names.into_iter().flatten() {
                let Ok(relative) = path.strip_prefix(&name) else {
                    continue;
                };
                let handle = open_root(&absolute).map_err(|errno| no_root(absolute.display(), errno))?;
                let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
                let relative = relative.to_owned();
                return Ok(Self {
                    uri: uri.to_owned(),
                    root: root(handle, name, resolve),
                    path: relative,
                    directory_only,
                });
            }
        }
        // Whether the path exists is nobody's business here, so the directory to add is guessed from its text.
        let parent = path.parent().filter(|parent| parent.parent().is_some() && !directory_only).unwrap_or(path);
        Err(SourceError::AccessDenied(format!(
            "The source {uri} does not exist/not reachable. It is not below an import directory: start the server with \
             --import-dir {}",
            parent.display()
        )))
    }

    /// Whether there is anything to load, and nothing among the first files that must not be.
    pub(super) fn probe(&self) -> Result<(), SourceError> {
        let feeds = self.walk(&CancelToken::new(), PROBED)?;
        if feeds.is_empty() { Err(self.empty()) } else { Ok(()) }
    }

    pub(super) fn list(&self, cancel: &CancelToken) -> Result<Vec<FeedInfo>, SourceError> {
        let feeds = self.walk(cancel, usize::MAX)?;
        if feeds.is_empty() { Err(self.empty()) } else { Ok(feeds) }
    }

    fn empty(&self) -> SourceError {
        SourceError::not_reachable(
            &self.uri,
            "The directory holds no regular file (directories below it are not searched)",
        )
    }

    /// The feeds in byte order; it stops looking after `enough` of them.
    fn walk(&self, cancel: &CancelToken, enough: usize) -> Result<Vec<FeedInfo>, SourceError> {
        let handle = self.root.open(&self.path).map_err(|refusal| self.refused(&self.path, refusal))?;
        let stat = sys::fstat(&handle).map_err(|errno| self.refused(&self.path, errno.into()))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile if self.directory_only => {
                Err(SourceError::not_reachable(&self.uri, "It is a file: leave out the slash at its end"))
            }
            FileType::RegularFile => Ok(vec![self.feed(&self.path, &stat)?]),
            FileType::Directory => self.walk_directory(handle, cancel, enough),
            _ => Err(self.refused(&self.path, Refusal::NoRegularFile)),
        }
    }

    fn walk_directory(
        &self,
        handle: OwnedFd,
        cancel: &CancelToken,
        enough: usize,
    ) -> Result<Vec<FeedInfo>, SourceError> {
        let broken = |errno: Errno| self.refused(&self.path, errno.into());
        let mut names = Vec::new();
        for entry in sys::Dir::new(handle).map_err(broken)? {
            if cancel.is_cancelled() {
                return Err(SourceError::Cancelled);
            }
            let entry = entry.map_err(broken)?;
            let name = entry.file_name().to_bytes();
            // What cannot be a regular file is not worth a look; a link may lead to one.
            let candidate = matches!(entry.file_type(), FileType::RegularFile | FileType::Symlink | FileType::Unknown);
            if candidate && !name.starts_with(b".") {
                names.push(self.path.join(OsStr::from_bytes(name)));
            }
            if names.len() > MAX_FEEDS {
                return Err(SourceError::BadRequest(format!(
                    "The source {} holds more than {MAX_FEEDS} files: load it in parts",
                    self.uri
                )));
            }
        }
        names.sort_unstable_by(|a, b| a.as_os_str().as_bytes().cmp(b.as_os_str().as_bytes()));
        let mut feeds = Vec::new();
        for name in &names {
            if cancel.is_cancelled() {
                return Err(SourceError::Cancelled);
            }
            match self.root.open_file(name) {
                Ok((_, stat)) => feeds.push(self.feed(name, &stat)?),
                // Links to directories and to nothing, and files that vanished since: not regular files of it.
                Err(Refusal::NoRegularFile | Refusal::Kernel(Errno::NOENT)) => {}
                Err(refusal) => return Err(self.refused(name, refusal)),
            }
            if feeds.len() >= enough {
                break;
            }
        }
        Ok(feeds)
    }

    fn feed(&self, path: &Path, stat: &Stat) -> Result<FeedInfo, SourceError> {
        let full = self.root.path.join(path);
        let names = full.to_str().zip(file_uri(&full));
        let Some((key, uri)) = names else {
            return Err(SourceError::not_reachable(
                &self.uri,
                format_args!("The name of {} is not UTF-8", full.display()),
            ));
        };
        Ok(FeedInfo { uri, key: key.to_owned(), size: size(stat), etag: Some(etag(stat)) })
    }

    /// The bytes of `feed`.
    pub(super) fn read(
        &self,
        feed: &FeedInfo,
        cancel: &CancelToken,
        bytes_read: Arc<AtomicU64>,
    ) -> Box<dyn Read + Send> {
        let path = Path::new(&feed.key);
        let opened = match path.strip_prefix(&self.root.path) {
            Ok(relative) => self.root.open_file(relative).map_err(|refusal| refusal.while_reading(&feed.uri)),
            Err(_) => Err(ReadError::AccessDenied(format!("{} is not below the source's import directory", feed.uri))),
        };
        let opened = opened.and_then(|(file, stat)| {
            let same = feed.etag.as_ref().is_none_or(|listed| *listed == etag(&stat)) && size(&stat) == feed.size;
            if same { Ok(file) } else { Err(changed(&feed.uri)) }
        });
        if let Ok(file) = &opened {
            // Read-ahead is the kernel's; a hint, so what comes of it does not matter.
            let _ = sys::fadvise(file, 0, None, sys::Advice::Sequential);
        }
        let reader = FileReader { file: opened, feed: feed.clone(), position: 0, cancel: cancel.clone(), bytes_read };
        Box::new(reader)
    }

    fn refused(&self, path: &Path, refusal: Refusal) -> SourceError {
        let full = self.root.path.join(path);
        let full = full.display();
        let denied = |why: String| {
            SourceError::AccessDenied(format!("The source {} does not exist/not reachable. {why}", self.uri))
        };
        match refusal {
            Refusal::DataDirectory => denied(format!("{full} is in the server's own data directory")),
            Refusal::NoRegularFile => {
                SourceError::not_reachable(&self.uri, format_args!("{full} is neither a regular file nor a directory"))
            }
            Refusal::Kernel(errno) => match errno {
                Errno::NOENT | Errno::NOTDIR => SourceError::not_reachable(&self.uri, format_args!("There is no {full}")),
                Errno::XDEV => denied(format!(
                    "{full} leads out of the import directory {}: give the directory it leads to with --import-dir",
                    self.root.path.display()
                )),
                Errno::LOOP => denied(format!("{full} is a link that is not followed")),
                Errno::ACCESS | Errno::PERM => denied(format!("The server's user may not read {full}")),
                Errno::NOSYS => SourceError::Internal(
                    "Failed to start load because this kernel does not offer openat2: local sources need Linux 5.6 or later".to_owned(),
                ),
                errno => SourceError::Internal(format!("Failed to start load from the source {}: {full}: {errno}", self.uri)),
            },
        }
    }
}

fn open_root(path: &Path) -> Result<OwnedFd, Errno> {
    sys::open(path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

fn no_root(path: impl std::fmt::Display, errno: Errno) -> SourceError {
    SourceError::BadRequest(format!("The import directory {path} cannot be opened: {errno}"))
}

impl Root {
    /// Opens a file or a directory for reading, without leaving the root and without waiting for a pipe's writer.
    fn open(&self, relative: &Path) -> Result<OwnedFd, Refusal> {
        let relative = if relative.as_os_str().is_empty() { Path::new(".") } else { relative };
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let mut races = 0;
        let handle = loop {
            match sys::openat2(&self.handle, relative, flags, Mode::empty(), self.resolve) {
                Err(Errno::AGAIN | Errno::INTR) if races < RACES => races += 1,
                // What a socket file and a device without a driver say.
                Err(Errno::NXIO | Errno::NODEV) => return Err(Refusal::NoRegularFile),
                opened => break opened?,
            }
        };
        // Where it really is, links followed. Without /proc that cannot be known, and nothing is read.
        let place = sys::readlink(format!("/proc/self/fd/{}", handle.as_fd().as_raw_fd()), Vec::new())?;
        if !self.data_dir.as_os_str().is_empty()
            && Path::new(OsStr::from_bytes(place.as_bytes())).starts_with(&self.data_dir)
        {
            return Err(Refusal::DataDirectory);
        }
        Ok(handle)
    }

    /// Opens a regular file.
    fn open_file(&self, relative: &Path) -> Result<(File, Stat), Refusal> {
        let handle = self.open(relative)?;
        let stat = sys::fstat(&handle)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Ok((File::from(handle), stat)),
            _ => Err(Refusal::NoRegularFile),
        }
    }
}

impl Refusal {
    fn while_reading(self, uri: &str) -> ReadError {
        match self {
            Self::DataDirectory => ReadError::AccessDenied(format!("{uri} is in the server's own data directory")),
            Self::NoRegularFile | Self::Kernel(Errno::NOENT | Errno::NOTDIR) => changed(uri),
            Self::Kernel(errno @ (Errno::ACCESS | Errno::PERM | Errno::XDEV | Errno::LOOP)) => {
                ReadError::AccessDenied(format!("{uri} may not be read: {errno}"))
            }
            Self::Kernel(errno) => ReadError::Failed(format!("{uri} cannot be read: {errno}")),
        }
    }
}

fn size(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}

/// What changes when a file is written to or replaced.
fn etag(stat: &Stat) -> String {
    format!("{:x}-{:x}-{:x}-{:x}.{:x}", stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime, stat.st_mtime_nsec)
}

fn changed(uri: &str) -> ReadError {
    ReadError::ModifiedOrDeleted(format!("{uri} was changed or removed after the load began"))
}

/// Reads one file to the size it was listed with, and notices when it changes meanwhile.
#[derive(Debug)]
struct FileReader {
    file: Result<File, ReadError>,
    feed: FeedInfo,
    position: u64,
    cancel: CancelToken,
    bytes_read: Arc<AtomicU64>,
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let file = match &mut self.file {
            Ok(file) => file,
            Err(error) => return Err(error.clone().into()),
        };
        if self.cancel.is_cancelled() {
            return Err(ReadError::Cancelled.into());
        }
        if buffer.is_empty() {
            return Ok(0);
        }
        let count = file.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            _ => ReadError::Failed(format!("{} cannot be read: {error}", self.feed.uri)).into(),
        })?;
        self.position += count as u64;
        let over = self.position > self.feed.size;
        if over || count == 0 {
            let stat = sys::fstat(&*file).map_err(io::Error::from)?;
            let same = self.feed.etag.as_ref().is_none_or(|listed| *listed == etag(&stat)) && stat.st_nlink > 0;
            if over || !same || self.position != self.feed.size {
                return Err(changed(&self.feed.uri).into());
            }
        }
        self.bytes_read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
