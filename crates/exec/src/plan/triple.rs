//! A triple pattern: what RDF asks for.
//!
//! Ids are all that it knows: whatever stands in a triple is bound as a node is, and nothing of the property graph
//! (labels, types, which predicates are properties) means anything here.

use model::TermId;

use crate::batch::Slot;
use crate::graph::Name;

/// See the module.
#[derive(Clone, Debug)]
pub struct Triple {
    /// Subject, predicate, object. A slot may be free in several of them, and is then the same there.
    pub places: [Place; 3],
    /// Of this graph alone; of all if it does not say.
    pub graph: Option<TermId>,
    /// Whether a triple may be in several graphs, and counts once.
    pub once: bool,
    /// How many triples a row stands for: those that differ in nothing that is bound may come as one row. See
    /// [`Self::is_countable`] and [`Self::is_tally`].
    pub number: Option<Slot>,
}

/// What stands in a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A constant.
    Is(Name),
    /// What the input has bound.
    Bound(Slot),
    /// A variable that is bound here.
    Free(Slot),
    /// Anything: nobody asks.
    Any,
}

impl Place {
    /// Whether it is known what stands there.
    pub const fn is_known(&self) -> bool {
        matches!(self, Self::Is(_) | Self::Bound(_))
    }

    /// The slot that is bound here.
    pub const fn binds(&self) -> Option<Slot> {
        match self {
            Self::Free(slot) => Some(*slot),
            Self::Is(_) | Self::Bound(_) | Self::Any => None,
        }
    }

    /// The slot that is read here.
    pub const fn reads(&self) -> Option<Slot> {
        match self {
            Self::Bound(slot) => Some(*slot),
            Self::Is(_) | Self::Free(_) | Self::Any => None,
        }
    }
}

impl Triple {
    /// The slots that it binds, each once.
    pub fn binds(&self) -> Vec<Slot> {
        let mut slots: Vec<Slot> = self.places.iter().filter_map(Place::binds).collect();
        slots.dedup();
        if slots.len() == 3 && slots[0] == slots[2] {
            slots.pop();
        }
        slots.extend(self.number);
        slots
    }

    /// Whether it only asks whether there is such a triple: a row goes on, or it does not.
    pub fn is_test(&self) -> bool {
        self.places.iter().all(Place::is_known)
    }

    /// Whether the triples of a row need only be counted: nothing is bound, and no position repeats another.
    pub fn is_countable(&self) -> bool {
        !self.is_test() && self.places.iter().all(|place| place.binds().is_none())
    }

    /// The one position that is bound, if an index tells its ids in order, each with its number: of all triples, or of a
    /// predicate's. A triple that is in several graphs has several entries, so that they do not tell.
    pub fn is_tally(&self) -> Option<Slot> {
        use Place::{Any, Free, Is};
        if self.once || self.graph.is_some() {
            return None;
        }
        match &self.places {
            [Free(slot), Is(_) | Any, Any] | [Any, Free(slot), Any] | [Any, Is(_), Free(slot)] => Some(*slot),
            _ => None,
        }
    }

    /// Forgets the variables that nobody asks for.
    pub fn keep(&mut self, is_wanted: impl Fn(Slot) -> bool) {
        let repeats = |slot: Slot| self.places.iter().filter(|place| place.binds() == Some(slot)).count() > 1;
        let forgotten =
            self.places.each_ref().map(|place| place.binds().is_some_and(|slot| !is_wanted(slot) && !repeats(slot)));
        for (place, is_forgotten) in self.places.iter_mut().zip(forgotten) {
            if is_forgotten {
                *place = Place::Any;
            }
        }
    }
}
