//! What input can cost: the bytes of a hostile file that a parser turns into much more memory.
//!
//! Two ways are known. What is nested is kept until it closes: see [`super::depth`]. And XML entities stand for text
//! that they do not take in the file: a few lines can stand for gigabytes (the "billion laughs"). A [`Meter`] looks at
//! the bytes on their way and says what they count as, against the limit of what may be read before something comes of
//! it.

use rustc_hash::FxHashMap;
use thiserror::Error;

use super::depth::{DEPTH_LIMIT, TurtleDepth, XmlDepth};

/// The longest text, in bytes, that an entity may stand for. Files use them for the beginnings of IRIs.
const ENTITY_LIMIT: u64 = 1 << 10;

/// The longest declaration of an entity, in bytes.
const DECLARATION_LIMIT: usize = 8 << 10;

/// How many entities a file may declare.
const ENTITIES_LIMIT: usize = 10_000;

/// The shortest reference to an entity, in bytes: `&a;`.
const REFERENCE: u64 = 3;

const ENTITY: &[u8] = b"<!ENTITY";

/// Why a file may not be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Overgrown {
    #[error("brackets or tags are nested more than {DEPTH_LIMIT} deep")]
    Nesting,
    #[error("an XML entity stands for more than {ENTITY_LIMIT} bytes")]
    Entity,
    #[error("more than {ENTITIES_LIMIT} XML entities are declared")]
    Entities,
}

/// Counts what bytes cost.
#[derive(Debug)]
pub(super) enum Meter {
    /// Of Turtle.
    Turtle(TurtleDepth),
    /// Of RDF/XML.
    RdfXml(XmlDepth, Entities),
}

impl Meter {
    /// For Turtle.
    pub(super) fn turtle() -> Self {
        Self::Turtle(TurtleDepth::default())
    }

    /// For RDF/XML.
    pub(super) fn rdf_xml() -> Self {
        Self::RdfXml(XmlDepth::default(), Entities::default())
    }

    /// What the next bytes of the file count as: never less than their number.
    ///
    /// # Errors
    ///
    /// [`Overgrown`]
    pub(super) fn cost(&mut self, bytes: &[u8]) -> Result<u64, Overgrown> {
        let (depth, factor) = match self {
            Self::Turtle(depth) => (depth.read(bytes), 1),
            Self::RdfXml(depth, entities) => {
                entities.read(bytes)?;
                (depth.read(bytes), entities.factor())
            }
        };
        if depth > DEPTH_LIMIT { Err(Overgrown::Nesting) } else { Ok(bytes.len() as u64 * factor) }
    }
}

/// The entities that a file has declared so far, by the length of the text that they stand for.
#[derive(Debug, Default)]
pub(super) struct Entities {
    lengths: FxHashMap<Vec<u8>, u64>,
    longest: u64,
    /// How much of [`ENTITY`] the latest bytes are.
    matched: usize,
    /// What follows it, inside a declaration.
    declaration: Option<Vec<u8>>,
}

impl Entities {
    /// By how much text may grow at most.
    fn factor(&self) -> u64 {
        self.longest.div_ceil(REFERENCE).max(1)
    }

    fn read(&mut self, mut bytes: &[u8]) -> Result<(), Overgrown> {
        while let Some(byte) = bytes.first().copied() {
            if let Some(declaration) = &mut self.declaration {
                // A declaration ends with its value's closing quote, or is none that the parser accepts.
                declaration.push(byte);
                let closed = byte == b'"' && memchr::memchr_iter(b'"', declaration).count() == 2;
                if closed {
                    self.declare()?;
                } else if byte == b'<' {
                    self.declaration = None;
                    continue; // it may begin the next one
                } else if declaration.len() > DECLARATION_LIMIT {
                    return Err(Overgrown::Entity);
                }
            } else if self.matched == 0 {
                let Some(at) = memchr::memchr(b'<', bytes) else { return Ok(()) };
                self.matched = 1;
                bytes = bytes.get(at..).unwrap_or_default();
            } else if ENTITY.get(self.matched) == Some(&byte) {
                self.matched += 1;
                if self.matched == ENTITY.len() {
                    self.matched = 0;
                    self.declaration = Some(Vec::new());
                }
            } else {
                self.matched = 0;
                continue; // it may begin the next one
            }
            bytes = bytes.get(1..).unwrap_or_default();
        }
        Ok(())
    }

    /// Takes note of the declaration that has just been read.
    fn declare(&mut self) -> Result<(), Overgrown> {
        let declaration = self.declaration.take().unwrap_or_default();
        let mut parts = declaration.split(|byte| *byte == b'"');
        let (head, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let name = head.trim_ascii().strip_prefix(b"%").unwrap_or(head).trim_ascii();
        let mut pieces = value.split(|byte| *byte == b'&');
        let mut length = pieces.next().unwrap_or_default().len() as u64;
        for piece in pieces {
            let end = memchr::memchr(b';', piece).unwrap_or(piece.len());
            let (reference, text) = piece.split_at(end);
            let text = text.get(1..).unwrap_or_default();
            // A reference to a character stands for less than its own length.
            length += self.lengths.get(reference).copied().unwrap_or(reference.len() as u64) + text.len() as u64;
        }
        if length > ENTITY_LIMIT {
            return Err(Overgrown::Entity);
        }
        if self.lengths.len() >= ENTITIES_LIMIT {
            return Err(Overgrown::Entities);
        }
        self.longest = self.longest.max(length);
        self.lengths.insert(name.to_vec(), length);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(parts: &[&str]) -> Result<u64, Overgrown> {
        let mut meter = Meter::rdf_xml();
        parts.iter().try_fold(0, |sum, part| meter.cost(part.as_bytes()).map(|cost| sum + cost))
    }

    #[test]
    fn nesting_has_a_limit() {
        let limit = DEPTH_LIMIT as usize;
        assert_eq!(Meter::turtle().cost("[".repeat(limit).as_bytes()), Ok(limit as u64));
        assert_eq!(Meter::turtle().cost("(".repeat(limit + 1).as_bytes()), Err(Overgrown::Nesting));
        assert_eq!(xml(&[&"<a>".repeat(limit)]), Ok(limit as u64 * 3));
        assert_eq!(xml(&[&"<a>".repeat(limit + 1)]), Err(Overgrown::Nesting));
    }

    #[test]
    fn entities_make_what_follows_dearer() {
        let plain = "<!DOCTYPE r [<!ENTITY a \"0123456789\"> <!ENTITY % b \"x&#233;&lt;\">]>";
        assert_eq!(xml(&[plain, "&a;&b;&c; "]), Ok((plain.len() as u64 + 10) * 4));
        let nested = "<!ENTITY a \"0123456789\"><!ENTITY b \"&a;&a;&a;\">";
        assert_eq!(xml(&[nested, ""]), Ok(nested.len() as u64 * 10));
    }

    #[test]
    fn overgrown_entities_are_refused_however_they_arrive() {
        let laugh = |level: usize| format!("<!ENTITY a{level} \"{}\">\n", format!("&a{};", level - 1).repeat(10));
        let laughs = format!("<!DOCTYPE r [<!ENTITY a0 \"ha\">{}", (1..10).map(laugh).collect::<Vec<_>>().concat());
        let long = format!("<!ENTITY a \"{}\">", "x".repeat(ENTITY_LIMIT as usize + 1));
        let endless = format!("<!ENTITY a {}", " ".repeat(DECLARATION_LIMIT + 1));
        for text in [laughs, long, endless] {
            assert_eq!(xml(&[&text]), Err(Overgrown::Entity));
            let bytes: Vec<_> = text.split("").collect();
            assert_eq!(xml(&bytes), Err(Overgrown::Entity));
        }
    }

    #[test]
    fn what_only_looks_like_a_declaration_is_text() {
        for text in ["<!ENTIT<!ENTITY", "<<!ENTITY a 'b'<a>", "<!ELEMENT \"&a;\">", "<!ENTITY"] {
            assert!(xml(&[text, text]).is_ok(), "{text}");
        }
    }
}
