//! Entries as codes: what one parser thread has handed over since the last `prepare`.
//!
//! An id is 16 bytes, and a quad four of them: too much to sort and to compare tens of millions of times. A lane gives
//! each id a 4-byte number when it first sees it. `prepare` turns these numbers into places in one sorted vocabulary
//! ([`super::vocabulary`]), so that their order is the order of ids, and everything after that handles small numbers.

use model::{Quad, TermId};

use super::batch::{IngestBatch, Place};
use super::numbers::{BUNDLE, Numbers, mixed};
use super::terms::Terms;

/// A quad's subject, predicate, object and graph as codes.
pub(super) type Codes = [u32; 4];

/// An entry as codes: its quad, then its [`Place`] in two words. Plain numbers, so that memory serves for all kinds.
pub(super) type Coded = [u32; 6];

fn coded(quad: Codes, place: Place) -> Coded {
    let [s, p, o, g] = quad;
    let bits = place.bits();
    [s, p, o, g, (bits >> 32) as u32, bits as u32]
}

/// The quad of an entry.
pub(super) fn quad(entry: &Coded) -> Codes {
    let [s, p, o, g, ..] = *entry;
    [s, p, o, g]
}

/// The row of an entry.
pub(super) fn place(entry: &Coded) -> Place {
    Place::from_bits(u64::from(entry[4]) << 32 | u64::from(entry[5]))
}

/// Sorts by quad, then by row.
pub(super) fn key(entry: &Coded) -> (u64, u64, u64) {
    let [s, p, o, g, high, low] = entry.map(u64::from);
    (s << 32 | p, o << 32 | g, high << 32 | low)
}

/// Entries in one chunk of a lane: appending never moves what is there.
const CHUNK: usize = 1 << 16;
/// Ids whose codes were asked for lately, to spare the map for predicates, labels and frequent values.
const RECENT: usize = 1 << 10;
/// Marks the codes of edges. They are numbered on their own, so that those of ids that come again and again are dense.
const EDGE: u32 = 1 << 31;

/// Bytes that one entry needs at the peak of `prepare`: sorted into cells and then by quad, or as a new quad that is
/// arranged in other orders.
const ENTRY_BYTES: u64 = 60;
/// Bytes that one id needs at that peak.
const CODE_BYTES: u64 = 24;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// By code.
    ids: Vec<TermId>,
    /// By code without its mark. Most edge ids come in one row and never again, so only the latest is remembered; the
    /// vocabulary joins what is equal.
    edges: Vec<TermId>,
    codes: Numbers,
    /// By code: whether the spelling was taken.
    spelled: Vec<bool>,
    recent: Vec<Option<(TermId, u32)>>,
    chunks: Vec<Vec<Coded>>,
    len: usize,
    terms: Terms,
    /// Of the batch at hand: what is still to be looked up, and where its code goes.
    unknown: Vec<(TermId, u32)>,
    quads: Vec<Codes>,
}

impl Lane {
    /// Takes a batch's entries and terms.
    pub(super) fn add(&mut self, batch: &IngestBatch) {
        self.recent.resize(RECENT, None);
        self.quads.clear();
        self.quads.reserve(batch.entries.len());
        for entry in &batch.entries {
            let at = self.quads.len() as u32 * 4;
            let Quad { s, p, o, g } = entry.quad;
            let quad = [self.code(s, at), self.code(p, at + 1), self.code(o, at + 2), self.code(g, at + 3)];
            self.quads.push(quad);
        }
        let quads = self.quads.as_flattened_mut();
        for bundle in self.unknown.chunks(BUNDLE) {
            self.codes.touch(bundle.iter().map(|(id, _)| *id));
            for (id, at) in bundle {
                let code = self.codes.number(*id, || {
                    self.ids.push(*id);
                    self.spelled.push(false);
                    (self.ids.len() - 1) as u32
                });
                quads[*at as usize] = code;
                self.recent[slot_of(*id)] = Some((*id, code));
            }
        }
        self.unknown.clear();
        for (quad, entry) in self.quads.iter().zip(&batch.entries) {
            if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
                self.chunks.push(Vec::with_capacity(CHUNK));
            }
            if let Some(chunk) = self.chunks.last_mut() {
                chunk.push(coded(*quad, Place::new(entry.ordinal, entry.role)));
            }
        }
        self.len += batch.entries.len();
        self.codes.touch(batch.terms().map(|(id, _)| id));
        for (id, spelling) in batch.terms() {
            // What no entry has needs no spelling, and an edge's id came with this row alone.
            let new = match self.codes.get(id) {
                Some(code) => !std::mem::replace(&mut self.spelled[code as usize], true),
                None => id.is_edge(),
            };
            if new {
                self.terms.push(id, spelling);
            }
        }
    }

    /// The code of an id that goes to this place of the batch's quads, unless it has to be looked up.
    fn code(&mut self, id: TermId, at: u32) -> u32 {
        if id.is_edge() {
            if self.edges.last() != Some(&id) {
                self.edges.push(id);
            }
            return (self.edges.len() - 1) as u32 | EDGE;
        }
        match self.recent[slot_of(id)] {
            Some((recent, code)) if recent == id => code,
            _ => {
                self.unknown.push((id, at));
                0
            }
        }
    }

    /// Entries held.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Codes given.
    pub(super) fn codes(&self) -> usize {
        self.ids.len() + self.edges.len()
    }

    /// Bytes that these entries will need at the peak of `prepare`.
    pub(super) fn weight(&self) -> u64 {
        self.len as u64 * ENTRY_BYTES
            + self.codes() as u64 * CODE_BYTES
            + self.codes.weight()
            + self.spelled.len() as u64
            + self.terms.weight()
    }

    /// The ids by code (those of edges, and the others), and the entries, chunk by chunk.
    pub(super) fn into_parts(self) -> ([Vec<TermId>; 2], Vec<Vec<Coded>>) {
        ([self.edges, self.ids], self.chunks)
    }

    pub(super) fn take_terms(&mut self) -> Terms {
        std::mem::take(&mut self.terms)
    }
}

/// Turns a lane's codes into those of the vocabulary, given by lane code: of edges, and of others.
pub(super) fn translate(entries: &mut [Coded], edges: &[u32], others: &[u32]) {
    let translated = |code: u32| if code & EDGE == 0 { others[code as usize] } else { edges[(code ^ EDGE) as usize] };
    for [s, p, o, g, ..] in entries {
        [*s, *p, *o, *g] = [*s, *p, *o, *g].map(translated);
    }
}

fn slot_of(id: TermId) -> usize {
    (mixed(id) >> 20) as usize % RECENT
}
