//! What is said of what went well, member by member.

use std::sync::Arc;
use std::time::Duration;

use exec::context::Changes;
use exec::{Map, Value};

use super::super::Guest;
use super::super::transaction::Summary;
use crate::exception::{Exception, Failure};

/// What drivers take the server for: they read the version, and some refuse any other name.
const AGENT: &str = "Neo4j/5.4.0";

/// The one database. Drivers want it to have a name.
const DATABASE: &str = "neo4j";

/// How long drivers may go on with what ROUTE told them, in seconds.
const ROUTE_LIVES: i64 = 300;

/// An answer.
#[derive(Debug, Default)]
pub(super) struct Success {
    /// Its members.
    pub(super) members: Vec<(&'static str, Value)>,
    /// Results of the transaction that have rows left.
    pub(super) open: usize,
}

impl Success {
    fn of(members: Vec<(&'static str, Value)>) -> Self {
        Self { members, open: 0 }
    }
}

/// To HELLO.
pub(super) fn hello(connection: &str, patched: bool) -> Success {
    let mut members = vec![("server", AGENT.into()), ("connection_id", connection.into())];
    members.push(("hints", Value::Map(Map::default())));
    if patched {
        members.push(("patch_bolt", list([Value::from("utc")])));
    }
    Success::of(members)
}

/// To ROUTE: this server is all there is, under the name by which its client knows it.
pub(super) fn route(address: Option<&str>, guest: Guest) -> Success {
    let address = address.map_or_else(|| guest.server.to_string(), str::to_owned);
    let server = |role: &str| {
        let addresses = list([Value::from(&*address)]);
        map([("addresses", addresses), ("role", role.into())])
    };
    let servers = list(["WRITE", "READ", "ROUTE"].map(server));
    let table = map([("ttl", ROUTE_LIVES.into()), ("db", DATABASE.into()), ("servers", servers)]);
    Success::of(vec![("rt", table)])
}

/// To RUN.
pub(super) fn running(fields: Vec<Arc<str>>, number: Option<u64>, open: usize, took: Duration) -> Success {
    let mut members = vec![("fields", list(fields.into_iter().map(Value::String))), ("t_first", millis(took))];
    members.extend(number.map(|number| ("qid", Value::Integer(number.cast_signed()))));
    Success { members, open }
}

/// To PULL and DISCARD, if there are more rows.
pub(super) fn paused(open: usize) -> Success {
    Success { members: vec![("has_more", true.into())], open }
}

/// To PULL and DISCARD, if there are none.
pub(super) fn finished(summary: Summary, open: usize, took: Duration) -> Success {
    let mut members = vec![("type", summary.kind.into()), ("t_last", millis(took)), ("db", DATABASE.into())];
    if let Some(stats) = stats(&summary.changes) {
        members.push(("stats", stats));
    }
    members.extend(summary.commit.map(|commit| ("bookmark", bookmark(commit))));
    Success { members, open }
}

/// To COMMIT.
pub(super) fn committed(commit: u64) -> Success {
    Success::of(vec![("bookmark", bookmark(commit))])
}

/// Where there should be one: a bug.
pub(super) fn no_transaction() -> Failure {
    Failure::new(Exception::InternalFailure, "There is no open transaction")
}

/// A thread that answers something else: a bug.
pub(super) fn unexpected() -> Failure {
    Failure::new(Exception::InternalFailure, "An unexpected error occurred while answering the request")
}

/// What a statement has changed, if anything.
fn stats(changes: &Changes) -> Option<Value> {
    let Changes {
        nodes_created,
        nodes_deleted,
        relationships_created,
        relationships_deleted,
        properties_set,
        labels_added,
        labels_removed,
    } = *changes;
    let counts = [
        ("nodes-created", nodes_created),
        ("nodes-deleted", nodes_deleted),
        ("relationships-created", relationships_created),
        ("relationships-deleted", relationships_deleted),
        ("properties-set", properties_set),
        ("labels-added", labels_added),
        ("labels-removed", labels_removed),
    ];
    let counted = counts.into_iter().filter(|(_, count)| *count > 0);
    let mut members: Vec<(&str, Value)> =
        counted.map(|(name, count)| (name, Value::Integer(count.cast_signed()))).collect();
    if members.is_empty() {
        return None;
    }
    members.push(("contains-updates", true.into()));
    Some(map(members))
}

fn bookmark(commit: u64) -> Value {
    format!("FB:{commit}").into()
}

fn millis(took: Duration) -> Value {
    Value::Integer(i64::try_from(took.as_millis()).unwrap_or(i64::MAX))
}

fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::list(items.into_iter().collect::<Vec<_>>()).expect("it is not deep")
}

fn map<'n>(entries: impl IntoIterator<Item = (&'n str, Value)>) -> Value {
    let entries = entries.into_iter().map(|(name, value)| (name.into(), value));
    Value::Map(Map::new(entries).expect("it is not deep"))
}
