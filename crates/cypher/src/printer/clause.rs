//! Clauses.

use std::fmt::{self, Display, Formatter};

use super::name::Variable;
use super::{filter, joined};
use crate::tree::{
    Call, Clause, Match, MergeAction, MergeTrigger, PlanHint, Projection, ProjectionItem, RemoveItem, SetItem,
    SortItem, Yield, YieldItem, YieldItems,
};

impl Display for Clause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.keyword())?;
        match self {
            Self::Match(clause) => clause.fmt(f),
            Self::Unwind(clause) => write!(f, "{} AS {}", clause.list, Variable(&clause.variable)),
            Self::Call(clause) => clause.fmt(f),
            Self::Subquery(clause) => write!(f, "{{ {} }}", clause.query),
            Self::With(clause) => {
                clause.projection.fmt(f)?;
                filter(f, clause.filter.as_ref())
            }
            Self::Return(clause) => clause.projection.fmt(f),
            Self::Create(clause) => joined(f, &clause.pattern, ", "),
            Self::Merge(clause) => {
                clause.part.fmt(f)?;
                clause.actions.iter().try_for_each(|action| action.fmt(f))
            }
            Self::Set(clause) => joined(f, &clause.items, ", "),
            Self::Remove(clause) => joined(f, &clause.items, ", "),
            Self::Delete(clause) => joined(f, &clause.targets, ", "),
            Self::Foreach(clause) => {
                write!(f, "({} IN {} | ", Variable(&clause.variable), clause.list)?;
                joined(f, &clause.clauses, " ")?;
                f.write_str(")")
            }
        }
    }
}

impl Display for Match {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        joined(f, &self.pattern, ", ")?;
        self.hints.iter().try_for_each(|hint| write!(f, " USING {hint}"))?;
        filter(f, self.filter.as_ref())
    }
}

impl Display for PlanHint {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index { seek, variable, label, keys } => {
                let seek = if *seek { "SEEK " } else { "" };
                write!(f, "INDEX {seek}{}:{label}(", Variable(variable))?;
                joined(f, keys, ", ")?;
                f.write_str(")")
            }
            Self::Scan { variable, label } => write!(f, "SCAN {}:{label}", Variable(variable)),
            Self::Join { variables } => {
                f.write_str("JOIN ON ")?;
                joined(f, variables.iter().map(Variable), ", ")
            }
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.procedure.fmt(f)?;
        if let Some(arguments) = &self.arguments {
            f.write_str("(")?;
            joined(f, arguments, ", ")?;
            f.write_str(")")?;
        }
        self.yields.as_ref().map_or(Ok(()), |yields| write!(f, " {yields}"))
    }
}

impl Display for Yield {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("YIELD ")?;
        match &self.items {
            YieldItems::All => f.write_str("*")?,
            YieldItems::Some(items) => joined(f, items, ", ")?,
        }
        filter(f, self.filter.as_ref())
    }
}

impl Display for YieldItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.field.fmt(f)?;
        self.alias.as_ref().map_or(Ok(()), |alias| write!(f, " AS {}", Variable(alias)))
    }
}

impl Display for Projection {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.distinct {
            f.write_str("DISTINCT ")?;
        }
        if self.all {
            f.write_str(if self.items.is_empty() { "*" } else { "*, " })?;
        }
        joined(f, &self.items, ", ")?;
        if !self.order.is_empty() {
            f.write_str(" ORDER BY ")?;
            joined(f, &self.order, ", ")?;
        }
        self.skip.as_ref().map_or(Ok(()), |skip| write!(f, " SKIP {skip}"))?;
        self.limit.as_ref().map_or(Ok(()), |limit| write!(f, " LIMIT {limit}"))
    }
}

impl Display for ProjectionItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.expression.fmt(f)?;
        self.alias.as_ref().map_or(Ok(()), |alias| write!(f, " AS {}", Variable(alias)))
    }
}

impl Display for SortItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.expression, if self.descending { " DESC" } else { "" })
    }
}

impl Display for MergeAction {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.trigger {
            MergeTrigger::Match => " ON MATCH SET ",
            MergeTrigger::Create => " ON CREATE SET ",
        })?;
        joined(f, &self.items, ", ")
    }
}

impl Display for SetItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property { target, key, value } => write!(f, "{}.{key} = {value}", target.as_operand()),
            Self::Replace { variable, value } => write!(f, "{} = {value}", Variable(variable)),
            Self::Add { variable, value } => write!(f, "{} += {value}", Variable(variable)),
            Self::Labels { variable, labels } => {
                Variable(variable).fmt(f)?;
                super::pattern::labels(f, labels)
            }
        }
    }
}

impl Display for RemoveItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property { target, key } => write!(f, "{}.{key}", target.as_operand()),
            Self::Labels { variable, labels } => {
                Variable(variable).fmt(f)?;
                super::pattern::labels(f, labels)
            }
        }
    }
}
