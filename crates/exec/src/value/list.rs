//! A list, shared by those who hold it.

use std::ops::Deref;
use std::sync::Arc;

use super::Value;
use crate::limits::MAX_DEPTH;
use crate::{EvalError, Result};

/// A list. Dereferences to its items.
#[derive(Clone, Debug, Default)]
pub struct List(Arc<Body>);

#[derive(Debug, Default, Clone)]
struct Body {
    items: Vec<Value>,
    /// How deep it nests; an empty one is 1 deep, the default's 0 is as good.
    depth: u16,
}

impl List {
    /// A list of these items.
    ///
    /// # Errors
    ///
    /// [`EvalError::TooDeep`].
    pub fn new(items: Vec<Value>) -> Result<Self> {
        let depth = nest(items.iter())?;
        Ok(Self(Arc::new(Body { items, depth })))
    }

    /// This list with more at its end. Does not copy what nobody else holds.
    ///
    /// # Errors
    ///
    /// [`EvalError::TooDeep`].
    pub fn extended(mut self, more: impl IntoIterator<Item = Value>) -> Result<Self> {
        let body = Arc::make_mut(&mut self.0);
        let old = body.items.len();
        body.items.extend(more);
        body.depth = body.depth.max(nest(body.items[old..].iter())?);
        Ok(self)
    }

    pub(crate) fn depth(&self) -> u16 {
        self.0.depth
    }
}

/// How deep a list or map of these is.
pub(super) fn nest<'a>(items: impl Iterator<Item = &'a Value>) -> Result<u16> {
    let depth = items.map(Value::depth).max().unwrap_or(0) + 1;
    if depth <= MAX_DEPTH { Ok(depth) } else { Err(EvalError::TooDeep { limit: MAX_DEPTH }) }
}

impl Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0.items
    }
}
