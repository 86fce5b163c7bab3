//! RDF/XML: one `rdf:Description` a subject, one element a statement.
//!
//! Written here and not by the RDF library's own serializer, which leaves carriage returns for an XML reader to turn into
//! line feeds, writes control characters that no XML reader accepts, and ends a name after its colon where a predicate
//! has no name at its end. The first is escaped here; the others cannot be said in RDF/XML, and are errors.
//!
//! - **Source**: RDF 1.1 XML Syntax §2, §5.1; XML 1.0 §2.2, §2.11; Namespaces in XML 1.0 §3, §4.

use std::io::Write;

use oxrdf::vocab::xsd;
use oxrdf::{NamedOrBlankNode, NamedOrBlankNodeRef, TermRef, TripleRef};

use super::{ExportError, Job};

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// Names of [`RDF`] that are syntax and no predicates.
const RESERVED: [&str; 11] =
    ["Description", "RDF", "ID", "about", "parseType", "resource", "nodeID", "datatype", "li", "aboutEach", "bagID"];

/// Namespaces that no document may bind to a prefix of its choice.
const UNBINDABLE: [&str; 2] = ["http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/"];

/// Writes a document, a statement at a time. Statements of one subject should come together.
pub(super) struct RdfXmlWriter<'a> {
    out: &'a mut dyn Write,
    subject: Option<NamedOrBlankNode>,
    text: String,
}

impl<'a> RdfXmlWriter<'a> {
    /// Begins the document.
    pub(super) fn new(out: &'a mut dyn Write) -> Result<Self, ExportError> {
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rdf:RDF xmlns:rdf=\"{RDF}\">")?;
        Ok(Self { out, subject: None, text: String::new() })
    }

    /// Writes a statement.
    ///
    /// # Errors
    ///
    /// What RDF/XML cannot say: a predicate that is no XML name, a character that is none of XML's.
    pub(super) fn write(&mut self, job: &Job<'_>, triple: TripleRef<'_>) -> Result<(), ExportError> {
        self.text.clear();
        let refuse = |(found, reason): (&str, _)| job.refuse(found, reason);
        push_statement(&mut self.text, triple).map_err(refuse)?;
        if self.subject.as_ref().map(NamedOrBlankNode::as_ref) != Some(triple.subject) {
            let mut begin = String::from("\t<rdf:Description");
            push_node(&mut begin, triple.subject, "rdf:about").map_err(refuse)?;
            begin.push_str(">\n");
            self.end_subject()?;
            self.out.write_all(begin.as_bytes())?;
            self.subject = Some(triple.subject.into_owned());
        }
        self.out.write_all(self.text.as_bytes())?;
        Ok(())
    }

    /// Ends the document.
    pub(super) fn finish(mut self) -> Result<(), ExportError> {
        self.end_subject()?;
        self.out.write_all(b"</rdf:RDF>\n")?;
        Ok(())
    }

    fn end_subject(&mut self) -> Result<(), ExportError> {
        if self.subject.is_some() {
            self.out.write_all(b"\t</rdf:Description>\n")?;
        }
        Ok(())
    }
}

/// A text that cannot be written, and why.
type Refusal<'a> = (&'a str, &'static str);

/// Appends predicate and object as an element.
fn push_statement<'a>(out: &mut String, triple: TripleRef<'a>) -> Result<(), Refusal<'a>> {
    let predicate = triple.predicate.as_str();
    let (namespace, name) = split(predicate).ok_or((predicate, "a predicate ends with an XML name"))?;
    let prefix = if namespace == RDF {
        if RESERVED.contains(&name) {
            return Err((predicate, "it is RDF/XML's own syntax and no predicate"));
        }
        "rdf"
    } else if UNBINDABLE.contains(&namespace) {
        return Err((predicate, "its namespace is XML's own"));
    } else {
        "p"
    };
    out.push_str("\t\t<");
    out.push_str(prefix);
    out.push(':');
    out.push_str(name);
    if prefix == "p" {
        push_attribute(out, "xmlns:p", namespace)?;
    }
    match triple.object {
        TermRef::NamedNode(node) => push_node(out, node.into(), "rdf:resource")?,
        TermRef::BlankNode(node) => push_node(out, node.into(), "rdf:resource")?,
        TermRef::Literal(literal) => {
            if let Some(language) = literal.language() {
                push_attribute(out, "xml:lang", language)?;
            } else if literal.datatype() != xsd::STRING {
                push_attribute(out, "rdf:datatype", literal.datatype().as_str())?;
            }
            out.push('>');
            push_text(out, literal.value())?;
            out.push_str("</");
            out.push_str(prefix);
            out.push(':');
            out.push_str(name);
            out.push_str(">\n");
            return Ok(());
        }
    }
    out.push_str("/>\n");
    Ok(())
}

/// Appends an attribute that names a node: `iri_name` for an IRI, `rdf:nodeID` for a blank node.
fn push_node<'a>(out: &mut String, node: NamedOrBlankNodeRef<'a>, iri_name: &str) -> Result<(), Refusal<'a>> {
    match node {
        NamedOrBlankNodeRef::NamedNode(node) => push_attribute(out, iri_name, node.as_str()),
        NamedOrBlankNodeRef::BlankNode(node) => push_attribute(out, "rdf:nodeID", node.as_str()),
    }
}

fn push_attribute<'a>(out: &mut String, name: &str, value: &'a str) -> Result<(), Refusal<'a>> {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    push_text(out, value)?;
    out.push('"');
    Ok(())
}

/// Appends text so that an XML reader gives it back, in an element or an attribute.
fn push_text<'a>(out: &mut String, text: &'a str) -> Result<(), Refusal<'a>> {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Line ends and, in attributes, all space are normalised unless written so.
            '\r' => out.push_str("&#13;"),
            '\n' | '\t' => out.push(character),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                return Err((text, "XML has no such character"));
            }
            _ => out.push(character),
        }
    }
    Ok(())
}

/// Parts an IRI before the longest XML name at its end.
fn split(iri: &str) -> Option<(&str, &str)> {
    let tail = iri.char_indices().rev().take_while(|(_, character)| is_name_char(*character)).last()?.0;
    let start = iri[tail..].find(is_name_start)? + tail;
    (start > 0).then(|| iri.split_at(start))
}

/// `NameStartChar` of XML 1.0 without the colon.
fn is_name_start(character: char) -> bool {
    matches!(character,
        'A'..='Z' | '_' | 'a'..='z'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
        | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

/// `NameChar` of XML 1.0 without the colon.
fn is_name_char(character: char) -> bool {
    is_name_start(character)
        || matches!(character, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

#[cfg(test)]
mod tests;
