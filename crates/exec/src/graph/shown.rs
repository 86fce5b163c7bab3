//! What a client is shown of nodes and relationships: those of many rows are read at once.
//!
//! - **Bound**: so many of them, and so many bytes of what they hold; what is beyond is looked up when it is written.
//! - **What was deleted** by the statement has nothing left but its id, and a relationship its ends and its type.

use std::borrow::Borrow;
use std::ops::Range;
use std::sync::Arc;

use model::TermId;
use rustc_hash::FxHashMap;
use store::{Columns, Order, QuadBatch};

use super::{FIRST_TYPE, value_of};
use crate::context::Context;
use crate::fault::{Error, Result};
use crate::memory::Held;
use crate::{Relationship, Value, json};

/// Nodes and relationships that are read ahead.
const ENTITIES: usize = 4096;
/// Bytes of texts that are read ahead, about.
const TEXTS: usize = 1 << 20;
/// Texts that are looked up at once.
const PIECE: usize = 256;

/// See the module.
#[derive(Debug)]
pub struct Shown<'c, 'q> {
    context: &'c Context<'q>,
    /// Which of the quads are those of a node or relationship: its labels, then its properties.
    rows: FxHashMap<TermId, Range<usize>>,
    quads: QuadBatch,
    /// What ids that are hashes stand for.
    texts: FxHashMap<TermId, Value>,
    held: Held,
}

impl<'c, 'q> Shown<'c, 'q> {
    /// Nothing is read yet.
    pub fn new(context: &'c Context<'q>) -> Self {
        let (rows, quads, texts) = Default::default();
        Self { context, rows, quads, texts, held: context.memory.hold() }
    }

    /// Reads ahead what will be shown of these values, and forgets what was read before.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`]; the store's.
    pub fn read(&mut self, values: impl IntoIterator<Item: Borrow<Value>>) -> Result {
        let (mut entities, mut ends) = (Vec::new(), Vec::new());
        for value in values {
            gather(value.borrow(), &mut entities, &mut ends);
        }
        entities.sort_unstable();
        entities.dedup();
        self.texts.clear();
        let found =
            self.context.snapshot().scan_many_below(&entities, FIRST_TYPE, Order::Spog, Columns::P.and(Columns::O))?;
        self.quads = found.quads;
        self.held.set((self.quads.len() * 2 * size_of::<TermId>()) as u64)?;
        self.rows = entities.iter().copied().zip(found.spans).collect();
        ends.append(&mut entities);
        let objects = self.quads.p.iter().zip(&self.quads.o).filter(|(p, _)| p.is_key()).map(|(_, o)| *o);
        ends.extend(objects);
        ends.retain(|id| id.is_hashed());
        ends.sort_unstable();
        ends.dedup();
        self.read_texts(&ends)
    }

    fn read_texts(&mut self, ids: &[TermId]) -> Result {
        let mut bytes = 0;
        for piece in ids.chunks(PIECE) {
            if bytes > TEXTS {
                break;
            }
            for (id, term) in piece.iter().zip(self.context.snapshot().resolve_many(piece)?) {
                let value = value_of(&term);
                bytes += value.bytes();
                self.texts.insert(*id, value);
            }
        }
        self.held.grow(bytes as u64)
    }

    /// With only this node or relationship.
    fn alone(&self, value: &Value) -> Result<Self> {
        let mut alone = Self::new(self.context);
        alone.read([value])?;
        Ok(alone)
    }

    fn text(&self, id: TermId) -> Result<Arc<str>> {
        match self.texts.get(&id) {
            Some(Value::String(text)) => Ok(Arc::clone(text)),
            _ => self.context.text(id),
        }
    }

    fn properties(&self, rows: Range<usize>) -> Result<json::Properties> {
        let mut properties = json::Properties::new();
        let mut last = None;
        for (p, o) in self.quads.p[rows.clone()].iter().zip(&self.quads.o[rows]) {
            // Of several values it is the first.
            if p.is_key() && last != Some(*p) {
                last = Some(*p);
                let value = self.texts.get(o).cloned().map_or_else(|| self.context.value(*o), Ok)?;
                properties.push((self.context.text(*p)?, value));
            }
        }
        Ok(properties)
    }
}

/// The nodes and relationships in a value; and the ends of the latter, of which only the ids are shown.
fn gather(value: &Value, entities: &mut Vec<TermId>, ends: &mut Vec<TermId>) {
    if entities.len() >= ENTITIES {
        return;
    }
    let mut relationship = |entities: &mut Vec<TermId>, relationship: &Relationship| {
        entities.push(relationship.id);
        ends.extend([relationship.start, relationship.end]);
    };
    match value {
        Value::Node(id) => entities.push(*id),
        Value::Relationship(of) => relationship(entities, of),
        Value::Path(path) => {
            entities.push(path.start);
            for step in path.steps.iter().take(ENTITIES) {
                relationship(entities, &step.relationship);
                entities.push(step.node);
            }
        }
        Value::List(list) => list.iter().for_each(|item| gather(item, entities, ends)),
        Value::Map(map) => map.iter().for_each(|(_, item)| gather(item, entities, ends)),
        _ => {}
    }
}

/// What was not read ahead is looked up now.
impl json::Entities for Shown<'_, '_> {
    type Error = Error;

    fn node(&mut self, id: TermId) -> Result<json::Node> {
        let Some(rows) = self.rows.get(&id).cloned() else { return self.alone(&Value::Node(id))?.node(id) };
        let of_labels = self.quads.p[rows.clone()].iter().zip(&self.quads.o[rows.clone()]);
        let of_labels = of_labels.take_while(|(p, _)| **p == TermId::LABEL).filter(|(_, o)| **o != TermId::NO_LABEL);
        let labels = of_labels.map(|(_, label)| self.context.text(*label)).collect::<Result<_>>()?;
        Ok(json::Node { id: self.text(id)?, labels, properties: self.properties(rows)? })
    }

    fn relationship(&mut self, relationship: &Relationship) -> Result<json::Edge> {
        let Some(rows) = self.rows.get(&relationship.id).cloned() else {
            return self.alone(&Value::Relationship(Arc::new(*relationship)))?.relationship(relationship);
        };
        Ok(json::Edge {
            id: self.text(relationship.id)?,
            start: self.text(relationship.start)?,
            end: self.text(relationship.end)?,
            label: self.context.text(relationship.label)?,
            properties: self.properties(rows)?,
        })
    }
}
