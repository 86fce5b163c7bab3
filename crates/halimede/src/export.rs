//! `halimede export`: the graph as the files that it could have been loaded from.
//!
//! In this process all files are of one snapshot. A server is asked for one file after the other, and each is of the
//! moment when it was asked for: do not load meanwhile.
//!
//! Each file is written beside its name and renamed when it is whole, so that a failure leaves no half file that looks
//! like one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use loader::export::Part;
use loader::request::Format;
use model::Dataset;
use store::{CancelToken, Snapshot, Store};

use crate::client::Client;
use crate::error::{Error, Result};
use crate::flags::{self, Export};
use crate::output;
use crate::place::{self, Target};
use crate::size::ByteSize;
use crate::table::{Align, Table};

/// Where the rows come from.
enum From {
    Server(Client),
    Store { snapshot: Snapshot, store: Store },
}

/// Runs the command.
pub(crate) fn run(flags: &Export) -> Result<()> {
    let (dataset, format) = choose(flags)?;
    let from = match place::resolve(&flags.place)? {
        Target::Server(client) => From::Server(client),
        Target::Directory(directory) => {
            let store = place::open_existing(&directory)?;
            From::Store { snapshot: store.snapshot(dataset), store }
        }
    };
    fs::create_dir_all(&flags.out).map_err(failed("cannot create", &flags.out))?;
    let mut table = Table::new([("file", Align::Left), ("size", Align::Right)]);
    for &part in Part::of(format) {
        let path = flags.out.join(part.file_name(format));
        let bytes = write_whole(&path, |out| from.write(dataset, format, part, out))?;
        table.row([path.display().to_string(), ByteSize(bytes).to_string()]);
    }
    if let From::Store { store, .. } = from {
        store.close();
    }
    output::print(&table.render())
}

/// The data set and the format: either may follow from the other.
fn choose(flags: &Export) -> Result<(Dataset, Format)> {
    let format = match (flags.format, flags.dataset) {
        (Some(format), _) => format.into(),
        (None, Some(flags::Dataset::Rdf)) => Format::NQuads,
        (None, Some(flags::Dataset::Pg) | None) => Format::Csv,
    };
    let dataset = if format.is_rdf() { Dataset::Rdf } else { Dataset::Pg };
    match flags.dataset {
        Some(flags::Dataset::Rdf) if dataset == Dataset::Pg => Err(Error::Usage(format!(
            "--format {format} cannot hold --dataset rdf; take ntriples, nquads, turtle or rdfxml"
        ))),
        Some(flags::Dataset::Pg) if dataset == Dataset::Rdf => {
            Err(Error::Usage(format!("--format {format} cannot hold --dataset pg; take csv or opencypher")))
        }
        _ => Ok((dataset, format)),
    }
}

impl From {
    fn write(&self, dataset: Dataset, format: Format, part: Part, out: &mut File) -> Result<()> {
        match self {
            Self::Server(client) => {
                let query = [("dataset", dataset.name()), ("format", format.name()), ("part", part.name())];
                let mut answer = client.export(&query)?;
                let endpoint = PathBuf::from(client.endpoint());
                io::copy(&mut answer, out).map_err(failed("cannot copy from", &endpoint))?;
            }
            Self::Store { snapshot, .. } => {
                loader::export::export(snapshot, format, part, out, &CancelToken::new())?;
            }
        }
        Ok(())
    }
}

/// Writes a file under another name and renames it; its bytes.
fn write_whole(path: &Path, write: impl FnOnce(&mut File) -> Result<()>) -> Result<u64> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let mut file = File::create(&partial).map_err(failed("cannot create", &partial))?;
    let done = write(&mut file).and_then(|()| {
        file.flush().map_err(failed("cannot write", &partial))?;
        let bytes = file.metadata().map_err(failed("cannot read", &partial))?.len();
        fs::rename(&partial, path).map_err(failed("cannot rename", &partial))?;
        Ok(bytes)
    });
    if done.is_err() {
        // The first failure is the one to tell.
        let _ = fs::remove_file(&partial);
    }
    done
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { action, path, source }
}
