//! The functions by name.

use exec::expr::Function;

/// The function of this name, in lower case.
pub fn find(name: &str) -> Option<&'static Function> {
    let _ = name;
    None
}
