//! An update on its thread: run, and committed.
//!
//! **Source**: spec/sparql.md §1, "Update result", and §3.

use std::io::Write;
use std::time::{Duration, Instant};

use loader::source::SourceError;
use model::Dataset;
use sparql::{Applied, Document, Fetch, FetchError, Surroundings, Update};
use store::{CancelToken, Transaction};
use uuid::Uuid;

use crate::door::Door;
use crate::exception::{Exception, Failure, JSON_TYPE, READ_ONLY};
use crate::stream::Sink;
use crate::watch::Watch;

/// Runs the update and tells what its operations took.
pub(super) fn run(door: &Door, update: Update, sink: &mut Sink, watch: &Watch) -> Result<(), Failure> {
    let update =
        update.with_memory(door.config.query_memory(door.store.options().memory)).with_services(door.services.clone());
    let (applied, commit) =
        committed(door, watch, |transaction, surroundings| Ok(update.run(transaction, surroundings)?))?;
    sink.set_media_type(JSON_TYPE);
    sink.write_all(Applied::events(&applied, commit).to_string().as_bytes())
        .map_err(|error| Failure::new(Exception::InternalFailure, error.to_string()))
}

/// What `work` makes in a transaction that is then committed, and how long the commit took.
pub(super) fn committed<T>(
    door: &Door,
    watch: &Watch,
    work: impl FnOnce(&mut Transaction, &Surroundings<'_>) -> Result<T, Failure>,
) -> Result<(T, Duration), Failure> {
    if door.config.read_replica {
        return Err(Failure::new(Exception::ReadOnlyViolation, READ_ONLY));
    }
    let mut transaction = door.store.begin(Dataset::Rdf);
    let surroundings =
        Surroundings { fetch: &Documents(door), seed: Uuid::new_v4().into_bytes(), cancel: &watch.token };
    let done = work(&mut transaction, &surroundings)?;
    let began = Instant::now();
    watch.settle()?;
    transaction.commit()?;
    Ok((done, began.elapsed()))
}

/// What LOAD and UNLOAD may read: the sources of the loader, and nothing else.
struct Documents<'a>(&'a Door);

impl Fetch for Documents<'_> {
    fn open(&self, iri: &str, cancel: &CancelToken) -> Result<Document, FetchError> {
        let reader = self.0.loader.document(iri, cancel).map_err(|error| match error {
            SourceError::AccessDenied(text) => FetchError::Denied(text),
            SourceError::Invalid(text) | SourceError::BadRequest(text) | SourceError::Internal(text) => {
                FetchError::Unreachable(text)
            }
            SourceError::Cancelled => FetchError::Cancelled,
        })?;
        Ok(Document { reader, media_type: None })
    }
}
