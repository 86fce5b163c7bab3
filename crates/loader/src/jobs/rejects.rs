//! The rejects of a job, as they are listed and handed out.
//!
//! Only what a publish has made true is shown, of a running job too.
//! **Source**: design §9, "Our own paths".

use std::fs::File;
use std::io::{self, Read, Take};

use serde_json::{Value, json};

use super::error::StatusError;
use super::id::LoadId;
use super::record::{Extent, FeedRecord, JobRecord};
use crate::rejects::{Folder, RejectPart};

/// One file of rejects, to be read.
#[derive(Debug)]
pub struct RejectFile {
    /// A name for it.
    pub name: String,
    /// How long it is, in bytes.
    pub bytes: u64,
    /// `None` of an empty one.
    file: Option<Take<File>>,
}

impl Read for RejectFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Ok(0), |file| file.read(buffer))
    }
}

/// What there is. Feeds are numbered from 1, in the order in which they are loaded; those without rejects are left out.
pub(super) fn list(record: &JobRecord, feeds: &[FeedRecord], limit: u64) -> Value {
    let (mut rows, mut errors, mut kept) = (0, 0, 0);
    let feeds = feeds.iter().zip(1_u64..).filter(|(feed, _)| !feed.rejects.is_empty());
    let feeds: Vec<Value> = feeds
        .map(|(feed, number)| {
            let rejects = &feed.rejects;
            rows += rejects.rows;
            errors += rejects.errors;
            kept += rejects.kept;
            json!({
                "feed": number,
                "fileName": feed.uri,
                "rows": rejects.rows,
                "rowsWithoutText": rejects.rows - rejects.kept,
                "errors": rejects.errors,
                "rowsBytes": rejects.text.bytes,
                "reasonsBytes": rejects.reasons.bytes,
                "saveAs": name(feed, number),
            })
        })
        .collect();
    json!({
        "loadId": record.id.to_string(),
        "format": record.request.format.name(),
        "rows": rows,
        "rowsWithoutText": rows - kept,
        "errors": errors,
        "bytes": record.rejects.rows + record.rejects.reasons,
        "bytesLimit": limit,
        "limitReached": record.rejects.is_cut,
        "feeds": feeds,
    })
}

/// One file of one feed, numbered from 1.
pub(super) fn open(
    folder: &Folder,
    id: LoadId,
    feeds: &[FeedRecord],
    number: u64,
    part: RejectPart,
) -> Result<RejectFile, StatusError> {
    let at = number.checked_sub(1).and_then(|at| usize::try_from(at).ok());
    let Some(feed) = at.and_then(|at| feeds.get(at)).filter(|feed| !feed.rejects.is_empty()) else {
        return Err(StatusError::NoRejects { id, feed: number });
    };
    let extent = match part {
        RejectPart::Rows => feed.rejects.text,
        RejectPart::Reasons => feed.rejects.reasons,
    };
    let name = match part {
        RejectPart::Rows => name(feed, number),
        RejectPart::Reasons => format!("{number}-reasons.csv"),
    };
    let Extent { bytes, .. } = extent;
    let file = (bytes > 0).then(|| folder.read(id, part, extent)).transpose();
    let file = file.map_err(|source| StatusError::Rejects { id, source })?;
    Ok(RejectFile { name, bytes, file })
}

/// A name that no other feed has: its number, and the last part of its own without an ending that says how it was
/// compressed.
fn name(feed: &FeedRecord, number: u64) -> String {
    const LONGEST: usize = 100;
    let own = feed.uri.rsplit('/').next().unwrap_or_default();
    let plain = [".gz", ".bz2"].iter().find_map(|ending| own.strip_suffix(ending)).unwrap_or(own);
    let safe = |letter: char| if letter.is_ascii_alphanumeric() || "._-".contains(letter) { letter } else { '_' };
    let skipped = plain.chars().count().saturating_sub(LONGEST);
    let plain: String = plain.chars().skip(skipped).map(safe).collect();
    format!("{number}-{plain}")
}
