//! One document of a source, read now and by whoever asks, beside the loads.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use store::CancelToken;

use super::Loader;
use crate::decode::{self, Threads};
use crate::source::{ReadError, SourceError};

impl Loader {
    /// The text of the one file or object of this name, decompressed. Names are those of a load's source, and so is who may
    /// read what.
    ///
    /// # Errors
    ///
    /// Those of a source, and [`SourceError::Invalid`] if the name is that of several.
    pub fn document(&self, name: &str, cancel: &CancelToken) -> Result<Box<dyn Read + Send>, SourceError> {
        let sources = &self.0.sources;
        let uri = sources.parse(name, None)?;
        let opened = sources.open(&uri, None, None)?;
        opened.probe_unless(cancel)?;
        let mut feeds = opened.list(cancel)?;
        // A prefix or a directory is no document: of what it lists only what has just this name.
        match (uri.bucket_and_prefix(), uri.local_path().and_then(Path::file_name)) {
            (Some((_, key)), _) => feeds.retain(|feed| feed.key == key),
            (None, Some(file)) => feeds.retain(|feed| Path::new(&feed.key).file_name() == Some(file)),
            (None, None) => feeds.clear(),
        }
        let [feed] = feeds.as_slice() else {
            return Err(SourceError::Invalid(format!("{name} is not the name of one file or object")));
        };
        let raw = opened.read(feed, cancel, Arc::default());
        decode::decoder(raw, &Threads::none()).map_err(|error| match ReadError::of(&error) {
            Some(ReadError::Cancelled) => SourceError::Cancelled,
            Some(ReadError::AccessDenied(text)) => SourceError::AccessDenied(text.clone()),
            _ => SourceError::BadRequest(format!("reading {name}: {error}")),
        })
    }
}
