//! Encode, then decode: tables of every kind, and properties over all that can be written.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::datatype::{XSD, XSD_STRING};
use crate::value::tests::any_scalar;

const KEY: HashKey = HashKey::new(*b"a key for tests!");

/// Encodes, keeps the spelling if the dictionary would, decodes.
fn round_trip(term: TermRef<'_>) -> (TermId, Term) {
    let id = term.encode(&KEY);
    let mut spelling = Vec::new();
    term.spelling(&mut spelling);
    let term = Term::decode(id, id.is_hashed().then_some(&spelling[..])).expect("what was encoded decodes");
    (id, term)
}

/// That the term comes back as expected, and encodes and spells alike from there.
fn check(given: TermRef<'_>, expected: &Term) {
    let (id, term) = round_trip(given);
    assert_eq!(&term, expected, "{given:?}");
    let (again, term) = round_trip(term.as_ref());
    assert_eq!((again, &term), (id, expected), "{given:?} and back");
    assert_eq!(id.is_hashed(), id.tag().is_some_and(Tag::is_hashed), "{given:?}");
}

fn string(text: &str) -> Term {
    Term::Value(Value::String(text.to_owned()))
}

fn typed(lexical: &str, datatype: &str) -> Term {
    Term::Value(Value::Typed { lexical: lexical.to_owned(), datatype: datatype.to_owned() })
}

#[test]
fn every_kind_comes_back() {
    use crate::IntegerType::{Byte, Int, Long, Short};
    let integer = |kind, value| Term::Value(Value::Integer { kind, value });
    let text = "sixteen letters!";
    let terms = [
        (TermRef::NoLabel, Term::NoLabel),
        (TermRef::Label, Term::Label),
        (TermRef::DefaultGraph, Term::DefaultGraph),
        (TermRef::Iri(DEFAULT_NAMED_GRAPH), Term::DefaultGraph),
        (TermRef::Boolean(true), Term::Value(Value::Boolean(true))),
        (TermRef::Byte(-128), integer(Byte, -128)),
        (TermRef::Short(-1), integer(Short, -1)),
        (TermRef::Int(i32::MAX), integer(Int, i32::MAX.into())),
        (TermRef::Long(i64::MIN), integer(Long, i64::MIN.into())),
        (TermRef::Float(-0.0), Term::Value(Value::Float { value: -0.0, notation: Notation::Scientific })),
        (TermRef::Double(f64::NAN), Term::Value(Value::Double { value: f64::NAN, notation: Notation::Scientific })),
        (
            TermRef::DateTime(-1_500),
            Term::Value(Value::DateTime { seconds: -2, nanos: 500_000_000, digits: 1, zoned: true }),
        ),
        (TermRef::String(""), string("")),
        (TermRef::String("fifteen letters"), string("fifteen letters")),
        (TermRef::String(text), string(text)),
        (TermRef::String("a\0b"), string("a\0b")),
        (TermRef::String("a\0"), string("a\0")),
        (TermRef::Typed { lexical: "a", datatype: XSD_STRING }, string("a")),
        (TermRef::Typed { lexical: text, datatype: XSD_STRING }, string(text)),
        (
            TermRef::Lang { value: "Färbung", language: "de-AT" },
            Term::Value(Value::Lang { value: "Färbung".to_owned(), language: "de-at".to_owned() }),
        ),
        (TermRef::Typed { lexical: "a\0b", datatype: "urn:t" }, typed("a\0b", "urn:t")),
        (TermRef::Key("age"), Term::Key("age".to_owned())),
        (TermRef::Key(text), Term::Key(text.to_owned())),
        (TermRef::EdgeLabel("knows"), Term::EdgeLabel("knows".to_owned())),
        (TermRef::EdgeLabel(text), Term::EdgeLabel(text.to_owned())),
        (TermRef::Iri("urn:a"), Term::Iri("urn:a".to_owned())),
        (TermRef::Iri(text), Term::Iri(text.to_owned())),
        (TermRef::Blank(7), Term::Blank(7)),
        (TermRef::Vertex("1"), Term::Vertex("1".to_owned())),
        (TermRef::Vertex(text), Term::Vertex(text.to_owned())),
        (TermRef::Edge("1"), Term::Edge("1".to_owned())),
        (TermRef::Edge(text), Term::Edge(text.to_owned())),
    ];
    for (given, expected) in terms {
        check(given, &expected);
    }
}

#[test]
fn other_ways_of_writing_survive() {
    let literals = [
        ("boolean", &["1", "0", "TRUE", " true", ""][..]),
        ("integer", &["01", "+5", "-0", "-01", "", "-", "1.0", " 1", "18446744073709551616", "-9223372036854775809"]),
        ("byte", &["999", "128", "-129", "0x1"]),
        ("positiveInteger", &["0", "-1"]),
        ("negativeInteger", &["0", "1"]),
        ("unsignedLong", &["-1", "18446744073709551616"]),
        (
            "decimal",
            &[
                "-0.0",
                "-0",
                "+1",
                "01.5",
                ".5",
                "5.",
                ".",
                "",
                "-",
                "1e0",
                "0.1234567890123456789",
                "99999999999999999",
            ],
        ),
        (
            "double",
            &["1E0", "1.0e0", "1.5E+3", "1.50E0", "10.0E0", "inf", "-inf", "+INF", "nan", "1e400", "", ".5", "5."],
        ),
        ("double", &["0.1000000000000000055511151231257827", "007.0", "+1.0"]),
        ("float", &["0.1000000001", "1.0E50"]),
        (
            "dateTime",
            &["2020-01-01T24:00:00Z", "2020-01-01T00:00:60Z", "2020-01-01T00:00:00+00:00", "-0044-03-15T00:00:00Z"],
        ),
        (
            "dateTime",
            &["2021-02-29T00:00:00Z", "0000-01-01T00:00:00Z", "12020-01-01T00:00:00Z", "2020-01-01T00:00:00.Z"],
        ),
        ("dateTime", &["2020-01-01T00:00:00.0000000000Z", "2020-01-01 00:00:00Z", "2020-01-01", "2020-01-01T00:00Z"]),
        ("date", &["2020-01-01Z", "2020-1-1", "2020-13-01", "2020-00-01", "2020-01-00", "2020-04-31", "0000-01-01"]),
        ("time", &["12:00:00"]),
    ];
    for (name, lexical_forms) in literals {
        let datatype = format!("{XSD}{name}");
        for lexical in lexical_forms {
            let (id, term) = round_trip(TermRef::Typed { lexical, datatype: &datatype });
            assert_eq!(id.tag(), Some(Tag::TypedHash), "{lexical:?} of {name}");
            assert_eq!(term, typed(lexical, &datatype));
        }
    }
}

#[test]
fn values_built_by_hand_keep_their_text() {
    let cut = Value::Double { value: 0.125, notation: Notation::Fixed(1) };
    let large = Value::Integer { kind: crate::IntegerType::Byte, value: 999 };
    for value in [cut, large] {
        let expected = Value::literal(&value.lexical(), value.datatype());
        assert_eq!(round_trip(TermRef::Value(&value)).1, Term::Value(expected), "{value:?}");
    }
}

#[test]
fn damage_is_told() {
    let unknown = TermId::from_u128(0xff << 120).expect("not zero");
    assert_eq!(Term::decode(unknown, None), Err(DecodeError::UnknownTag(unknown)));
    let missing = TermRef::Iri("urn:example:long").encode(&KEY);
    assert_eq!(Term::decode(missing, None), Err(DecodeError::NoSpelling(missing)));
    let damaged: [(Tag, u128, Option<&[u8]>); 10] = [
        (Tag::Label, 1, None),
        (Tag::Boolean, 2, None),
        (Tag::Byte, 0, None),
        (Tag::Decimal, 31, None),
        (Tag::Double, 0xffff << 40, None),
        (Tag::DateTime, 1, None),
        (Tag::StringInline, 0xff << 112, None),
        (Tag::StringInline, 1, None),
        (Tag::StringHash, 1, Some(b"\xff")),
        (Tag::TypedHash, 1, Some(b"no zero")),
    ];
    for (tag, payload, spelling) in damaged {
        let decoded = Term::decode(TermId::new(tag, payload), spelling);
        assert!(matches!(decoded, Err(DecodeError::Malformed { .. })), "{tag:?} {payload:x}: {decoded:?}");
    }
}

#[test]
fn hashes_depend_on_key_kind_and_every_part() {
    let text = "a text of more than fifteen bytes";
    let other = HashKey::new([0; 16]);
    let ids = [
        TermRef::String(text).encode(&KEY).payload(),
        TermRef::String(text).encode(&other).payload(),
        TermRef::Iri(text).encode(&KEY).payload(),
        TermRef::Lang { value: text, language: "en" }.encode(&KEY).payload(),
        TermRef::Lang { value: text, language: "de" }.encode(&KEY).payload(),
        TermRef::Typed { lexical: text, datatype: "en" }.encode(&KEY).payload(),
        KEY.blank(&[b"ab", b"c"]),
        KEY.blank(&[b"a", b"bc"]),
        KEY.blank(&[b"abc"]),
    ];
    let distinct: std::collections::BTreeSet<_> = ids.into_iter().collect();
    assert_eq!(distinct.len(), ids.len());
    assert!(ids.iter().all(|payload| payload >> 120 == 0));
}

#[test]
fn languages_differ_in_case_only_on_paper() {
    let language = "en-a-very-long-and-unlikely-tag-of-more-than-32-bytes";
    let upper = language.to_uppercase();
    let (id, term) = round_trip(TermRef::Lang { value: "x", language: &upper });
    assert_eq!((id, term), round_trip(TermRef::Lang { value: "x", language }));
}

/// The text as each kind of term that may be a short text.
fn of_every_kind(text: &str) -> [TermRef<'_>; 6] {
    [
        TermRef::String(text),
        TermRef::Key(text),
        TermRef::EdgeLabel(text),
        TermRef::Iri(text),
        TermRef::Vertex(text),
        TermRef::Edge(text),
    ]
}

/// A short text with every trap: NUL, more than one byte a character, nothing at all.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,24}",
        "[a-c]{13,17}",
        vec(prop_oneof![Just('\0'), Just('a'), Just('é'), Just('€'), Just('𝄞'), any::<char>()], 0..8)
            .prop_map(|characters| characters.into_iter().collect()),
    ]
}

/// Any term that a reader can get.
fn any_term() -> impl Strategy<Value = Term> {
    prop_oneof![
        Just(Term::NoLabel),
        Just(Term::Label),
        Just(Term::DefaultGraph),
        any_scalar().prop_map(Term::Value),
        any_text().prop_map(|text| Term::Value(Value::String(text))),
        ("[a-z]{2}(-[a-z0-9]{1,8}){0,2}", any_text())
            .prop_map(|(language, value)| Term::Value(Value::Lang { value, language })),
        ("urn:[a-z]{1,20}", any_text()).prop_map(|(datatype, lexical)| Term::Value(Value::Typed { lexical, datatype })),
        any_text().prop_map(Term::Key),
        any_text().prop_map(Term::EdgeLabel),
        any_text().prop_map(Term::Iri),
        (0..1_u128 << 120).prop_map(Term::Blank),
        any_text().prop_map(Term::Vertex),
        any_text().prop_map(Term::Edge),
    ]
}

proptest! {
    #[test]
    fn decode_undoes_encode(term in any_term()) {
        check(term.as_ref(), &term);
    }

    #[test]
    fn two_terms_have_two_ids(a in any_term(), b in any_term()) {
        prop_assert_eq!(a == b, a.as_ref().encode(&KEY) == b.as_ref().encode(&KEY));
    }

    #[test]
    fn short_texts_sort_by_their_bytes(a in "[\\x01-\\u{ff}]{0,7}", b in "[\\x01-\\u{ff}]{0,7}") {
        for (x, y) in of_every_kind(&a).into_iter().zip(of_every_kind(&b)) {
            let (x, y) = (x.encode(&KEY), y.encode(&KEY));
            prop_assert!(!x.is_hashed() && !y.is_hashed());
            prop_assert_eq!(x.cmp(&y), a.as_bytes().cmp(b.as_bytes()));
        }
    }

    #[test]
    fn whatever_is_written_comes_back(lexical in any_text(), name in "[a-z]{1,8}") {
        check(
            TermRef::Typed { lexical: &lexical, datatype: &name },
            &typed(&lexical, &name),
        );
    }

    /// Texts near the canonical ones: whatever their id, they decode to the same characters.
    #[test]
    fn numbers_come_back_as_written(
        lexical in "[-+]?[0-9]{0,3}([0-9]{18})?(\\.[0-9]{0,19})?(E[-+]?[0-9]{1,2})?",
        name in prop_oneof![
            Just("decimal"), Just("double"), Just("float"), Just("integer"), Just("long"), Just("unsignedByte"),
        ],
    ) {
        let datatype = format!("{XSD}{name}");
        let (_, term) = round_trip(TermRef::Typed { lexical: &lexical, datatype: &datatype });
        let Term::Value(value) = term else { panic!("a literal") };
        prop_assert_eq!((&*value.lexical(), value.datatype()), (&*lexical, &*datatype));
    }

    #[test]
    fn instants_come_back_as_written(
        lexical in "[0-2][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,10})?(Z|[+]01:00)?",
    ) {
        for (lexical, name) in [(&lexical[..], "dateTime"), (&lexical[..10], "date")] {
            let datatype = format!("{XSD}{name}");
            let (_, term) = round_trip(TermRef::Typed { lexical, datatype: &datatype });
            let Term::Value(value) = term else { panic!("a literal") };
            prop_assert_eq!((&*value.lexical(), value.datatype()), (lexical, &*datatype));
        }
    }

    #[test]
    fn decoding_anything_is_no_panic(bits in any::<u128>(), tag in 0..Tag::ALL.len(), spelling in vec(any::<u8>(), 0..20)) {
        let ids = [TermId::from_u128(bits), Some(TermId::new(Tag::ALL[tag], bits))];
        for id in ids.into_iter().flatten() {
            if let Ok(term) = Term::decode(id, Some(&spelling)) && !id.is_hashed() {
                prop_assert_eq!(term.as_ref().encode(&KEY), id);
            }
        }
    }
}
