//! The rejects of a job on disk: every row that was rejected, as it stood, and why.
//!
//! ```text
//! rejects/LOAD-ID/rows      the rows, feed after feed: first the line that names the columns, then the rows
//! rejects/LOAD-ID/reasons   as CSV, feed after feed: first the line that names the columns, then a line for each error
//! ```
//!
//! Rows are appended in the order of the load, so a feed's are one range of bytes, which its record knows
//! ([`crate::jobs::FeedRejects`]): what is handed out is a copy of that range. Both files are synced before the publish
//! that counts their rows, and how long they are is in the job's record: whatever lies beyond belongs to a publish that
//! did not happen.
//!
//! - **Bound**: `rejects_limit` of [`crate::LoaderConfig`], a job, in both files together.
//! - **Source**: design §9, "Our own paths".

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::jobs::{ErrorEntry, Extent, JobRecord, LoadId, RejectFiles};

/// The columns of the reasons.
pub(crate) const REASON_COLUMNS: &str = "row,record,line,column,code,message,note\n";

/// Which of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectPart {
    /// The rows as they stood.
    Rows,
    /// What is wrong with them.
    Reasons,
}

impl RejectPart {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Rows, Self::Reasons];

    /// The name on the wire, and of the file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Reasons => "reasons",
        }
    }
}

/// Where the rejects of all jobs are.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Those of the store in `data`.
    pub(crate) fn new(data: &Path) -> Self {
        Self(data.join("rejects"))
    }

    /// Those of one job.
    pub(crate) fn of(&self, id: LoadId) -> PathBuf {
        self.0.join(id.to_string())
    }

    /// Opens a range of one file.
    pub(crate) fn read(&self, id: LoadId, part: RejectPart, extent: Extent) -> io::Result<io::Take<File>> {
        let mut file = File::open(self.of(id).join(part.name()))?;
        file.seek(SeekFrom::Start(extent.at))?;
        Ok(io::Read::take(file, extent.bytes))
    }

    /// Gives back what lies beyond what a job's record knows. What cannot be given back now is at the next start.
    pub(crate) fn trim(&self, record: &JobRecord) {
        let RejectFiles { rows, reasons, .. } = record.rejects;
        if rows + reasons == 0 {
            return self.remove(record.id);
        }
        for (part, length) in [(RejectPart::Rows, rows), (RejectPart::Reasons, reasons)] {
            let path = self.of(record.id).join(part.name());
            let longer = fs::metadata(&path).is_ok_and(|found| found.len() > length);
            if longer && let Err(error) = OpenOptions::new().write(true).open(&path).and_then(|it| it.set_len(length)) {
                tracing::warn!(path = %path.display(), %error, "rejects of a publish that did not happen stay on disk");
            }
        }
    }

    /// Forgets the rejects of a job.
    pub(crate) fn remove(&self, id: LoadId) {
        remove_directory(&self.of(id));
    }

    /// Forgets the rejects of jobs that are not known any more.
    pub(crate) fn tidy(&self, known: impl Fn(LoadId) -> bool) {
        let Ok(entries) = fs::read_dir(&self.0) else { return };
        for entry in entries.flatten() {
            let id = entry.file_name().to_str().and_then(|name| LoadId::parse(name).ok());
            if !id.is_some_and(&known) {
                remove_directory(&entry.path());
            }
        }
    }
}

fn remove_directory(path: &Path) {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "rejects of a forgotten job stay on disk");
        }
        _ => {}
    }
}

/// The two files of a running job, being appended to.
#[derive(Debug)]
pub(crate) struct Output {
    rows: BufWriter<File>,
    reasons: BufWriter<File>,
    /// Whether there is something that is not synced.
    unsynced: bool,
}

impl Output {
    /// Opens both, without what lies beyond `valid`. Makes them durable as files if they are new.
    pub(crate) fn open(folder: &Path, valid: RejectFiles) -> io::Result<Self> {
        let is_new = !RejectPart::ALL.iter().all(|part| folder.join(part.name()).exists());
        fs::create_dir_all(folder)?;
        let open = |part: RejectPart, length| {
            let mut options = OpenOptions::new();
            let mut file = options.write(true).create(true).truncate(false).open(folder.join(part.name()))?;
            file.set_len(length)?;
            file.seek(SeekFrom::End(0))?;
            Ok::<_, io::Error>(BufWriter::with_capacity(1 << 16, file))
        };
        let output = Self {
            rows: open(RejectPart::Rows, valid.rows)?,
            reasons: open(RejectPart::Reasons, valid.reasons)?,
            unsynced: false,
        };
        if is_new {
            for directory in
                [Some(folder), folder.parent(), folder.parent().and_then(Path::parent)].into_iter().flatten()
            {
                File::open(directory)?.sync_all()?;
            }
        }
        Ok(output)
    }

    /// Appends.
    pub(crate) fn write(&mut self, part: RejectPart, bytes: &[u8]) -> io::Result<()> {
        self.unsynced = true;
        match part {
            RejectPart::Rows => self.rows.write_all(bytes),
            RejectPart::Reasons => self.reasons.write_all(bytes),
        }
    }

    /// Makes all that was appended durable.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.unsynced) {
            for file in [&mut self.rows, &mut self.reasons] {
                file.flush()?;
                file.get_ref().sync_data()?;
            }
        }
        Ok(())
    }
}

/// A line of the reasons. `row` counts the rows of the feed that are kept.
pub(crate) fn reason(row: Option<u64>, record: u64, entry: &ErrorEntry, note: Option<&str>) -> String {
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let cells = [
        number(row),
        record.to_string(),
        number(entry.line),
        quoted(entry.column.as_deref().unwrap_or_default()),
        entry.code.name().to_owned(),
        quoted(&entry.message),
        quoted(note.unwrap_or_default()),
    ];
    cells.join(",") + "\n"
}

/// A text as a CSV field.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
