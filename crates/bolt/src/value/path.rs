//! A path: its nodes and relationships once each, and the walk as places among them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use exec::json::Entities;
use exec::{Path, Relationship};

use super::{PATH, UNBOUND_RELATIONSHIP, integer_id, write_node, write_properties};
use crate::Dialect;
use crate::pack::Packer;

/// Writes a path.
pub(super) fn write<E: Entities>(
    out: &mut Vec<u8>,
    path: &Path,
    dialect: Dialect,
    entities: &mut E,
) -> Result<(), E::Error> {
    let (nodes, node_places) = distinct(path.nodes());
    let (relationships, relationship_places) = distinct(path.steps.iter().map(|step| *step.relationship));
    let mut packer = Packer(out);
    packer.structure(PATH, 3);
    packer.list(nodes.len());
    // The first node is known to be the start.
    nodes.iter().try_for_each(|node| write_node(out, *node, dialect, entities))?;
    Packer(out).list(relationships.len());
    relationships.iter().try_for_each(|relationship| write_unbound(out, relationship, dialect, entities))?;
    let mut packer = Packer(out);
    packer.list(2 * path.steps.len());
    let mut from = path.start;
    for step in &path.steps {
        let number = relationship_places[&*step.relationship] + 1;
        // Of a loop both are true; forwards it is then.
        let forwards = step.relationship.start == from;
        packer.integer(if forwards { number } else { -number });
        packer.integer(node_places[&step.node]);
        from = step.node;
    }
    Ok(())
}

/// Each once, where it comes first, and the place of each.
fn distinct<T: Copy + Eq + Hash>(items: impl Iterator<Item = T>) -> (Vec<T>, HashMap<T, i64>) {
    let (mut found, mut places) = (Vec::new(), HashMap::new());
    for item in items {
        if let Entry::Vacant(vacant) = places.entry(item) {
            vacant.insert(found.len() as i64);
            found.push(item);
        }
    }
    (found, places)
}

fn write_unbound<E: Entities>(
    out: &mut Vec<u8>,
    relationship: &Relationship,
    dialect: Dialect,
    entities: &mut E,
) -> Result<(), E::Error> {
    let edge = entities.relationship(relationship)?;
    let mut packer = Packer(out);
    packer.structure(UNBOUND_RELATIONSHIP, if dialect.element_ids { 4 } else { 3 });
    packer.integer(integer_id(&edge.id));
    packer.string(&edge.label);
    write_properties(out, &edge.properties, dialect, entities)?;
    if dialect.element_ids {
        Packer(out).string(&edge.id);
    }
    Ok(())
}
