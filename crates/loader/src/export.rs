//! Export: a snapshot as the files that it could have been loaded from.
//!
//! [`export`] writes one file of one moment, streamed in batches: what is in memory is a batch and one row, whatever the
//! size of the graph. Loading the files again (CSV with `allowEmptyStrings`) gives the same graph; what a format cannot
//! say is an error that names it, never a file that says something else.
//!
//! - **Order**: elements and statements come in the order of the store's keys, so that equal graphs give equal files.
//! - **Cost**: RDF is one scan of SPOG. CSV is two: the first finds the columns, the second writes the rows.
//! - **Source**: design §9, export; the formats as `spec/loader.md` §6 to §8 reads them.

mod columns;
mod csv;
mod edges;
mod rdf_xml;
mod statements;
mod terms;
mod vertices;

use std::io::{self, BufWriter, Write};

use model::Dataset;
use store::{CancelToken, Snapshot};
use thiserror::Error;

use crate::request::Format;

/// One of the files that a graph is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The vertices of a property graph with labels and properties.
    Vertices,
    /// Its edges with their properties.
    Edges,
    /// All statements of an RDF data set.
    Statements,
}

impl Part {
    /// The files of a format, in the order in which they load.
    pub const fn of(format: Format) -> &'static [Self] {
        if format.is_rdf() { &[Self::Statements] } else { &[Self::Vertices, Self::Edges] }
    }

    /// `vertices`, `edges` or `statements`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vertices => "vertices",
            Self::Edges => "edges",
            Self::Statements => "statements",
        }
    }

    /// A name for the file: `vertices.csv`, `statements.nq`.
    pub fn file_name(self, format: Format) -> String {
        let extension = match format {
            Format::Csv | Format::OpenCypher => "csv",
            Format::NTriples => "nt",
            Format::NQuads => "nq",
            Format::Turtle => "ttl",
            Format::RdfXml => "rdf",
        };
        format!("{}.{extension}", self.name())
    }
}

/// Why a graph was not, or not wholly, written.
#[derive(Debug, Error)]
pub enum ExportError {
    /// Reading failed, or was cancelled.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Writing failed.
    #[error("the export cannot be written: {0}")]
    Write(#[from] io::Error),
    /// The format has no such file.
    #[error("format {format} has no file of {}", part.name())]
    Part {
        /// The format asked for.
        format: Format,
        /// The file asked for.
        part: Part,
    },
    /// The format cannot hold the data set.
    #[error("format {format} holds the data set {}, not {}", expected.name(), found.name())]
    Dataset {
        /// The format asked for.
        format: Format,
        /// What it holds.
        expected: Dataset,
        /// What the snapshot is of.
        found: Dataset,
    },
    /// A property's key cannot stand in a header.
    #[error("format {format} cannot name the property {key:?}: {reason}; choose another format")]
    Key {
        /// The format asked for.
        format: Format,
        /// The key.
        key: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The header would be longer than a loader reads.
    #[error("the {} have {columns} property columns, more than fit into a header of {limit} bytes", part.name())]
    Header {
        /// The file.
        part: Part,
        /// How many columns it would have.
        columns: usize,
        /// What a header may take.
        limit: usize,
    },
    /// An element has several values for a key that can have one.
    #[error(
        "format {format} gives each of the {} one value of the property {key:?}: {element:?} has several; choose another format",
        part.name()
    )]
    SeveralValues {
        /// The format asked for.
        format: Format,
        /// The file.
        part: Part,
        /// The key.
        key: String,
        /// The id of a vertex or edge with several values.
        element: String,
    },
    /// A value or a term cannot be written.
    #[error("format {format} cannot write {found:?}: {reason}; choose another format")]
    Text {
        /// The format asked for.
        format: Format,
        /// The beginning of the text.
        found: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A quad has a term in a place where the data set holds none of its kind.
    #[error("the data set {} holds {found}, where {expected} belongs", dataset.name())]
    Misplaced {
        /// The data set.
        dataset: Dataset,
        /// The term.
        found: String,
        /// What belongs there.
        expected: &'static str,
    },
}

/// Writes one file of a snapshot in a format. Gives the number of rows (without header) or statements.
///
/// In the formats that have no graphs, a statement that several graphs hold is written once.
///
/// # Errors
///
/// [`ExportError`]; what was written before it is the beginning of a file, to be thrown away.
pub fn export(
    snapshot: &Snapshot,
    format: Format,
    part: Part,
    out: &mut dyn Write,
    cancel: &CancelToken,
) -> Result<u64, ExportError> {
    if !Part::of(format).contains(&part) {
        return Err(ExportError::Part { format, part });
    }
    let expected = if format.is_rdf() { Dataset::Rdf } else { Dataset::Pg };
    if snapshot.dataset() != expected {
        return Err(ExportError::Dataset { format, expected, found: snapshot.dataset() });
    }
    let mut out = BufWriter::with_capacity(WRITE_BYTES, out);
    let job = Job { snapshot, format, cancel };
    let rows = match part {
        Part::Vertices => vertices::write(&job, &mut out)?,
        Part::Edges => edges::write(&job, &mut out)?,
        Part::Statements => statements::write(&job, &mut out)?,
    };
    out.flush()?;
    Ok(rows)
}

/// How much is handed to the writer at once.
const WRITE_BYTES: usize = 64 << 10;

/// What every part of an export needs to know.
struct Job<'a> {
    snapshot: &'a Snapshot,
    format: Format,
    cancel: &'a CancelToken,
}

impl Job<'_> {
    /// The error for a text that the format cannot write.
    fn refuse(&self, text: &str, reason: &'static str) -> ExportError {
        /// Enough to recognise a text by.
        const SHOWN: usize = 100;
        let found = text.chars().take(SHOWN).collect();
        ExportError::Text { format: self.format, found, reason }
    }

    /// The error for a term that has no business where it is.
    fn misplaced(&self, term: &model::Term, expected: &'static str) -> ExportError {
        ExportError::Misplaced { dataset: self.snapshot.dataset(), found: format!("{term:?}"), expected }
    }
}
