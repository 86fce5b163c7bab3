//! Patterns.

use std::fmt::{self, Display, Formatter};

use super::joined;
use super::name::{Parameter, Variable};
use crate::tree::{
    Direction, Length, Name, NodePattern, PathForm, PathPattern, PatternPart, Properties, RelationshipPattern,
};

impl Display for PatternPart {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(variable) = &self.variable {
            write!(f, "{} = ", Variable(variable))?;
        }
        match self.form {
            PathForm::Any => self.path.fmt(f),
            PathForm::Shortest => write!(f, "shortestPath({})", self.path),
            PathForm::AllShortest => write!(f, "allShortestPaths({})", self.path),
        }
    }
}

impl Display for PathPattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.start.fmt(f)?;
        self.steps.iter().try_for_each(|step| write!(f, "{}{}", step.relationship, step.node))
    }
}

impl Display for NodePattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        if let Some(variable) = &self.variable {
            Variable(variable).fmt(f)?;
        }
        labels(f, &self.labels)?;
        if let Some(properties) = &self.properties {
            let is_first = self.variable.is_none() && self.labels.is_empty();
            write!(f, "{}{properties}", if is_first { "" } else { " " })?;
        }
        f.write_str(")")
    }
}

/// `:Label:Label…`.
pub(super) fn labels(f: &mut Formatter<'_>, labels: &[Name]) -> fmt::Result {
    labels.iter().try_for_each(|label| write!(f, ":{label}"))
}

impl Display for RelationshipPattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(if self.direction == Direction::Left { "<-" } else { "-" })?;
        let is_bare =
            self.variable.is_none() && self.types.is_empty() && self.length.is_none() && self.properties.is_none();
        if !is_bare {
            self.detail(f)?;
        }
        f.write_str(if self.direction == Direction::Right { "->" } else { "-" })
    }
}

impl RelationshipPattern {
    fn detail(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        if let Some(variable) = &self.variable {
            Variable(variable).fmt(f)?;
        }
        if !self.types.is_empty() {
            f.write_str(":")?;
            joined(f, &self.types, "|")?;
        }
        if let Some(length) = &self.length {
            length.fmt(f)?;
        }
        if let Some(properties) = &self.properties {
            let is_first = self.variable.is_none() && self.types.is_empty() && self.length.is_none();
            write!(f, "{}{properties}", if is_first { "" } else { " " })?;
        }
        f.write_str("]")
    }
}

impl Display for Length {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (None, None) => f.write_str("*"),
            (Some(min), Some(max)) if min == max => write!(f, "*{min}"),
            (Some(min), Some(max)) => write!(f, "*{min}..{max}"),
            (Some(min), None) => write!(f, "*{min}.."),
            (None, Some(max)) => write!(f, "*..{max}"),
        }
    }
}

impl Display for Properties {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Map(entries) => super::expression::map(f, entries),
            Self::Parameter(name) => Parameter(name).fmt(f),
        }
    }
}
