//! Where a command works.

/// Data directory of a command that names none.
pub(crate) const DEFAULT_DATA: &str = "./halimede-data";
