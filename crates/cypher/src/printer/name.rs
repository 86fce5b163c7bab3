//! Names, in backticks where they need them.

use std::fmt::{self, Display, Formatter};

use crate::lexer::{Keyword, is_parameter_word, is_word};
use crate::tree::{Name, QualifiedName};

/// A label, type, key or field: any word can stand.
impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if is_word(&self.text) { f.write_str(&self.text) } else { quoted(f, &self.text) }
    }
}

/// The name of a procedure.
impl Display for QualifiedName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        super::joined(f, &self.parts, ".")
    }
}

/// A variable: reserved words need backticks.
pub(super) struct Variable<'a>(pub(super) &'a Name);

impl Display for Variable<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if Keyword::of(&self.0.text).is_some_and(Keyword::is_reserved) {
            return quoted(f, &self.0.text);
        }
        self.0.fmt(f)
    }
}

/// `$name`.
pub(super) struct Parameter<'a>(pub(super) &'a Name);

impl Display for Parameter<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        if is_parameter_word(&self.0.text) { f.write_str(&self.0.text) } else { quoted(f, &self.0.text) }
    }
}

/// The name of a function: what the grammar would take for something else needs backticks.
pub(super) struct Function<'a>(pub(super) &'a QualifiedName);

impl Display for Function<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = self.0.parts.as_slice() else { return Ok(()) };
        let is_plain = match Keyword::of(&first.text) {
            None | Some(Keyword::Exists | Keyword::Count) => true,
            Some(
                Keyword::Any
                | Keyword::None
                | Keyword::Single
                | Keyword::Reduce
                | Keyword::Filter
                | Keyword::Extract
                | Keyword::ShortestPath
                | Keyword::AllShortestPaths,
            ) => !rest.is_empty(),
            Some(keyword) => !keyword.is_reserved(),
        };
        if is_plain {
            first.fmt(f)?;
        } else {
            quoted(f, &first.text)?;
        }
        rest.iter().try_for_each(|part| write!(f, ".{part}"))
    }
}

fn quoted(f: &mut Formatter<'_>, name: &str) -> fmt::Result {
    write!(f, "`{}`", name.replace('`', "``"))
}
