//! Blocks found, cut, shifted and checked.

use std::io::Write;

use ::bzip2::Compression;
use ::bzip2::write::BzEncoder;

use super::*;

fn compress(text: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = BzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn text(length: usize) -> Vec<u8> {
    (0..length.div_ceil(8) as u64).flat_map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 7).to_be_bytes()).collect()
}

fn cut(data: &[u8]) -> Vec<Bits> {
    let mut blocks = Blocks::new(Input::new(Vec::new(), Box::new(Cursor::new(data.to_vec())))).unwrap();
    let mut found = Vec::new();
    loop {
        match blocks.next().unwrap() {
            Next::Unit(Unit::Bits(bits)) => found.push(bits),
            Next::End(at) => {
                assert_eq!(at, data.len() as u64);
                return found;
            }
            Next::Unit(Unit::Members { .. }) | Next::Rest(_) => panic!("not of bzip2"),
        }
    }
}

#[test]
fn each_block_decodes_by_itself_wherever_its_bits_begin() {
    let text = text(500_000);
    let bits = cut(&compress(&text, 1));
    let kinds: Vec<Kind> = bits.iter().map(|bits| bits.kind).collect();
    assert_eq!(kinds, [vec![Kind::Block; kinds.len() - 1], vec![Kind::End]].concat());
    assert!(kinds.len() > 5, "{} pieces", kinds.len());
    let shifts: std::collections::BTreeSet<u32> = bits.iter().map(|bits| bits.shift).collect();
    assert!(shifts.len() > 2, "all at bits {shifts:?}");
    let (mut found, mut stream) = (Vec::new(), Stream::default());
    for bits in &bits {
        bits.text().read_to_end(&mut found).unwrap();
        stream.passed(bits).unwrap();
    }
    assert!(found == text && stream.ended);
}

#[test]
fn streams_follow_each_other_each_with_its_level() {
    let parts = [(text(150_000), 1), (Vec::new(), 5), (text(300_000), 2), (text(10), 9)];
    let whole: Vec<u8> = parts.iter().flat_map(|(text, level)| compress(text, *level)).collect();
    let bits = cut(&whole);
    let levels: Vec<(Kind, u8)> = bits.iter().map(|bits| (bits.kind, bits.level)).collect();
    let (block, end) = (Kind::Block, Kind::End);
    let expected = [
        (block, b'1'),
        (block, b'1'),
        (end, b'1'),
        (end, b'5'),
        (block, b'2'),
        (block, b'2'),
        (end, b'2'),
        (block, b'9'),
        (end, b'9'),
    ];
    assert_eq!(levels, expected);
    let mut stream = Stream::default();
    for bits in &bits {
        stream.passed(bits).unwrap();
    }
    assert!(stream.ended);
    // Another order of the same blocks is another text.
    let mut stream = Stream::default();
    let swapped: Result<(), _> = [&bits[1], &bits[0], &bits[2]].into_iter().try_for_each(|bits| stream.passed(bits));
    assert_eq!(swapped, Err("the checksum does not match"));
}

#[test]
fn marks_are_found_at_every_bit() {
    for kind in Kind::ALL {
        for at in 0..40_u32 {
            let mut data = vec![0; 24];
            let mark = u128::from(kind.mark()) << (128 - 48 - at);
            data[..16].copy_from_slice(&mark.to_be_bytes());
            assert_eq!(find(&data, 0), Some((u64::from(at), kind)));
            assert_eq!(find(&data, u64::from(at)), Some((u64::from(at), kind)));
            assert_eq!(find(&data, u64::from(at) + 1), None);
        }
    }
    assert_eq!(find(&[], 0), None);
    assert_eq!(find(&text(100_000), 3), None);
}

#[test]
fn what_is_torn_apart_can_be_joined() {
    let data = compress(&text(50_000), 9);
    let [block, _] = &cut(&data)[..] else { panic!("one block and an end") };
    for at in [90, 1000, 8 * 777 + 5, block.count - 3] {
        let (mut joined, rest) = block.clone().tear(at);
        joined.join(&rest.unwrap());
        assert!(joined.stream() == block.stream(), "torn at bit {at}");
    }
}
