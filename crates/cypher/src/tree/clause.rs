//! Clauses.

use super::{Expression, Name, PatternPart, QualifiedName, Query, Span};

/// A clause. What it is made of stands in a struct of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Clause {
    /// `MATCH` and `OPTIONAL MATCH`.
    Match(Match),
    /// `UNWIND list AS variable`.
    Unwind(Unwind),
    /// `CALL procedure`.
    Call(Call),
    /// `CALL { … }`.
    Subquery(Subquery),
    /// `WITH`.
    With(With),
    /// `RETURN`.
    Return(Return),
    /// `CREATE`.
    Create(Create),
    /// `MERGE`.
    Merge(Merge),
    /// `SET`.
    Set(Set),
    /// `REMOVE`.
    Remove(Remove),
    /// `DELETE` and `DETACH DELETE`.
    Delete(Delete),
    /// `FOREACH`.
    Foreach(Foreach),
}

impl Clause {
    /// Where it stands.
    pub const fn span(&self) -> Span {
        match self {
            Self::Match(clause) => clause.span,
            Self::Unwind(clause) => clause.span,
            Self::Call(clause) => clause.span,
            Self::Subquery(clause) => clause.span,
            Self::With(clause) => clause.span,
            Self::Return(clause) => clause.span,
            Self::Create(clause) => clause.span,
            Self::Merge(clause) => clause.span,
            Self::Set(clause) => clause.span,
            Self::Remove(clause) => clause.span,
            Self::Delete(clause) => clause.span,
            Self::Foreach(clause) => clause.span,
        }
    }

    /// The keyword that it begins with.
    pub const fn keyword(&self) -> &'static str {
        match self {
            Self::Match(Match { optional: false, .. }) => "MATCH",
            Self::Match(Match { optional: true, .. }) => "OPTIONAL MATCH",
            Self::Unwind(_) => "UNWIND",
            Self::Call(_) | Self::Subquery(_) => "CALL",
            Self::With(_) => "WITH",
            Self::Return(_) => "RETURN",
            Self::Create(_) => "CREATE",
            Self::Merge(_) => "MERGE",
            Self::Set(_) => "SET",
            Self::Remove(_) => "REMOVE",
            Self::Delete(Delete { detach: false, .. }) => "DELETE",
            Self::Delete(Delete { detach: true, .. }) => "DETACH DELETE",
            Self::Foreach(_) => "FOREACH",
        }
    }

    /// Whether it changes the graph.
    pub const fn is_update(&self) -> bool {
        match self {
            Self::Create(_) | Self::Merge(_) | Self::Set(_) | Self::Remove(_) | Self::Delete(_) | Self::Foreach(_) => {
                true
            }
            Self::Match(_) | Self::Unwind(_) | Self::Call(_) | Self::Subquery(_) | Self::With(_) | Self::Return(_) => {
                false
            }
        }
    }
}

/// `[OPTIONAL] MATCH pattern, … [USING …] [WHERE predicate]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Match {
    /// Whether a row without a match is kept, with nulls.
    pub optional: bool,
    /// At least one.
    pub pattern: Vec<PatternPart>,
    /// Advice to the planner.
    pub hints: Vec<PlanHint>,
    /// The predicate.
    pub filter: Option<Expression>,
    /// The clause.
    pub span: Span,
}

/// Advice that some clients write below MATCH.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PlanHint {
    /// `USING INDEX [SEEK] variable:Label(key, …)`.
    Index {
        /// Whether `SEEK` was said.
        seek: bool,
        /// The node.
        variable: Name,
        /// Its label.
        label: Name,
        /// At least one.
        keys: Vec<Name>,
    },
    /// `USING SCAN variable:Label`.
    Scan {
        /// The node.
        variable: Name,
        /// Its label.
        label: Name,
    },
    /// `USING JOIN ON variable, …`.
    Join {
        /// At least one.
        variables: Vec<Name>,
    },
}

/// `UNWIND list AS variable`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unwind {
    /// The list.
    pub list: Expression,
    /// Each of its elements in turn.
    pub variable: Name,
    /// The clause.
    pub span: Span,
}

/// `CALL procedure(argument, …) [YIELD …]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// Its name.
    pub procedure: QualifiedName,
    /// The arguments; `None` where there are no brackets and parameters stand for them: alone in its query only.
    pub arguments: Option<Vec<Expression>>,
    /// What is taken of its results.
    pub yields: Option<Yield>,
    /// The clause.
    pub span: Span,
}

/// `YIELD field [AS variable], … [WHERE predicate]`, or `YIELD *`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Yield {
    /// Which fields.
    pub items: YieldItems,
    /// The predicate.
    pub filter: Option<Expression>,
    /// From the keyword on.
    pub span: Span,
}

/// Which fields of a procedure's result are taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum YieldItems {
    /// All, under their own names: only where the call is alone in its query.
    All,
    /// These; at least one.
    Some(Vec<YieldItem>),
}

/// `field [AS variable]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct YieldItem {
    /// The field.
    pub field: Name,
    /// What it is called from here on, if not by its own name.
    pub alias: Option<Name>,
}

/// `CALL { query }`, run for each row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subquery {
    /// What is run; a `WITH` at the beginning of a part imports variables.
    pub query: Query,
    /// The clause.
    pub span: Span,
}

/// `WITH items … [WHERE predicate]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct With {
    /// What later clauses see.
    pub projection: Projection,
    /// The predicate, on what is projected.
    pub filter: Option<Expression>,
    /// The clause.
    pub span: Span,
}

/// `RETURN items …`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Return {
    /// What the reader sees.
    pub projection: Projection,
    /// The clause.
    pub span: Span,
}

/// What WITH and RETURN share: `[DISTINCT] [*,] item, … [ORDER BY …] [SKIP …] [LIMIT …]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Projection {
    /// Whether equal rows count once.
    pub distinct: bool,
    /// `*`: all variables, before the items.
    pub all: bool,
    /// May be empty beside `*` only.
    pub items: Vec<ProjectionItem>,
    /// By what rows are sorted.
    pub order: Vec<SortItem>,
    /// How many rows are left out.
    pub skip: Option<Expression>,
    /// How many rows there are at most.
    pub limit: Option<Expression>,
}

/// `expression [AS alias]`. Without alias, the column is called as the text at `span`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProjectionItem {
    /// The value.
    pub expression: Expression,
    /// Its name.
    pub alias: Option<Name>,
    /// The expression with the brackets around it.
    pub span: Span,
}

/// `expression [ASC | DESC]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SortItem {
    /// The key.
    pub expression: Expression,
    /// Whether the largest comes first.
    pub descending: bool,
}

/// `CREATE pattern, …`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Create {
    /// At least one.
    pub pattern: Vec<PatternPart>,
    /// The clause.
    pub span: Span,
}

/// `MERGE pattern [ON MATCH SET …] [ON CREATE SET …]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Merge {
    /// What is found or made.
    pub part: PatternPart,
    /// What is set, depending on which of the two it was.
    pub actions: Vec<MergeAction>,
    /// The clause.
    pub span: Span,
}

/// `ON MATCH SET …` or `ON CREATE SET …`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MergeAction {
    /// When.
    pub trigger: MergeTrigger,
    /// What; at least one.
    pub items: Vec<SetItem>,
}

/// When an action of MERGE is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MergeTrigger {
    /// The pattern was found.
    Match,
    /// The pattern was made.
    Create,
}

/// `SET item, …`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Set {
    /// At least one.
    pub items: Vec<SetItem>,
    /// The clause.
    pub span: Span,
}

/// What one item of SET does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SetItem {
    /// `target.key = value`.
    Property {
        /// The node or relationship.
        target: Expression,
        /// The property.
        key: Name,
        /// Its new value; null removes it.
        value: Expression,
    },
    /// `variable = map`: all properties.
    Replace {
        /// The node or relationship.
        variable: Name,
        /// The new properties, or the node or relationship whose properties they are.
        value: Expression,
    },
    /// `variable += map`: the properties that the map names.
    Add {
        /// The node or relationship.
        variable: Name,
        /// The new properties.
        value: Expression,
    },
    /// `variable:Label…`.
    Labels {
        /// The node.
        variable: Name,
        /// At least one.
        labels: Vec<Name>,
    },
}

/// `REMOVE item, …`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Remove {
    /// At least one.
    pub items: Vec<RemoveItem>,
    /// The clause.
    pub span: Span,
}

/// What one item of REMOVE takes away.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RemoveItem {
    /// `target.key`.
    Property {
        /// The node or relationship.
        target: Expression,
        /// The property.
        key: Name,
    },
    /// `variable:Label…`.
    Labels {
        /// The node.
        variable: Name,
        /// At least one.
        labels: Vec<Name>,
    },
}

/// `[DETACH] DELETE expression, …`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Delete {
    /// Whether the relationships of a node go with it.
    pub detach: bool,
    /// Nodes, relationships and paths; at least one.
    pub targets: Vec<Expression>,
    /// The clause.
    pub span: Span,
}

/// `FOREACH (variable IN list | clause …)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Foreach {
    /// Each element in turn.
    pub variable: Name,
    /// The list.
    pub list: Expression,
    /// Updates only; at least one.
    pub clauses: Vec<Clause>,
    /// The clause.
    pub span: Span,
}
