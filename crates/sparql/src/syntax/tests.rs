//! Messages of syntax errors, and that no text is fatal.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::{Error, ParseOptions, Query};

#[test]
fn messages_name_the_place_and_what_was_expected() {
    const FORMS: &str = "ASK, BASE, CONSTRUCT, DESCRIBE, PREFIX, SELECT";
    for (text, place, message) in [
        ("", "line 1, column 1", format!("unexpected end of the query, expected {FORMS}")),
        ("# nothing\n ", "line 2, column 2", format!("unexpected end of the query, expected {FORMS}")),
        ("SELEC ?x", "line 1, column 1", format!("unexpected ‘SELEC’, expected {FORMS}")),
        ("INSERT DATA { <a> <b> <c> }", "line 1, column 1", format!("unexpected ‘INSERT’, expected {FORMS}")),
        (
            "SELECT ?x WHERE { ?x ?y }",
            "line 1, column 25",
            "unexpected ‘}’, expected a blank node, a number, a prefixed name, a string, a variable, an IRI, ‘(’"
                .into(),
        ),
        (
            "SELECT * {\n  ?s ?p ?o . # ?o > } 1\n  FILTER(?o > )\n}",
            "line 3, column 15",
            "unexpected ‘)’, expected a number, a prefixed name, a string, a variable, an IRI, ‘!’".into(),
        ),
        ("SELECT * { ?s foo:bar ?o }", "line 1, column 15", "Prefix not found at ‘foo:bar’".into()),
        ("SELECT * { ?s ?p ?o } LIMIT -1", "line 1, column 29", "unexpected ‘-’, expected a number".into()),
        (
            "SELECT ?s WHERE { ?s ?p 'é' ) }",
            "line 1, column 29",
            "unexpected ‘)’, expected ‘,’, ‘.’, ‘;’, ‘@’, ‘^^’, ‘{’, ‘}’, BIND, FILTER, GRAPH".into(),
        ),
        ("SELECT ?s { ?s ?p ?o } }", "line 1, column 24", "unexpected ‘}’, expected the end of the query".into()),
        (
            "SELECT (COUNT(?x) AS ?n) ?y { ?x ?p ?y }",
            "line 1, column 41",
            "The SELECT contains a variable that is unbound".into(),
        ),
    ] {
        let Err(error @ Error::Syntax { .. }) = Query::parse(text, None, ParseOptions::default()) else {
            panic!("{text} is refused as malformed");
        };
        let expected = format!("Malformed query: {place}: {message}");
        assert!(error.to_string().starts_with(&expected), "{text}\n{error}\n{expected}");
    }
}

/// What texts are made of that are nearly queries.
const PIECES: [&str; 48] = [
    "SELECT",
    "ASK",
    "CONSTRUCT",
    "DESCRIBE",
    "WHERE",
    "FROM",
    "NAMED",
    "PREFIX",
    "BASE",
    "FILTER",
    "OPTIONAL",
    "UNION",
    "GRAPH",
    "BIND",
    "AS",
    "VALUES",
    "ORDER BY",
    "LIMIT",
    "COUNT",
    "EXISTS",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "<",
    ">",
    "<a#b>",
    "<a'b>",
    "?x",
    "$é",
    "ex:a",
    "_:b",
    "\"a b\"",
    "'",
    "\"\"\"",
    "\\",
    "#",
    "\n",
    ".",
    ";",
    ",",
    "*",
    "+",
    "&&",
    "1.5e3",
    "@en",
];

fn check_place(text: &str) {
    match Query::parse(text, None, ParseOptions::default()) {
        Ok(_) | Err(Error::Syntax { at: None, .. }) => {}
        Err(Error::Syntax { at: Some(at), .. }) => {
            let line = text.split('\n').nth(at.line - 1).expect("the line is there");
            assert!(at.column <= line.chars().count() + 1, "{at} of {text:?}");
        }
        Err(other) => panic!("{text:?}: {other}"),
    }
}

proptest! {
    #[test]
    fn no_text_is_fatal(text in ".{0,80}") {
        check_place(&text);
    }

    #[test]
    fn no_soup_of_tokens_is_fatal(pieces in vec(select(&PIECES[..]), 0..24), gap in select(vec!["", " ", "\n"])) {
        check_place(&pieces.join(gap));
        check_place(&format!("SELECT * {{ ?s ?p ?o {} }}", pieces.join(gap)));
    }
}
