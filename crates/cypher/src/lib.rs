//! openCypher, from text to a syntax tree and back.
//!
//! [`parse`] turns a text into a [`Parsed`] statement, whose every node knows the bytes it came from; `Display` of the
//! tree writes its canonical text, which parses to the same tree. [`auth::Accesses`] says what a statement may do to the data.
//! Nothing here knows HTTP.
//!
//! - `lexer`: text to tokens; brackets find their partners here, so that the parser never has to try twice.
//! - `parser`: recursive descent for clauses and patterns, precedence climbing for expressions.
//! - [`tree`]: the closed enums that binder and planner stand on.
//! - [`bind()`]: what names stand for, and which statements cannot succeed whatever the data.
//! - `printer`: canonical text with as few brackets as precedence allows.
//! - [`functions`]: the functions by name, as expressions of a plan call them.
//! - `access`: which rights a statement needs.
//! - [`output`], [`mod@explain`]: a result as JSON, a plan as a table.
//! - `error`: what is wrong, where, what was expected; each kind has the name that the TCK gives it.
//! - `limits`: what keeps a hostile text from exhausting the stack.
//!
//! **Source**: openCypher 9 (grammar of 2024.3), spec/opencypher.md §5.

mod access;
mod bind;
mod error;
pub mod explain;
pub mod functions;
mod lexer;
mod limits;
mod lower;
pub mod output;
mod parser;
mod printer;
mod query;
pub mod tree;

pub use bind::{Bound, Column, Field, Procedure, Procedures, Type, bind};
pub use error::{Error, ErrorKind};
pub use limits::{MAX_COLUMNS, MAX_HEIGHT, MAX_NESTING, MAX_TEXT};
pub use model::Position;
pub use parser::{Parsed, parse};
pub use query::{Prepared, Query, Rows};
