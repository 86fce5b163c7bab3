//! Expressions over a row: what a plan computes.
//!
//! - **Shape**: names are gone. A variable of the row is a [`Slot`]; one that an expression binds within itself (the
//!   element of a list comprehension, the accumulator of a fold) is a *local*, counted from the innermost outwards.
//!   Parameters are constants. Functions are values, so that each language brings its own.
//! - `evaluate`: the value of an expression for one row, and of a batch of rows.

use std::fmt;
use std::sync::Arc;

use crate::Value;
use crate::batch::Slot;
use crate::graph::Name;
use crate::plan::Plan;

mod evaluate;

pub use evaluate::{Evaluator, Local, Scope};

/// What a row is asked.
#[derive(Clone, Debug)]
pub enum Expr {
    /// The same value for each row.
    Constant(Value),
    /// A variable of the row.
    Slot(Slot),
    /// A variable that an expression around this one binds; 0 is the innermost.
    Local(u32),
    /// A property of a node or relationship, an entry of a map, a component of a temporal value. The key `~id` is the id.
    Property {
        /// Of what.
        target: Box<Self>,
        /// Which: its id is that of the property key.
        key: Name,
    },
    /// `target[index]`
    Index {
        /// The list, map, node or relationship.
        target: Box<Self>,
        /// Which.
        index: Box<Self>,
    },
    /// `target[from..to]`
    Slice {
        /// The list.
        target: Box<Self>,
        /// The first.
        from: Option<Box<Self>>,
        /// The one behind the last.
        to: Option<Box<Self>>,
    },
    /// Whether a node has all of these labels, or a relationship is of each of these types.
    HasLabels {
        /// The node or relationship.
        target: Box<Self>,
        /// At least one. Ids are those of labels.
        labels: Vec<Name>,
    },
    /// One operand.
    Unary(Unary, Box<Self>),
    /// Two operands.
    Binary(Binary, Box<Self>, Box<Self>),
    /// `a < b = c …`: each neighbouring pair holds.
    Comparison(Box<Self>, Vec<(Compare, Self)>),
    /// All hold; stops at the first that does not.
    And(Vec<Self>),
    /// One holds; stops at it.
    Or(Vec<Self>),
    /// An odd number holds.
    Xor(Vec<Self>),
    /// Whether it is null.
    IsNull(Box<Self>),
    /// `CASE`
    Case {
        /// What is compared with each condition; without it each condition is a predicate.
        subject: Option<Box<Self>>,
        /// Conditions and values.
        branches: Vec<(Self, Self)>,
        /// The value if none applies, else null.
        otherwise: Option<Box<Self>>,
    },
    /// A list of these.
    List(Vec<Self>),
    /// A map of these.
    Map(Vec<(Arc<str>, Self)>),
    /// A map made of parts of another, or of a node's or relationship's properties.
    MapProjection {
        /// The node, relationship or map.
        subject: Box<Self>,
        /// The parts, in their order.
        items: Vec<MapItem>,
    },
    /// Binds one local to each element of a list.
    ListComprehension {
        /// The list.
        list: Box<Self>,
        /// Which elements; all without it.
        filter: Option<Box<Self>>,
        /// What becomes of each; itself without it.
        value: Option<Box<Self>>,
    },
    /// Binds one local to each element of a list.
    Quantifier {
        /// How many must satisfy the predicate.
        kind: Quantifier,
        /// The list.
        list: Box<Self>,
        /// The predicate.
        predicate: Box<Self>,
    },
    /// Binds two locals: the element of the list (the inner one) and the value so far.
    Reduce {
        /// The value before the first element.
        initial: Box<Self>,
        /// The list.
        list: Box<Self>,
        /// The value after an element.
        value: Box<Self>,
    },
    /// A function.
    Call {
        /// Which.
        function: &'static Function,
        /// As many as it takes.
        arguments: Vec<Self>,
    },
    /// A walk through the row: node, relationship (or list of relationships), node, … A null anywhere makes it null.
    Path(Vec<Self>),
    /// A plan that is run for the row.
    Subplan(Box<Subplan>),
}

/// Operators before their operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    /// Not.
    Not,
    /// Minus.
    Negate,
    /// Plus: the number itself.
    Plus,
}

/// Operators between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// Of numbers, strings, lists, temporal values.
    Add,
    /// Of numbers and temporal values.
    Subtract,
    /// Of numbers and durations.
    Multiply,
    /// Of numbers and durations.
    Divide,
    /// The remainder.
    Modulo,
    /// To the power of.
    Power,
    /// Whether a list holds it.
    In,
    /// Of strings.
    StartsWith,
    /// Of strings.
    EndsWith,
    /// Of strings.
    Contains,
    /// Whether the whole of a string matches a regular expression.
    Matches,
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// How many elements must satisfy a predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// Every one.
    All,
    /// At least one.
    Any,
    /// Not one.
    None,
    /// Exactly one.
    Single,
}

/// A part of a map projection.
#[derive(Clone, Debug)]
pub enum MapItem {
    /// One property, under its own key.
    Property(Name),
    /// All properties.
    All,
    /// Anything, under a key.
    Entry(Arc<str>, Expr),
}

/// A plan within an expression: it begins with [`Plan::Argument`], and sees the row as its only row.
#[derive(Clone, Debug)]
pub struct Subplan {
    /// What is run.
    pub plan: Plan,
    /// Locals that the plan sees, too: as these slots.
    pub locals: Vec<(Slot, u32)>,
    /// What becomes of its rows.
    pub form: Form,
}

/// What becomes of the rows of a subplan.
#[derive(Clone, Debug)]
pub enum Form {
    /// Whether there is one.
    Exists,
    /// How many there are.
    Count,
    /// The list of what an expression says of each.
    Collect(Expr),
}

/// A function of a language.
pub struct Function {
    /// Its name, as in messages.
    pub name: &'static str,
    /// How many arguments it takes at least.
    pub least: usize,
    /// How many arguments it takes at most.
    pub most: usize,
    /// Computes it, given as many arguments as it takes.
    pub call: fn(&Evaluator<'_, '_>, &[Value]) -> crate::fault::Result<Value>,
    /// Whether it gives the same for the same arguments: reads neither clock nor graph nor chance.
    pub is_pure: bool,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({}..={})", self.name, self.least, self.most)
    }
}

impl Expr {
    /// Null.
    pub const NULL: Self = Self::Constant(Value::Null);

    /// All of these hold; true of none.
    pub fn all(mut of: Vec<Self>) -> Self {
        match of.len() {
            0 => Self::Constant(Value::Boolean(true)),
            1 => of.swap_remove(0),
            _ => Self::And(of),
        }
    }

    /// `left = right`
    pub fn equal(left: Self, right: Self) -> Self {
        Self::Comparison(Box::new(left), vec![(Compare::Equal, right)])
    }

    /// The expressions directly inside, but for plans.
    pub fn children(&self) -> Vec<&Self> {
        match self {
            Self::Constant(_) | Self::Slot(_) | Self::Local(_) => Vec::new(),
            Self::Subplan(subplan) => match &subplan.form {
                Form::Collect(value) => vec![value],
                Form::Exists | Form::Count => Vec::new(),
            },
            Self::Property { target, .. } | Self::HasLabels { target, .. } => vec![target],
            Self::Index { target, index } => vec![target, index],
            Self::Slice { target, from, to } => {
                std::iter::once(target).chain(from).chain(to).map(|child| &**child).collect()
            }
            Self::Unary(_, operand) | Self::IsNull(operand) => vec![operand],
            Self::Binary(_, left, right) => vec![left, right],
            Self::Comparison(first, rest) => {
                std::iter::once(&**first).chain(rest.iter().map(|(_, operand)| operand)).collect()
            }
            Self::And(of) | Self::Or(of) | Self::Xor(of) | Self::List(of) | Self::Path(of) => of.iter().collect(),
            Self::Case { subject, branches, otherwise } => {
                let branches = branches.iter().flat_map(|(condition, value)| [condition, value]);
                subject.iter().map(|child| &**child).chain(branches).chain(otherwise.as_deref()).collect()
            }
            Self::Map(entries) => entries.iter().map(|(_, value)| value).collect(),
            Self::MapProjection { subject, items } => {
                let entries = items.iter().filter_map(|item| match item {
                    MapItem::Entry(_, value) => Some(value),
                    MapItem::Property(_) | MapItem::All => None,
                });
                std::iter::once(&**subject).chain(entries).collect()
            }
            Self::ListComprehension { list, filter, value } => {
                std::iter::once(list).chain(filter).chain(value).map(|child| &**child).collect()
            }
            Self::Quantifier { list, predicate, .. } => vec![list, predicate],
            Self::Reduce { initial, list, value } => vec![initial, list, value],
            Self::Call { arguments, .. } => arguments.iter().collect(),
        }
    }

    /// The expressions directly inside, to be changed; but for plans.
    pub fn children_mut(&mut self) -> Vec<&mut Self> {
        match self {
            Self::Constant(_) | Self::Slot(_) | Self::Local(_) => Vec::new(),
            Self::Subplan(subplan) => match &mut subplan.form {
                Form::Collect(value) => vec![value],
                Form::Exists | Form::Count => Vec::new(),
            },
            Self::Property { target, .. } | Self::HasLabels { target, .. } => vec![target],
            Self::Index { target, index } => vec![target, index],
            Self::Slice { target, from, to } => {
                std::iter::once(target).chain(from).chain(to).map(|child| &mut **child).collect()
            }
            Self::Unary(_, operand) | Self::IsNull(operand) => vec![operand],
            Self::Binary(_, left, right) => vec![left, right],
            Self::Comparison(first, rest) => {
                std::iter::once(&mut **first).chain(rest.iter_mut().map(|(_, operand)| operand)).collect()
            }
            Self::And(of) | Self::Or(of) | Self::Xor(of) | Self::List(of) | Self::Path(of) => of.iter_mut().collect(),
            Self::Case { subject, branches, otherwise } => {
                let branches = branches.iter_mut().flat_map(|(condition, value)| [condition, value]);
                subject.iter_mut().map(|child| &mut **child).chain(branches).chain(otherwise.as_deref_mut()).collect()
            }
            Self::Map(entries) => entries.iter_mut().map(|(_, value)| value).collect(),
            Self::MapProjection { subject, items } => {
                let entries = items.iter_mut().filter_map(|item| match item {
                    MapItem::Entry(_, value) => Some(value),
                    MapItem::Property(_) | MapItem::All => None,
                });
                std::iter::once(&mut **subject).chain(entries).collect()
            }
            Self::ListComprehension { list, filter, value } => {
                std::iter::once(list).chain(filter).chain(value).map(|child| &mut **child).collect()
            }
            Self::Quantifier { list, predicate, .. } => vec![list, predicate],
            Self::Reduce { initial, list, value } => vec![initial, list, value],
            Self::Call { arguments, .. } => arguments.iter_mut().collect(),
        }
    }

    /// Calls `found` with each slot that it reads, those that its subplans read from the row included.
    pub fn slots(&self, found: &mut dyn FnMut(Slot)) {
        match self {
            Self::Slot(slot) => found(*slot),
            Self::Subplan(subplan) => {
                subplan.plan.reads(found);
                if let Form::Collect(value) = &subplan.form {
                    value.slots(found);
                }
            }
            other => other.children().into_iter().for_each(|child| child.slots(found)),
        }
    }
}
