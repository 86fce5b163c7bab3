//! What keeps a hostile text from exhausting the stack.
//!
//! Whatever works on a tree recurses as deep as it is high. Two numbers bound that: how deep the parser may be inside
//! of itself ([`MAX_NESTING`]), and how high an expression may grow without nesting in the text (`1 + 1 + …`,
//! [`MAX_HEIGHT`]). Chains of AND, OR, XOR and comparisons, lists, clauses and patterns are flat and may be as long as
//! the text. A test runs the highest trees on the stack of an ordinary thread.

/// The longest text, in bytes.
pub const MAX_TEXT: usize = 1 << 20;

/// How deep brackets, subqueries and prefix operators may be nested.
pub const MAX_NESTING: u32 = 200;

/// How many operators of an expression may stand above one another.
pub const MAX_HEIGHT: u32 = 500;

/// How many columns WITH and RETURN may project: a chain of `WITH *` costs the product of the two.
pub const MAX_COLUMNS: usize = 2_000;
