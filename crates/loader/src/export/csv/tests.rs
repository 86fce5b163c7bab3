//! Every value is written as the loader reads it, or refused.

use model::{HashKey, Term, TermRef};

use super::*;

fn written(term: TermRef<'_>) -> Result<String, &'static str> {
    let key = HashKey::new([0; 16]);
    let id = term.encode(&key);
    let mut spelling = Vec::new();
    term.spelling(&mut spelling);
    let Ok(Term::Value(value)) = Term::decode(id, Some(&spelling)) else {
        return Err("no value");
    };
    assert!(CellType::of(id).is_some(), "{value:?} has a column");
    let mut text = String::new();
    push_value(&mut text, &value).map(|()| text)
}

#[test]
fn values_are_written_as_the_loader_reads_them() {
    let cases = [
        (TermRef::Boolean(true), "true"),
        (TermRef::Byte(-128), "-128"),
        (TermRef::Short(1), "1"),
        (TermRef::Int(0), "0"),
        (TermRef::Long(i64::MIN), "-9223372036854775808"),
        (TermRef::Float(0.1), "0.1"),
        (TermRef::Float(f32::MAX), "3.4028235e38"),
        (TermRef::Double(-0.0), "-0.0"),
        (TermRef::Double(5e-324), "5e-324"),
        (TermRef::Double(f64::NAN), "NaN"),
        (TermRef::Double(f64::INFINITY), "Infinity"),
        (TermRef::Float(f32::NEG_INFINITY), "-Infinity"),
        (TermRef::String(" a, b "), " a, b "),
        (TermRef::DateTime(0), "1970-01-01T00:00:00Z"),
        (TermRef::DateTime(-100), "1969-12-31T23:59:59.900Z"),
        (TermRef::Typed { lexical: "POINT (1 2)", datatype: datatype::WKT }, "POINT (1 2)"),
    ];
    for (term, expected) in cases {
        assert_eq!(written(term).as_deref(), Ok(expected), "{term:?}");
    }
}

#[test]
fn values_that_no_loader_reads_are_refused() {
    let year = 366 * 86_400_000_i64;
    let duration = TermRef::Typed { lexical: "P1D", datatype: "urn:duration" };
    let dates = [TermRef::DateTime(8_040 * year), TermRef::DateTime(-1_972 * year)];
    for term in [TermRef::String("a\0b"), duration].into_iter().chain(dates) {
        assert!(written(term).is_err(), "{term:?}");
    }
}

#[test]
fn names_are_refused_or_escaped() {
    let key = "a:b\\:c";
    assert_eq!(unnameable(Format::Csv, key), None);
    let mut name = String::new();
    push_name(&mut name, key);
    assert_eq!(name, "a\\:b\\\\:c");
    for key in ["", "a b", "a,b", "a\nb", "a\rb", "a\0", "~id"] {
        assert!(unnameable(Format::Csv, key).is_some(), "{key:?}");
    }
    assert_eq!(unnameable(Format::OpenCypher, "~id"), None);
}
