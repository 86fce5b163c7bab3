//! `halimede jobs`: the remembered loads, or one of them whole.

use loader::StatusQuery;
use loader::source::S3Config;
use serde_json::Value;

use crate::client::Client;
use crate::error::Result;
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
        Target::Server(client) => Register::Server(client),
        Target::Directory(directory) => {
            Register::Local(Local::new(place::open_existing(&directory)?, S3Config::default(), local::runtime()?)?)
        }
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
