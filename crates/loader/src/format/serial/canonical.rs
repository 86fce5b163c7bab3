//! What RDF/XML quotes as XML, in its canonical form: two texts of one XML are one literal.
//!
//! The parser writes what it finds, with every name space that is known there; comments are gone by then.
//!
//! - **Cost**: what a name space is, is looked up among those of the elements around.
//! - **Source**: RDF 1.1 XML Syntax §7.2.17; Exclusive XML Canonicalization 1.0 §3.

use oxrdf::vocab::rdf;
use oxrdf::{Literal, Term, Triple};
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::PrefixDeclaration;
use quick_xml::reader::Reader;

/// The triple, its object in canonical form if it is XML. What is not well formed stays as it is.
pub(super) fn triple(triple: Triple) -> Triple {
    let xml = match &triple.object {
        Term::Literal(literal) if literal.datatype() == rdf::XML_LITERAL => text(literal.value()),
        _ => None,
    };
    match xml {
        Some(xml) => Triple { object: Literal::new_typed_literal(xml, rdf::XML_LITERAL).into(), ..triple },
        None => triple,
    }
}

/// A piece of XML in canonical form; `None` if it is not well formed.
fn text(xml: &str) -> Option<String> {
    let mut reader = Reader::from_str(xml);
    let mut writer = Canonical { out: String::with_capacity(xml.len()), open: Vec::new() };
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => writer.start(&tag)?,
            Event::Empty(tag) => {
                writer.start(&tag)?;
                writer.end(tag.name().as_ref())?;
            }
            Event::End(tag) => writer.end(tag.name().as_ref())?,
            Event::Text(text) => writer.text(&text.xml10_content().ok()?),
            Event::CData(text) => writer.text(&text.xml10_content().ok()?),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().ok()? {
                Some(character) => writer.text(character.encode_utf8(&mut [0; 4])),
                None => writer.text(resolve_predefined_entity(&reference.decode().ok()?)?),
            },
            Event::Comment(comment) => writer.verbatim("<!--", &comment.decode().ok()?, "-->"),
            Event::PI(instruction) => writer.verbatim("<?", str::from_utf8(&instruction).ok()?, "?>"),
            Event::Decl(_) | Event::DocType(_) => return None,
            Event::Eof => return writer.open.is_empty().then_some(writer.out),
        }
    }
}

struct Canonical {
    out: String,
    /// The elements around, the innermost last.
    open: Vec<Spaces>,
}

/// Prefixes and name spaces; the prefix of the default one is empty.
#[derive(Default)]
struct Spaces {
    /// What the element declares.
    declared: Vec<(String, String)>,
    /// What was written, because the element or one of its attributes uses it.
    written: Vec<(String, String)>,
}

impl Canonical {
    fn start(&mut self, tag: &BytesStart<'_>) -> Option<()> {
        let mut attributes: Vec<(String, String)> = Vec::new();
        self.open.push(Spaces::default());
        let spaces = self.open.last_mut()?;
        // The parser repeats the name spaces that an element declares itself.
        for attribute in tag.attributes().with_checks(false) {
            let attribute = attribute.ok()?;
            let value = attribute.normalized_value(XmlVersion::Explicit1_0).ok()?.into_owned();
            match attribute.key.as_namespace_binding() {
                Some(PrefixDeclaration::Default) => spaces.declared.push((String::new(), value)),
                Some(PrefixDeclaration::Named(prefix)) => {
                    spaces.declared.push((str::from_utf8(prefix).ok()?.to_owned(), value));
                }
                None => attributes.push((str::from_utf8(attribute.key.as_ref()).ok()?.to_owned(), value)),
            }
        }
        let name = tag.name();
        let name = str::from_utf8(name.as_ref()).ok()?;
        let of_attributes = attributes.iter().filter_map(|(name, _)| name.split_once(':')).map(|(prefix, _)| prefix);
        let mut used: Vec<&str> = of_attributes.chain([prefix(name)]).filter(|prefix| *prefix != "xml").collect();
        used.sort_unstable();
        used.dedup();
        let mut written = Vec::new();
        for prefix in used {
            let space = self.space(prefix, |spaces| &spaces.declared);
            if space.is_none() && !prefix.is_empty() {
                return None;
            }
            let space = space.unwrap_or_default();
            if self.space(prefix, |spaces| &spaces.written).unwrap_or_default() != space {
                written.push((prefix.to_owned(), space.to_owned()));
            }
        }
        attributes.sort_by_cached_key(|(name, _)| {
            let (prefix, local) = name.split_once(':').unwrap_or(("", name));
            let space = if prefix.is_empty() { None } else { self.space(prefix, |spaces| &spaces.declared) };
            (space.unwrap_or_default().to_owned(), local.to_owned())
        });
        self.out.push('<');
        self.out.push_str(name);
        for (prefix, space) in &written {
            let colon = if prefix.is_empty() { "" } else { ":" };
            attribute(&mut self.out, &format!("xmlns{colon}{prefix}"), space);
        }
        for (name, value) in &attributes {
            attribute(&mut self.out, name, value);
        }
        self.out.push('>');
        self.open.last_mut()?.written = written;
        Some(())
    }

    fn end(&mut self, name: &[u8]) -> Option<()> {
        self.verbatim("</", str::from_utf8(name).ok()?, ">");
        self.open.pop().map(|_| ())
    }

    fn text(&mut self, text: &str) {
        escaped(&mut self.out, text, |character| match character {
            '&' => Some("&amp;"),
            '<' => Some("&lt;"),
            '>' => Some("&gt;"),
            '\r' => Some("&#xD;"),
            _ => None,
        });
    }

    fn verbatim(&mut self, before: &str, text: &str, after: &str) {
        self.out.extend([before, text, after]);
    }

    /// The name space of a prefix among those of the elements around.
    fn space(&self, prefix: &str, of: impl Fn(&Spaces) -> &Vec<(String, String)>) -> Option<&str> {
        let mut pairs = self.open.iter().rev().flat_map(of);
        pairs.find(|(known, _)| known == prefix).map(|(_, space)| space.as_str())
    }
}

fn prefix(name: &str) -> &str {
    name.split_once(':').map_or("", |(prefix, _)| prefix)
}

fn attribute(out: &mut String, name: &str, value: &str) {
    out.extend([" ", name, "=\""]);
    escaped(out, value, |character| match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '"' => Some("&quot;"),
        '\t' => Some("&#x9;"),
        '\n' => Some("&#xA;"),
        '\r' => Some("&#xD;"),
        _ => None,
    });
    out.push('"');
}

fn escaped(out: &mut String, text: &str, escape: impl Fn(char) -> Option<&'static str>) {
    for character in text.chars() {
        match escape(character) {
            Some(written) => out.push_str(written),
            None => out.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::text;

    #[test]
    fn one_text_for_one_xml() {
        for (xml, expected) in [
            ("<br />", Some("<br></br>")),
            ("plain &amp; &quot;simple&quot; &#x41;", Some("plain &amp; \"simple\" A")),
            ("a<![CDATA[<b>&]]>c", Some("a&lt;b&gt;&amp;c")),
            ("<a c='1'  b = \"&lt;&quot;'&#10;\"/>", Some("<a b=\"&lt;&quot;'&#xA;\" c=\"1\"></a>")),
            // Only name spaces that are in use are written, and only once.
            (
                "<a xmlns:x='urn:x' xmlns:y='urn:y'><x:b y:c='1'/></a>",
                Some("<a><x:b xmlns:x=\"urn:x\" xmlns:y=\"urn:y\" y:c=\"1\"></x:b></a>"),
            ),
            ("<x:a xmlns:x='urn:x'><x:b/></x:a>", Some("<x:a xmlns:x=\"urn:x\"><x:b></x:b></x:a>")),
            ("<a xmlns='urn:d'><b xmlns=''/></a>", Some("<a xmlns=\"urn:d\"><b xmlns=\"\"></b></a>")),
            ("<x:a xmlns:x='urn:x' xmlns:x='urn:x'/>", Some("<x:a xmlns:x=\"urn:x\"></x:a>")),
            // By name space, then by name; those without one first.
            (
                "<a xmlns:p='urn:z' xmlns:q='urn:y' p:a='1' q:b='2' c='3'/>",
                Some("<a xmlns:p=\"urn:z\" xmlns:q=\"urn:y\" c=\"3\" q:b=\"2\" p:a=\"1\"></a>"),
            ),
            ("<a xml:lang='en'/>", Some("<a xml:lang=\"en\"></a>")),
            ("a\r\nb<!-- c --><?d e?>", Some("a\nb<!-- c --><?d e?>")),
            ("<a>", None),
            ("<a></b>", None),
            ("<x:a/>", None),
            ("&unknown;", None),
        ] {
            assert_eq!(text(xml).as_deref(), expected, "{xml}");
        }
    }

    proptest! {
        #[test]
        fn canonical_stays_canonical(xml in "(<[ab]( [ab]='[\"&xlt;]{0,4}'| xmlns(:a)?='[uv]')?/?>|</[ab]>|[&;<a-c]){0,12}") {
            if let Some(canonical) = text(&xml) {
                prop_assert_eq!(text(&canonical), Some(canonical));
            }
        }
    }
}
