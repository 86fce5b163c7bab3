//! The property graph that the quads of a snapshot are, as expressions and results ask it.
//!
//! What is asked in bulk is asked by batch; what an expression asks for one row costs a seek. Names (labels, types, keys)
//! are few: a run remembers the text of each.
//!
//! - `write`: changes to it; `check`: what names and values may not be.
//!
//! **Source**: design §3.

use std::sync::Arc;

use model::{Quad, Term, TermId, TermRef};
use rustc_hash::FxHashMap;
use store::{Columns, Order, Pattern};

use crate::context::Context;
use crate::fault::{Error, Result};
use crate::{Map, Relationship, Value, json, term};

mod check;
mod shown;
mod vertices;
mod write;

pub use shown::Shown;
pub(crate) use vertices::Vertices;
pub(crate) use write::Doomed;

/// A name of a plan: a key, a label or a type, with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// As the query writes it.
    pub text: Arc<str>,
    /// As the store knows it. The id of a key, of a label as a value, or of a type as a predicate.
    pub id: TermId,
}

/// Texts by id.
pub(crate) type Names = FxHashMap<TermId, Arc<str>>;

/// A node or a relationship.
#[derive(Clone, Copy, Debug)]
pub enum Entity<'a> {
    /// A node, by its vertex id.
    Node(TermId),
    /// A relationship.
    Relationship(&'a Relationship),
}

impl Entity<'_> {
    /// The vertex or edge id.
    pub const fn id(self) -> TermId {
        match self {
            Self::Node(id) => id,
            Self::Relationship(relationship) => relationship.id,
        }
    }

    /// What it is called in messages.
    pub const fn what(self) -> &'static str {
        match self {
            Self::Node(_) => "node",
            Self::Relationship(_) => "relationship",
        }
    }
}

/// The node or relationship that a value is.
pub fn entity(value: &Value) -> Option<Entity<'_>> {
    match value {
        Value::Node(id) => Some(Entity::Node(*id)),
        Value::Relationship(relationship) => Some(Entity::Relationship(relationship)),
        _ => None,
    }
}

/// The first predicate that is a type of relationship: those before it are labels and keys.
pub const FIRST_TYPE: TermId = TermId::new(model::Tag::EdgeLabelInline, 0);

impl Context<'_> {
    /// The text of an id: of a key, a label, a type, a vertex or an edge.
    pub fn text(&self, id: TermId) -> Result<Arc<str>> {
        if let Some(text) = self.names.borrow().get(&id) {
            return Ok(Arc::clone(text));
        }
        let text = text_of(&self.snapshot().resolve(id)?);
        // Ids of vertices and edges are many, and asked for once.
        if !id.is_resource() {
            self.names.borrow_mut().insert(id, Arc::clone(&text));
        }
        Ok(text)
    }

    /// The values of property terms.
    pub fn values(&self, terms: &[Option<TermId>]) -> Result<Vec<Value>> {
        let hashed: Vec<TermId> = terms.iter().flatten().copied().filter(|id| id.is_hashed()).collect();
        let resolved = if hashed.is_empty() { Vec::new() } else { self.snapshot().resolve_many(&hashed)? };
        let mut resolved = resolved.iter();
        // Not collected: a result of a list is grown bit by bit.
        let mut values = Vec::with_capacity(terms.len());
        for id in terms {
            values.push(match id {
                None => Value::Null,
                Some(id) if id.is_hashed() => resolved.next().map_or(Value::Null, value_of),
                Some(id) => self.value(*id)?,
            });
        }
        Ok(values)
    }

    /// The value of one property term.
    pub fn value(&self, id: TermId) -> Result<Value> {
        match term::from_inline(id) {
            Some(value) => Ok(value),
            None => Ok(value_of(&self.snapshot().resolve(id)?)),
        }
    }

    /// A property of many nodes or relationships, not yet looked up. Of a property with several values it is the first.
    pub fn property_terms(&self, entities: &[TermId], key: TermId) -> Result<Vec<Option<TermId>>> {
        let template = Pattern { p: Some(key), ..Pattern::ALL };
        let found = self.snapshot().scan_many_columns(entities, template, Order::Spog, Columns::O)?;
        Ok(found
            .spans
            .into_iter()
            .map(|span| found.quads.o.get(span.start).copied().filter(|_| !span.is_empty()))
            .collect())
    }

    /// A property; null if there is none.
    pub fn property(&self, entity: Entity<'_>, key: &str) -> Result<Value> {
        if key == "~id" {
            return Ok(Value::String(self.text(entity.id())?));
        }
        self.alive(entity, "properties")?;
        let key = self.encode(TermRef::Key(key));
        match self.property_terms(&[entity.id()], key)?[0] {
            None => Ok(Value::Null),
            Some(id) => self.value(id),
        }
    }

    /// A property by a name of the plan; null if there is none.
    pub fn named_property(&self, entity: Entity<'_>, key: &Name) -> Result<Value> {
        if &*key.text == "~id" {
            return Ok(Value::String(self.text(entity.id())?));
        }
        self.alive(entity, "properties")?;
        match self.property_terms(&[entity.id()], key.id)?.first().copied().flatten() {
            None => Ok(Value::Null),
            Some(id) => self.value(id),
        }
    }

    /// Whether a node has all of these labels, or a relationship is of each of these types.
    pub fn has_labels(&self, entity: Entity<'_>, labels: &[Name]) -> Result<bool> {
        match entity {
            Entity::Relationship(relationship) => {
                let own = self.text(relationship.label)?;
                Ok(labels.iter().all(|label| label.text == own))
            }
            Entity::Node(id) => {
                self.alive(entity, "labels")?;
                for label in labels {
                    if self.have_label(&[id], label.id)? != [true] {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
        }
    }

    /// All properties, by key.
    pub fn properties(&self, entity: Entity<'_>) -> Result<json::Properties> {
        self.alive(entity, "properties")?;
        let snapshot = self.snapshot();
        let pattern = Pattern { s: Some(entity.id()), ..Pattern::ALL };
        let mut properties: json::Properties = Vec::new();
        let mut last = None;
        'all: for batch in snapshot.scan_columns(pattern, Order::Spog, Columns::P.and(Columns::O)) {
            let batch = batch?;
            for (p, o) in batch.p.iter().zip(&batch.o) {
                if *p >= FIRST_TYPE {
                    break 'all;
                }
                if p.is_key() && last != Some(*p) {
                    last = Some(*p);
                    properties.push((self.text(*p)?, value_of(&snapshot.resolve(*o)?)));
                }
            }
        }
        Ok(properties)
    }

    /// All properties as a map.
    pub fn property_map(&self, entity: Entity<'_>) -> Result<Map> {
        Ok(Map::new(self.properties(entity)?)?)
    }

    /// The labels of a node, or the type of a relationship.
    pub fn labels(&self, entity: Entity<'_>) -> Result<Vec<Arc<str>>> {
        match entity {
            Entity::Relationship(relationship) => Ok(vec![self.text(relationship.label)?]),
            Entity::Node(id) => {
                self.alive(entity, "labels")?;
                let pattern = Pattern { s: Some(id), p: Some(TermId::LABEL), ..Pattern::ALL };
                let mut labels = Vec::new();
                for batch in self.snapshot().scan_columns(pattern, Order::Spog, Columns::O) {
                    for label in batch?.o {
                        if label != TermId::NO_LABEL {
                            labels.push(self.text(label)?);
                        }
                    }
                }
                Ok(labels)
            }
        }
    }

    /// Which of the nodes have a label.
    pub fn have_label(&self, nodes: &[TermId], label: TermId) -> Result<Vec<bool>> {
        let quads: Vec<Quad> = nodes.iter().map(|node| Quad::in_default_graph(*node, TermId::LABEL, label)).collect();
        Ok(self.snapshot().contains_many(&quads)?)
    }

    /// Which of the ids are nodes of the graph.
    pub fn are_nodes(&self, nodes: &[TermId]) -> Result<Vec<bool>> {
        let template = Pattern { p: Some(TermId::LABEL), ..Pattern::ALL };
        let found = self.snapshot().degree_many(nodes, template, Order::Spog)?;
        Ok(found.into_iter().map(|labels| labels > 0).collect())
    }

    /// The relationship with this edge id, if there is one.
    pub fn relationship(&self, id: TermId) -> Result<Option<Relationship>> {
        let pattern = Pattern { g: Some(id), ..Pattern::ALL };
        let mut batches = self.snapshot().scan(pattern, Order::Gspo);
        let Some(batch) = batches.next() else { return Ok(None) };
        Ok(batch?.quads().next().map(|quad| Relationship { id: quad.g, start: quad.s, label: quad.p, end: quad.o }))
    }

    /// Refuses what this statement has deleted.
    pub(crate) fn alive(&self, entity: Entity<'_>, asked: &'static str) -> Result {
        let deleted = self.deleted.borrow();
        if deleted.is_empty() || !deleted.contains(&entity.id()) {
            return Ok(());
        }
        drop(deleted);
        let id = self.text(entity.id()).map(|id| id.to_string()).unwrap_or_default();
        Err(Error::DeletedEntity { what: entity.what(), id, asked })
    }
}

/// The text of a name or an id.
fn text_of(term: &Term) -> Arc<str> {
    match term {
        Term::Key(text) | Term::EdgeLabel(text) | Term::Vertex(text) | Term::Edge(text) | Term::Iri(text) => {
            text.as_str().into()
        }
        Term::Value(value) => value.lexical().as_ref().into(),
        Term::NoLabel | Term::Label | Term::Blank(_) | Term::DefaultGraph => "".into(),
    }
}

/// The value of a property.
fn value_of(found: &Term) -> Value {
    match found {
        Term::Value(value) => term::from_term(value),
        other => Value::String(text_of(other)),
    }
}
