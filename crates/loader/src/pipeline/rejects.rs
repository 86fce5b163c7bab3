//! A running load's rejects: appended when an epoch is judged, before it is staged or published.
//!
//! They come in the order of rows, so that each feed's are one range of either file. What was appended is true once the
//! publish has happened that names it; until then it is behind the valid end of the files, and is cut off if the load
//! ends otherwise. Once the limit is reached rows are only counted.
//! **Source**: design §9, "Our own paths".

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use model::Quad;
use store::Ordinal;

use super::again::Again;
use super::plan::Plan;
use super::spool::Refused;
use super::{Failure, Task};
use crate::jobs::{ErrorEntry, Extent, FeedRejects, Job, RejectFiles, Rejected};
use crate::rejects::{Output, REASON_COLUMNS, RejectPart, reason};

/// See the module.
pub(super) struct Rejects<'a> {
    again: Again<'a>,
    files: Files<'a>,
}

/// What is known of a row's text.
#[derive(Clone, Copy, Default)]
struct Text<'a> {
    /// The line that names the columns.
    header: &'a [u8],
    row: Option<&'a [u8]>,
    note: Option<&'a str>,
}

impl<'a> Rejects<'a> {
    /// Goes on from what is published and, if there is more, from what was found since.
    pub(super) fn new(task: &'a Task<'a>, plan: &'a Plan, found: Option<&Rejected>) -> Self {
        Self { again: Again::new(task, plan), files: Files::new(task, found) }
    }

    /// Whether texts are kept, and not only counted.
    pub(super) const fn keeps(&self) -> bool {
        !self.files.valid.is_cut
    }

    /// A row that could not be read, or the place where its file ends too early. `header` names the columns.
    ///
    /// # Errors
    /// The disk's.
    pub(super) fn refused(&mut self, refused: &Refused, header: &[u8]) -> Result<(), Failure> {
        let Refused { ordinal, entry, text, note } = refused;
        self.files.append(*ordinal, entry, Text { header, row: text.as_deref(), note: note.as_deref() })
    }

    /// So many rows of a feed that could not be read, of which nothing is kept.
    pub(super) fn only_counted(&mut self, feed: u32, rows: u64) {
        let counts = self.files.counts(feed);
        counts.rows += rows;
        counts.errors += rows;
    }

    /// A row that the store refused, of which nothing is kept.
    pub(super) fn only_violated(&mut self, ordinal: Ordinal) {
        self.files.count(ordinal);
    }

    /// A row of which the store refused `quad`. Its text is read again; what that tells about the place goes into the
    /// entry.
    ///
    /// # Errors
    /// The load is halted, or the disk's.
    pub(super) fn violated(&mut self, ordinal: Ordinal, quad: &Quad, entry: &mut ErrorEntry) -> Result<(), Failure> {
        if !self.keeps() {
            self.only_violated(ordinal);
            return Ok(());
        }
        match self.again.row(ordinal, quad)? {
            Ok(row) => {
                entry.line = Some(row.line);
                entry.column = row.column;
                self.files.append(ordinal, entry, Text { header: row.header, row: Some(row.text), note: None })
            }
            Err(why) => self.files.append(ordinal, entry, Text { note: Some(&why), ..Text::default() }),
        }
    }

    /// Looks at the token.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.again.task().check()
    }

    /// Makes all that was appended durable.
    ///
    /// # Errors
    /// The disk's.
    pub(super) fn sync(&mut self) -> Result<(), Failure> {
        self.files.sync()
    }

    /// What the next publish tells: the feeds that changed since the last one, and what is valid with it.
    pub(super) fn told(&self) -> Option<Rejected> {
        let Files { valid, untold, .. } = &self.files;
        (!untold.is_empty()).then(|| Rejected { files: *valid, feeds: untold.clone() })
    }

    /// It is published.
    pub(super) fn published(&mut self) {
        self.files.untold.clear();
    }
}

/// The two files, and who is where in them.
struct Files<'a> {
    job: &'a Job,
    folder: PathBuf,
    limit: u64,
    output: Option<Output>,
    /// What is valid with the next publish.
    valid: RejectFiles,
    /// Feeds of which the next publish tells, as it will tell of them.
    untold: BTreeMap<u32, FeedRejects>,
    /// The row at hand, and its number among the kept rows of its feed.
    row: Option<(Ordinal, Option<u64>)>,
}

impl<'a> Files<'a> {
    fn new(task: &Task<'a>, found: Option<&Rejected>) -> Self {
        let (mut valid, untold) = match found {
            Some(Rejected { files, feeds }) => (*files, feeds.clone()),
            None => (task.job.with_record(|record| record.rejects), BTreeMap::new()),
        };
        valid.is_cut |= task.rejects_limit == 0;
        Self {
            job: task.job,
            folder: task.rejects.of(task.job.id),
            limit: task.rejects_limit,
            output: None,
            valid,
            untold,
            row: None,
        }
    }

    /// The counts of a feed.
    fn counts(&mut self, feed: u32) -> &mut FeedRejects {
        let job = self.job;
        self.untold.entry(feed).or_insert_with(|| job.feed_rejects(feed))
    }

    /// Counts an error of a row. Whether it is the row's first, and else under which number the row is kept.
    fn count(&mut self, ordinal: Ordinal) -> (bool, Option<u64>) {
        let known = self.row.filter(|(row, _)| *row == ordinal);
        let number = known.and_then(|(_, number)| number);
        self.row = Some((ordinal, number));
        let counts = self.counts(ordinal.feed());
        counts.rows += u64::from(known.is_none());
        counts.errors += 1;
        (known.is_none(), number)
    }

    fn append(&mut self, ordinal: Ordinal, entry: &ErrorEntry, text: Text<'_>) -> Result<(), Failure> {
        let (is_first, mut number) = self.count(ordinal);
        if self.valid.is_cut {
            return Ok(());
        }
        let mut counts = *self.counts(ordinal.feed());
        let (mut rows, mut reasons) = (Vec::new(), Vec::new());
        if let Some(row) = text.row.filter(|_| is_first) {
            if counts.kept == 0 {
                line(&mut rows, text.header);
            }
            line(&mut rows, row);
            counts.kept += 1;
            number = Some(counts.kept);
        }
        if counts.reasons.bytes == 0 {
            reasons.extend(REASON_COLUMNS.as_bytes());
        }
        reasons.extend(reason(number, ordinal.record(), entry, text.note).into_bytes());
        let bytes = (rows.len() + reasons.len()) as u64;
        if self.valid.rows + self.valid.reasons + bytes > self.limit {
            self.valid.is_cut = true;
            return Ok(());
        }
        self.write(&rows, &reasons)?;
        extend(&mut counts.text, &mut self.valid.rows, rows.len() as u64);
        extend(&mut counts.reasons, &mut self.valid.reasons, reasons.len() as u64);
        self.row = Some((ordinal, number));
        *self.counts(ordinal.feed()) = counts;
        Ok(())
    }

    fn write(&mut self, rows: &[u8], reasons: &[u8]) -> Result<(), Failure> {
        let written = (|| {
            let output = match &mut self.output {
                Some(output) => output,
                None => self.output.insert(Output::open(&self.folder, self.valid)?),
            };
            output.write(RejectPart::Rows, rows)?;
            output.write(RejectPart::Reasons, reasons)
        })();
        written.map_err(failed)
    }

    fn sync(&mut self) -> Result<(), Failure> {
        let Some(output) = &mut self.output else { return Ok(()) };
        output.sync().map_err(failed)
    }
}

/// The disk does not take what was rejected.
pub(super) fn failed(source: io::Error) -> Failure {
    Failure::Store(store::Error::Io { action: "keep the rejected rows in", path: PathBuf::from("rejects"), source })
}

/// Adds a line; one that has no end gets one.
fn line(out: &mut Vec<u8>, text: &[u8]) {
    out.extend(text);
    if !text.is_empty() && !text.ends_with(b"\n") {
        out.push(b'\n');
    }
}

/// Adds so many bytes at the end of a file.
fn extend(extent: &mut Extent, end: &mut u64, bytes: u64) {
    if extent.bytes == 0 {
        extent.at = *end;
    }
    extent.bytes += bytes;
    *end += bytes;
}
