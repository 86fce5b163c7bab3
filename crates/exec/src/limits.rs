//! What keeps a small text from making a huge value.
//!
//! A query's memory budget is counted by its operators, batch by batch; one call of a function happens between two
//! looks at it. So each call is bounded by itself.

use crate::{EvalError, Result};

/// The deepest nesting of lists and maps. Values are walked by recursion, and JSON readers stop at this depth too.
pub const MAX_DEPTH: u16 = 128;
/// The longest list that one function makes.
pub const MAX_LIST_ITEMS: usize = 1 << 22;
/// The longest string that one function makes, in bytes.
pub const MAX_STRING_BYTES: usize = 1 << 26;
/// The largest list or map, in bytes, with all that is in it, as often as it is in it: sharing makes `[[x, x], [x, x]]` small to
/// hold, but not to compare, to sort or to write.
pub const MAX_VALUE_BYTES: usize = 1 << 30;

/// Refuses a list of more than [`MAX_LIST_ITEMS`].
pub fn check_list(operation: &'static str, items: usize) -> Result<()> {
    check(operation, "a list of more items than", items, MAX_LIST_ITEMS)
}

/// Refuses a string of more than [`MAX_STRING_BYTES`].
pub fn check_string(operation: &'static str, bytes: usize) -> Result<()> {
    check(operation, "a string of more bytes than", bytes, MAX_STRING_BYTES)
}

/// Refuses a value of more than [`MAX_VALUE_BYTES`].
pub fn check_value(operation: &'static str, bytes: usize) -> Result<()> {
    check(operation, "a value of more bytes than", bytes, MAX_VALUE_BYTES)
}

fn check(operation: &'static str, what: &'static str, wanted: usize, limit: usize) -> Result<()> {
    if wanted <= limit { Ok(()) } else { Err(EvalError::TooLarge { operation, what, limit }) }
}
