//! Values of the query languages: what they are, how they compare, and what can be computed from them.
//!
//! openCypher, Gremlin and the plans of SPARQL stand on this crate; nothing here knows the text of any. A function takes
//! values and gives a value or an [`EvalError`]. It reads no clock and no store: the time of a statement, random numbers
//! and the properties of nodes are handed in.
//!
//! - [`value`]: the values; cloning one is cheap.
//! - [`logic`]: true, false and unknown.
//! - [`equality`], [`comparison`]: `=` and `<`, which can answer "unknown".
//! - [`equivalence`], [`order`]: the two that always answer: for grouping, and for sorting.
//! - [`arithmetic`], [`math`]: operators on numbers, and functions of them.
//! - [`text`], [`list`], [`map`], [`convert`]: functions of strings, lists and maps; one type into another.
//! - [`aggregate`]: one value out of many.
//! - [`temporal`]: dates, times and durations; [`geometry`]: shapes.
//! - [`json`]: a value as a client reads it; [`term`]: a value as the store holds it.
//! - [`limits`]: what keeps a small text from making a huge value.
//! - [`registry`]: the queries of all languages that wait and run; [`clock`]: the machine's own.
//!
//! **Source**: openCypher 9 and its TCK; spec/opencypher.md §2, §5.

pub mod aggregate;
pub mod arithmetic;
pub mod batch;
pub mod clock;
pub mod comparison;
pub mod context;
pub mod convert;
pub mod equality;
pub mod equivalence;
mod error;
pub mod expr;
pub mod fault;
mod float;
pub mod geometry;
pub mod graph;
pub mod json;
pub mod limits;
pub mod list;
pub mod logic;
pub mod map;
pub mod math;
pub mod memory;
mod number;
pub mod operator;
pub mod order;
pub mod plan;
pub mod profile;
pub mod registry;
pub mod table;
pub mod temporal;
pub mod term;
#[cfg(test)]
pub(crate) mod testing;
pub mod text;
pub mod value;

pub use error::{Class, EvalError};
pub use value::{Kind, List, Map, Path, Relationship, Step, Value};

/// What a function gives.
pub type Result<T = Value, E = EvalError> = std::result::Result<T, E>;
