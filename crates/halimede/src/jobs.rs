//! `halimede jobs`: the remembered loads, or one of them whole; once, or kept up to date.

mod watch;

use std::path::Path;

use loader::StatusQuery;
use loader::source::S3Config;
use serde_json::Value;
use store::Store;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::flags::Jobs;
use crate::local::{self, Local};
use crate::output;
use crate::place::{self, Target};
use crate::report::{self, Report};
use crate::table::{Align, Table};

/// Loads that are listed.
const LISTED: usize = 100;

/// Who knows the loads.
enum Register {
    Server(Client),
    Local(Local),
}

/// Runs the command.
pub(crate) fn run(flags: &Jobs) -> Result<()> {
    let register = match place::resolve(&flags.place)? {
        Target::Server(client) if flags.watch => {
            return match &flags.load_id {
                Some(id) => watch::one(&client, id),
                None => watch::all(&client),
            };
        }
        Target::Directory(directory) if flags.watch => return Err(nothing_to_watch(&directory)),
        Target::Server(client) => Register::Server(client),
        Target::Directory(directory) => Register::Local(Local::new(
            place::open_existing(&directory)?,
            S3Config::default(),
            None,
            local::runtime()?,
        )?),
    };
    let text = match &flags.load_id {
        Some(id) => Report::read(register.status(id)?)?.render(id, None),
        None => register.table()?,
    };
    if let Register::Local(local) = register {
        local.close();
    }
    output::print(&text)
}

/// No server has the directory, so no load of it can be watched from here.
fn nothing_to_watch(directory: &Path) -> Error {
    let holder = Store::holder(directory);
    let directory = directory.display();
    Error::Failed(match holder {
        Some((pid, _)) => format!(
            "no server has {directory}, but process {pid}, perhaps `halimede load`, which shows its own progress"
        ),
        None => format!("no server has {directory}, so nothing changes there; name a server with --endpoint"),
    })
}

impl Register {
    fn status(&self, id: &str) -> Result<Value> {
        Ok(match self {
            Self::Server(client) => client.status(id, report::ERRORS)?,
            Self::Local(local) => {
                let query = StatusQuery { details: true, errors: true, page: 1, errors_per_page: report::ERRORS };
                local.loader.status(id, query)?
            }
        })
    }

    fn table(&self) -> Result<String> {
        let ids = match self {
            Self::Server(client) => client.list()?,
            Self::Local(local) => local.loader.list(LISTED, true),
        };
        let mut table = Table::new([
            ("load", Align::Left),
            ("status", Align::Left),
            ("records", Align::Right),
            ("errors", Align::Right),
            ("source", Align::Left),
        ]);
        for id in ids {
            // A load may be forgotten between the list and this question; that is no reason to show none.
            if let Ok(status) = self.status(&id).and_then(Report::read) {
                table.row([id].into_iter().chain(status.cells()));
            }
        }
        Ok(table.render())
    }
}
