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

#[test]
fn an_id_that_holds_its_term_gives_the_value_of_the_term() {
    let key = model::HashKey::new([7; 16]);
    let texts = ["", "x", "fifteen letters", "\u{e9}\u{1f600}", "sixteen letters!"].map(model::TermRef::String);
    let integers = [i64::MIN, -1, 0, 1, i64::MAX].map(model::TermRef::Long);
    let small = [model::TermRef::Byte(-128), model::TermRef::Short(-300), model::TermRef::Int(i32::MAX)];
    let datatype = "http://www.w3.org/2001/XMLSchema#unsignedLong";
    let large =
        ["18446744073709551615", "9223372036854775807"].map(|lexical| model::TermRef::Typed { lexical, datatype });
    let all = texts.iter().chain(&integers).chain(&small).chain(&large).chain(&crate::testing::TERMS);
    for term in all {
        let id = term.encode(&key);
        let expected = match model::Term::decode(id, None) {
            Ok(model::Term::Value(value)) => Some(from_term(&value)),
            _ => None,
        };
        assert_eq!(format!("{:?}", super::from_inline(id)), format!("{expected:?}"), "{term:?}");
    }
    // An integer beyond the range of its type, and a string with a NUL in it, are damaged.
    let byte = model::TermRef::Byte(127).encode(&key);
    assert!(super::from_inline(model::TermId::from_u128(byte.get() + 1).unwrap()).is_none());
    let text = model::TermRef::String("x").encode(&key);
    assert!(super::from_inline(model::TermId::from_u128(text.get() | 1).unwrap()).is_none());
}
