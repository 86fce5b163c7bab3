//! What becomes of values in the store, and that they come back.

use model::Value as Term;
use proptest::prelude::*;

use super::{from_term, to_term};
use crate::temporal::Instant;
use crate::temporal::construct::{Type, construct};
use crate::value::tests::{any_value, list, map};
use crate::{Kind, Value};

fn moment(of: Type, text: &str) -> Value {
    construct(of, &text.into(), Instant::new(0, 0).unwrap()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn values_are_written_by_their_type() {
    for (value, lexical, datatype) in [
        (true.into(), "true", "#boolean"),
        (5.into(), "5", "#long"),
        (1.5.into(), "1.5E0", "#double"),
        ("a".into(), "a", "#string"),
        (moment(Type::Date, "1984-10-11"), "1984-10-11", "#date"),
        (moment(Type::LocalTime, "12:00"), "12:00:00", "#time"),
        (moment(Type::Time, "12:31:14.645-01:00"), "12:31:14.645-01:00", "#time"),
        (moment(Type::LocalDateTime, "1912"), "1912-01-01T00:00:00", "#dateTime"),
        (moment(Type::DateTime, "1912-01-01T00:00:00.25Z"), "1912-01-01T00:00:00.25Z", "#dateTime"),
        (moment(Type::DateTime, "1912-01-01T00:00+01:00"), "1912-01-01T00:00:00+01:00", "#dateTime"),
        (
            moment(Type::DateTime, "2012-01-01T00:00[Europe/Paris]"),
            "2012-01-01T00:00+01:00[Europe/Paris]",
            "urn:halimede:zonedDateTime",
        ),
        (
            list([1.into(), "a".into()]),
            r#"[["http://www.w3.org/2001/XMLSchema#long","1"],["http://www.w3.org/2001/XMLSchema#string","a"]]"#,
            "urn:halimede:list",
        ),
    ] {
        let term = to_term(&value).unwrap_or_else(|| panic!("{value} is a property"));
        assert_eq!(term.lexical(), lexical);
        assert!(term.datatype().ends_with(datatype), "{value}: {}", term.datatype());
    }
    for value in [Value::Null, map([]), list([list([])]), list([Value::Null])] {
        assert_eq!(to_term(&value), None, "{value}");
    }
}

#[test]
fn every_number_of_the_store_is_an_integer_or_a_float() {
    let xsd = |lexical: &str, name: &str| {
        from_term(&Term::literal(lexical, &format!("http://www.w3.org/2001/XMLSchema#{name}"))).to_string()
    };
    for (lexical, name, expected) in [
        ("5", "byte", "5"),
        ("18446744073709551615", "unsignedLong", "1.8446744073709552E19"),
        ("007", "int", "7"),
        ("1.50", "decimal", "1.5"),
        ("3.14", "float", "3.14"),
        ("1e400", "double", "Infinity"),
        ("-INF", "float", "-Infinity"),
        ("1", "boolean", "true"),
        ("yes", "boolean", "'yes'"),
        ("five", "int", "'five'"),
        ("2024-04-01T12:00:00.000Z", "dateTime", "'2024-04-01T12:00Z'"),
        ("2024-04-01T12:00:00", "dateTime", "'2024-04-01T12:00'"),
        ("soon", "dateTime", "'soon'"),
        ("2024", "gYear", "'2024'"),
    ] {
        assert_eq!(xsd(lexical, name), expected, "{lexical} {name}");
    }
}

proptest! {
    #[test]
    fn a_stored_value_comes_back_with_its_type(value in any_value()) {
        let Some(term) = to_term(&value) else { return Ok(()) };
        let back = from_term(&term);
        prop_assert_eq!(back.kind(), value.kind());
        prop_assert_eq!(&back, &value);
        // A literal is the same when it is read from its text, as a reader of the dictionary does.
        let read = from_term(&Term::literal(&term.lexical(), term.datatype()));
        prop_assert_eq!(read.kind(), value.kind());
        if value.kind() != Kind::Float {
            prop_assert_eq!(&read, &value);
        }
    }
}
