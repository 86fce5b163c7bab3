//! What XML cannot say.
//!
//! The serializers write it anyway, and then nobody can read the answer; so it is refused before.
//!
//! **Source**: XML 1.0 §2.2 and §2.3; RDF 1.1 XML Syntax §2.4.

use oxrdf::{Term, Triple};

/// Why a triple cannot be RDF/XML, if it cannot.
pub(crate) fn refuses(triple: &Triple) -> Option<String> {
    let predicate = triple.predicate.as_str();
    if !ends_in_name(predicate) {
        return Some(format!("the predicate <{predicate}> does not end in an XML name"));
    }
    refuses_term(&triple.object)
}

/// Why a term cannot be written in XML, if it cannot.
pub(crate) fn refuses_term(term: &Term) -> Option<String> {
    match term {
        Term::Literal(literal) => {
            let wrong = literal.value().chars().find(|c| !is_char(*c))?;
            Some(format!("a literal holds the character U+{:04X}", u32::from(wrong)))
        }
        Term::NamedNode(_) | Term::BlankNode(_) => None,
    }
}

fn is_char(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether the IRI ends in a name without colon, which then stands for it as an element.
fn ends_in_name(iri: &str) -> bool {
    let tail = iri.rfind(|c| !is_name_char(c)).map_or("", |last| &iri[last..]);
    tail.contains(is_name_start)
}

fn is_name_start(c: char) -> bool {
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}' | '\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

fn is_name_char(c: char) -> bool {
    is_name_start(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}')
}

#[cfg(test)]
mod tests {
    use oxrdf::{Literal, NamedNode};

    use super::*;

    #[test]
    fn some_triples_are_refused() {
        for (predicate, value, refused) in [
            ("http://ex.test/name", "a\tb\n", false),
            ("http://ex.test/a#_1", "é", false),
            ("http://ex.test/1st", "", false),
            ("http://ex.test/1", "", true),
            ("http://ex.test/", "", true),
            ("urn:a", "", false),
            ("urn:1-2", "", true),
            ("http://ex.test/name", "a\u{1}", true),
            ("http://ex.test/name", "a\0", true),
        ] {
            let triple = Triple::new(
                NamedNode::new_unchecked("http://ex.test/s"),
                NamedNode::new_unchecked(predicate),
                Literal::new_simple_literal(value),
            );
            assert_eq!(refuses(&triple).is_some(), refused, "{triple}");
        }
    }
}
