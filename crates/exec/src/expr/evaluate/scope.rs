//! The variables that an expression sees.

use crate::Value;
use crate::batch::Batch;

/// A row, and the locals around an expression.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The batch that the row is in.
    pub batch: &'a Batch,
    /// Which row.
    pub row: usize,
    /// The innermost local.
    pub local: Option<&'a Local<'a>>,
}

/// A local, and those around it.
#[derive(Clone, Copy, Debug)]
pub struct Local<'a> {
    /// Its value.
    pub value: &'a Value,
    /// The one around it.
    pub outer: Option<&'a Self>,
}

impl<'a> Scope<'a> {
    /// A row, without locals.
    pub const fn row(batch: &'a Batch, row: usize) -> Self {
        Self { batch, row, local: None }
    }

    /// A local, counted from the innermost; null, as a slot that is not bound, if there are not so many.
    pub(super) fn local(self, depth: u32) -> Value {
        let mut local = self.local;
        for _ in 0..depth {
            local = local.and_then(|local| local.outer);
        }
        local.map_or(Value::Null, |local| local.value.clone())
    }
}
