//! `halimede generate`: one random graph in all six formats.
//!
//! The graph is drawn once, in batches, and each batch goes to every format's writer, a thread of its own behind a bounded
//! channel; so memory stays small (but for the set of edges drawn so far) and all formats hold the same graph. The same
//! seed gives the same bytes on every machine.

mod formats;
mod graph;
mod sink;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use crate::error::{Error, Result};
use crate::flags::{Format, Generate, GenerateFormat};
use crate::output;
use crate::table::{Align, Table, thousands};
use graph::{Batch, Graph};

/// Batches that wait for a writer: enough to even out the formats' different speeds.
const QUEUE: usize = 8;

/// The six formats, in the order of the report.
const ALL: [Format; 6] =
    [Format::Csv, Format::OpenCypher, Format::NTriples, Format::NQuads, Format::Turtle, Format::RdfXml];

/// What became of one format.
struct Written {
    format: Format,
    bytes: u64,
}

/// Writes the graph and prints, for each format, the source to load and the number of records to expect.
pub(crate) fn run(flags: &Generate) -> Result<()> {
    let possible = flags.vertices * (flags.vertices - 1);
    if flags.edges > possible {
        return Err(Error::Usage(format!(
            "--edges {}: {} vertices have room for {possible} edges without a loop or a repetition",
            flags.edges, flags.vertices
        )));
    }
    let graph = Graph::new(flags.seed, flags.vertices, flags.edges);
    let written = write_all(graph, &chosen(&flags.format), flags)?;
    let mut table = Table::new([
        ("format", Align::Left),
        ("source", Align::Left),
        ("bytes", Align::Right),
        ("vertices", Align::Right),
        ("edges", Align::Right),
        ("records", Align::Right),
    ]);
    for Written { format, bytes } in written {
        table.row([
            format.name(),
            &flags.out.join(formats::directory(format)).display().to_string(),
            &thousands(bytes),
            &thousands(flags.vertices),
            &thousands(flags.edges),
            &thousands(formats::records(format, flags.vertices, flags.edges)),
        ]);
    }
    output::print(&table.render())
}

/// The formats asked for, each once.
fn chosen(asked: &[GenerateFormat]) -> Vec<Format> {
    let wanted = |format: &Format| {
        asked.iter().any(|asked| match asked {
            GenerateFormat::All => true,
            GenerateFormat::Csv => *format == Format::Csv,
            GenerateFormat::OpenCypher => *format == Format::OpenCypher,
            GenerateFormat::NTriples => *format == Format::NTriples,
            GenerateFormat::NQuads => *format == Format::NQuads,
            GenerateFormat::Turtle => *format == Format::Turtle,
            GenerateFormat::RdfXml => *format == Format::RdfXml,
        })
    };
    ALL.into_iter().filter(wanted).collect()
}

/// Draws the graph and has each format written by a thread of its own.
fn write_all(graph: Graph, formats: &[Format], flags: &Generate) -> Result<Vec<Written>> {
    thread::scope(|scope| {
        let mut queues = Vec::new();
        let mut writers = Vec::new();
        for &format in formats {
            let (send, receive) = sync_channel(QUEUE);
            queues.push(send);
            writers.push(scope.spawn(move || write_one(format, &receive, flags)));
        }
        for batch in graph {
            let batch = Arc::new(batch);
            // A writer that has failed no longer listens; its error is met when it is joined.
            if !queues.iter().all(|queue| queue.send(Arc::clone(&batch)).is_ok()) {
                break;
            }
        }
        drop(queues);
        let join = |writer: thread::ScopedJoinHandle<'_, Result<Written>>| {
            writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        writers.into_iter().map(join).collect()
    })
}

/// Writes the batches in one format.
fn write_one(format: Format, batches: &Receiver<Arc<Batch>>, flags: &Generate) -> Result<Written> {
    let directory = flags.out.join(formats::directory(format));
    let mut files = formats::Files::create(format, &directory, flags.compression)?;
    for batch in batches {
        files.write(&batch)?;
    }
    Ok(Written { format, bytes: files.finish()? })
}
