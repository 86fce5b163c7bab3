//! The properties, as functions of raw input: the first byte is the size of the blocks, the rest is the file.

use std::collections::BTreeSet;

use loader::blocks::{Block, BlockReader, Cut};
use loader::format::{FeedParser, Format, FormatOptions, Parsed, SerialParser};
use model::HashKey;

/// A property: panics if the input breaks it.
pub type Property = fn(&[u8]);

/// All properties by the name of their fuzz target and corpus folder.
pub const ALL: [(&str, Property); 6] = [
    ("gremlin_csv", gremlin_csv),
    ("opencypher_csv", opencypher_csv),
    ("lines", lines),
    ("blocks", blocks),
    ("serial", serial),
    ("quad_block", quad_block),
];

/// A stored block of quads is refused, or read the same whichever way. The first byte is the order, two more the number
/// of entries.
pub fn quad_block(input: &[u8]) {
    store::fuzz_quad_block(input);
}

/// A Gremlin CSV file reads the same however it is cut, and every row is loaded or refused.
pub fn gremlin_csv(input: &[u8]) {
    for allow_empty_strings in [false, true] {
        csv(Format::Csv, &FormatOptions { allow_empty_strings, ..FormatOptions::new("load") }, input);
    }
}

/// The same of openCypher CSV, with ids and with generated ones.
pub fn opencypher_csv(input: &[u8]) {
    for user_edge_ids in [false, true] {
        csv(Format::OpenCypher, &FormatOptions { user_edge_ids, ..FormatOptions::new("load") }, input);
    }
}

/// A file of N-Triples or N-Quads reads the same however it is cut, and every statement is loaded or refused.
pub fn lines(input: &[u8]) {
    let Some((size, data)) = split(input) else { return };
    let options = FormatOptions::new("load");
    for format in [Format::NTriples, Format::NQuads] {
        let whole = read(format, &options, data, usize::MAX);
        assert_eq!(outcome(&whole), outcome(&read(format, &options, data, size)));
        assert_eq!(whole.rows, (whole.batch.entries.len() + whole.errors.len()) as u64);
    }
}

/// A Turtle or RDF/XML file reads the same however many statements are asked for at a time, and again with the same ids.
/// The first byte says how many.
pub fn serial(input: &[u8]) {
    let Some((size, data)) = split(input) else { return };
    for format in [Format::Turtle, Format::RdfXml] {
        let whole = pull(format, data, usize::MAX);
        assert_eq!(outcome(&whole), outcome(&pull(format, data, size)));
        assert_eq!(whole.rows, (whole.batch.entries.len() + whole.errors.len()) as u64);
    }
}

/// Blocks laid end to end are the file (up to a line with broken quoting), and their numbers follow from what is before.
pub fn blocks(input: &[u8]) {
    let Some((size, data)) = split(input) else { return };
    for cut in [Cut::Csv, Cut::Lines] {
        let (whole, parts) = (cut_up(data, cut, usize::MAX), cut_up(data, cut, size));
        let join = |blocks: &[Block]| blocks.iter().flat_map(|block| block.data.clone()).collect::<Vec<_>>();
        assert_eq!(join(&whole), join(&parts));
        assert!(data.starts_with(&join(&parts)));
        assert!(cut == Cut::Csv || data.len() == join(&parts).len());
        for (index, block) in parts.iter().enumerate() {
            assert_eq!(block.last, index + 1 == parts.len());
            assert!(block.data.ends_with(b"\n") || block.last);
            // A reader that begins at a block's beginning numbers what follows as the first reader did.
            let before = join(parts.get(..index).unwrap_or_default()).len();
            let alone = cut_up(data.get(before..).unwrap_or_default(), cut, size);
            let first = alone.first().expect("the block is there");
            assert_eq!(first.data, block.data);
            if let (Some(next), Some(alone)) = (parts.get(index + 1), alone.get(1)) {
                assert_eq!(next.first_record - block.first_record, alone.first_record - 1);
                assert_eq!(next.first_line - block.first_line, alone.first_line - 1);
            }
        }
    }
}

fn csv(format: Format, options: &FormatOptions, input: &[u8]) {
    let Some((size, data)) = split(input) else { return };
    let whole = read(format, options, data, usize::MAX);
    assert_eq!(outcome(&whole), outcome(&read(format, options, data, size)));
    if whole.errors.first().is_some_and(|error| error.record == 0) {
        assert_eq!((whole.rows, whole.errors.len(), whole.batch.entries.len()), (0, 1, 0));
        return;
    }
    let loaded: BTreeSet<_> = whole.batch.entries.iter().map(|entry| entry.ordinal.record()).collect();
    let refused: BTreeSet<_> = whole.errors.iter().map(|error| error.record).collect();
    assert_eq!(refused.len(), whole.errors.len());
    assert!(loaded.is_disjoint(&refused));
    assert!(loaded.union(&refused).copied().eq(1..=whole.rows));
}

fn split(input: &[u8]) -> Option<(usize, &[u8])> {
    let (size, data) = input.split_first()?;
    Some((usize::from(*size) + 1, data))
}

/// What came of a file, comparable.
fn outcome(out: &Parsed) -> (u64, Vec<String>, Vec<String>) {
    let entries = out.batch.entries.iter().map(|entry| format!("{entry:?}")).collect();
    let errors = out.errors.iter().map(|error| format!("{error:?}")).collect();
    (out.rows, entries, errors)
}

/// Reads a whole file in blocks of `size` bytes.
fn read(format: Format, options: &FormatOptions, data: &[u8], size: usize) -> Parsed {
    let mut out = Parsed::new();
    let mut reader = BlockReader::new(data, format.cut().expect("a format of blocks"), size);
    let head = reader.head().expect("memory can be read");
    match FeedParser::open(format, options, 0, "key", head, &HashKey::new([7; 16])) {
        Err(error) => out.errors.push(error),
        Ok((parser, _, length)) => {
            reader.consume(length);
            while let Some(block) = reader.next_block().expect("no record is too long") {
                parser.parse(&block, &mut out);
                if out.errors.last().is_some_and(|error| error.fatal) {
                    break;
                }
            }
        }
    }
    out
}

/// Pulls a whole file through, `size` statements at a time.
fn pull(format: Format, data: &[u8], size: usize) -> Parsed {
    let mut out = Parsed::new();
    let options = FormatOptions::new("load");
    let key = HashKey::new([7; 16]);
    let mut parser = SerialParser::open(format, &options, 0, "key", data, &key).expect("the default base is an IRI");
    while parser.next(size, &mut out).expect("memory can be read") {}
    out
}

fn cut_up(data: &[u8], cut: Cut, size: usize) -> Vec<Block> {
    let mut reader = BlockReader::new(data, cut, size);
    std::iter::from_fn(|| reader.next_block().expect("memory can be read, and no record is too long")).collect()
}
