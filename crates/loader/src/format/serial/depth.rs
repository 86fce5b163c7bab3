//! How deep brackets and tags are nested, told from the bytes alone.
//!
//! The parsers keep something of each bracket or tag until it closes, and have no limit of their own: a file of nothing
//! but `[` or `<a:b>` would take many times its size in memory. These scanners know just enough of the two syntaxes not
//! to count what stands in strings, IRIs and comments. In a file with broken quoting they may count wrongly, which is
//! no harm: the limit is far beyond what files have.

/// Deeper than any file that means something; some dozen megabytes in the parsers.
pub(super) const DEPTH_LIMIT: u32 = 100_000;

/// Nesting of `[` and `(` in Turtle.
#[derive(Debug, Default)]
pub(super) struct TurtleDepth {
    depth: u32,
    state: Turtle,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Turtle {
    #[default]
    Plain,
    Iri,
    Comment,
    /// So many quotes of a kind, up to two: a string begins, but of which form?
    Quotes {
        quote: u8,
        count: u8,
    },
    /// Inside a string; so many quotes of its kind came last. A short string ends with one, a long one with three.
    String {
        quote: u8,
        long: bool,
        quotes: u8,
        escaped: bool,
    },
}

impl TurtleDepth {
    /// Reads on; gives the greatest depth on the way.
    pub(super) fn read(&mut self, bytes: &[u8]) -> u32 {
        let mut deepest = self.depth;
        for byte in bytes.iter().copied() {
            self.state = match self.state {
                // Two quotes and something else: it was an empty string.
                Turtle::Quotes { quote, count: 2 } if byte == quote => string(quote, true),
                Turtle::Plain | Turtle::Quotes { count: 2, .. } => self.plain(byte),
                Turtle::Iri if matches!(byte, b'>' | b'\n') => Turtle::Plain,
                Turtle::Comment if matches!(byte, b'\n' | b'\r') => Turtle::Plain,
                same @ (Turtle::Iri | Turtle::Comment) => same,
                Turtle::Quotes { quote, count: 1 } if byte == quote => Turtle::Quotes { quote, count: 2 },
                Turtle::Quotes { quote, .. } => Self::in_string(string(quote, false), byte),
                inside @ Turtle::String { .. } => Self::in_string(inside, byte),
            };
            deepest = deepest.max(self.depth);
        }
        deepest
    }

    fn plain(&mut self, byte: u8) -> Turtle {
        match byte {
            b'[' | b'(' => self.depth = self.depth.saturating_add(1),
            b']' | b')' => self.depth = self.depth.saturating_sub(1),
            b'<' => return Turtle::Iri,
            b'#' => return Turtle::Comment,
            b'"' | b'\'' => return Turtle::Quotes { quote: byte, count: 1 },
            _ => {}
        }
        Turtle::Plain
    }

    const fn in_string(state: Turtle, byte: u8) -> Turtle {
        let Turtle::String { quote, long, quotes, escaped } = state else { return state };
        let quotes = if byte == quote && !escaped { quotes + 1 } else { 0 };
        let ended = if long { quotes == 3 } else { quotes == 1 || (byte == b'\n' && !escaped) };
        if ended {
            return Turtle::Plain;
        }
        Turtle::String { quote, long, quotes, escaped: byte == b'\\' && !escaped }
    }
}

/// A string that has just begun.
const fn string(quote: u8, long: bool) -> Turtle {
    Turtle::String { quote, long, quotes: 0, escaped: false }
}

/// Nesting of elements in XML.
#[derive(Debug, Default)]
pub(super) struct XmlDepth {
    depth: u32,
    state: Xml,
    /// The latest bytes, the last one lowest.
    recent: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Xml {
    #[default]
    Text,
    /// After `<`.
    Open,
    /// After `<!`; how many bytes since.
    Bang(u8),
    /// In a tag or declaration, in its attribute's quotes if there are some; whether `/>` closes an element.
    Tag {
        quote: u8,
        element: bool,
    },
    Comment,
    CharacterData,
    Instruction,
}

impl XmlDepth {
    /// Reads on; gives the greatest depth on the way.
    pub(super) fn read(&mut self, bytes: &[u8]) -> u32 {
        let mut deepest = self.depth;
        for byte in bytes.iter().copied() {
            let before = self.recent;
            self.recent = (before << 8) | u64::from(byte);
            self.state = match self.state {
                Xml::Text if byte == b'<' => Xml::Open,
                Xml::Open => self.open(byte),
                Xml::Bang(_) if byte == b'>' => Xml::Text,
                Xml::Bang(_) if self.ends_with(b"<!--") => Xml::Comment,
                Xml::Bang(_) if self.ends_with(b"![CDATA[") => Xml::CharacterData,
                Xml::Bang(6) => Xml::Tag { quote: 0, element: false },
                Xml::Bang(count) => Xml::Bang(count + 1),
                Xml::Tag { quote, element } => self.tag(byte, before as u8, quote, element),
                Xml::Comment if self.ends_with(b"-->") => Xml::Text,
                Xml::CharacterData if self.ends_with(b"]]>") => Xml::Text,
                Xml::Instruction if self.ends_with(b"?>") => Xml::Text,
                same => same,
            };
            deepest = deepest.max(self.depth);
        }
        deepest
    }

    fn open(&mut self, byte: u8) -> Xml {
        match byte {
            b'!' => Xml::Bang(0),
            b'?' => Xml::Instruction,
            b'/' => {
                self.depth = self.depth.saturating_sub(1);
                Xml::Tag { quote: 0, element: false }
            }
            _ => {
                self.depth = self.depth.saturating_add(1);
                Xml::Tag { quote: 0, element: true }
            }
        }
    }

    const fn tag(&mut self, byte: u8, before: u8, quote: u8, element: bool) -> Xml {
        match byte {
            b'>' if quote == 0 => {
                if element && before == b'/' {
                    self.depth = self.depth.saturating_sub(1);
                }
                Xml::Text
            }
            b'"' | b'\'' if quote == 0 => Xml::Tag { quote: byte, element },
            _ if byte == quote => Xml::Tag { quote: 0, element },
            _ => Xml::Tag { quote, element },
        }
    }

    fn ends_with(&self, text: &[u8]) -> bool {
        self.recent.to_be_bytes().ends_with(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The greatest depth and the last one, read at once and byte by byte.
    fn check(read: impl Fn(&[&[u8]]) -> (u32, u32), text: &str, expected: (u32, u32)) {
        assert_eq!(read(&[text.as_bytes()]), expected, "{text}");
        assert_eq!(read(&text.as_bytes().chunks(1).collect::<Vec<_>>()), expected, "{text}, byte by byte");
    }

    #[test]
    fn turtle() {
        let read = |parts: &[&[u8]]| {
            let mut depth = TurtleDepth::default();
            (parts.iter().map(|part| depth.read(part)).max().unwrap_or(0), depth.depth)
        };
        let cases = [
            ("[ a:b ( 1 2 ) ] .", (2, 0)),
            ("] ) [[", (2, 2)),
            ("<[[> [", (1, 1)),
            ("# [[\n[", (1, 1)),
            ("\"[\" '[' \"\" '' [", (1, 1)),
            ("\"\\\"[\" [", (1, 1)),
            ("\"\"\"[\"[\"\"[\\\"\"\" [ \"\"\" [", (1, 1)),
            ("'''[''' [", (1, 1)),
            ("\"a\\\\\" [", (1, 1)),
            ("\"'\" [", (1, 1)),
            ("\"\"[", (1, 1)),
        ];
        for (text, expected) in cases {
            check(read, text, expected);
        }
    }

    #[test]
    fn xml() {
        let read = |parts: &[&[u8]]| {
            let mut depth = XmlDepth::default();
            (parts.iter().map(|part| depth.read(part)).max().unwrap_or(0), depth.depth)
        };
        let cases = [
            ("<a><b></b><c/></a>", (2, 0)),
            ("<a b='/>' c=\"<\"/><d>", (1, 1)),
            ("<?xml version='1.0'?><!-- <a> -- > <a> --><a>", (1, 1)),
            ("<!DOCTYPE r [<!ENTITY a \"b>\"> <!ENTITY c \"d\">]><r>", (1, 1)),
            ("<a><![CDATA[<b><b>]] >]]></a>", (1, 0)),
            ("</a></a><b>", (1, 1)),
            ("<!><a>", (1, 1)),
            ("<a / ><b>", (2, 2)),
        ];
        for (text, expected) in cases {
            check(read, text, expected);
        }
    }
}
