//! Values as terms of the store, and back.
//!
//! - **Shape**: booleans, integers, floats, strings, dates, local date-times and date-times at UTC are the terms that
//!   hold such a value; integers are Long, floats Double. What no term holds is a literal with its text: times and
//!   date-times with another offset by the types of XML Schema, geometries by that of GeoSPARQL, the rest by types of
//!   our own.
//! - **Reading**: every numeric type of the store becomes an integer if it fits into 64 bits, else a float. A 32-bit
//!   float becomes the 64-bit float that is written with the same digits: `3.14` stays `3.14`. A literal that is not
//!   written as its type says is a string.
//! - **Invariant**: what [`to_term`] writes, [`from_term`] gives back, with its type.
//! - **Source**: design §3; spec/opencypher.md §5.

use std::sync::Arc;

use geometry::Geometry;
use model::{IntegerType, Notation, Tag, TermId, Value as Term, datatype};

use crate::temporal::construct::{Type, construct};
use crate::temporal::{Date, DateTime, Duration, Instant, LocalDateTime, Zone};
use crate::{List, Value, equality, number};

/// `hh:mm:ss`, with or without an offset.
const XSD_TIME: &str = "http://www.w3.org/2001/XMLSchema#time";
/// A date-time in a zone with a name: `2015-07-21T21:40+02:00[Europe/Stockholm]`.
const ZONED_DATE_TIME: &str = "urn:halimede:zonedDateTime";
/// A duration, whose parts may differ in sign, which XML Schema's may not.
const DURATION: &str = "urn:halimede:duration";
/// A list of scalars, as JSON: `[[datatype, text], …]`.
const LIST: &str = "urn:halimede:list";

/// The term of a value that can be a property; `None` for null, maps, nodes, relationships, paths, and lists that hold
/// one of these or a list.
pub fn to_term(value: &Value) -> Option<Term> {
    Some(match value {
        Value::Boolean(value) => Term::Boolean(*value),
        Value::Integer(value) => Term::Integer { kind: IntegerType::Long, value: (*value).into() },
        Value::Float(value) => Term::Double { value: *value, notation: Notation::Scientific },
        Value::String(text) => Term::String(text.as_ref().to_owned()),
        Value::List(list) => typed(list_text(list)?, LIST),
        Value::Date(date) => match i32::try_from(date.days()) {
            Ok(days) => Term::Date { days },
            // Millions of years away.
            Err(_) => typed(date.to_string(), datatype::XSD_DATE),
        },
        Value::LocalTime(time) => typed(with_seconds(&time.to_string()), XSD_TIME),
        Value::Time(time) => typed(with_seconds(&time.to_string()), XSD_TIME),
        Value::LocalDateTime(local) => moment(local.seconds(), local.nanos(), false),
        Value::DateTime(at) if *at.zone() == Zone::UTC => moment(at.instant().seconds(), at.instant().nanos(), true),
        Value::DateTime(at) if at.zone().name().is_none() => {
            typed(with_seconds(&at.to_string()), datatype::XSD_DATE_TIME)
        }
        Value::DateTime(at) => typed(at.to_string(), ZONED_DATE_TIME),
        Value::Duration(duration) => typed(duration.to_string(), DURATION),
        Value::Geometry(geometry) => typed(geometry.text().to_owned(), datatype::WKT),
        Value::Null | Value::Map(_) | Value::Node(_) | Value::Relationship(_) | Value::Path(_) => return None,
    })
}

/// The value of a term.
pub fn from_term(term: &Term) -> Value {
    match term {
        Term::Boolean(value) => (*value).into(),
        Term::Integer { value, .. } => i64::try_from(*value).map_or(Value::Float(*value as f64), Value::Integer),
        Term::Double { value, .. } => (*value).into(),
        Term::Decimal { .. } | Term::Float { .. } => float(&term.lexical()).map_or_else(|| text(term), Value::Float),
        Term::DateTime { seconds, nanos, zoned, .. } => {
            if *zoned {
                let instant = Instant::new(*seconds, *nanos);
                instant.map_or_else(|| text(term), |at| Value::DateTime(DateTime::new(at, Zone::UTC)))
            } else {
                LocalDateTime::from_seconds(*seconds, *nanos).map_or_else(|| text(term), Value::LocalDateTime)
            }
        }
        Term::Date { days } => Date::from_days((*days).into()).map_or_else(|| text(term), Value::Date),
        Term::String(_) | Term::Lang { .. } => text(term),
        Term::Typed { lexical, datatype } => literal(lexical, datatype).unwrap_or_else(|| text(term)),
    }
}

/// All terms of the property graph that hold a value equal to this one: a number may be stored in any width. `None` if
/// they cannot be told one by one.
pub fn equals(value: &Value) -> Option<Vec<Term>> {
    let mut terms = Vec::new();
    match value {
        // Equal to nothing, or no property.
        Value::Null | Value::Map(_) | Value::Node(_) | Value::Relationship(_) | Value::Path(_) => {}
        // Its numbers may differ in type.
        Value::List(_) => return None,
        Value::Integer(value) => {
            add_integers(&mut terms, (*value).into());
            add_floats(&mut terms, *value as f64);
        }
        Value::Float(value) => {
            if let Some(integer) = number::integer(*value) {
                add_integers(&mut terms, integer.into());
            }
            add_floats(&mut terms, *value);
        }
        other => terms.extend(to_term(other)),
    }
    // What was rounded on the way is another number.
    terms.retain(|term| equality::equals(value, &from_term(term)) == Some(true));
    Some(terms)
}

fn add_integers(terms: &mut Vec<Term>, value: i128) {
    use IntegerType::{Byte, Int, Integer, Long, Short};
    let holding = [Integer, Long, Int, Short, Byte].into_iter().filter(|kind| kind.holds(value));
    terms.extend(holding.map(|kind| Term::Integer { kind, value }));
}

fn add_floats(terms: &mut Vec<Term>, value: f64) {
    // Zero is two floats.
    let signs = if value == 0.0 { &[0.0, -0.0][..] } else { &[value] };
    for value in signs {
        terms.push(Term::Float { value: *value as f32, notation: Notation::Scientific });
        terms.push(Term::Double { value: *value, notation: Notation::Scientific });
    }
}

/// The value of a literal that no term holds; `None` if it is not written as its type says.
fn literal(lexical: &str, datatype: &str) -> Option<Value> {
    let read = |of: Type| construct(of, &lexical.into(), Instant::new(0, 0)?).ok();
    match datatype {
        XSD_TIME => read(Type::LocalTime).or_else(|| read(Type::Time)),
        datatype::XSD_DATE_TIME if lexical.contains('T') => read(Type::LocalDateTime).or_else(|| read(Type::DateTime)),
        ZONED_DATE_TIME => read(Type::DateTime),
        datatype::XSD_DATE => read(Type::Date),
        DURATION => Duration::parse(lexical).ok().map(Value::from),
        datatype::WKT => Geometry::read(lexical).ok().map(|geometry| Value::Geometry(Arc::new(geometry))),
        LIST => {
            let items: Vec<(String, String)> = serde_json::from_str(lexical).ok()?;
            let items = items.iter().map(|(datatype, lexical)| from_term(&Term::literal(lexical, datatype)));
            Value::list(items.collect::<Vec<_>>()).ok()
        }
        datatype::XSD_BOOLEAN => match lexical {
            "1" => Some(true.into()),
            "0" => Some(false.into()),
            _ => None,
        },
        datatype::XSD_DECIMAL | datatype::XSD_DOUBLE | datatype::XSD_FLOAT => float(lexical).map(Value::Float),
        _ => {
            let is_integer = datatype.strip_prefix(datatype::XSD).and_then(IntegerType::from_name).is_some();
            let integer = || lexical.parse::<i64>().map(Value::Integer);
            is_integer.then(|| integer().ok().or_else(|| float(lexical).map(Value::Float))).flatten()
        }
    }
}

/// The value of an id that holds its term in itself; `None` where the dictionary is needed, and for what is no value.
pub fn from_inline(id: TermId) -> Option<Value> {
    if id.is_hashed() || id.tag_byte() >= Tag::Label as u8 {
        return None;
    }
    frequent(id).or_else(|| match model::Term::decode(id, None) {
        Ok(model::Term::Value(value)) => Some(from_term(&value)),
        _ => None,
    })
}

/// Zero, as the payload of an integer of any type.
const ZERO: i128 = 1 << 118;

/// The same for what is met most: integers that fit into 64 bits, and strings. What is damaged is left to others.
fn frequent(id: TermId) -> Option<Value> {
    let tag = id.tag()?;
    if tag == Tag::StringInline {
        let [_, text @ ..] = id.to_be_bytes();
        let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
        let (text, padding) = text.split_at(end);
        return if padding.iter().all(|byte| *byte == 0) { str::from_utf8(text).ok().map(Value::from) } else { None };
    }
    let kind = IntegerType::from_tag(tag)?;
    let value = id.payload() as i128 - ZERO;
    if kind.holds(value) { i64::try_from(value).ok().map(Value::Integer) } else { None }
}

fn text(term: &Term) -> Value {
    Value::string(&*term.lexical())
}

fn typed(lexical: String, datatype: &str) -> Term {
    Term::Typed { lexical, datatype: datatype.to_owned() }
}

/// A number as XML Schema writes it.
fn float(text: &str) -> Option<f64> {
    match text {
        "INF" | "+INF" => Some(f64::INFINITY),
        "-INF" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        _ if text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')) => {
            text.parse().ok()
        }
        _ => None,
    }
}

/// Written with as few fraction digits as it takes.
fn moment(seconds: i64, nanos: u32, zoned: bool) -> Term {
    let digits = (0..9).find(|digits| nanos.is_multiple_of(10_u32.pow(9 - digits))).unwrap_or(9);
    Term::DateTime { seconds, nanos, digits: digits as u8, zoned }
}

/// A time in the form of XML Schema, which has seconds always: those of zero are left out elsewhere.
fn with_seconds(text: &str) -> String {
    let clock = text.find('T').map_or(0, |at| at + 1);
    let end = clock + text[clock..].find(['Z', '+', '-']).unwrap_or(text.len() - clock);
    let seconds = if text[clock..end].len() == "hh:mm".len() { ":00" } else { "" };
    [&text[..end], seconds, &text[end..]].concat()
}

fn list_text(list: &List) -> Option<String> {
    let items: Option<Vec<(String, String)>> = list
        .iter()
        .map(|item| match item {
            Value::List(_) => None,
            item => to_term(item).map(|term| (term.datatype().to_owned(), term.lexical().into_owned())),
        })
        .collect();
    Some(serde_json::to_string(&items?).expect("strings are JSON"))
}

#[cfg(test)]
mod tests;
