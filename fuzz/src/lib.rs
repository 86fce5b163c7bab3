//! Fuzz targets: each asks whether a property holds, not just whether the code crashes.
//!
//! `cargo fuzz run TARGET` (with `-s none` on a stable toolchain) runs one of `targets/`. What it finds goes into
//! `corpus/TARGET/`, which the tests of the loader, of `auth`, of `exec`, of `bolt` and of openCypher replay.

mod conversations;
mod doors;
mod properties;
mod queries;
mod values;

pub use conversations::*;
pub use doors::*;
pub use properties::*;
pub use queries::*;
pub use values::*;
