//! Patterns: nodes joined by relationships.

use super::{Expression, Name, Span};

/// One of the comma-separated parts of a pattern: `[variable =] path`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PatternPart {
    /// The variable of the path.
    pub variable: Option<Name>,
    /// Which of the paths that fit.
    pub form: PathForm,
    /// The path.
    pub path: PathPattern,
    /// The part.
    pub span: Span,
}

/// Which of the paths that fit a pattern are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PathForm {
    /// All of them.
    #[default]
    Any,
    /// `shortestPath(…)`: one that is shortest.
    Shortest,
    /// `allShortestPaths(…)`: each that is shortest.
    AllShortest,
}

/// A node, and steps from there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PathPattern {
    /// Where it begins.
    pub start: NodePattern,
    /// Each from the node before to one more.
    pub steps: Vec<Step>,
    /// The path.
    pub span: Span,
}

impl PathPattern {
    /// Its nodes, in the order of the text.
    pub fn nodes(&self) -> impl Iterator<Item = &NodePattern> {
        std::iter::once(&self.start).chain(self.steps.iter().map(|step| &step.node))
    }

    /// Its relationships, in the order of the text.
    pub fn relationships(&self) -> impl Iterator<Item = &RelationshipPattern> {
        self.steps.iter().map(|step| &step.relationship)
    }
}

/// A relationship and the node behind it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// The relationship.
    pub relationship: RelationshipPattern,
    /// The node.
    pub node: NodePattern,
}

/// `(variable:Label {key: value})`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodePattern {
    /// Its variable.
    pub variable: Option<Name>,
    /// All of these; may be empty.
    pub labels: Vec<Name>,
    /// Its properties.
    pub properties: Option<Properties>,
    /// With its brackets.
    pub span: Span,
}

/// `-[variable:TYPE|TYPE*1..2 {key: value}]->`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RelationshipPattern {
    /// Its variable: a relationship, or a list of them where there is a length.
    pub variable: Option<Name>,
    /// Any of these; any type at all where it is empty.
    pub types: Vec<Name>,
    /// How many relationships in a row; `None` is one, and not a list.
    pub length: Option<Length>,
    /// Its properties.
    pub properties: Option<Properties>,
    /// Which way it goes.
    pub direction: Direction,
    /// With its dashes.
    pub span: Span,
}

/// `*min..max`, both included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Length {
    /// One, if it does not say.
    pub min: Option<u64>,
    /// No bound, if it does not say.
    pub max: Option<u64>,
}

/// Which way a relationship goes, seen from the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// `-->`.
    Right,
    /// `<--`.
    Left,
    /// `--` and `<-->`.
    Either,
}

/// The properties of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Properties {
    /// `{key: value, …}`.
    Map(Vec<(Name, Expression)>),
    /// `$parameter`, a map.
    Parameter(Name),
}
