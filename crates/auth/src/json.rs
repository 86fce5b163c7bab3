//! JSON that is read by hand, so that every complaint can say where: documents as trees, places in them, objects whose
//! members are all known.
//!
//! A member given twice is refused. Most readers keep the last one, and of two `Effect`s in a policy nobody can say
//! which was meant.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// A JSON document. Members keep their order.
#[derive(Clone, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// What it is, without what it holds: it may be a secret.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Number::from_f64(value).map_or(Node::Null, Node::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut object: Vec<(String, Node)> = Vec::new();
        let mut names = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("member \"{}\" is given twice", excerpt(&name))));
            }
            object.push((name, members.next_value()?));
        }
        Ok(Node::Object(object))
    }
}

/// Where in a document one is: `principals[0].tags["cost centre"]`.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Member(&'a str),
    Item(usize),
}

impl<'a> Place<'a> {
    /// The whole document.
    pub(crate) const ROOT: Place<'static> = Place { parent: None, step: Step::Root };

    pub(crate) const fn member(&'a self, name: &'a str) -> Self {
        Self { parent: Some(self), step: Step::Member(name) }
    }

    pub(crate) const fn item(&'a self, index: usize) -> Self {
        Self { parent: Some(self), step: Step::Item(index) }
    }

    /// A complaint about what stands here.
    pub(crate) fn fault(&self, problem: impl Into<String>) -> Fault {
        Fault { place: self.to_string(), problem: problem.into() }
    }

    fn expected(&self, what: &str, found: &Node) -> Fault {
        self.fault(format!("expected {what}, found {}", found.kind()))
    }

    pub(crate) fn text<'n>(&self, node: &'n Node) -> Result<&'n str, Fault> {
        match node {
            Node::Text(text) => Ok(text),
            other => Err(self.expected("a string", other)),
        }
    }

    /// The items of an array.
    pub(crate) fn list<'n>(&self, node: &'n Node) -> Result<&'n [Node], Fault> {
        match node {
            Node::List(items) => Ok(items),
            other => Err(self.expected("an array", other)),
        }
    }

    /// The items of an array, or the one item that stands in its stead, as everywhere in policies; each with its place.
    pub(crate) fn one_or_more<'p, 'n>(&'p self, node: &'n Node) -> Vec<(Place<'p>, &'n Node)> {
        match node {
            Node::List(items) => items.iter().enumerate().map(|(index, item)| (self.item(index), item)).collect(),
            other => vec![(*self, other)],
        }
    }

    pub(crate) fn object<'n>(&self, node: &'n Node) -> Result<&'n [(String, Node)], Fault> {
        match node {
            Node::Object(members) => Ok(members),
            other => Err(self.expected("an object", other)),
        }
    }

    /// The members of an object that may have these and no others.
    pub(crate) fn members<'p, 'n>(&'p self, node: &'n Node, known: &[&str]) -> Result<Members<'p, 'n>, Fault> {
        let members = self.object(node)?;
        match members.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => {
                Err(self.fault(format!("unknown member \"{}\"; known are {}", excerpt(name), known.join(", "))))
            }
            None => Ok(Members { place: self, members }),
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_first = self.parent.is_none_or(|parent| matches!(parent.step, Step::Root));
        if let Some(parent) = self.parent.filter(|_| !is_first) {
            write!(f, "{parent}")?;
        }
        match self.step {
            Step::Root => f.write_str("the document"),
            Step::Item(index) => write!(f, "[{index}]"),
            Step::Member(name) if name.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                write!(f, "{}{name}", if is_first { "" } else { "." })
            }
            Step::Member(name) => write!(f, "[\"{}\"]", excerpt(name)),
        }
    }
}

/// What is wrong with a document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) place: String,
    pub(crate) problem: String,
}

/// The members of one object. A member that is null is absent.
pub(crate) struct Members<'p, 'n> {
    place: &'p Place<'p>,
    members: &'n [(String, Node)],
}

impl<'p, 'n> Members<'p, 'n> {
    pub(crate) fn optional(&self, name: &'p str) -> Option<(Place<'p>, &'n Node)> {
        let found = self.members.iter().find(|(other, _)| other == name).map(|(_, node)| node);
        found.filter(|node| !matches!(node, Node::Null)).map(|node| (self.place.member(name), node))
    }

    pub(crate) fn required(&self, name: &'p str) -> Result<(Place<'p>, &'n Node), Fault> {
        self.optional(name).ok_or_else(|| self.place.fault(format!("member \"{name}\" is missing")))
    }

    pub(crate) fn required_text(&self, name: &'p str) -> Result<(Place<'p>, &'n str), Fault> {
        let (place, node) = self.required(name)?;
        Ok((place, place.text(node)?))
    }

    pub(crate) fn optional_text(&self, name: &'p str) -> Result<Option<(Place<'p>, &'n str)>, Fault> {
        self.optional(name).map(|(place, node)| Ok((place, place.text(node)?))).transpose()
    }
}

/// The beginning of a text that came from outside, fit for a message.
pub(crate) fn excerpt(text: &str) -> String {
    const MOST: usize = 64;
    let mut shown: String = text.chars().take(MOST).map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{Node, Place, excerpt};

    #[test]
    fn a_place_reads_as_a_path() {
        let principals = Place::ROOT.member("principals");
        let first = principals.item(0);
        let tags = first.member("tags");
        assert_eq!(tags.member("cost centre").to_string(), "principals[0].tags[\"cost centre\"]");
        assert_eq!(first.member("arn").to_string(), "principals[0].arn");
        assert_eq!(Place::ROOT.to_string(), "the document");
        assert_eq!(Place::ROOT.item(2).to_string(), "[2]");
    }

    #[test]
    fn a_member_given_twice_is_refused() {
        let error = serde_json::from_str::<Node>(r#"{"Effect": "Allow", "Effect": "Deny"}"#).err().unwrap();
        assert!(error.to_string().starts_with("member \"Effect\" is given twice"), "{error}");
    }

    #[test]
    fn what_is_shown_is_short_and_printable() {
        assert_eq!(excerpt("a\nb"), "a\u{FFFD}b");
        assert_eq!(excerpt(&"x".repeat(65)), format!("{}…", "x".repeat(64)));
    }
}
