//! Fuzz targets: each asks whether a property holds, not just whether the code crashes.
//!
//! `cargo fuzz run TARGET` (with `-s none` on a stable toolchain) runs one of `targets/`. What it finds goes into
<<<<<<< HEAD
//! `corpus/TARGET/`, which the tests of the loader and of `auth` replay.
=======
//! `corpus/TARGET/`, which the tests of the loader and of openCypher replay.
>>>>>>> 90d7c6a (Read openCypher: parser, printer, and the checks that need no data)

mod doors;
mod properties;
mod queries;

pub use doors::*;
pub use properties::*;
pub use queries::*;
