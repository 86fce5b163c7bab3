//! Terms, 128-bit self-describing term ids, quads and the property-graph vocabulary. No I/O.
//!
//! Everything in the server is a [`Quad`] of four [`TermId`]s. An id carries the whole term when it is small (numbers,
//! instants, short strings) and a keyed hash of its spelling when it is not; only the store's dictionary knows the
//! spelling behind a hash, so encoding a term never looks anything up.
//!
//! - [`id`]: the id, its tags and what can be told from it alone.
//! - [`term`]: the term behind an id, owned ([`Term`]) and borrowed ([`TermRef`]); encode and decode side by side.
//! - [`value`]: numbers, instants and their canonical lexical forms; [`datatype`]: their names.
//! - [`literal`]: what is changed of a literal when it comes in, with [`date`].
//! - [`quad`]: the quad, the two data sets and the property-graph vocabulary.
//! - [`text`]: places in a text, for the errors of the languages.

pub mod datatype;
pub mod date;
pub mod id;
pub mod literal;
pub mod quad;
pub mod term;
pub mod text;
pub mod value;

pub use id::{Tag, TermId};
pub use quad::{Dataset, Quad};
pub use term::{DecodeError, HashKey, Term, TermRef};
pub use text::Position;
pub use value::{IntegerType, Notation, Value};
