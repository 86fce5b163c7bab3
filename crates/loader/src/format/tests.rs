use super::*;
use crate::blocks::BlockReader;
use model::{Quad, Term, TermId, TermRef};
use store::Role;

const KEY: HashKey = HashKey::new([7; 16]);

/// A whole file through blocks of `size` bytes.
pub(super) fn read(
    format: Format,
    options: &FormatOptions,
    data: &[u8],
    size: usize,
) -> (Option<FeedKind>, Parsed) {
    let mut out = Parsed::new();
    let mut reader = BlockReader::new(data, format.cut().expect("a format of blocks"), size);
    let head = reader.head().expect("memory can be read");
    let (parser, kind, length) =
        match FeedParser::open(format, options, 3, "s3://bucket/key", head, &KEY) {
            Ok(opened) => opened,
            Err(error) => {
                out.errors.push(error);
                return (None, out);
            }
        };
    reader.consume(length);
    while let Some(block) = reader.next_block().expect("no long records") {
        parser.parse(&block, &mut out);
        if out.errors.last().is_some_and(|error| error.fatal) {
            break;
        }
    }
    (Some(kind), out)
}

fn csv(data: &str) -> Parsed {
    read(
        Format::GremlinCsv,
        &FormatOptions::new("load"),
        data.as_bytes(),
        1 << 20,
    )
    .1
}

#[test]
fn vertex_row_becomes_labels_and_values() {
    let out = csv(
        "~id, ~label,  city:String , pop:Int\nc1, Town, Turin , 850\nc2, Town,\" Pisa \", 90\n",
    );
    assert_eq!(out.errors, []);
    assert_eq!(out.rows, 2);
    let id = |term: TermRef<'_>| term.encode(&KEY);
    let quads: Vec<_> = out
        .batch
        .entries
        .iter()
        .map(|entry| (entry.quad, entry.ordinal.record(), entry.role))
        .collect();
    let quad = |s, p, o| Quad::in_default_graph(id(TermRef::Vertex(s)), id(p), id(o));
    let (label, city, pop) = (TermRef::Label, TermRef::Key("city"), TermRef::Key("pop"));
    assert_eq!(
        quads,
        [
            (quad("c1", label, TermRef::String("Town")), 1, Role::Record),
            (quad("c1", city, TermRef::String("Turin")), 1, Role::Record),
            (quad("c1", pop, TermRef::Int(850)), 1, Role::Record),
            (quad("c2", label, TermRef::String("Town")), 2, Role::Record),
            (quad("c2", city, TermRef::String(" Pisa ")), 2, Role::Record),
            (quad("c2", pop, TermRef::Int(90)), 2, Role::Record),
        ]
    );
}
