//! Where a node came from, and names with their place.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;

/// A range of bytes of the text. Any two spans are equal: a place is not part of what a tree says.
#[derive(Clone, Copy, Default)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// The bytes from `start` to before `end`.
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// From the beginning of this one to the end of another.
    #[must_use]
    pub const fn to(self, end: Self) -> Self {
        Self { start: self.start, end: end.end }
    }

    /// The first byte.
    pub const fn start(self) -> usize {
        self.start as usize
    }

    /// The byte behind the last.
    pub const fn end(self) -> usize {
        self.end as usize
    }

    /// As a range for slicing the text.
    pub const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

impl PartialEq for Span {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Span {}

impl Hash for Span {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

/// A variable, label, type, property key or parameter as it stands in the text, without the quotes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    /// The name; never empty.
    pub text: Box<str>,
    /// Where it stands.
    pub span: Span,
}

impl Name {
    /// A name that stands nowhere.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self { text: text.into(), span: Span::default() }
    }

    /// The name.
    pub const fn as_str(&self) -> &str {
        &self.text
    }
}

/// The name of a function or procedure, as in `duration.between`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QualifiedName {
    /// Namespaces first; at least one part.
    pub parts: Vec<Name>,
    /// Where it stands.
    pub span: Span,
}

impl QualifiedName {
    /// The name in lower case with dots, by which functions are looked up: they do not know upper case.
    pub fn to_lowercase(&self) -> String {
        self.joined().to_lowercase()
    }

    /// The parts joined by dots.
    pub fn joined(&self) -> String {
        let parts: Vec<&str> = self.parts.iter().map(Name::as_str).collect();
        parts.join(".")
    }
}
