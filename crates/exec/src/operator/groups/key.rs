//! Values as ids that are equal exactly if the values are equivalent.
//!
//! - **Shape**: nodes, relationships, booleans, integers, floats and strings have an id of their own, that of the store
//!   where it has one. A term whose value is written in another type (`1` as a 32-bit integer, `1.0`) has the id of the
//!   type that stands for all. Null, and the few values that no id can hold, are numbered: ids without a tag.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use model::{Tag, TermId, TermRef};

use crate::Value;
use crate::batch::Column;
use crate::context::Context;
use crate::fault::Result;
use crate::number;

/// The id of null: the first without a tag.
const NULL: TermId = TermId::MIN;

/// Makes keys, and remembers the values that it had to number.
#[derive(Debug, Default)]
pub(super) struct Keys {
    numbered: HashMap<Value, TermId, RandomState>,
    held: u64,
    /// Those of one column; the space is kept for the next.
    column: Vec<TermId>,
}

impl Keys {
    /// A key for each row of a column, which has so many.
    pub(super) fn of(&mut self, column: &Column, rows: usize, context: &Context<'_>) -> Result<&[TermId]> {
        let mut keys = std::mem::take(&mut self.column);
        keys.clear();
        match column {
            Column::Absent => keys.resize(rows, NULL),
            Column::Constant(value) => keys.resize(rows, self.of_value(value, context)),
            Column::Nodes(nodes) => keys.extend_from_slice(nodes),
            Column::Edges(edges) => keys.extend(edges.iter().map(|edge| edge.id)),
            Column::Values(values) => keys.extend(values.iter().map(|value| self.of_value(value, context))),
            Column::Terms(terms) => {
                keys.extend(terms.iter().map(|term| term.unwrap_or(NULL)));
                self.as_values(&mut keys, context)?;
            }
        }
        self.column = keys;
        Ok(&self.column)
    }

    /// Puts the keys of values in the place of terms that are not their own.
    fn as_values(&mut self, keys: &mut [TermId], context: &Context<'_>) -> Result {
        let is_own = |key: TermId| key == NULL || is_key(key);
        let others: Vec<Option<TermId>> = keys.iter().filter(|key| !is_own(**key)).map(|key| Some(*key)).collect();
        if others.is_empty() {
            return Ok(());
        }
        let values = context.values(&others)?;
        for (key, value) in keys.iter_mut().filter(|key| !is_own(**key)).zip(&values) {
            *key = self.of_value(value, context);
        }
        Ok(())
    }

    fn of_value(&mut self, value: &Value, context: &Context<'_>) -> TermId {
        match value {
            Value::Null => NULL,
            Value::Boolean(value) => context.encode(TermRef::Boolean(*value)),
            Value::Integer(value) => context.encode(TermRef::Long(*value)),
            Value::Float(value) => match number::integer(*value) {
                Some(integer) => context.encode(TermRef::Long(integer)),
                // All NaN are one. No id of the store's: that says how the number is written, too.
                None => TermId::new(Tag::Double, (if value.is_nan() { f64::NAN } else { *value }).to_bits().into()),
            },
            Value::String(text) => context.encode(TermRef::String(text)),
            Value::Node(id) => *id,
            Value::Relationship(relationship) => relationship.id,
            other => self.numbered(other),
        }
    }

    fn numbered(&mut self, value: &Value) -> TermId {
        if let Some(id) = self.numbered.get(value) {
            return *id;
        }
        let next = u128::from(NULL.get() as u64 + 1 + self.numbered.len() as u64);
        let id = TermId::from_u128(next).expect("more than zero");
        self.held += (value.bytes() + size_of::<TermId>()) as u64;
        self.numbered.insert(value.clone(), id);
        id
    }

    /// About how many bytes it takes.
    pub(super) const fn bytes(&self) -> u64 {
        self.held
    }
}

/// Whether a property term is the key of its value.
fn is_key(term: TermId) -> bool {
    const STRING: u8 = Tag::StringInline as u8;
    const HASHED: u8 = Tag::StringHash as u8;
    const LONG: u8 = Tag::Long as u8;
    const BOOLEAN: u8 = Tag::Boolean as u8;
    matches!(term.tag_byte(), STRING | HASHED | LONG | BOOLEAN)
}
