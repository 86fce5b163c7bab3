//! Where jobs are kept: the keys of the store's journal that are ours, and their values in JSON.
//!
//! | key | value |
//! |---|---|
//! | `loader/job/ID` | the [`JobRecord`] |
//! | `loader/feeds/ID/NNNNNNNN` | 256 [`FeedRecord`]s, in the order in which they are loaded |
//! | `loader/errors/ID/NNNNNNNN` | 256 [`ErrorEntry`]s (see [`super::error_log`]) |
//! | `loader/seal/ID/NNNNNNNN` | what one seal found (see [`crate::pipeline`]), until it is published |
//! | `loader/attempt/KEY` | an answer that is remembered (see [`crate::attempts`]) |
//!
//! Chunk numbers are hexadecimal with leading zeros, so that keys sort as numbers do.

use std::ops::Range;

use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{Journal, JournalWrite};

use super::Error;
use super::error_log::{self, Appended, ErrorEntry};
use super::id::LoadId;
use super::record::{FeedRecord, JobRecord};
use crate::attempts::{Attempt, Remembered};

/// Feeds in one value of the journal.
pub(super) const FEED_CHUNK: usize = 256;

const JOBS: &str = "loader/job/";
const ATTEMPTS: &str = "loader/attempt/";

fn job_key(id: LoadId) -> Vec<u8> {
    format!("{JOBS}{id}").into_bytes()
}

fn feeds_key(id: LoadId, chunk: u64) -> Vec<u8> {
    format!("loader/feeds/{id}/{chunk:08x}").into_bytes()
}

fn errors_key(id: LoadId, chunk: u64) -> Vec<u8> {
    format!("loader/errors/{id}/{chunk:08x}").into_bytes()
}

fn seal_key(id: LoadId, seal: u32) -> Vec<u8> {
    format!("loader/seal/{id}/{seal:08x}").into_bytes()
}

fn attempt_key(attempt: &Attempt) -> Vec<u8> {
    format!("{ATTEMPTS}{attempt}").into_bytes()
}

fn put(key: Vec<u8>, value: &impl Serialize) -> JournalWrite {
    let value = serde_json::to_vec(value).expect("records have text keys and no failing serializer");
    JournalWrite::Put { key, value }
}

fn read<T: DeserializeOwned>(key: &[u8], value: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(value)
        .map_err(|source| Error::Damaged { key: String::from_utf8_lossy(key).into_owned(), source })
}

/// The write that keeps a job's record.
pub(super) fn put_job(record: &JobRecord) -> JournalWrite {
    put(job_key(record.id), record)
}

/// The write that keeps one chunk of a job's feeds.
pub(super) fn put_feeds(id: LoadId, chunk: usize, feeds: &[FeedRecord]) -> JournalWrite {
    put(feeds_key(id, chunk as u64), &feeds)
}

/// The writes that append to a job's error log.
pub(super) fn put_errors(id: LoadId, appended: &Appended) -> impl Iterator<Item = JournalWrite> {
    let written = appended.written.iter().map(move |(chunk, entries)| put(errors_key(id, *chunk), entries));
    let dropped = appended.dropped.clone().map(move |chunk| JournalWrite::Delete { key: errors_key(id, chunk) });
    written.chain(dropped)
}

/// The write that keeps what a seal found.
pub(super) fn put_seal(id: LoadId, seal: u32, found: Vec<u8>) -> JournalWrite {
    JournalWrite::Put { key: seal_key(id, seal), value: found }
}

/// The writes that forget what seals found.
pub(super) fn delete_seals(id: LoadId, seals: Range<u32>) -> impl Iterator<Item = JournalWrite> {
    seals.map(move |seal| JournalWrite::Delete { key: seal_key(id, seal) })
}

/// What the seals of a job found, in order.
pub(super) fn read_seals<T: DeserializeOwned>(journal: &Journal, id: LoadId, seals: u32) -> Result<Vec<T>, Error> {
    let keys = (0..seals).map(|seal| seal_key(id, seal));
    keys.map(|key| read(&key, &journal.get(&key)?.unwrap_or_default())).collect()
}

/// The write that keeps an answer.
pub(super) fn put_attempt(attempt: &Attempt, answer: &Remembered) -> JournalWrite {
    put(attempt_key(attempt), answer)
}

/// The write that forgets an answer.
pub(super) fn delete_attempt(attempt: &Attempt) -> JournalWrite {
    JournalWrite::Delete { key: attempt_key(attempt) }
}

/// The writes that forget a job.
pub(super) fn delete_job(record: &JobRecord) -> Vec<JournalWrite> {
    let id = record.id;
    let feeds = (0..record.feed_total.div_ceil(FEED_CHUNK as u64)).map(|chunk| feeds_key(id, chunk));
    let errors = error_log::chunks(record.errors_logged).map(|chunk| errors_key(id, chunk));
    std::iter::once(job_key(id)).chain(feeds).chain(errors).map(|key| JournalWrite::Delete { key }).collect()
}

/// All jobs that are kept, in no order.
pub(super) fn read_jobs(journal: &Journal) -> Result<Vec<JobRecord>, Error> {
    journal.scan(JOBS.as_bytes())?.iter().map(|(key, value)| read(key, value)).collect()
}

/// All answers that are kept. Keys that do not read as an attempt's were not written by us and are left alone.
pub(super) fn read_attempts(journal: &Journal) -> Result<Vec<(Attempt, Remembered)>, Error> {
    let mut attempts = Vec::new();
    for (key, value) in journal.scan(ATTEMPTS.as_bytes())? {
        let text = std::str::from_utf8(&key[ATTEMPTS.len()..]).unwrap_or_default();
        if let Some(attempt) = Attempt::from_hex(text) {
            attempts.push((attempt, read(&key, &value)?));
        }
    }
    Ok(attempts)
}

/// The feeds of a job, in the order in which they are loaded.
pub(super) fn read_feeds(journal: &Journal, record: &JobRecord) -> Result<Vec<FeedRecord>, Error> {
    let mut feeds = Vec::new();
    for chunk in 0..record.feed_total.div_ceil(FEED_CHUNK as u64) {
        let key = feeds_key(record.id, chunk);
        if let Some(value) = journal.get(&key)? {
            feeds.extend(read::<Vec<FeedRecord>>(&key, &value)?);
        }
    }
    Ok(feeds)
}

/// The entries with the numbers `from..to` of a job's log; those that are no longer kept are left out.
pub(super) fn read_errors(journal: &Journal, id: LoadId, from: u64, to: u64) -> Result<Vec<ErrorEntry>, Error> {
    let mut entries = Vec::new();
    for chunk in from / error_log::CHUNK..to.div_ceil(error_log::CHUNK) {
        let key = errors_key(id, chunk);
        let Some(value) = journal.get(&key)? else { continue };
        let first = chunk * error_log::CHUNK;
        let found: Vec<ErrorEntry> = read(&key, &value)?;
        entries.extend(
            found.into_iter().zip(first..).filter(|(_, number)| (from..to).contains(number)).map(|(entry, _)| entry),
        );
    }
    Ok(entries)
}
