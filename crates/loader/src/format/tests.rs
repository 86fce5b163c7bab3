//! What tests of all formats share, and the promises that hold for all of them.

use std::path::{Path, PathBuf};

use model::{Term, TermId};
use proptest::prelude::*;
use store::Role;

use super::*;
use crate::blocks::BlockReader;

mod conformance;
mod samples;

pub(super) const KEY: HashKey = HashKey::new([7; 16]);

/// A whole file through blocks of `size` bytes, or its header's error.
pub(super) fn read(format: Format, options: &FormatOptions, data: &[u8], size: usize) -> (Option<FeedKind>, Parsed) {
    let mut out = Parsed::new();
    let cut = format.cut().expect("a format of blocks");
    let mut reader = BlockReader::new(data, cut, size);
    let head = reader.head().expect("memory can be read");
    let (parser, kind, length) = match FeedParser::open(format, options, 3, "s3://bucket/key", head, &KEY) {
        Ok(opened) => opened,
        Err(error) => {
            out.errors.push(error);
            return (None, out);
        }
    };
    reader.consume(length);
    while let Some(block) = reader.next_block().expect("no record is too long") {
        parser.parse(&block, &mut out);
        if out.errors.last().is_some_and(|error| error.fatal) {
            break;
        }
    }
    (Some(kind), out)
}

/// The options of a load that says nothing.
pub(super) fn defaults() -> FormatOptions {
    FormatOptions::new("0b8ad02b-ce2b-4b02-8b9d-a2a3d7d4a7d3")
}

/// Entries as text, one a line: record, subject, predicate, object, graph if it is not the default one, role if it is
/// not `Record`. Hashed terms are shown as `#`: tests keep to short ones.
pub(super) fn show(out: &Parsed) -> String {
    let lines = out.batch.entries.iter().map(|entry| {
        assert_eq!(entry.ordinal.feed(), 3);
        let quad = entry.quad;
        let graph = if quad.g == TermId::DEFAULT_GRAPH { String::new() } else { format!(" @{}", text(quad.g)) };
        let role = match entry.role {
            Role::Record => "",
            Role::Single => " single",
            Role::Silent => " silent",
        };
        format!("{} {} {} {}{graph}{role}", entry.ordinal.record(), text(quad.s), text(quad.p), text(quad.o))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn text(id: TermId) -> String {
    if id.is_hashed() {
        return "#".to_owned();
    }
    match Term::decode(id, None).expect("was just encoded") {
        Term::NoLabel => "∅".to_owned(),
        Term::Value(value) => match value.datatype().rsplit_once('#').map(|(_, name)| name) {
            Some("string") | None => format!("'{value}'"),
            Some(name) => format!("{value}^{name}"),
        },
        Term::Label => "~label".to_owned(),
        Term::Key(text) => format!(".{text}"),
        Term::EdgeLabel(text) => format!("-{text}->"),
        Term::Iri(text) => format!("<{text}>"),
        Term::Blank(_) => "_:".to_owned(),
        Term::Vertex(text) => format!("({text})"),
        Term::Edge(text) => format!("[{text}]"),
        Term::DefaultGraph => "default".to_owned(),
    }
}

/// Errors as text: record, line, counter, fatality, column, message.
pub(super) fn show_errors(out: &Parsed) -> String {
    let lines = out.errors.iter().map(|error| {
        let fatal = if error.fatal { " fatal" } else { "" };
        let column = error.column.as_deref().map(|column| format!(" [{column}]")).unwrap_or_default();
        format!("{}:{} {:?}{fatal}{column} {}", error.record, error.line, error.kind, error.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A file of the shared collection, or `None` (said aloud) where that is absent.
pub(super) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("HALIMEDE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let file = root.join(path);
    if file.exists() {
        return Some(file);
    }
    eprintln!("SKIPPED: {} is absent (set HALIMEDE_SHARED)", file.display());
    None
}

#[test]
fn formats_are_named_as_on_the_wire() {
    for format in Format::ALL {
        assert_eq!(format.name().to_uppercase().parse(), Ok(format));
    }
    assert_eq!("openCypher".parse(), Ok(Format::OpenCypher));
    let error = "json".parse::<Format>().expect_err("is none").to_string();
    assert!(error.contains("'json'") && error.contains("rdfxml"), "{error}");
}

#[test]
fn files_without_a_record_are_no_error() {
    for format in [Format::Csv, Format::OpenCypher, Format::NTriples, Format::NQuads] {
        for data in ["", "\n \n", "\u{FEFF}", "\u{FEFF}\r\n"] {
            let (kind, out) = read(format, &defaults(), data.as_bytes(), 1);
            assert_eq!((kind.is_some(), show_errors(&out).as_str(), out.rows), (true, "", 0), "{format} {data:?}");
        }
    }
}

#[test]
fn serial_formats_have_no_blocks_and_the_others_no_serial_parser() {
    for format in Format::ALL {
        let blocks = FeedParser::open(format, &defaults(), 0, "key", b"~id", &KEY).map(|_| ());
        let serial = SerialParser::open(format, &defaults(), 0, "key", &b""[..], &KEY).map(|_| ());
        assert_eq!(blocks.is_err(), format.cut().is_none() || format == Format::OpenCypher, "{format}");
        assert_eq!(serial.is_err(), format.cut().is_some(), "{format}");
    }
}

#[test]
fn clearing_keeps_nothing() {
    let (_, mut out) = read(Format::Csv, &defaults(), b"~id,n:Int\na,1\nb,x\n", 10);
    assert_ne!((show(&out).as_str(), show_errors(&out).as_str(), out.rows), ("", "", 0));
    out.clear();
    assert_eq!((show(&out).as_str(), show_errors(&out).as_str(), out.rows), ("", "", 0));
}

/// Everything that reading gave, in one text.
fn outcome(format: Format, data: &[u8], size: usize) -> String {
    let (kind, out) = read(format, &defaults(), data, size);
    format!("{kind:?} {}\n{}\n{}", out.rows, show(&out), show_errors(&out))
}

proptest! {
    #[test]
    fn csv_cut_anywhere_reads_as_whole(rows in "(([ab]|\"[a,;\n\r]{0,3}(\"\"|x)?\")?[,,\n\n ]){0,30}", size in 1_usize..60) {
        let data = format!("~id,~label,n:Int,s:String[]\n{rows}");
        prop_assert_eq!(outcome(Format::Csv, data.as_bytes(), 1 << 20), outcome(Format::Csv, data.as_bytes(), size));
    }

    #[test]
    fn any_bytes_cut_anywhere_read_as_whole(data in prop::collection::vec(prop_oneof![Just(b','), Just(b'\n'), Just(b'"'), Just(b'\r'), Just(b' '), any::<u8>()], 0..80), size in 1_usize..20) {
        for (format, header) in [(Format::Csv, "~id,~from,~to,w:Double\n"), (Format::OpenCypher, ":ID(x),:LABEL,n:Byte\n"), (Format::NQuads, "")] {
            let data = [header.as_bytes(), &data].concat();
            prop_assert_eq!(outcome(format, &data, 1 << 20), outcome(format, &data, size));
        }
    }

    #[test]
    fn lines_cut_anywhere_read_as_whole(lines in "(<a:[bc]> |_:[xy] |\"[z\\\\]?\" |\\.|[\n\r#]){0,40}", size in 1_usize..60) {
        for format in [Format::NTriples, Format::NQuads] {
            prop_assert_eq!(outcome(format, lines.as_bytes(), 1 << 20), outcome(format, lines.as_bytes(), size));
        }
    }

    #[test]
    fn any_header_is_read_or_refused(header in "[~:()\\[\\]\\\\a-eI-LTD_, \"]{0,40}") {
        for format in [Format::Csv, Format::OpenCypher] {
            let (kind, out) = read(format, &defaults(), header.as_bytes(), 1);
            prop_assert_eq!(kind.is_none(), out.errors.len() == 1);
            prop_assert!(out.errors.iter().all(|error| error.fatal && error.record == 0));
        }
    }
}
