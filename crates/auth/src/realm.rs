//! The directory in force: read again when its files change, kept as it was when they cannot be read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::directory::{Files, Stamp};
use crate::{Caller, Claim, Directory, Error, Head, Refusal, Settings};

/// How often the files are looked at, at most.
const PAUSE: Duration = Duration::from_secs(1);

/// A [`Directory`] and how requests are held against it.
///
/// No thread watches the files: whoever serves calls [`Realm::refresh`] when a request comes. That costs a glance at a
/// clock, and a few `stat` calls a second.
#[derive(Debug)]
pub struct Realm {
    file: PathBuf,
    settings: Settings,
    directory: RwLock<Arc<Directory>>,
    watched: Mutex<Watched>,
}

/// The files as they were when they were last read, whether or not they were any good.
#[derive(Debug)]
struct Watched {
    stamps: Vec<(PathBuf, Option<Stamp>)>,
    looked: Option<Instant>,
}

/// What [`Realm::refresh`] found.
#[derive(Debug)]
pub enum Refresh {
    /// Nothing new, or it is too early to look.
    Unchanged,
    /// The files had changed, and what they say now is in force.
    Reloaded,
    /// The files have changed and cannot be taken: what was in force stays. Told once for each change of the files.
    Failed(Error),
}

impl Realm {
    /// Reads the files for the first time.
    ///
    /// # Errors
    ///
    /// See [`Error`]: a server must not start then.
    pub fn open(file: &Path, settings: Settings) -> Result<Self, Error> {
        let mut files = Files::new(file);
        let directory = Directory::read(&mut files)?;
        Ok(Self {
            file: file.to_owned(),
            settings,
            directory: RwLock::new(Arc::new(directory)),
            watched: Mutex::new(Watched { stamps: files.into_stamps(), looked: None }),
        })
    }

    /// The directory in force.
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// How requests are held against it.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// [`Claim::read`] against the directory in force.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn claim(&self, head: &Head<'_>, now: Timestamp) -> Result<Claim, Refusal> {
        Claim::read(head, &self.directory(), now, &self.settings)
    }

    /// A caller of a connection that lasts, as the directory in force knows it: with the policies of now. That a signature
    /// or a temporary key has become too old does not end what was opened with it.
    ///
    /// # Errors
    ///
    /// [`Refusal::UnknownKey`] if the access key was taken away.
    pub fn renew(&self, caller: &Caller) -> Result<Caller, Refusal> {
        caller.renewed(&self.directory())
    }

    /// Looks whether the files have changed, at most once a second, and reads them again if so. Never waits: while one
    /// thread looks, the others go on with what was in force.
    pub fn refresh(&self, now: Instant) -> Refresh {
        let Ok(mut watched) = self.watched.try_lock() else { return Refresh::Unchanged };
        if watched.looked.is_some_and(|looked| now.saturating_duration_since(looked) < PAUSE) {
            return Refresh::Unchanged;
        }
        watched.looked = Some(now);
        if watched.stamps.iter().all(|(file, stamp)| Stamp::read(file) == *stamp) {
            return Refresh::Unchanged;
        }
        let mut files = Files::new(&self.file);
        let read = Directory::read(&mut files);
        let stamps = files.into_stamps();
        match read {
            Ok(directory) => {
                watched.stamps = stamps;
                *self.directory.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(directory);
                Refresh::Reloaded
            }
            Err(error) => {
                // Files that this reading did not come to are watched on: mending one of them may mend the whole.
                let kept: Vec<_> = std::mem::take(&mut watched.stamps)
                    .into_iter()
                    .filter(|(file, _)| stamps.iter().all(|(other, _)| other != file))
                    .map(|(file, _)| {
                        let stamp = Stamp::read(&file);
                        (file, stamp)
                    })
                    .collect();
                watched.stamps = stamps.into_iter().chain(kept).collect();
                Refresh::Failed(error)
            }
        }
    }
}
