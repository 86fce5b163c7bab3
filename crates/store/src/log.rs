//! Records of the commit log: what one transaction did.
//!
//! ```text
//! key     = data set (0 property graph, 1 RDF) u8, commit number u64 big-endian
//! record  = milliseconds since 1970 u64, operations u32, (S, P, O, G: 16 bytes each, tombstone u8)*,
//!           terms u32, (id 16 bytes, length u32, spelling)*
//! ```

use model::{Dataset, Quad, TermId};

use crate::memory::MemoryRun;
use crate::order::Order;

const fn number(dataset: Dataset) -> u8 {
    match dataset {
        Dataset::Pg => 0,
        Dataset::Rdf => 1,
    }
}

pub(crate) fn key(dataset: Dataset, commit: u64) -> Vec<u8> {
    let mut key = vec![number(dataset)];
    key.extend_from_slice(&commit.to_be_bytes());
    key
}

pub(crate) fn decode_key(key: &[u8]) -> Option<(Dataset, u64)> {
    let (dataset, commit) = key.split_first()?;
    let dataset = Dataset::ALL.into_iter().find(|known| number(*known) == *dataset)?;
    Some((dataset, u64::from_be_bytes(commit.try_into().ok()?)))
}

pub(crate) fn encode(run: &MemoryRun, millis: u64) -> Vec<u8> {
    let block = run.order(Order::Spog);
    let mut out = Vec::with_capacity(16 + block.len() * 65);
    out.extend_from_slice(&millis.to_le_bytes());
    out.extend_from_slice(&(block.len() as u32).to_le_bytes());
    for at in 0..block.len() {
        for id in block.key(at) {
            out.extend_from_slice(&id.get().to_le_bytes());
        }
        out.push(u8::from(block.is_tombstone(at)));
    }
    out.extend_from_slice(&(run.terms().len() as u32).to_le_bytes());
    for (id, spelling) in run.terms() {
        out.extend_from_slice(&id.get().to_le_bytes());
        out.extend_from_slice(&(spelling.len() as u32).to_le_bytes());
        out.extend_from_slice(spelling);
    }
    out
}

/// The inverse of [`encode`]; `None` if the bytes are no record.
pub(crate) fn decode(mut bytes: &[u8]) -> Option<MemoryRun> {
    fn take<'a>(bytes: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
        let (head, rest) = bytes.split_at_checked(len)?;
        *bytes = rest;
        Some(head)
    }
    fn id(bytes: &mut &[u8]) -> Option<TermId> {
        TermId::from_u128(u128::from_le_bytes(take(bytes, 16)?.try_into().ok()?))
    }
    fn length(bytes: &mut &[u8]) -> Option<usize> {
        Some(u32::from_le_bytes(take(bytes, 4)?.try_into().ok()?) as usize)
    }
    take(&mut bytes, 8)?;
    let count = length(&mut bytes)?;
    let mut operations = Vec::with_capacity(count.min(bytes.len() / 65));
    for _ in 0..count {
        let quad = Quad::new(id(&mut bytes)?, id(&mut bytes)?, id(&mut bytes)?, id(&mut bytes)?);
        operations.push((quad, take(&mut bytes, 1)? == [1]));
    }
    let count = length(&mut bytes)?;
    let mut terms = Vec::with_capacity(count.min(bytes.len() / 20));
    for _ in 0..count {
        let id = id(&mut bytes)?;
        let length = length(&mut bytes)?;
        terms.push((id, take(&mut bytes, length)?.into()));
    }
    bytes.is_empty().then(|| MemoryRun::new(operations, terms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Tag;

    #[test]
    fn decode_is_the_inverse_of_encode() {
        let id = |n| TermId::new(Tag::IriHash, n);
        let quads = vec![(Quad::new(id(1), id(2), id(3), id(4)), false), (Quad::new(id(5), id(2), id(3), id(4)), true)];
        let run = MemoryRun::new(quads, vec![(id(1), b"one"[..].into()), (id(2), b""[..].into())]);
        let bytes = encode(&run, 7);
        let back = decode(&bytes).unwrap();
        assert_eq!(encode(&back, 7), bytes);
        for cut in 0..bytes.len() {
            assert!(decode(&bytes[..cut]).is_none(), "cut at {cut}");
        }
    }

    #[test]
    fn keys_sort_by_data_set_and_commit() {
        let keys = [key(Dataset::Pg, 1), key(Dataset::Pg, 256), key(Dataset::Rdf, 2)];
        assert!(keys.is_sorted());
        assert_eq!(decode_key(&keys[1]), Some((Dataset::Pg, 256)));
        assert_eq!(decode_key(b"\x09abcdefgh"), None);
    }
}
