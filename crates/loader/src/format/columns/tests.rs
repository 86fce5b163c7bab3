//! Header cells and array cells.

use super::*;

fn show(text: &str, dialect: Dialect) -> String {
    match property(4, text, dialect) {
        Err(message) => message,
        Ok(Property { column, name, data_type, array, cardinality }) => {
            assert_eq!(column, 4);
            let array = if array { "[]" } else { "" };
            let cardinality = cardinality.map(|cardinality| format!(" {cardinality:?}")).unwrap_or_default();
            format!("{name} {data_type:?}{array}{cardinality}")
        }
    }
}

#[test]
fn property_headers() {
    let cases = [
        ("name", "name String"),
        ("name:String", "name String"),
        ("age:int", "age Int"),
        ("age:Int[]", "age Int[]"),
        ("age:Int(single)", "age Int Single"),
        ("age:Int(SET)", "age Int Set"),
        ("age:Int(set)[]", "age Int[] Set"),
        ("age:Int[](set)", "age Int[] Set"),
        ("noType\\:", "noType: String"),
        ("http\\://example.com/age:Int", "http://example.com/age Int"),
        ("multi\\:backslash\\\\\\:header:String", "multi:backslash\\\\:header String"),
        ("having\\back\\slashes\\:end:Int", "having\\back\\slashes:end Int"),
        ("é:date", "é Date"),
        ("a(single)", "a(single) String"),
        ("a[]", "a[] String"),
    ];
    for (text, expected) in cases {
        assert_eq!(show(text, Dialect::Gremlin), expected, "{text}");
    }
}

#[test]
fn property_headers_that_cannot_be() {
    let cases = [
        (":Int", "has no property name"),
        ("age:", "found type ''"),
        ("age:Any", "found type 'Any', expected Bool, Byte"),
        ("age:Int[][]", "found type 'Int[]'"),
        ("age:Int(list)", "found cardinality '(list)', expected (single) or (set)"),
        ("age:Int(single)[]", "array of cardinality single"),
        ("age:Int[](single)", "array of cardinality single"),
        ("age:(single)", "found type ''"),
        ("age:Int(set)(set)", "found type 'Int(set)'"),
        ("a:b:Int", "two colons"),
        ("age:Int\\:", "two colons"),
    ];
    for (text, expected) in cases {
        let message = show(text, Dialect::Gremlin);
        assert!(message.contains(expected) && message.contains(text), "{text}: {message}");
    }
}

#[test]
fn array_cells() {
    let cases: [(&str, &[&str]); 11] = [
        ("a;b;c", &["a", "b", "c"]),
        ("a", &["a"]),
        ("", &[""]),
        (";", &["", ""]),
        ("a;", &["a", ""]),
        ("a\\;b;c", &["a;b", "c"]),
        ("John\\;Smith;Jane\\;Smith", &["John;Smith", "Jane;Smith"]),
        ("person\\;;boss", &["person;", "boss"]),
        ("\\;", &[";"]),
        ("a\\b;\\\\;c", &["a\\b", "\\;c"]),
        (" ä ; ö", &[" ä ", " ö"]),
    ];
    for (cell, expected) in cases {
        let mut elements = elements(cell);
        let mut scratch = String::new();
        let mut found = Vec::new();
        while let Some(element) = elements.next(&mut scratch) {
            found.push(element.to_owned());
        }
        assert_eq!(found, expected, "{cell}");
    }
}
