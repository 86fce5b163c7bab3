//! Blocks against the whole file.

use proptest::prelude::*;

use super::*;

/// All blocks of `data`.
fn blocks(data: &[u8], cut: Cut, target: usize) -> Vec<Block> {
    let mut reader = BlockReader::new(data, cut, target);
    std::iter::from_fn(|| reader.next_block().expect("memory can be read, and no record is too long")).collect()
}

fn show(data: &str, cut: Cut, target: usize) -> Vec<(String, u64, u64, bool)> {
    let blocks = blocks(data.as_bytes(), cut, target).into_iter();
    blocks
        .map(|block| {
            let text = String::from_utf8(block.data).expect("cut at line ends");
            (text, block.first_record, block.first_line, block.last)
        })
        .collect()
}

#[test]
fn csv_is_cut_outside_quotes() {
    let data = "a,1\n\n\"b\n2\",\"\"\"\n\"\"\"\r\n  \nc";
    let expected = [
        ("a,1\n", 1, 1, false),
        ("\n", 2, 2, false),
        ("\"b\n2\",\"\"\"\n\"\"\"\r\n", 2, 3, false),
        ("  \n", 3, 6, false),
        ("c", 3, 7, true),
    ]
    .map(|(text, record, line, last)| (text.to_owned(), record, line, last));
    assert_eq!(show(data, Cut::Csv, 1), expected);
    assert_eq!(
        show(data, Cut::Csv, 1 << 20),
        [(format!("{}  \n", &data[..data.len() - 4]), 1, 1, false), ("c".to_owned(), 3, 7, true),]
    );
}

#[test]
fn lines_are_cut_and_counted_whatever_is_on_them() {
    let data = "# a\n\nb\r\nc\rd\n";
    let expected = [("# a\n", 1, 1, false), ("\n", 2, 2, false), ("b\r\n", 3, 3, false), ("c\rd\n", 4, 4, true)]
        .map(|(text, record, line, last)| (text.to_owned(), record, line, last));
    assert_eq!(show(data, Cut::Lines, 1), expected);
    assert_eq!(lines(b"c\rd\r\ne\r", Cut::Lines), 3);
}

#[test]
fn nothing_has_no_block() {
    assert_eq!(blocks(b"", Cut::Csv, 10), []);
    assert_eq!(blocks(b"", Cut::Lines, 10), []);
}

#[test]
fn header_is_consumed_and_counted() {
    let data = "~id\na\nb\n";
    let mut reader = BlockReader::new(data.as_bytes(), Cut::Csv, 2);
    assert_eq!(reader.head().expect("memory can be read"), data.as_bytes());
    reader.consume(4);
    let block = reader.next_block().expect("no error").expect("there is one");
    assert_eq!(block, Block { data: b"a\n".to_vec(), first_record: 1, records: 1, first_line: 2, last: false });
}

#[test]
fn stray_quote_ends_the_file_at_its_line() {
    for data in ["a\n12\"\nb\n", "a\n\"1\" \"2\nb\"\n\"c\"\n", "a\nx,2\"\"\nb\n"] {
        for target in [1, 3, 1 << 20] {
            let blocks = blocks(data.as_bytes(), Cut::Csv, target);
            let read: Vec<u8> = blocks.iter().flat_map(|block| block.data.clone()).collect();
            let end = 2 + data[2..].find('\n').expect("has a second line") + 1;
            assert_eq!(read, &data.as_bytes()[..end], "{data:?} {target}");
            assert!(blocks.last().expect("two lines").last);
        }
    }
}

#[test]
fn long_record_is_refused_and_named() {
    let data = format!("ab\n\"{}\n", "x".repeat(100));
    for target in [1, 10, 1 << 20] {
        let mut reader = BlockReader::new(data.as_bytes(), Cut::Csv, target).with_record_limit(50);
        let error = loop {
            match reader.next_block() {
                Ok(block) => assert!(block.is_some(), "the record is too long"),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, BlockError::TooLong { record: 2, line: 2, limit: 50 }), "{error}");
    }
}

proptest! {
    #[test]
    fn blocks_make_up_the_file(data in "[a,\" \r\n]{0,80}", target in 1_usize..40, lines_only: bool) {
        let cut = if lines_only { Cut::Lines } else { Cut::Csv };
        let whole = blocks(data.as_bytes(), cut, 1 << 20);
        let parts = blocks(data.as_bytes(), cut, target);
        let join = |blocks: &[Block]| blocks.iter().flat_map(|block| block.data.clone()).collect::<Vec<u8>>();
        prop_assert_eq!(join(&whole), join(&parts));
        prop_assert!(data.as_bytes().starts_with(&join(&parts)));
        if cut == Cut::Lines {
            prop_assert_eq!(data.as_bytes(), join(&parts));
        }
        let mut before = Vec::new();
        for (index, block) in parts.iter().enumerate() {
            prop_assert!(!block.data.is_empty());
            prop_assert_eq!(block.first_line, 1 + lines(&before, cut));
            prop_assert_eq!(block.last, index + 1 == parts.len());
            prop_assert!(block.last || block.data.ends_with(b"\n"));
            before.extend_from_slice(&block.data);
        }
    }
}
