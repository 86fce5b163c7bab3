//! `halimede cancel`: stop a load that a server runs.

use store::Store;

use crate::error::{Error, Result};
use crate::flags::Cancel;
use crate::output;
use crate::place::{self, Target};
use crate::table::printable;

/// Runs the command. When it returns, the load has stopped.
pub(crate) fn run(flags: &Cancel) -> Result<()> {
    match place::resolve(&flags.place)? {
        Target::Server(client) => {
            client.cancel(&flags.load_id)?;
            output::print(&format!("load {} is cancelled\n", printable(&flags.load_id)))
        }
        Target::Directory(directory) => Err(Error::Failed(match Store::holder(&directory) {
            Some((pid, _)) => format!(
                "no server has {}, but process {pid}, perhaps `halimede load`: Ctrl-C there (or SIGTERM) cancels its load",
                directory.display()
            ),
            None => {
                format!("no server has {}, so no load runs there; name a server with --endpoint", directory.display())
            }
        })),
    }
}
