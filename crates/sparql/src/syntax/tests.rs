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
