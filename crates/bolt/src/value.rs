//! The values of a query in PackStream, and parameters out of it.
//!
//! - **Ids**: nodes and relationships have strings for ids. Version 5 has a place for them; the integer that all versions
//!   ask for is a hash of the string, the same for ever, never negative, and good for nothing but telling apart.
//! - **Date-times**: with their seconds in UTC, or as clocks show them: see [`Dialect`]. Both are read.

use std::io;

use exec::json::{Edge, Entities, Node, Properties};
use exec::temporal::{Date, DateTime, Duration, Instant, LocalDateTime, LocalTime, NANOS_PER_SECOND, Time, Zone};
use exec::{Relationship, Value};
use model::TermId;
use siphasher::sip::SipHasher13;

use crate::Dialect;
use crate::pack::Packer;
use crate::unpack::{DecodeError, Unpacker, malformed};

mod path;
#[cfg(test)]
pub(crate) mod tests;

const NODE: u8 = b'N';
const RELATIONSHIP: u8 = b'R';
const UNBOUND_RELATIONSHIP: u8 = b'r';
const PATH: u8 = b'P';
const DATE: u8 = b'D';
const TIME: u8 = b'T';
const LOCAL_TIME: u8 = b't';
const LOCAL_DATE_TIME: u8 = b'd';
const DATE_TIME: u8 = b'I';
const DATE_TIME_ZONE_ID: u8 = b'i';
const LEGACY_DATE_TIME: u8 = b'F';
const LEGACY_DATE_TIME_ZONE_ID: u8 = b'f';
const DURATION: u8 = b'E';
const POINT_2D: u8 = b'X';
const POINT_3D: u8 = b'Y';

/// The integer that stands for an id: see the module.
pub fn integer_id(id: &str) -> i64 {
    (SipHasher13::new_with_keys(0, 0).hash(id.as_bytes()) >> 1).cast_signed()
}

/// Writes a value.
///
/// # Errors
///
/// Those of `entities`.
pub fn write<E: Entities>(
    out: &mut Vec<u8>,
    value: &Value,
    dialect: Dialect,
    entities: &mut E,
) -> Result<(), E::Error> {
    let mut packer = Packer(out);
    match value {
        Value::Null => packer.null(),
        Value::Boolean(value) => packer.boolean(*value),
        Value::Integer(value) => packer.integer(*value),
        Value::Float(value) => packer.float(*value),
        Value::String(text) => packer.string(text),
        Value::List(list) => {
            packer.list(list.len());
            list.iter().try_for_each(|item| write(out, item, dialect, entities))?;
        }
        Value::Map(map) => {
            packer.map(map.len());
            map.iter().try_for_each(|(key, value)| write_entry(out, key, value, dialect, entities))?;
        }
        Value::Node(id) => write_node(out, *id, dialect, entities)?,
        Value::Relationship(relationship) => write_relationship(out, relationship, dialect, entities)?,
        Value::Path(path) => path::write(out, path, dialect, entities)?,
        Value::Date(date) => {
            packer.structure(DATE, 1);
            packer.integer(date.days());
        }
        Value::LocalTime(time) => {
            packer.structure(LOCAL_TIME, 1);
            packer.integer(time.nanos());
        }
        Value::Time(time) => {
            packer.structure(TIME, 2);
            packer.integer(time.local().nanos());
            packer.integer(time.offset().into());
        }
        Value::LocalDateTime(moment) => {
            packer.structure(LOCAL_DATE_TIME, 2);
            packer.integer(moment.seconds());
            packer.integer(moment.nanos().into());
        }
        // Its structures know points alone.
        Value::Geometry(geometry) => packer.string(geometry.text()),
        Value::DateTime(moment) => write_date_time(&mut packer, moment, dialect),
        Value::Duration(duration) => {
            packer.structure(DURATION, 4);
            packer.integer(duration.months());
            packer.integer(duration.days());
            packer.integer(duration.seconds());
            packer.integer(duration.nanos().into());
        }
    }
    Ok(())
}

/// Writes a value that holds no node and no relationship.
pub fn write_plain(out: &mut Vec<u8>, value: &Value) {
    // What was looked up in vain would be null.
    let written = write(out, value, Dialect { element_ids: true, utc: true }, &mut NoEntities);
    debug_assert!(written.is_ok(), "{value} holds a node");
}

/// Nobody: for values that hold no nodes.
struct NoEntities;

impl Entities for NoEntities {
    type Error = io::Error;

    fn node(&mut self, _: TermId) -> io::Result<Node> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn relationship(&mut self, _: &Relationship) -> io::Result<Edge> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn write_date_time(packer: &mut Packer<'_>, moment: &DateTime, dialect: Dialect) {
    let seconds = if dialect.utc { moment.instant().seconds() } else { moment.local().seconds() };
    let tag = match (moment.zone().name(), dialect.utc) {
        (None, true) => DATE_TIME,
        (None, false) => LEGACY_DATE_TIME,
        (Some(_), true) => DATE_TIME_ZONE_ID,
        (Some(_), false) => LEGACY_DATE_TIME_ZONE_ID,
    };
    packer.structure(tag, 3);
    packer.integer(seconds);
    packer.integer(moment.instant().nanos().into());
    match moment.zone().name() {
        None => packer.integer(moment.offset().into()),
        Some(name) => packer.string(name),
    }
}

fn write_entry<E: Entities>(
    out: &mut Vec<u8>,
    key: &str,
    value: &Value,
    dialect: Dialect,
    entities: &mut E,
) -> Result<(), E::Error> {
    Packer(out).string(key);
    write(out, value, dialect, entities)
}

fn write_properties<E: Entities>(
    out: &mut Vec<u8>,
    properties: &Properties,
    dialect: Dialect,
    entities: &mut E,
) -> Result<(), E::Error> {
    Packer(out).map(properties.len());
    properties.iter().try_for_each(|(key, value)| write_entry(out, key, value, dialect, entities))
}

fn write_node<E: Entities>(out: &mut Vec<u8>, id: TermId, dialect: Dialect, entities: &mut E) -> Result<(), E::Error> {
    let node = entities.node(id)?;
    let mut packer = Packer(out);
    packer.structure(NODE, if dialect.element_ids { 4 } else { 3 });
    packer.integer(integer_id(&node.id));
    packer.list(node.labels.len());
    node.labels.iter().for_each(|label| packer.string(label));
    write_properties(out, &node.properties, dialect, entities)?;
    if dialect.element_ids {
        Packer(out).string(&node.id);
    }
    Ok(())
}

fn write_relationship<E: Entities>(
    out: &mut Vec<u8>,
    relationship: &Relationship,
    dialect: Dialect,
    entities: &mut E,
) -> Result<(), E::Error> {
    let edge = entities.relationship(relationship)?;
    let mut packer = Packer(out);
    packer.structure(RELATIONSHIP, if dialect.element_ids { 8 } else { 5 });
    for id in [&edge.id, &edge.start, &edge.end] {
        packer.integer(integer_id(id));
    }
    packer.string(&edge.label);
    write_properties(out, &edge.properties, dialect, entities)?;
    if dialect.element_ids {
        for id in [&edge.id, &edge.start, &edge.end] {
            Packer(out).string(id);
        }
    }
    Ok(())
}

/// Reads the fields of a structure that may be a parameter.
pub(crate) fn read_structure(input: &mut Unpacker<'_>, tag: u8, fields: usize) -> Result<Value, DecodeError> {
    let at = input.at();
    let invalid = |what: &'static str| move || DecodeError::Invalid(format!("the parameter is no {what} that exists"));
    match (tag, fields) {
        (DATE, 1) => Date::from_days(input.integer()?).map(Value::Date).ok_or_else(invalid("date")),
        (LOCAL_TIME, 1) => read_local_time(input)?.map(Value::LocalTime).ok_or_else(invalid("local time")),
        (TIME, 2) => {
            let local = read_local_time(input)?;
            let offset = i32::try_from(input.integer()?).ok();
            let time = local.zip(offset).and_then(|(local, offset)| Time::new(local, offset));
            time.map(Value::Time).ok_or_else(invalid("time"))
        }
        (LOCAL_DATE_TIME, 2) => {
            let moment = read_local_date_time(input)?;
            moment.map(Value::LocalDateTime).ok_or_else(invalid("local date-time"))
        }
        (DATE_TIME | LEGACY_DATE_TIME | DATE_TIME_ZONE_ID | LEGACY_DATE_TIME_ZONE_ID, 3) => {
            read_date_time(input, tag)?.map(Value::DateTime).ok_or_else(invalid("date-time"))
        }
        (DURATION, 4) => read_duration(input)?.map(Value::from).ok_or_else(invalid("duration")),
        (NODE | RELATIONSHIP | UNBOUND_RELATIONSHIP | PATH, _) => Err(DecodeError::Unsupported(
            "a node, a relationship or a path cannot be a parameter: send its id".to_owned(),
        )),
        (POINT_2D | POINT_3D, _) => Err(DecodeError::Unsupported("points are not supported".to_owned())),
        _ => Err(malformed(at, "a structure that is a value, with its number of fields", tag)),
    }
}

fn read_local_time(input: &mut Unpacker<'_>) -> Result<Option<LocalTime>, DecodeError> {
    Ok(u64::try_from(input.integer()?).ok().and_then(LocalTime::from_nanos))
}

fn read_local_date_time(input: &mut Unpacker<'_>) -> Result<Option<LocalDateTime>, DecodeError> {
    let (seconds, nanos) = (input.integer()?, read_nanos(input)?);
    Ok(nanos.and_then(|nanos| LocalDateTime::from_seconds(seconds, nanos)))
}

fn read_date_time(input: &mut Unpacker<'_>, tag: u8) -> Result<Option<DateTime>, DecodeError> {
    let (seconds, nanos) = (input.integer()?, read_nanos(input)?);
    let zone = match tag {
        DATE_TIME | LEGACY_DATE_TIME => i32::try_from(input.integer()?).ok().and_then(Zone::fixed),
        _ => {
            let name = input.string()?;
            let zone = Zone::named(&name);
            if zone.is_none() {
                let name: String = name.chars().take(64).collect();
                return Err(DecodeError::Invalid(format!("the parameter's time zone '{name}' is not known")));
            }
            zone
        }
    };
    let (Some(nanos), Some(zone)) = (nanos, zone) else { return Ok(None) };
    Ok(match tag {
        DATE_TIME | DATE_TIME_ZONE_ID => Instant::new(seconds, nanos).map(|instant| DateTime::new(instant, zone)),
        _ => LocalDateTime::from_seconds(seconds, nanos).map(|local| DateTime::from_local(local, zone, None)),
    })
}

fn read_duration(input: &mut Unpacker<'_>) -> Result<Option<Duration>, DecodeError> {
    let (months, days) = (input.integer()?, input.integer()?);
    let (seconds, nanos) = (input.integer()?, input.integer()?);
    let carried = seconds.checked_add(nanos.div_euclid(NANOS_PER_SECOND));
    Ok(carried.map(|seconds| Duration::new(months, days, seconds, nanos.rem_euclid(NANOS_PER_SECOND) as u32)))
}

/// Nanoseconds within a second.
fn read_nanos(input: &mut Unpacker<'_>) -> Result<Option<u32>, DecodeError> {
    let nanos = input.integer()?;
    Ok((0..NANOS_PER_SECOND).contains(&nanos).then_some(nanos as u32))
}
