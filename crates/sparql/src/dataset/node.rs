//! A term as the evaluator's rows hold it.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use model::{Tag, TermId, Value};
use oxrdf::Term;

use super::View;

/// The id, and the text if the store may not have it. The view is told of each copy ([`View::tick`]), and how much all
/// nodes take.
pub(crate) struct Node<'a> {
    pub(crate) id: TermId,
    text: Option<Rc<Term>>,
    view: &'a View,
}

/// What a node counts for: itself, and its share of the row that it is in.
const NODE_BYTES: usize = 64;

/// What a text counts for.
fn text_bytes(text: &Term) -> usize {
    let length = match text {
        Term::NamedNode(iri) => iri.as_str().len(),
        Term::BlankNode(_) => 0,
        Term::Literal(literal) => literal.value().len() + literal.datatype().as_str().len(),
    };
    size_of::<Term>() + length
}

impl<'a> Node<'a> {
    pub(super) fn new(view: &'a View, id: TermId) -> Self {
        view.grow(NODE_BYTES);
        Self { id, text: None, view }
    }

    pub(super) fn with_text(view: &'a View, id: TermId, text: Term) -> Self {
        view.grow(NODE_BYTES + text_bytes(&text));
        Self { id, text: Some(Rc::new(text)), view }
    }

    /// The text, if the node brought it along.
    pub(super) fn text(&self) -> Option<&Term> {
        self.text.as_deref()
    }
}

impl Clone for Node<'_> {
    fn clone(&self) -> Self {
        self.view.tick();
        self.view.grow(NODE_BYTES);
        Self { id: self.id, text: self.text.clone(), view: self.view }
    }
}

impl Drop for Node<'_> {
    fn drop(&mut self) {
        let text = self.text.as_ref().filter(|text| Rc::strong_count(text) == 1);
        self.view.shrink(NODE_BYTES + text.map_or(0, |text| text_bytes(text)));
    }
}

/// The id is the term.
impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Node<'_> {}

impl Hash for Node<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}

/// What an id tells of a term's effective boolean value.
pub(super) enum Truth {
    True,
    False,
    /// Terms of this kind have none.
    None,
    /// The text must be looked at.
    Unknown,
}

impl Node<'_> {
    /// What the id tells of the effective boolean value.
    pub(super) fn truth(&self) -> Truth {
        let id = self.id;
        match id.tag() {
            Some(Tag::StringHash) => Truth::True, // the empty string is no hash
            Some(Tag::StringInline) => (id.payload() != 0).into(),
            Some(Tag::TypedHash) => Truth::Unknown,
            _ if id.is_hashed() => Truth::None,
            _ => match model::Term::decode(id, None) {
                Ok(model::Term::Value(Value::Boolean(value))) => value.into(),
                Ok(model::Term::Value(Value::Integer { value, .. })) => (value != 0).into(),
                Ok(model::Term::Value(Value::Decimal { scaled, .. })) => (scaled != 0).into(),
                Ok(model::Term::Value(Value::Float { value, .. })) => (value != 0.0 && !value.is_nan()).into(),
                Ok(model::Term::Value(Value::Double { value, .. })) => (value != 0.0 && !value.is_nan()).into(),
                _ => Truth::None,
            },
        }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}
