//! Places in a text, as people count them.

use std::fmt;

/// A place in a text; both numbers start at 1, columns are characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl Position {
    /// The place of a byte offset; an offset that is none is the end.
    pub fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::Position;

    #[test]
    fn lines_and_characters_are_counted_from_one() {
        for (text, offset, expected) in [
            ("", 0, "line 1, column 1"),
            ("ab", 1, "line 1, column 2"),
            ("äb", 2, "line 1, column 2"),
            ("a\nb", 2, "line 2, column 1"),
            ("a\n\nb", 99, "line 3, column 2"),
        ] {
            assert_eq!(Position::of(text, offset).to_string(), expected, "{text:?} {offset}");
        }
    }
}
