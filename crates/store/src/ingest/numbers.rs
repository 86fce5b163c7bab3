//! A map from ids to numbers, made for looking up many ids at once.
//!
//! With a million ids each look-up waits for main memory. A slot is half a cache line and holds the id itself, so one wait
//! is enough; and a first pass over a bundle of ids touches their slots without depending on what is there, so that the
//! processor waits for many of them at once.

use model::TermId;

/// Ids whose slots are touched before they are looked up: together they fit a core's cache.
pub(super) const BUNDLE: usize = 4096;

/// See the module. Open addressing, linear probing, at most five eighths full.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    slots: Vec<Option<(TermId, u32)>>,
    len: usize,
}

impl Numbers {
    /// Brings the slots of these ids near. At most [`BUNDLE`] of them.
    pub(super) fn touch(&self, ids: impl Iterator<Item = TermId>) {
        if !self.slots.is_empty() {
            let found = ids.filter(|id| self.slots[self.first_slot(*id)].is_some()).count();
            std::hint::black_box(found);
        }
    }

    /// The number of an id; a new id gets the one that `next` gives.
    pub(super) fn number(&mut self, id: TermId, next: impl FnOnce() -> u32) -> u32 {
        if self.len * 8 >= self.slots.len() * 5 {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut at = self.first_slot(id);
        loop {
            match self.slots[at] {
                Some((known, number)) if known == id => return number,
                Some(_) => at = (at + 1) & mask,
                None => {
                    let number = next();
                    self.slots[at] = Some((id, number));
                    self.len += 1;
                    return number;
                }
            }
        }
    }

    /// The number of an id, if it has one.
    pub(super) fn get(&self, id: TermId) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        let mask = self.slots.len() - 1;
        let mut at = self.first_slot(id);
        while let Some((known, number)) = self.slots[at] {
            if known == id {
                return Some(number);
            }
            at = (at + 1) & mask;
        }
        None
    }

    fn grow(&mut self) {
        let slots = (self.slots.len() * 2).max(1 << 10);
        let old = std::mem::replace(&mut self.slots, vec![None; slots]);
        let mask = slots - 1;
        for (id, number) in old.into_iter().flatten() {
            let mut at = self.first_slot(id);
            while self.slots[at].is_some() {
                at = (at + 1) & mask;
            }
            self.slots[at] = Some((id, number));
        }
    }

    fn first_slot(&self, id: TermId) -> usize {
        // The high bits of a product depend on all bits below them.
        (mixed(id) >> 32) as usize & (self.slots.len() - 1)
    }

    /// Heap bytes held.
    pub(super) fn weight(&self) -> u64 {
        self.slots.len() as u64 * 32
    }
}

/// All bits of an id in one word; the high ones are the best.
pub(super) fn mixed(id: TermId) -> u64 {
    let bits = id.get();
    let product = u128::from((bits >> 64) as u64 ^ 0x9E37_79B9_7F4A_7C15)
        * u128::from((bits as u64).rotate_left(23) ^ 0xD6E8_FEB8_6659_FD93);
    ((product >> 64) as u64 ^ product as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Tag;

    #[test]
    fn short_names_spread() {
        let slots: std::collections::BTreeSet<u64> = (0..100_000_u32)
            .map(|n| mixed(model::TermRef::Vertex(&format!("p{n}")).encode(&model::HashKey::new([7; 16]))) >> 44)
            .collect();
        // A million places for a hundred thousand: at random, 95,163 are taken.
        assert!(slots.len() > 94_000, "{}", slots.len());
    }

    #[test]
    fn each_id_keeps_its_number() {
        let id = |n: u32| match n % 3 {
            0 => TermId::new(Tag::Integer, u128::from(n)),
            1 => TermId::new(Tag::VertexInline, u128::from(n) << 96),
            _ => TermId::new(Tag::IriHash, u128::from(n).wrapping_mul(0x1234_5678_9ABC_DEF0_1234)),
        };
        let mut numbers = Numbers::default();
        for round in 0..2 {
            numbers.touch((0..1000).map(id));
            for n in 0..20_000 {
                assert_eq!(numbers.get(id(n)), (round == 1).then_some(n));
                assert_eq!(numbers.number(id(n), || n), n);
            }
        }
        assert_eq!(numbers.get(id(20_001)), None);
    }
}
