//! Lines, good and bad, and what another parser says of them.

use std::fs;

use oxttl::NQuadsParser;
use proptest::prelude::*;

use super::*;
use crate::format::tests::{KEY, defaults, read, shared, show, show_errors};
use crate::format::{Format, FormatOptions, RowErrorKind};

fn nquads(data: &str) -> Parsed {
    read(Format::NQuads, &defaults(), data.as_bytes(), 1 << 20).1
}

#[test]
fn statements() {
    let cases = [
        ("<a:b> <a:c> <a:d> .", "1 <a:b> <a:c> <a:d>"),
        ("<a:b><a:c><a:d><a:e>.", "1 <a:b> <a:c> <a:d> @<a:e>"),
        ("\t <a:b> <a:c> _:x _:g . # end", "1 <a:b> <a:c> _: @_:"),
        ("_:x <a:c> \"v\" .", "1 _: <a:c> 'v'"),
        ("_:x <a:c> \"v\"^^<http://www.w3.org/2001/XMLSchema#string> .", "1 _: <a:c> 'v'"),
        ("_:x <a:c> \"1\"^^<http://www.w3.org/2001/XMLSchema#int> <a:e> .", "1 _: <a:c> 1^int @<a:e>"),
        ("_:x <a:c> \"v\"@en-GB .", "1 _: <a:c> #"),
        ("_:x <a:c> \"v\" ^^ <a:t>.", "1 _: <a:c> #"),
        ("_:x <a:c> \"\\t\\\"\\u00e9\\U0001F600\" .", "1 _: <a:c> '\t\"é😀'"),
        ("<a:\\u00e9> <a:c> _:1.b-c.", "1 <a:é> <a:c> _:"),
        ("\n# nothing\n  \n<a:b> <a:c> <a:d> .\n", "4 <a:b> <a:c> <a:d>"),
        (
            "<a:b> <a:c> \"1\" .\r<a:b> <a:c> \"2\" .\r\n<a:b> <a:c> \"3\" .",
            "1 <a:b> <a:c> '1'\n2 <a:b> <a:c> '2'\n3 <a:b> <a:c> '3'",
        ),
        ("\u{FEFF}<a:b> <a:c> <a:d> .", "1 <a:b> <a:c> <a:d>"),
        (
            "_:x <a:c> \"2001-01-01T01:00:00+01:00\"^^<http://www.w3.org/2001/XMLSchema#dateTime> .",
            "1 _: <a:c> 2001-01-01T00:00:00Z^dateTime",
        ),
    ];
    for (data, expected) in cases {
        let out = nquads(data);
        assert_eq!((show(&out).as_str(), show_errors(&out).as_str()), (expected, ""), "{data}");
    }
}

#[test]
fn errors_say_what_was_expected_and_found() {
    let cases = [
        ("<a:b> |a:c> \"b\" <a:g> .", "Expected '<', found: |"),
        ("a:b <a:c> <a:d> .", "Expected '<' or '_:' of the subject, found: a"),
        ("\"x\" <a:c> <a:d> .", "Expected '<' or '_:' of the subject, found: \""),
        ("<a:b> _:c <a:d> .", "Expected '<', found: _"),
        ("<a:b> <a:c> 1 .", "Expected '<', '_:' or '\"' of the object, found: 1"),
        ("<a:b> <a:c>", "Expected '<', '_:' or '\"' of the object, found: end of line"),
        ("<a:b> <a:c> <a:d>", "Expected '.' after the statement, found: end of line"),
        ("<a:b> <a:c> <a:d> <a:e> <a:f> .", "Expected '.' after the statement, found: <"),
        ("<a:b> <a:c> <a:d> . <a:b>", "Expected end of line after the statement, found: <"),
        ("<a:b> <a:c> \"d .", "Expected '\"' at the end of the literal, found: end of line after '\"d .'"),
        ("<a:b> <a:c> \"d\\\" .", "Expected '\"' at the end of the literal"),
        ("<a:b <a:c> <a:d> .", "Expected an absolute IRI, found: <a:b <a:c>"),
        ("<b> <a:c> <a:d> .", "Expected an absolute IRI, found: <b>"),
        ("<a:b> <a:c> <a:d", "Expected '>' at the end of the IRI, found: end of line after '<a:d'"),
        ("<a:b> <a:c> \"\\x\" .", "Expected an escape such as \\u00e9 or \\n, found: \\x"),
        ("<a:\\n> <a:c> <a:d> .", "Expected an escape such as \\u00e9, found: \\n"),
        ("<a:b> <a:c> \"\\ud800\" .", "Expected an escape such as \\u00e9 or \\n, found: \\ud800"),
        ("<a:b> <a:c> \"\\u+0e9\" .", "Expected an escape such as \\u00e9 or \\n, found: \\u+0e9"),
        ("<a:b> <a:c> \"x\"@ .", "Expected a language tag such as en or en-GB, found: @"),
        ("<a:b> <a:c> \"x\"@1 .", "Expected a language tag such as en or en-GB, found: @1"),
        ("<a:b> <a:c> \"x\"^<a:t> .", "Expected '^' after '^', found: <"),
        ("<a:b> <a:c> \"x\"^^a:t .", "Expected '<' of the datatype, found: a"),
        ("_ <a:c> <a:d> .", "Expected ':' after '_', found:  "),
        ("_: <a:c> <a:d> .", "Expected a letter, a digit or '_' after '_:', found:  "),
        ("_:-a <a:c> <a:d> .", "Expected a letter, a digit or '_' after '_:', found: -"),
        ("@prefix a: <a:b> .", "Expected '<' or '_:' of the subject, found: @"),
    ];
    for (line, expected) in cases {
        let data = format!("<a:1> <a:c> <a:d> .\n{line}\n<a:2> <a:c> <a:d> .\n");
        let out = nquads(&data);
        assert_eq!(show(&out), "1 <a:1> <a:c> <a:d>\n3 <a:2> <a:c> <a:d>", "{line}");
        let [error] = &out.errors[..] else { panic!("{line}: {:?}", out.errors) };
        assert!(error.message.contains(expected), "{line}: {}", error.message);
        assert_eq!((error.record, error.line, error.fatal, error.kind), (2, 2, false, RowErrorKind::Parse));
        assert_eq!(error.raw, format!("{line}\n").as_bytes());
        assert_eq!(out.rows, 3);
    }
}

#[test]
fn numbers_of_more_than_64_bits_do_not_fit() {
    let out = nquads("<a:b> <a:c> \"18446744073709551616\"^^<http://www.w3.org/2001/XMLSchema#integer> .\n");
    assert_eq!(
        show_errors(&out),
        "1:1 Datatype Found '18446744073709551616' of type <http://www.w3.org/2001/XMLSchema#integer>, expected a number of at most 64 bits"
    );
}

#[test]
fn graphs() {
    let named = FormatOptions { named_graph: Some("a:n".to_owned()), ..defaults() };
    let data = "<a:b> <a:c> <a:d> .\n<a:b> <a:c> <a:d> <a:e> .\n<a:b> <a:c> <a:d> <http://aws.amazon.com/neptune/vocab/v01/DefaultNamedGraph> .\n";
    let out = read(Format::NQuads, &named, data.as_bytes(), 1 << 20).1;
    assert_eq!(show(&out), "1 <a:b> <a:c> <a:d> @<a:n>\n2 <a:b> <a:c> <a:d> @<a:e>\n3 <a:b> <a:c> <a:d>");
    let out = read(Format::NTriples, &named, data.as_bytes(), 1 << 20).1;
    assert_eq!(show(&out), "1 <a:b> <a:c> <a:d> @<a:n>");
    let message = "Expected '.' after the triple, found: <";
    assert_eq!(show_errors(&out), format!("2:2 Parse {message}\n3:3 Parse {message}"));
}

#[test]
fn blank_nodes_are_shared_by_the_blocks_of_a_file() {
    let data = "_:a <a:c> _:b .\n_:b <a:c> _:a .\n";
    for size in [1, 1 << 20] {
        let entries = read(Format::NQuads, &defaults(), data.as_bytes(), size).1.batch.entries;
        assert_eq!((entries[0].quad.s, entries[0].quad.o), (entries[1].quad.o, entries[1].quad.s));
        assert_ne!(entries[0].quad.s, entries[0].quad.o);
    }
}

/// What the other parser reads of a line, as a quad of ours; `None` if it finds a fault.
fn oracle(line: &str) -> Option<Vec<Quad>> {
    let mut quads = Vec::new();
    for quad in NQuadsParser::new().for_slice(line) {
        let quad = quad.ok()?;
        let nodes = BlankNodes::new(&defaults().load_id, "s3://bucket/key");
        let id = |term: oxrdf::Term| {
            let mut scratch = String::new();
            rdf::term_ref(term.as_ref(), |label| nodes.labelled(&KEY, label), &mut scratch).encode(&KEY)
        };
        let g = match quad.graph_name {
            oxrdf::GraphName::DefaultGraph => TermId::DEFAULT_GRAPH,
            oxrdf::GraphName::NamedNode(node) => id(node.into()),
            oxrdf::GraphName::BlankNode(node) => id(node.into()),
        };
        quads.push(Quad::new(id(quad.subject.into()), id(quad.predicate.into()), id(quad.object), g));
    }
    Some(quads)
}

/// Both parsers on each line; where the other one finds a fault, so must ours, and the reverse.
fn agree(data: &str) {
    for line in data.lines() {
        let out = nquads(line);
        let ours = out.errors.is_empty().then(|| out.batch.entries.iter().map(|entry| entry.quad).collect());
        let datatype = out.errors.iter().any(|error| error.kind == RowErrorKind::Datatype);
        if !datatype {
            assert_eq!(ours, oracle(line), "{line:?} {}", show_errors(&out));
        }
    }
}

#[test]
fn conformance_files_read_as_another_parser_reads_them() {
    for folder in ["rdf-n-triples", "rdf-n-quads", "rdf-turtle"] {
        let Some(folder) = shared(&format!("conformance/rdf11/{folder}")) else {
            return;
        };
        for file in fs::read_dir(folder).expect("it exists") {
            let path = file.expect("it can be listed").path();
            agree(&String::from_utf8_lossy(&fs::read(path).expect("it exists")));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn lines_read_as_another_parser_reads_them(
        terms in prop::collection::vec(prop_oneof![
            Just("<http://ex.test/a>"), Just("<a:b>"), Just("<b>"), Just("_:a"), Just("_:a.b"), Just("_:1-."), Just("\"x\""), Just("\"\\u00e9\\n\""),
            Just("\"x\"@en"), Just("\"x\"@EN-gb"), Just("\"x\"^^<a:t>"), Just("\"1\"^^<http://www.w3.org/2001/XMLSchema#integer>"), Just("."),
            Just("# c"), Just("\"x"), Just("<a:é>"), Just("<a:%>"), Just("@"), Just("^^"),
        ], 0..6),
        spaces in "[ \t]{0,1}",
    ) {
        agree(&terms.join(&spaces));
    }

    #[test]
    fn noise_reads_as_another_parser_reads_it(line in "(<a:[a-c\\\\u0 ]{0,4}>|_:[a.·-]{0,3}|\"[a\\\\nu01é]{0,5}\"|[ @^.#a-z]|\\.){0,6}") {
        agree(&line);
    }
}
