//! What a language asks of rows in a way of its own: SPARQL's expressions, which are about terms and not about values.

use std::fmt::Debug;

use crate::batch::{Batch, Slot};
use crate::context::Context;
use crate::fault::Result;

/// See the module.
pub trait Condition: Debug + Send + Sync {
    /// The slots that it reads.
    fn slots(&self) -> &[Slot];

    /// The rows for which it holds, ascending.
    ///
    /// # Errors
    ///
    /// Each of [`crate::fault::Error`].
    fn passing(&self, batch: &Batch, context: &Context<'_>) -> Result<Vec<u32>>;

    /// It, for a person to read.
    fn text(&self) -> String;
}
