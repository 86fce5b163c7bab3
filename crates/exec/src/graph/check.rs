//! What names, ids and values of the graph may not be: the loader refuses the same.

use crate::fault::{Error, Result};

/// The longest text, in bytes.
const LONGEST: usize = 55 << 20;

/// Any text.
pub(super) fn text(what: &str, text: &str) -> Result {
    if text.len() > LONGEST {
        return Err(Error::Refused(format!("a {what} of {} bytes is too long: {LONGEST} are possible", text.len())));
    }
    if text.contains('\0') {
        return Err(Error::Refused(format!("a {what} holds the character U+0000, which is not possible")));
    }
    Ok(())
}

/// A label or the type of a relationship.
pub(super) fn name(what: &str, name: &str) -> Result {
    if name.is_empty() {
        return Err(Error::Refused(format!("a {what} must not be empty")));
    }
    text(what, name)
}

/// A property key.
pub(super) fn key(key: &str) -> Result {
    if key == "~id" {
        return Err(Error::Refused(
            "`~id` cannot be changed: an id is given when a node or relationship is made".into(),
        ));
    }
    if key.starts_with('~') {
        return Err(Error::Refused(format!("`{key}` cannot be a property: names that begin with `~` are reserved")));
    }
    text("property key", key)
}
