//! Turtle and RDF/XML files, good and bad.

use super::*;
use crate::format::tests::{KEY, defaults, show, show_errors};

/// A whole file, `size` statements at a time.
fn read(format: Format, options: &FormatOptions, data: &[u8], size: usize) -> Parsed {
    let mut out = Parsed::new();
    let mut parser = SerialParser::open(format, options, 3, "s3://bucket/key", data, &KEY).expect("the base is an IRI");
    while parser.next(size, &mut out).expect("memory can be read") {}
    out
}

fn turtle(data: &str) -> Parsed {
    read(Format::Turtle, &defaults(), data.as_bytes(), 1000)
}

const XML: &str = "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:a=\"a:\">\n";

#[test]
fn statements_are_numbered() {
    let out = turtle("\u{FEFF}@prefix a: <a:> .\na:b a:c 1 , \"x\"@EN ; a:d [] .\n");
    assert_eq!(show_errors(&out), "");
    assert_eq!(show(&out), "1 <a:b> <a:c> 1^integer\n2 <a:b> <a:c> #\n3 <a:b> <a:d> _:");
    assert_eq!(out.rows, 3);
    let xml = format!("\u{FEFF}{XML}<rdf:Description rdf:about=\"a:b\"><a:c>x</a:c></rdf:Description></rdf:RDF>");
    let out = read(Format::RdfXml, &defaults(), xml.as_bytes(), 1000);
    assert_eq!((show(&out).as_str(), show_errors(&out).as_str()), ("1 <a:b> <a:c> 'x'", ""));
}

#[test]
fn turtle_goes_on_after_a_broken_statement() {
    let out = turtle("@prefix a: <a:> .\na:b a:c a:d .\na:b a:c | a:x .\na:b nothing:c a:d .\na:e a:c a:d .\n");
    assert_eq!(
        show(&out).lines().collect::<Vec<_>>(),
        ["1 <a:b> <a:c> <a:d>", &format!("{} <a:e> <a:c> <a:d>", out.rows)]
    );
    assert!(out.errors.iter().all(|error| !error.fatal && [3, 4].contains(&error.line)), "{}", show_errors(&out));
    assert!(out.errors.iter().any(|error| error.line == 3) && out.errors.iter().any(|error| error.line == 4));
    assert_eq!(out.rows, 2 + out.errors.len() as u64);
}

#[test]
fn rdf_xml_ends_where_it_is_not_well_formed() {
    let xml = format!(
        "{XML}<rdf:Description rdf:about=\"a:b\"><a:c>x</a:c></rdf:Description>\n<rdf:Description>\n</a:c>\n<a:d/></rdf:RDF>"
    );
    let out = read(Format::RdfXml, &defaults(), xml.as_bytes(), 1000);
    assert_eq!(show(&out), "1 <a:b> <a:c> 'x'");
    let [error] = &out.errors[..] else { panic!("{}", show_errors(&out)) };
    assert_eq!((error.fatal, error.record, error.line), (true, 2, 4), "{}", error.message);
}

#[test]
fn base_and_graph() {
    let show_iris = |options: &FormatOptions, data: &str| {
        let entry = read(Format::Turtle, options, data.as_bytes(), 1).batch.entries[0];
        (entry.quad.s, entry.quad.g)
    };
    let id = |iri: &str| TermRef::Iri(iri).encode(&KEY);
    let options = FormatOptions { named_graph: Some("a:g".into()), ..defaults() };
    assert_eq!(show_iris(&options, "<n1> <p> 1 ."), (id("http://aws.amazon.com/neptune/n1"), id("a:g")));
    let options = FormatOptions { base: Some("http://ex.test/x/".into()), ..defaults() };
    assert_eq!(show_iris(&options, "<n1> <p> 1 ."), (id("http://ex.test/x/n1"), TermId::DEFAULT_GRAPH));
    assert_eq!(
        show_iris(&options, "@base <http://ex.test/y/> . <n1> <p> 1 ."),
        (id("http://ex.test/y/n1"), TermId::DEFAULT_GRAPH)
    );
    let options = FormatOptions { base: Some("x".into()), ..defaults() };
    let error = SerialParser::open(Format::RdfXml, &options, 0, "key", &b""[..], &KEY).expect_err("no IRI");
    assert!(error.fatal && error.message.contains("'x'"), "{}", error.message);
}

#[test]
fn blank_nodes_are_the_same_when_read_again() {
    let data = "@prefix a: <a:> . [ a:p [ a:q _:x ] ] a:r ( 1 [] _:ffffffffffffffffffffffffffffffff ) , _:ffffffffffffffffffffffffffffffff .";
    let quads = |size| -> Vec<_> {
        let out = read(Format::Turtle, &defaults(), data.as_bytes(), size);
        out.batch.entries.iter().map(|entry| entry.quad).collect()
    };
    let first = quads(1);
    assert_eq!(first.len(), 10);
    for size in 2..100 {
        assert_eq!(quads(size), first);
    }
}

#[test]
fn endless_nothing_is_refused() {
    let reader = XML.as_bytes().chain(io::repeat(b' '));
    let mut parser =
        SerialParser::open(Format::RdfXml, &defaults(), 3, "key", reader, &KEY).expect("the base is an IRI");
    let mut out = Parsed::new();
    assert!(!parser.next(10, &mut out).expect("spaces can be read"));
    assert!(out.errors[0].fatal && out.errors[0].message.contains("more than can be held"), "{}", show_errors(&out));
}

#[test]
fn other_encodings_are_read_as_utf8_anyway() {
    let latin1 = b"<a:b> <a:c> \"B\xE4r\" .";
    assert_eq!(show(&read(Format::Turtle, &defaults(), latin1, 1)), "1 <a:b> <a:c> 'B\u{FFFD}r'");
    let latin1 =
        [XML.as_bytes(), b"<rdf:Description rdf:about=\"a:b\"><a:c>B\xE4r</a:c></rdf:Description></rdf:RDF>"].concat();
    assert_eq!(show(&read(Format::RdfXml, &defaults(), &latin1, 1)), "1 <a:b> <a:c> 'B\u{FFFD}r'");
}

#[test]
fn hostile_files_are_refused_before_they_grow() {
    let laugh = |level: usize| format!("<!ENTITY a{level} \"{}\">", format!("&a{};", level - 1).repeat(10));
    let laughs = (1..12).map(laugh).collect::<Vec<_>>().concat();
    let laughs = format!("<!DOCTYPE r [<!ENTITY a0 \"ha\">{laughs}]>{XML}<a:b>&a11;</a:b></rdf:RDF>");
    let one = format!("<!DOCTYPE r [<!ENTITY a \"{}\">]>{XML}<a:b><a:c>{}", "x".repeat(1000), "&a;".repeat(1 << 20));
    let tags = format!("{XML}{}", "<a:b>".repeat(1 << 20));
    let brackets = "[ <a:b> ".repeat(1 << 20);
    for (format, data) in
        [(Format::RdfXml, laughs), (Format::RdfXml, one), (Format::RdfXml, tags), (Format::Turtle, brackets)]
    {
        let out = read(format, &defaults(), data.as_bytes(), 1000);
        let error = out.errors.last().expect("refused");
        assert!(error.fatal && error.message.contains("more than can be held"), "{}", error.message);
    }
    let owl = format!(
        "<!DOCTYPE r [<!ENTITY a \"a:\"><!ENTITY ab \"&a;b\">]>{XML}<rdf:Description rdf:about=\"&ab;\"><a:c>&a;</a:c></rdf:Description></rdf:RDF>"
    );
    assert_eq!(show(&read(Format::RdfXml, &defaults(), owl.as_bytes(), 1)), "1 <a:b> <a:c> 'a:'");
}

#[test]
fn errors_of_the_stream_are_no_errors_of_the_data() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    for format in [Format::Turtle, Format::RdfXml] {
        let reader = b"<".chain(Broken);
        let mut parser = SerialParser::open(format, &defaults(), 3, "key", reader, &KEY).expect("the base is an IRI");
        let mut out = Parsed::new();
        let error = parser.next(10, &mut out).expect_err("the stream broke");
        assert_eq!((error.kind(), out.errors.len()), (io::ErrorKind::ConnectionReset, 0));
    }
}
