//! `halimede load`: start a load, follow it, tell how it ended.
//!
//! The same request, in the service's own JSON, goes to a server or to a loader in this process.

mod embedded;
mod remote;

pub(crate) use remote::There;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use crate::error::{Error, Result};
use crate::flags::Load;
use crate::output;
use crate::place::{self, Target};
use crate::report::Report;

/// How a load that was followed to its end went.
struct Finished {
    id: String,
    status: Report,
    took: Duration,
    interrupted: bool,
}

/// Runs the command.
///
/// # Errors
/// [`Error::Failed`] if the load did not complete, [`Error::Interrupted`] if Ctrl-C cancelled it; the job was printed then.
/// [`Error::Interrupted`] also if Ctrl-C left it to its server.
pub(crate) fn run(flags: &Load) -> Result<()> {
    let tolerates = flags.tolerance.filter(|tolerance| !tolerance.is_none());
    if let Some(tolerance) = tolerates.filter(|_| flags.fail_on_error) {
        return Err(Error::Usage(format!(
            "--tolerance {tolerance} asks to tolerate errors, but the load stops at the first one: \
             give --fail-on-error false with it"
        )));
    }
    let finished = match place::resolve(&flags.place)? {
        Target::Server(client) => {
            let mut request = request(flags, &uri(&flags.source)?);
            // Who only waits for a load can as well wait for its turn.
            request["queueRequest"] = flags.wait.into();
            remote::run(&client, &request, flags.wait)?.ok_or(Error::Interrupted)?
        }
        Target::Directory(directory) => embedded::run(&directory, flags, &request(flags, &flags.source))?,
    };
    let Finished { id, status, took, interrupted } = finished;
    output::print(&status.render(&id, Some(took)))?;
    if interrupted && status.state() == "LOAD_CANCELLED_BY_USER" {
        return Err(Error::Interrupted);
    }
    status.outcome()
}

/// The request as it is posted to `/loader`.
fn request(flags: &Load, source: &str) -> Value {
    let mut parser = json!({ "allowEmptyStrings": flags.allow_empty_strings });
    if let Some(graph) = &flags.named_graph {
        parser["namedGraphUri"] = graph.as_str().into();
    }
    if let Some(base) = &flags.base_uri {
        parser["baseUri"] = base.as_str().into();
    }
    let mut request = json!({
        "source": source,
        "format": flags.format.name(),
        "mode": flags.mode.name(),
        "failOnError": flags.fail_on_error,
        "parallelism": flags.parallelism.name(),
        "userProvidedEdgeIds": flags.user_provided_edge_ids,
        "updateSingleCardinalityProperties": flags.update_single_cardinality_properties,
        "parserConfiguration": parser,
    });
    if flags.atomic {
        request["atomic"] = true.into();
    }
    if flags.dry_run {
        request["dryRun"] = true.into();
    }
    if let Some(tolerance) = flags.tolerance {
        request["tolerance"] = tolerance.to_string().into();
    }
    if let Some(region) = flags.s3.region.as_ref().filter(|_| !is_local(source)) {
        request["region"] = region.as_str().into();
    }
    request
}

/// Whether a source is a file or directory.
fn is_local(source: &str) -> bool {
    source.starts_with("file://") || !source.contains("://")
}

/// The source as a server can read it: a plain path becomes a `file://` URI.
fn uri(source: &str) -> Result<String> {
    if source.contains("://") {
        return Ok(source.to_owned());
    }
    let bad = || Error::Usage(format!("{source:?} is not a path that a server could be told"));
    let path = std::path::absolute(Path::new(source)).map_err(|_| bad())?;
    let uri = Url::from_file_path(path).map_err(|()| bad())?;
    Ok(uri.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_uri_for_a_server() {
        assert_eq!(uri("s3://b/p").expect("a source"), "s3://b/p");
        assert_eq!(uri("/a b/ü").expect("a source"), "file:///a%20b/%C3%BC");
        let here = std::env::current_dir().expect("a directory");
        assert_eq!(uri("x").expect("a source"), format!("file://{}/x", here.display()));
    }
}
