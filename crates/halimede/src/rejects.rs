//! `halimede rejects`: the rows that a load rejected, listed or written out.
//!
//! Rows go to the directory itself and reasons below it, so that what was mended can be loaded by the directory's name.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use loader::RejectPart;
use loader::source::S3Config;
use serde::Deserialize;
use serde_json::Value;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::flags::Rejects;
use crate::local::{self, Local};
use crate::output;
use crate::place::{self, Target};
use crate::size::ByteSize;
use crate::table::{Align, Table, printable, thousands};

/// The part of the directory where the reasons go.
const REASONS: &str = "reasons";

/// Who knows the rejects.
enum Register {
    Server(Client),
    Local(Local),
}

/// What there is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    format: String,
    rows: u64,
    rows_without_text: u64,
    bytes: u64,
    bytes_limit: u64,
    limit_reached: bool,
    feeds: Vec<Feed>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feed {
    #[serde(rename = "feed")]
    number: u64,
    file_name: String,
    rows: u64,
    rows_without_text: u64,
    errors: u64,
    rows_bytes: u64,
    reasons_bytes: u64,
    save_as: String,
}

/// Runs the command.
pub(crate) fn run(flags: &Rejects) -> Result<()> {
    let register = match place::resolve(&flags.place)? {
        Target::Server(client) => Register::Server(client),
        Target::Directory(directory) => Register::Local(Local::new(
            place::open_existing(&directory)?,
            S3Config::default(),
            None,
            local::runtime()?,
        )?),
    };
    let told = tell(&register, flags);
    if let Register::Local(local) = register {
        local.close();
    }
    output::print(&told?)
}

fn tell(register: &Register, flags: &Rejects) -> Result<String> {
    let list: List = serde_json::from_value(register.list(&flags.load_id)?)
        .map_err(|error| Error::Failed(format!("the list of rejects cannot be read: {error}")))?;
    if list.feeds.is_empty() {
        return Ok("no row was rejected\n".to_owned());
    }
    let mut out = list.render();
    if let Some(directory) = &flags.out {
        register.save(&flags.load_id, &list, directory)?;
        let _ = writeln!(
            out,
            "\nwritten to {0}, with the reasons in {0}/{REASONS}; once mended: halimede load {0} --format {1}",
            directory.display(),
            list.format
        );
    }
    Ok(out)
}

impl Register {
    fn list(&self, id: &str) -> Result<Value> {
        Ok(match self {
            Self::Server(client) => client.rejects(id)?,
            Self::Local(local) => local.loader.rejects(id)?,
        })
    }

    /// Writes every file that is not empty.
    fn save(&self, id: &str, list: &List, directory: &Path) -> Result<()> {
        let reasons = directory.join(REASONS);
        fs::create_dir_all(&reasons).map_err(failed("cannot create", &reasons))?;
        for feed in &list.feeds {
            // A server could name any file.
            let plain = Path::new(&feed.save_as).file_name().filter(|name| *name == feed.save_as.as_str());
            let plain = plain.ok_or_else(|| Error::Failed(format!("{:?} is no name for a file", feed.save_as)))?;
            for (part, bytes, path) in [
                (RejectPart::Rows, feed.rows_bytes, directory.join(plain)),
                (RejectPart::Reasons, feed.reasons_bytes, reasons.join(format!("{}-reasons.csv", feed.number))),
            ] {
                if bytes > 0 {
                    self.copy(id, feed.number, part, &path)?;
                }
            }
        }
        Ok(())
    }

    fn copy(&self, id: &str, feed: u64, part: RejectPart, path: &Path) -> Result<()> {
        let mut from: Box<dyn Read> = match self {
            Self::Server(client) => Box::new(client.reject_file(id, feed, part.name())?),
            Self::Local(local) => Box::new(local.loader.reject_file(id, feed, part)?),
        };
        let mut file = File::create(path).map_err(failed("cannot create", path))?;
        io::copy(&mut from, &mut file).map_err(failed("cannot write", path))?;
        Ok(())
    }
}

impl List {
    fn render(&self) -> String {
        let mut table = Table::new([
            ("feed", Align::Right),
            ("file", Align::Left),
            ("rejected rows", Align::Right),
            ("errors", Align::Right),
            ("size", Align::Right),
        ]);
        for feed in &self.feeds {
            let rows = match feed.rows_without_text {
                0 => thousands(feed.rows),
                unknown => format!("{} ({} without text)", thousands(feed.rows), thousands(unknown)),
            };
            let size = ByteSize(feed.rows_bytes).to_string();
            table.row([feed.number.to_string(), printable(&feed.file_name), rows, thousands(feed.errors), size]);
        }
        let mut out = table.render();
        let _ = writeln!(out, "\n{} rows", thousands(self.rows));
        if self.limit_reached {
            let _ = writeln!(
                out,
                "{} of them were only counted: {} are kept, and the limit is {} (--rejects-limit)",
                thousands(self.rows_without_text),
                ByteSize(self.bytes),
                ByteSize(self.bytes_limit)
            );
        }
        out
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { action, path, source }
}
