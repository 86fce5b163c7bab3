//! Statements become elements; what XML cannot say is refused.

use oxrdf::{BlankNodeRef, LiteralRef, NamedNodeRef};

use super::*;

fn statement(predicate: &str, object: TermRef<'_>) -> Result<String, String> {
    let subject = BlankNodeRef::new_unchecked("b0");
    let triple = TripleRef::new(subject, NamedNodeRef::new_unchecked(predicate), object);
    let mut text = String::new();
    match push_statement(&mut text, triple) {
        Ok(()) => Ok(text),
        Err((found, reason)) => Err(format!("{found}: {reason}")),
    }
}

#[test]
fn statements_are_elements() {
    let iri = NamedNodeRef::new_unchecked("http://e/?a=b&c=<d>");
    let typed = LiteralRef::new_typed_literal("1", xsd::INTEGER);
    let language = LiteralRef::new_language_tagged_literal_unchecked("a<b>&\"\r\n", "en");
    let cases: [(&str, TermRef<'_>, &str); 5] = [
        ("http://e/1p", iri.into(), "<p:p xmlns:p=\"http://e/1\" rdf:resource=\"http://e/?a=b&amp;c=&lt;d&gt;\"/>"),
        (
            "http://e/#p-1",
            BlankNodeRef::new_unchecked("b1").into(),
            "<p:p-1 xmlns:p=\"http://e/#\" rdf:nodeID=\"b1\"/>",
        ),
        (
            "urn:e:é",
            typed.into(),
            "<p:é xmlns:p=\"urn:e:\" rdf:datatype=\"http://www.w3.org/2001/XMLSchema#integer\">1</p:é>",
        ),
        (
            "http://www.w3.org/1999/02/22-rdf-syntax-ns#type",
            LiteralRef::new_simple_literal("").into(),
            "<rdf:type></rdf:type>",
        ),
        (
            "http://e/p",
            language.into(),
            "<p:p xmlns:p=\"http://e/\" xml:lang=\"en\">a&lt;b&gt;&amp;&quot;&#13;\n</p:p>",
        ),
    ];
    for (predicate, object, expected) in cases {
        assert_eq!(statement(predicate, object), Ok(format!("\t\t{expected}\n")));
    }
}

#[test]
fn what_xml_cannot_say_is_refused() {
    let text = LiteralRef::new_simple_literal("x");
    for predicate in [
        "http://e/",
        "http://e/1",
        "http://e/p?",
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#li",
        "http://www.w3.org/2000/xmlns/p",
    ] {
        assert!(statement(predicate, text.into()).is_err(), "{predicate} is no element");
    }
    for character in ['\0', '\u{1}', '\u{b}', '\u{1f}', '\u{fffe}', '\u{ffff}'] {
        let text = format!("a{character}");
        let object = LiteralRef::new_simple_literal(&text);
        assert!(statement("http://e/p", object.into()).is_err(), "{character:?} is no character of XML");
    }
}
