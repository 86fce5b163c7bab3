//! What clients are sent.

use exec::json::Entities;
use exec::{Map, Value};

use crate::Dialect;
use crate::chunk;
use crate::pack::Packer;
use crate::value;
use crate::version::Version;

const SUCCESS: u8 = 0x70;
const RECORD: u8 = 0x71;
const IGNORED: u8 = 0x7E;
const FAILURE: u8 = 0x7F;

/// The state of GQL that says nothing but that something failed, and what it is called.
const GENERAL_FAILURE: (&str, &str) = ("50N42", "error: general processing exception - unexpected error.");

/// Members of a response, in the order in which they are written. None holds a node.
pub type Members<'m> = &'m [(&'m str, Value)];

/// Appends SUCCESS.
pub fn success(out: &mut Vec<u8>, members: Members<'_>) {
    plain(out, |out| {
        Packer(out).structure(SUCCESS, 1);
        write_members(out, members);
    });
}

/// Appends IGNORED.
pub fn ignored(out: &mut Vec<u8>) {
    plain(out, |out| Packer(out).structure(IGNORED, 0));
}

/// Appends FAILURE.
pub fn failure(out: &mut Vec<u8>, version: Version, code: &str, message: &str) {
    plain(out, |out| {
        Packer(out).structure(FAILURE, 1);
        if version.has_gql_failures() {
            let (state, description) = GENERAL_FAILURE;
            let members = [
                ("neo4j_code", code.into()),
                ("message", message.into()),
                ("gql_status", state.into()),
                ("description", description.into()),
                ("diagnostic_record", diagnostic_record()),
            ];
            write_members(out, &members);
        } else {
            write_members(out, &[("code", code.into()), ("message", message.into())]);
        }
    });
}

/// What GQL wants to be said of every failure; drivers take these for the defaults, if they look.
fn diagnostic_record() -> Value {
    let members = [("OPERATION", ""), ("OPERATION_CODE", "0"), ("CURRENT_SCHEMA", "/")];
    let members = members.map(|(name, text)| (name.into(), text.into()));
    Map::new(members).map_or(Value::Null, Value::Map)
}

/// Appends RECORD with the values that `write` writes one after the other, so many of them.
///
/// # Errors
///
/// Those of `write`; nothing was appended then.
pub fn record<E>(out: &mut Vec<u8>, values: usize, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
    chunk::message(out, |out| {
        let mut packer = Packer(out);
        packer.structure(RECORD, 1);
        packer.list(values);
        write(out)
    })
}

/// Appends RECORD with these values.
///
/// # Errors
///
/// Those of `entities`; nothing was appended then.
pub fn record_of<'v, E: Entities>(
    out: &mut Vec<u8>,
    values: impl ExactSizeIterator<Item = &'v Value>,
    dialect: Dialect,
    entities: &mut E,
) -> Result<(), E::Error> {
    let mut values = values;
    record(out, values.len(), |out| values.try_for_each(|value| value::write(out, value, dialect, entities)))
}

fn write_members(out: &mut Vec<u8>, members: Members<'_>) {
    Packer(out).map(members.len());
    for (name, value) in members {
        Packer(out).string(name);
        value::write_plain(out, value);
    }
}

fn plain(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let written: Result<(), std::convert::Infallible> = chunk::message(out, |out| {
        write(out);
        Ok(())
    });
    let Ok(()) = written;
}
