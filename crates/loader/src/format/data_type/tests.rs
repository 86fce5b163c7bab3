//! Type names and cells, good and bad.

use DataType::*;
use Dialect::*;

use super::*;

fn scratch() -> std::string::String {
    std::string::String::new()
}

#[test]
fn names() {
    let both = [
        ("Bool", Bool),
        ("Boolean", Bool),
        ("BYTE", Byte),
        ("short", Short),
        ("Int", Int),
        ("integer", Int),
        ("Long", Long),
        ("float", Float),
        ("Double", Double),
        ("string", String),
        ("DateTime", Date),
        ("geometry", Geometry),
    ];
    for (name, expected) in both {
        for dialect in [Gremlin, OpenCypher] {
            assert_eq!(DataType::named(name, dialect), Some(expected), "{name}");
        }
    }
    assert_eq!(DataType::named("Date", Gremlin), Some(Date));
    for name in ["Date", "Char", "LocalDate", "LocalDateTime", "Duration", "point"] {
        assert_eq!(DataType::named(name, OpenCypher), Some(String), "{name}");
    }
    for name in ["", "Char", "Any", "UnsignedInt", "Vector", "Time", "int32", "Str"] {
        assert_eq!(DataType::named(name, Gremlin), None, "{name}");
    }
    for name in ["Time", "LocalTime", "int[]"] {
        assert_eq!(DataType::named(name, OpenCypher), None, "{name}");
    }
}

#[test]
fn cells_that_fit() {
    let cases = [
        (Bool, "true", TermRef::Boolean(true)),
        (Bool, " TrUe ", TermRef::Boolean(true)),
        (Bool, "yes", TermRef::Boolean(false)),
        (Bool, "1", TermRef::Boolean(false)),
        (Byte, "-128", TermRef::Byte(-128)),
        (Byte, "+127", TermRef::Byte(127)),
        (Short, "32767", TermRef::Short(32767)),
        (Int, " 007 ", TermRef::Int(7)),
        (Int, "-2147483648", TermRef::Int(i32::MIN)),
        (Long, "9223372036854775807", TermRef::Long(i64::MAX)),
        (Float, "1.5", TermRef::Float(1.5)),
        (Float, "Infinity", TermRef::Float(f32::INFINITY)),
        (Float, "16777217", TermRef::Float(16_777_216.0)),
        (Double, "-2e3", TermRef::Double(-2000.0)),
        (Double, "1E-400", TermRef::Double(0.0)),
        (Double, ".5", TermRef::Double(0.5)),
        (Double, "5.", TermRef::Double(5.0)),
        (Double, "-Infinity", TermRef::Double(f64::NEG_INFINITY)),
        (String, "  a ", TermRef::String("  a ")),
        (Date, " 1970-01-02 ", TermRef::DateTime(86_400_000)),
        (Geometry, " point(1.0 2) ", TermRef::Typed { lexical: "POINT (1 2)", datatype: datatype::WKT }),
    ];
    for (data_type, text, expected) in cases {
        for dialect in [Gremlin, OpenCypher] {
            assert_eq!(data_type.value(text, dialect, &mut scratch()), Some(expected), "{data_type:?} {text}");
        }
    }
    assert!(matches!(Double.value("NaN", Gremlin, &mut scratch()), Some(TermRef::Double(value)) if value.is_nan()));
    assert_eq!(Double.value("+Infinity", Gremlin, &mut scratch()), Some(TermRef::Double(f64::INFINITY)));
    assert_eq!(Double.value("+Infinity", OpenCypher, &mut scratch()), None);
}

#[test]
fn cells_that_do_not_fit() {
    let cases = [
        (Byte, "128"),
        (Byte, "-129"),
        (Short, "32768"),
        (Int, "2147483648"),
        (Int, "1.0"),
        (Int, "1,000"),
        (Int, "1_000"),
        (Int, "A"),
        (Int, "0x10"),
        (Int, "- 1"),
        (Int, "--1"),
        (Long, "9223372036854775808"),
        (Float, "INF"),
        (Float, "inf"),
        (Float, "1e39"),
        (Float, "nan"),
        (Double, "infinity"),
        (Double, "1e400"),
        (Double, "-1e400"),
        (Double, "NAN"),
        (Double, "1.5f"),
        (Double, "1,5"),
        (Double, "e5"),
        (Double, "."),
        (Double, "1e"),
        (Double, "+-1"),
        (Date, "1987-13-04"),
        (Int, "١"),
        (Geometry, "POINT(1)"),
        (Geometry, "here"),
    ];
    for (data_type, text) in cases {
        assert_eq!(data_type.value(text, Gremlin, &mut scratch()), None, "{data_type:?} {text}");
    }
}
