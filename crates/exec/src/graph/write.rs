//! Changes to the property graph, each as the quads that it is.
//!
//! - **Shape**: what a change must know of the graph (the values that a property has, the labels of a node) is asked of
//!   the transaction quad by quad: no view of all writes is made for one look.
//! - **Invariant**: a node has a label quad as long as it exists: ∅ while it has no label.
//! - Nothing here commits. After an error the transaction may be half written; its owner drops it.
//!
//! **Source**: design §3; openCypher 9, "Writing clauses".

use std::ops::RangeInclusive;
use std::sync::Arc;

use model::{Quad, Tag, TermId, TermRef};
use store::{Order, Pattern, Transaction};

use super::{Entity, Name, check};
use crate::context::{Changes, Context};
use crate::fault::{Error, Result};
use crate::{Map, Relationship, Value, term};

/// The predicates that are property keys.
const KEYS: RangeInclusive<TermId> = TermId::new(Tag::KeyInline, 0)..=TermId::new(Tag::KeyHash, u128::MAX);
/// The key that stands for the id.
const ID: &str = "~id";

/// What one clause is to delete.
#[derive(Debug, Default)]
pub(crate) struct Doomed {
    pub(crate) nodes: Vec<TermId>,
    pub(crate) relationships: Vec<Relationship>,
}

impl Context<'_> {
    fn change(&self, change: impl FnOnce(&mut Changes)) {
        change(&mut self.changes.borrow_mut());
    }

    /// Makes a node. The entry `~id` is its id; without it, it is given one.
    ///
    /// # Errors
    ///
    /// [`Error::DuplicateId`]; what labels and properties refuse.
    pub(crate) fn create_node(&self, labels: &[Name], properties: &Map) -> Result<TermId> {
        let given = given_id("node", properties)?;
        let text = given.map_or_else(|| self.uuid(), Arc::clone);
        let vertex = TermRef::Vertex(&text);
        let node = self.encode(vertex);
        if given.is_some() {
            if self.write(|transaction| Ok(!labels_of(transaction, node)?.is_empty()))? {
                return Err(Error::DuplicateId { what: "node", id: text.to_string() });
            }
            self.deleted.borrow_mut().remove(&node);
        }
        for label in labels {
            check::name("label", &label.text)?;
            let quad = Quad::in_default_graph(node, TermId::LABEL, label.id);
            let terms = [(node, vertex), (label.id, TermRef::String(&label.text))];
            self.write(|transaction| transaction.insert_quad(&quad, &terms))?;
        }
        if labels.is_empty() {
            let quad = Quad::in_default_graph(node, TermId::LABEL, TermId::NO_LABEL);
            self.write(|transaction| transaction.insert_quad(&quad, &[(node, vertex)]))?;
        }
        self.change(|changes| {
            changes.nodes_created += 1;
            changes.labels_added += labels.len() as u64;
        });
        self.set_first_properties(node, properties)?;
        Ok(node)
    }

    /// Makes a relationship. The entry `~id` is its id; without it, it is given one.
    ///
    /// # Errors
    ///
    /// [`Error::DuplicateId`]; an end that was deleted; what the type and properties refuse.
    pub(crate) fn create_relationship(
        &self,
        start: TermId,
        label: &Name,
        end: TermId,
        properties: &Map,
    ) -> Result<Relationship> {
        check::name("relationship type", &label.text)?;
        for node in [start, end] {
            self.alive(Entity::Node(node), "relationships")?;
        }
        let given = given_id("relationship", properties)?;
        let text = given.map_or_else(|| self.uuid(), Arc::clone);
        let edge = TermRef::Edge(&text);
        let id = self.encode(edge);
        if given.is_some() {
            if self.relationship(id)?.is_some() {
                return Err(Error::DuplicateId { what: "relationship", id: text.to_string() });
            }
            self.deleted.borrow_mut().remove(&id);
        }
        let quad = Quad::new(start, label.id, end, id);
        let terms = [(label.id, TermRef::EdgeLabel(&label.text)), (id, edge)];
        self.write(|transaction| transaction.insert_quad(&quad, &terms))?;
        self.change(|changes| changes.relationships_created += 1);
        self.set_first_properties(id, properties)?;
        Ok(Relationship { id, start, label: label.id, end })
    }

    /// The properties of what has just been made.
    fn set_first_properties(&self, subject: TermId, properties: &Map) -> Result {
        for (key, value) in properties.iter().filter(|(key, value)| &**key != ID && !value.is_null()) {
            self.put(subject, key, value, &[])?;
        }
        Ok(())
    }

    /// Sets a property, in place of all values that it has; null removes it.
    ///
    /// # Errors
    ///
    /// [`Error::PropertyType`]; an entity that was deleted; what the key refuses.
    pub(crate) fn set_property(&self, entity: Entity<'_>, key: &str, value: &Value) -> Result {
        self.alive(entity, "properties")?;
        check::key(key)?;
        let subject = entity.id();
        let predicate = self.encode(TermRef::Key(key));
        let old = self.write(|transaction| transaction.quads_of(subject, predicate..=predicate))?;
        self.put(subject, key, value, &old)
    }

    /// Sets properties; with `replace` those that are not named are removed.
    ///
    /// # Errors
    ///
    /// As [`Self::set_property`].
    pub(crate) fn set_properties(&self, entity: Entity<'_>, properties: &Map, replace: bool) -> Result {
        self.alive(entity, "properties")?;
        let subject = entity.id();
        let mut old = self.write(|transaction| transaction.quads_of(subject, KEYS))?;
        old.sort_unstable_by_key(|quad| quad.p);
        let mut named = Vec::with_capacity(properties.len());
        for (key, value) in properties.iter() {
            check::key(key)?;
            let predicate = self.encode(TermRef::Key(key));
            let from = old.partition_point(|quad| quad.p < predicate);
            let to = old.partition_point(|quad| quad.p <= predicate);
            self.put(subject, key, value, &old[from..to])?;
            named.push(predicate);
        }
        if replace {
            let unnamed = old.chunk_by(|a, b| a.p == b.p).filter(|quads| !named.contains(&quads[0].p));
            for quads in unnamed {
                self.remove(quads)?;
                self.change(|changes| changes.properties_set += 1);
            }
        }
        Ok(())
    }

    /// Writes the value of a property in place of the quads that it has.
    fn put(&self, subject: TermId, key: &str, value: &Value, old: &[Quad]) -> Result {
        if value.is_null() {
            if !old.is_empty() {
                self.change(|changes| changes.properties_set += 1);
            }
            return self.remove(old);
        }
        check::key(key)?;
        let converted;
        let stored = if let Value::String(text) = value {
            check::text("property value", text)?;
            TermRef::String(text)
        } else {
            let refused = || Error::PropertyType { key: key.to_owned(), found: value.kind() };
            converted = term::to_term(value).ok_or_else(refused)?;
            if let Value::List(_) = value {
                check::text("property value", &converted.lexical())?;
            }
            TermRef::Value(&converted)
        };
        let (name, object) = (TermRef::Key(key), self.encode(stored));
        let quad = Quad::in_default_graph(subject, self.encode(name), object);
        for other in old.iter().filter(|other| other.o != object) {
            self.write(|transaction| transaction.delete(other))?;
        }
        self.write(|transaction| transaction.insert_quad(&quad, &[(quad.p, name), (object, stored)]))?;
        self.change(|changes| changes.properties_set += 1);
        Ok(())
    }

    fn remove(&self, quads: &[Quad]) -> Result {
        self.write(|transaction| quads.iter().try_for_each(|quad| transaction.delete(quad).map(|_| ())))
    }

    /// Adds labels to a node.
    ///
    /// # Errors
    ///
    /// A node that was deleted; what the labels refuse.
    pub(crate) fn add_labels(&self, node: TermId, labels: &[Name]) -> Result {
        self.alive(Entity::Node(node), "labels")?;
        for label in labels {
            check::name("label", &label.text)?;
            let quad = Quad::in_default_graph(node, TermId::LABEL, label.id);
            let added = self.write(|transaction| {
                transaction.delete(&no_label(node))?;
                transaction.insert_quad(&quad, &[(label.id, TermRef::String(&label.text))])
            })?;
            self.change(|changes| changes.labels_added += u64::from(added));
        }
        Ok(())
    }

    /// Removes labels from a node.
    ///
    /// # Errors
    ///
    /// A node that was deleted.
    pub(crate) fn remove_labels(&self, node: TermId, labels: &[Name]) -> Result {
        self.alive(Entity::Node(node), "labels")?;
        for label in labels {
            let quad = Quad::in_default_graph(node, TermId::LABEL, label.id);
            let removed = self.write(|transaction| {
                let removed = transaction.delete(&quad)?;
                if removed && labels_of(transaction, node)?.is_empty() {
                    transaction.insert_quad(&no_label(node), &[])?;
                }
                Ok(removed)
            })?;
            self.change(|changes| changes.labels_removed += u64::from(removed));
        }
        Ok(())
    }

    /// Deletes, and leaves nothing to be deleted. What this statement has deleted before is passed over. With `detach` the
    /// relationships of the nodes go with them; without it, see [`Self::check_unconnected`].
    ///
    /// # Errors
    ///
    /// The store's.
    pub(crate) fn delete(&self, doomed: &mut Doomed, detach: bool) -> Result {
        let snapshot = self.snapshot();
        for node in doomed.nodes.drain(..) {
            if !self.deleted.borrow_mut().insert(node) {
                continue;
            }
            self.delete_properties(node)?;
            self.change(|changes| changes.nodes_deleted += 1);
            if detach {
                let out = snapshot.scan(Pattern { s: Some(node), ..Pattern::ALL }, Order::Spog);
                let into = snapshot.scan(Pattern { o: Some(node), ..Pattern::ALL }, Order::Opsg);
                for batch in out.chain(into) {
                    self.check()?;
                    for edge in batch?.quads().filter(|quad| quad.p.is_edge_label()) {
                        self.delete_relationship(edge)?;
                    }
                }
            }
        }
        for relationship in doomed.relationships.drain(..) {
            let Relationship { id, start, label, end } = relationship;
            self.delete_relationship(Quad::new(start, label, end, id))?;
        }
        Ok(())
    }

    fn delete_relationship(&self, edge: Quad) -> Result {
        if self.deleted.borrow_mut().insert(edge.g) {
            self.write(|transaction| transaction.delete(&edge))?;
            self.delete_properties(edge.g)?;
            self.change(|changes| changes.relationships_deleted += 1);
        }
        Ok(())
    }

    /// With the labels.
    fn delete_properties(&self, subject: TermId) -> Result {
        let quads = self.write(|transaction| transaction.quads_of(subject, TermId::LABEL..=*KEYS.end()))?;
        self.remove(&quads)
    }

    /// Whether nodes that were deleted have no relationships left.
    ///
    /// # Errors
    ///
    /// [`Error::NodeStillConnected`].
    pub(crate) fn check_unconnected(&self, nodes: &[TermId]) -> Result {
        let snapshot = self.snapshot();
        for order in [Order::Spog, Order::Opsg] {
            // Labels and properties are gone: what is left are relationships.
            let left = snapshot.degree_many(nodes, Pattern::ALL, order)?;
            if let Some((node, _)) = nodes.iter().zip(left).find(|(_, left)| *left > 0) {
                return Err(Error::NodeStillConnected { id: self.text(*node)?.to_string() });
            }
        }
        Ok(())
    }

    /// A random id (version 4).
    fn uuid(&self) -> Arc<str> {
        let random = u128::from(self.clock.random()) << 64 | u128::from(self.clock.random());
        let digits = format!("{:032x}", random & !(0xf << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62);
        let (a, b, c, d, e) = (&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]);
        format!("{a}-{b}-{c}-{d}-{e}").into()
    }
}

/// The id that properties give.
fn given_id<'p>(what: &'static str, properties: &'p Map) -> Result<Option<&'p Arc<str>>> {
    match properties.get(ID) {
        None => Ok(None),
        Some(Value::String(text)) => {
            check::text("id", text)?;
            Ok(Some(text))
        }
        Some(other) => {
            Err(Error::Refused(format!("the `~id` of a {what} must be a string, but was given {}", other.kind())))
        }
    }
}

fn no_label(node: TermId) -> Quad {
    Quad::in_default_graph(node, TermId::LABEL, TermId::NO_LABEL)
}

fn labels_of(transaction: &Transaction, node: TermId) -> store::Result<Vec<Quad>> {
    transaction.quads_of(node, TermId::LABEL..=TermId::LABEL)
}
