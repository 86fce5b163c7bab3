//! Plans: what is done to rows, and in which order.
//!
//! - **Shape**: a tree that is mostly a chain. Each step takes the rows of its input and gives rows; a step that binds a
//!   variable does so for each row of its input, so that two scans in a row are a cross product. A language lowers its
//!   text to a plan with [`Plan::Match`] in it, which says *what* is looked for; [`rules`] turn that into scans and
//!   expands. `crate::operator` runs what the rules leave.
//! - **Invariant**: a slot is bound by one step alone (by each part of a union). A variable that is bound again is
//!   another slot, and an equality.
//! - A step that writes takes in all rows of its input before it writes.

use std::sync::Arc;

use crate::aggregate;
use crate::batch::Slot;
use crate::expr::{Expr, Form};
use crate::graph::Name;
use triple::Place;

pub mod condition;
pub mod explain;
pub mod pattern;
pub mod rules;
pub mod triple;

pub use condition::Condition;
pub use pattern::Pattern;
pub use triple::Triple;

/// See the module.
#[derive(Clone, Debug)]
pub enum Plan {
    /// One row, in which nothing is bound.
    Unit,
    /// The rows that the step or expression around this plan hands in.
    Argument,
    /// Where a pattern matches. Gone once the rules have run.
    Match {
        /// The rows before.
        input: Box<Self>,
        /// What is looked for.
        pattern: Pattern,
    },
    /// Nodes, for each row of the input.
    Nodes {
        /// The rows before.
        input: Box<Self>,
        /// What is bound.
        node: Slot,
        /// Which nodes.
        access: Access,
    },
    /// Relationships of the whole graph, for each row of the input. Each is met once, from its start to its end.
    Edges {
        /// The rows before.
        input: Box<Self>,
        /// The relationship, if anybody asks for it.
        edge: Option<Slot>,
        /// Its start.
        start: Slot,
        /// Its end.
        end: Slot,
        /// Of any of these types; of all if there is none.
        types: Vec<Name>,
    },
    /// One relationship from a node that is bound.
    Expand {
        /// The rows before.
        input: Box<Self>,
        /// The node that is bound; null has no relationships.
        from: Slot,
        /// The relationship, if anybody asks for it.
        edge: Option<Slot>,
        /// The node at its other end.
        to: Slot,
        /// Whether `to` is bound already, so that it is compared and not bound.
        into: bool,
        /// Which way it goes, seen from the node.
        direction: Direction,
        /// Of any of these types; of all if there is none.
        types: Vec<Name>,
    },
    /// Relationships in a row from a node that is bound, none of them twice.
    Walk {
        /// The rows before.
        input: Box<Self>,
        /// What is walked.
        walk: Walk,
    },
    /// Triples of RDF, for each row of the input.
    Triples {
        /// The rows before.
        input: Box<Self>,
        /// What they match.
        triple: Triple,
    },
    /// Rows for which a condition holds that the language tells.
    Test {
        /// The rows before.
        input: Box<Self>,
        /// The condition.
        condition: Arc<dyn Condition>,
    },
    /// Rows for which a predicate is true.
    Filter {
        /// The rows before.
        input: Box<Self>,
        /// The predicate.
        predicate: Expr,
    },
    /// More variables for each row. The items see the input alone, not each other.
    Project {
        /// The rows before.
        input: Box<Self>,
        /// What each is.
        items: Vec<(Slot, Expr)>,
    },
    /// Groups of rows. Only the keys and the aggregates are bound behind it.
    Aggregate {
        /// The rows before.
        input: Box<Self>,
        /// What is the same within a group. Without keys there is one group, even of no rows.
        keys: Vec<(Slot, Expr)>,
        /// What is made of each group.
        aggregates: Vec<(Slot, Aggregate)>,
    },
    /// An aggregate over the whole graph, without looking at each row.
    Summarize {
        /// What is asked.
        summary: Summary,
        /// What gives the same, row by row.
        otherwise: Box<Self>,
    },
    /// One of each set of rows that agree in these variables.
    Distinct {
        /// The rows before.
        input: Box<Self>,
        /// In what they agree.
        slots: Vec<Slot>,
    },
    /// Rows in order.
    Sort {
        /// The rows before.
        input: Box<Self>,
        /// By what: the first counts most.
        keys: Vec<SortKey>,
        /// How many of the first are wanted; all if it does not say.
        limit: Option<Expr>,
    },
    /// Without the first rows.
    Skip {
        /// The rows before.
        input: Box<Self>,
        /// How many: computed once, from no row.
        count: Expr,
    },
    /// The first rows only.
    Limit {
        /// The rows before.
        input: Box<Self>,
        /// How many: computed once, from no row.
        count: Expr,
    },
    /// A row for each element of a list; none of null.
    Unwind {
        /// The rows before.
        input: Box<Self>,
        /// The list.
        list: Expr,
        /// Each element in turn.
        to: Slot,
    },
    /// Another plan, for each row of the input.
    Apply {
        /// The rows before.
        input: Box<Self>,
        /// It begins with [`Plan::Argument`].
        inner: Box<Self>,
        /// What becomes of its rows.
        kind: Apply,
    },
    /// The rows of several plans, one plan behind the other.
    Union {
        /// Each with its columns, as many as `to`.
        parts: Vec<(Self, Vec<Slot>)>,
        /// What they are called behind it.
        to: Vec<Slot>,
    },
    /// Only these variables go on: nobody asks for the others any more.
    Keep {
        /// The rows before.
        input: Box<Self>,
        /// Which.
        slots: Vec<Slot>,
    },
    /// Something is written for each row.
    Write {
        /// The rows before.
        input: Box<Self>,
        /// What, in this order.
        writes: Vec<Write>,
    },
    /// What is found, or else made, for each row; a row sees what was made for those before.
    Merge {
        /// The rows before.
        input: Box<Self>,
        /// Finds it; begins with [`Plan::Argument`].
        find: Box<Self>,
        /// What is made if nothing is found, and what is set then.
        create: Vec<Write>,
        /// What is set for each row that was found.
        on_match: Vec<Write>,
        /// The variables that both ways bind.
        binds: Vec<Slot>,
    },
    /// A plan that writes, for each element of a list; the rows of the input go on.
    Foreach {
        /// The rows before.
        input: Box<Self>,
        /// The list; null is empty.
        list: Expr,
        /// Each element in turn.
        element: Slot,
        /// It begins with [`Plan::Argument`].
        body: Box<Self>,
    },
}

/// Which nodes a scan gives.
#[derive(Clone, Debug)]
pub enum Access {
    /// All.
    All,
    /// Those with a label.
    Label(Name),
    /// The one with this id, or those of a list of ids. Computed for each row of the input; null and what is no string
    /// is the id of none.
    Id(Expr),
    /// Those with a property of this value. Computed for each row of the input.
    Property {
        /// The key.
        key: Name,
        /// The value.
        value: Expr,
    },
}

/// Which way a relationship goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From here.
    Out,
    /// To here.
    In,
    /// Any way.
    Either,
}

impl Direction {
    /// Seen from the other end.
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::Out => Self::In,
            Self::In => Self::Out,
            Self::Either => Self::Either,
        }
    }
}

/// Relationships in a row.
#[derive(Clone, Debug)]
pub struct Walk {
    /// Where it begins: a node that is bound, or null.
    pub from: Slot,
    /// The list of its relationships, if anybody asks for it.
    pub edges: Option<Slot>,
    /// Whether `edges` lists the last relationship first: the walk goes against the pattern.
    pub reversed: bool,
    /// The node where it ends.
    pub to: Slot,
    /// Whether `to` is bound already, so that it is compared and not bound.
    pub into: bool,
    /// Which way each relationship goes.
    pub direction: Direction,
    /// Of any of these types; of all if there is none.
    pub types: Vec<Name>,
    /// How many at least.
    pub least: u64,
    /// How many at most.
    pub most: Option<u64>,
    /// What holds for each relationship: it is bound to this slot, in the row where the walk begins.
    pub each: Option<(Slot, Expr)>,
    /// Which of the walks between the same two nodes.
    pub which: Walks,
    /// Relationships and lists of these that the walk must not meet.
    pub unlike: Vec<Slot>,
}

/// Which of the walks between the same two nodes are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Walks {
    /// All of them.
    #[default]
    All,
    /// One that is shortest.
    Shortest,
    /// Each that is shortest.
    AllShortest,
    /// One of any length: only the end is asked for, and each end counts once.
    Ends,
}

/// A value made of a group of rows.
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// How.
    pub function: aggregate::Function,
    /// Of what; of the rows themselves if it does not say, as `count(*)` does.
    pub argument: Option<Expr>,
    /// Whether equivalent values count once.
    pub distinct: bool,
    /// The second argument of the two functions that take one: the same for all rows.
    pub percentile: Option<Expr>,
}

/// What the store can tell of the whole graph.
#[derive(Clone, Debug)]
pub enum Summary {
    /// How many there are.
    Count {
        /// Of what.
        of: Counted,
        /// What the number is bound to.
        to: Vec<Slot>,
    },
    /// How many nodes have each value of a property; null is a value, too.
    Groups {
        /// Of the nodes with this label, or of all.
        label: Option<Name>,
        /// The property.
        key: Name,
        /// What the value is bound to.
        value: Slot,
        /// What the number is bound to.
        counts: Vec<Slot>,
    },
    /// How many relationships each node has that has some.
    Degrees {
        /// Of the nodes with this label, or of all.
        label: Option<Name>,
        /// What the node is bound to.
        node: Slot,
        /// What the number is bound to.
        counts: Vec<Slot>,
        /// Those that leave it, or those that reach it.
        direction: Direction,
        /// Of any of these types; of all if there is none.
        types: Vec<Name>,
    },
}

/// What is counted.
#[derive(Clone, Debug)]
pub enum Counted {
    /// Nodes, with a label or all.
    Nodes(Option<Name>),
    /// Relationships of any of these types; of all if there is none.
    Edges(Vec<Name>),
}

/// By what rows are sorted.
#[derive(Clone, Debug)]
pub struct SortKey {
    /// The key.
    pub key: Expr,
    /// Whether the largest comes first.
    pub descending: bool,
}

/// What becomes of the rows that an inner plan gives for a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Apply {
    /// Each goes on.
    Cross,
    /// Each goes on; where there is none, the outer row goes on, and these are null.
    Optional(Vec<Slot>),
    /// The outer row goes on if there is one.
    Semi,
    /// The outer row goes on if there is none.
    Anti,
}

/// Something that is written for a row.
#[derive(Clone, Debug)]
pub enum Write {
    /// A node is made.
    CreateNode {
        /// What is bound.
        node: Slot,
        /// Its labels.
        labels: Vec<Name>,
        /// Its properties: a map. The key `~id` is the id.
        properties: Option<Expr>,
    },
    /// A relationship is made.
    CreateEdge {
        /// What is bound.
        edge: Slot,
        /// Where it begins.
        start: Slot,
        /// Where it ends.
        end: Slot,
        /// Its type; the id is that of the type as a predicate.
        label: Name,
        /// Its properties: a map. The key `~id` is the id.
        properties: Option<Expr>,
    },
    /// A property is set; null removes it.
    SetProperty {
        /// The node or relationship; nothing is done for null.
        target: Expr,
        /// The property.
        key: Name,
        /// Its value.
        value: Expr,
    },
    /// Properties are set.
    SetProperties {
        /// The node or relationship; nothing is done for null.
        target: Expr,
        /// A map, or a node or relationship whose properties they are.
        value: Expr,
        /// Whether those that are not named are removed.
        replace: bool,
    },
    /// Labels are added.
    AddLabels {
        /// The node; nothing is done for null.
        target: Expr,
        /// Which.
        labels: Vec<Name>,
    },
    /// Labels are removed.
    RemoveLabels {
        /// The node; nothing is done for null.
        target: Expr,
        /// Which.
        labels: Vec<Name>,
    },
    /// Nodes, relationships and paths are deleted.
    Delete {
        /// Which; nothing is done for null.
        targets: Vec<Expr>,
        /// Whether the relationships of a node go with it.
        detach: bool,
    },
    /// A variable is bound to what the writes before have made.
    Bind {
        /// What is bound.
        slot: Slot,
        /// To what.
        value: Expr,
    },
}

impl Plan {
    /// The plan that gives its rows; `None` at the beginning of a chain and for a union.
    pub fn input(&self) -> Option<&Self> {
        match self {
            Self::Unit | Self::Argument | Self::Union { .. } | Self::Summarize { .. } => None,
            Self::Match { input, .. }
            | Self::Nodes { input, .. }
            | Self::Edges { input, .. }
            | Self::Expand { input, .. }
            | Self::Walk { input, .. }
            | Self::Triples { input, .. }
            | Self::Test { input, .. }
            | Self::Filter { input, .. }
            | Self::Project { input, .. }
            | Self::Aggregate { input, .. }
            | Self::Distinct { input, .. }
            | Self::Sort { input, .. }
            | Self::Skip { input, .. }
            | Self::Limit { input, .. }
            | Self::Unwind { input, .. }
            | Self::Apply { input, .. }
            | Self::Keep { input, .. }
            | Self::Write { input, .. }
            | Self::Merge { input, .. }
            | Self::Foreach { input, .. } => Some(input),
        }
    }

    /// The same, to be changed.
    pub fn input_mut(&mut self) -> Option<&mut Self> {
        match self {
            Self::Unit | Self::Argument | Self::Union { .. } | Self::Summarize { .. } => None,
            Self::Match { input, .. }
            | Self::Nodes { input, .. }
            | Self::Edges { input, .. }
            | Self::Expand { input, .. }
            | Self::Walk { input, .. }
            | Self::Triples { input, .. }
            | Self::Test { input, .. }
            | Self::Filter { input, .. }
            | Self::Project { input, .. }
            | Self::Aggregate { input, .. }
            | Self::Distinct { input, .. }
            | Self::Sort { input, .. }
            | Self::Skip { input, .. }
            | Self::Limit { input, .. }
            | Self::Unwind { input, .. }
            | Self::Apply { input, .. }
            | Self::Keep { input, .. }
            | Self::Write { input, .. }
            | Self::Merge { input, .. }
            | Self::Foreach { input, .. } => Some(input),
        }
    }

    /// All plans directly below: the input, inner plans, the parts of a union. Not those within expressions.
    pub fn children_mut(&mut self) -> Vec<&mut Self> {
        match self {
            Self::Union { parts, .. } => parts.iter_mut().map(|(plan, _)| plan).collect(),
            Self::Summarize { otherwise, .. } => vec![otherwise],
            Self::Apply { input, inner, .. } => vec![input, inner],
            Self::Merge { input, find, .. } => vec![input, find],
            Self::Foreach { input, body, .. } => vec![input, body],
            other => other.input_mut().into_iter().collect(),
        }
    }

    /// All plans directly below.
    pub fn children(&self) -> Vec<&Self> {
        match self {
            Self::Union { parts, .. } => parts.iter().map(|(plan, _)| plan).collect(),
            Self::Summarize { otherwise, .. } => vec![otherwise],
            Self::Apply { input, inner, .. } => vec![input, inner],
            Self::Merge { input, find, .. } => vec![input, find],
            Self::Foreach { input, body, .. } => vec![input, body],
            other => other.input().into_iter().collect(),
        }
    }

    /// Whether it writes, somewhere.
    pub fn is_writing(&self) -> bool {
        matches!(self, Self::Write { .. } | Self::Merge { .. } | Self::Foreach { .. })
            || self.children().into_iter().any(Self::is_writing)
    }

    /// The expressions of this step itself.
    pub fn expressions(&self) -> Vec<&Expr> {
        match self {
            Self::Unit
            | Self::Argument
            | Self::Edges { .. }
            | Self::Expand { .. }
            | Self::Triples { .. }
            | Self::Test { .. }
            | Self::Distinct { .. }
            | Self::Summarize { .. }
            | Self::Apply { .. }
            | Self::Union { .. }
            | Self::Keep { .. } => Vec::new(),
            Self::Match { pattern, .. } => {
                let each = pattern.edges.iter().filter_map(|edge| edge.each.as_ref()).map(|(_, each)| each);
                pattern.predicates.iter().chain(each).collect()
            }
            Self::Nodes { access, .. } => match access {
                Access::All | Access::Label(_) => Vec::new(),
                Access::Id(value) | Access::Property { value, .. } => vec![value],
            },
            Self::Walk { walk, .. } => walk.each.iter().map(|(_, predicate)| predicate).collect(),
            Self::Filter { predicate, .. } => vec![predicate],
            Self::Project { items, .. } => items.iter().map(|(_, value)| value).collect(),
            Self::Aggregate { keys, aggregates, .. } => {
                let keys = keys.iter().map(|(_, key)| key);
                keys.chain(aggregates.iter().flat_map(|(_, of)| of.argument.iter().chain(&of.percentile))).collect()
            }
            Self::Sort { keys, limit, .. } => keys.iter().map(|key| &key.key).chain(limit).collect(),
            Self::Skip { count, .. } | Self::Limit { count, .. } => vec![count],
            Self::Unwind { list, .. } | Self::Foreach { list, .. } => vec![list],
            Self::Write { writes, .. } => writes.iter().flat_map(Write::expressions).collect(),
            Self::Merge { create, on_match, .. } => {
                create.iter().chain(on_match).flat_map(Write::expressions).collect()
            }
        }
    }

    /// The expressions of this step itself, to be changed.
    pub fn expressions_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Self::Unit
            | Self::Argument
            | Self::Edges { .. }
            | Self::Expand { .. }
            | Self::Triples { .. }
            | Self::Test { .. }
            | Self::Distinct { .. }
            | Self::Summarize { .. }
            | Self::Apply { .. }
            | Self::Union { .. }
            | Self::Keep { .. } => Vec::new(),
            Self::Match { pattern, .. } => {
                let each = pattern.edges.iter_mut().filter_map(|edge| edge.each.as_mut()).map(|(_, each)| each);
                pattern.predicates.iter_mut().chain(each).collect()
            }
            Self::Nodes { access, .. } => match access {
                Access::All | Access::Label(_) => Vec::new(),
                Access::Id(value) | Access::Property { value, .. } => vec![value],
            },
            Self::Walk { walk, .. } => walk.each.iter_mut().map(|(_, predicate)| predicate).collect(),
            Self::Filter { predicate, .. } => vec![predicate],
            Self::Project { items, .. } => items.iter_mut().map(|(_, value)| value).collect(),
            Self::Aggregate { keys, aggregates, .. } => {
                let keys = keys.iter_mut().map(|(_, key)| key);
                let of = aggregates.iter_mut().flat_map(|(_, of)| of.argument.iter_mut().chain(&mut of.percentile));
                keys.chain(of).collect()
            }
            Self::Sort { keys, limit, .. } => keys.iter_mut().map(|key| &mut key.key).chain(limit).collect(),
            Self::Skip { count, .. } | Self::Limit { count, .. } => vec![count],
            Self::Unwind { list, .. } | Self::Foreach { list, .. } => vec![list],
            Self::Write { writes, .. } => writes.iter_mut().flat_map(Write::expressions_mut).collect(),
            Self::Merge { create, on_match, .. } => {
                create.iter_mut().chain(on_match).flat_map(Write::expressions_mut).collect()
            }
        }
    }

    /// Calls `found` with each slot that some step or expression of the whole plan reads.
    pub fn reads(&self, found: &mut dyn FnMut(Slot)) {
        self.own_reads(found);
        for child in self.children() {
            child.reads(found);
        }
    }

    /// Calls `found` with each slot that this step itself reads.
    pub fn own_reads(&self, found: &mut dyn FnMut(Slot)) {
        for expression in self.expressions() {
            expression.slots(found);
        }
        match self {
            Self::Expand { from, to, into, .. } => {
                found(*from);
                if *into {
                    found(*to);
                }
            }
            Self::Walk { walk, .. } => {
                found(walk.from);
                if walk.into {
                    found(walk.to);
                }
                walk.unlike.iter().copied().for_each(&mut *found);
            }
            Self::Triples { triple, .. } => triple.places.iter().filter_map(Place::reads).for_each(&mut *found),
            Self::Test { condition, .. } => condition.slots().iter().copied().for_each(&mut *found),
            Self::Match { pattern, .. } => pattern.slots().for_each(&mut *found),
            Self::Distinct { slots, .. } | Self::Keep { slots, .. } => slots.iter().copied().for_each(&mut *found),
            Self::Union { parts, .. } => parts.iter().flat_map(|(_, from)| from).copied().for_each(&mut *found),
            Self::Write { writes, .. } => writes.iter().for_each(|write| write.reads(&mut *found)),
            Self::Merge { create, on_match, .. } => {
                create.iter().chain(on_match).for_each(|write| write.reads(&mut *found));
            }
            _ => {}
        }
    }

    /// Calls `found` with each slot that this step binds.
    pub fn binds(&self, found: &mut dyn FnMut(Slot)) {
        match self {
            Self::Match { pattern, .. } => pattern.slots().for_each(found),
            Self::Nodes { node, .. } => found(*node),
            Self::Edges { edge, start, end, .. } => edge.iter().chain([start, end]).copied().for_each(found),
            Self::Expand { edge, to, into, .. } => {
                edge.iter().chain((!into).then_some(to)).copied().for_each(found);
            }
            Self::Walk { walk, .. } => {
                walk.edges.iter().chain((!walk.into).then_some(&walk.to)).copied().for_each(found);
            }
            Self::Triples { triple, .. } => triple.binds().into_iter().for_each(found),
            Self::Project { items, .. } => items.iter().map(|(slot, _)| *slot).for_each(found),
            Self::Unwind { to, .. } => found(*to),
            Self::Aggregate { keys, aggregates, .. } => {
                keys.iter().map(|(slot, _)| *slot).chain(aggregates.iter().map(|(slot, _)| *slot)).for_each(found);
            }
            Self::Union { to, .. } => to.iter().copied().for_each(found),
            Self::Summarize { otherwise, .. } => otherwise.binds(found),
            Self::Apply { kind: Apply::Optional(nulls), .. } => nulls.iter().copied().for_each(found),
            Self::Write { writes, .. } => writes.iter().filter_map(Write::binds).for_each(found),
            Self::Merge { binds, .. } => binds.iter().copied().for_each(found),
            Self::Unit
            | Self::Argument
            | Self::Test { .. }
            | Self::Filter { .. }
            | Self::Distinct { .. }
            | Self::Sort { .. }
            | Self::Skip { .. }
            | Self::Limit { .. }
            | Self::Apply { .. }
            | Self::Keep { .. }
            | Self::Foreach { .. } => {}
        }
    }
}

impl Write {
    /// Its expressions.
    pub fn expressions(&self) -> Vec<&Expr> {
        match self {
            Self::CreateNode { properties, .. } | Self::CreateEdge { properties, .. } => properties.iter().collect(),
            Self::SetProperty { target, value, .. } | Self::SetProperties { target, value, .. } => vec![target, value],
            Self::AddLabels { target, .. } | Self::RemoveLabels { target, .. } => vec![target],
            Self::Delete { targets, .. } => targets.iter().collect(),
            Self::Bind { value, .. } => vec![value],
        }
    }

    /// Its expressions, to be changed.
    pub fn expressions_mut(&mut self) -> Vec<&mut Expr> {
        match self {
            Self::CreateNode { properties, .. } | Self::CreateEdge { properties, .. } => {
                properties.iter_mut().collect()
            }
            Self::SetProperty { target, value, .. } | Self::SetProperties { target, value, .. } => vec![target, value],
            Self::AddLabels { target, .. } | Self::RemoveLabels { target, .. } => vec![target],
            Self::Delete { targets, .. } => targets.iter_mut().collect(),
            Self::Bind { value, .. } => vec![value],
        }
    }

    /// The slot that it binds.
    pub const fn binds(&self) -> Option<Slot> {
        match self {
            Self::CreateNode { node: slot, .. } | Self::CreateEdge { edge: slot, .. } | Self::Bind { slot, .. } => {
                Some(*slot)
            }
            _ => None,
        }
    }

    /// The slots that it reads beside its expressions.
    fn reads(&self, found: &mut dyn FnMut(Slot)) {
        if let Self::CreateEdge { start, end, .. } = self {
            found(*start);
            found(*end);
        }
    }
}

impl Form {
    /// The expression in it.
    pub const fn value(&self) -> Option<&Expr> {
        match self {
            Self::Collect(value) => Some(value),
            Self::Exists | Self::Count => None,
        }
    }
}
