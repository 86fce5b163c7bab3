//! Expressions.

use std::hash::{Hash, Hasher};
use std::mem::discriminant;

use super::{Name, PathPattern, PatternPart, QualifiedName, Query, Span};

/// A value to compute, and where it stands (without brackets around it).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expression {
    /// What it is.
    pub kind: ExpressionKind,
    /// Where it stands.
    pub span: Span,
}

impl Expression {
    /// An expression at a place.
    pub const fn new(kind: ExpressionKind, span: Span) -> Self {
        Self { kind, span }
    }
}

/// What an expression is. Rare forms stand in boxes: a node has at most 48 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExpressionKind {
    /// `1`, `'text'`, `null`.
    Literal(Literal),
    /// `$name`.
    Parameter(Name),
    /// `name`.
    Variable(Name),
    /// `target.key`.
    Property {
        /// The node, relationship, map or temporal value.
        target: Box<Expression>,
        /// The key.
        key: Name,
    },
    /// `target[index]`: an element of a list by number, of a map by key.
    Index {
        /// The list or map.
        target: Box<Expression>,
        /// Which.
        index: Box<Expression>,
    },
    /// `target[from..to]`, without the element at `to`.
    Slice {
        /// The list.
        target: Box<Expression>,
        /// The first.
        from: Option<Box<Expression>>,
        /// The one behind the last.
        to: Option<Box<Expression>>,
    },
    /// `target:Label…`: whether it has all of these labels, or is of this type.
    Labels {
        /// The node or relationship.
        target: Box<Expression>,
        /// At least one.
        labels: Vec<Name>,
    },
    /// `NOT operand`, `-operand`, `+operand`.
    Unary {
        /// Which.
        operator: UnaryOperator,
        /// Of what. A minus before a number is part of the number.
        operand: Box<Expression>,
    },
    /// Arithmetic, `IN` and the predicates on strings.
    Binary {
        /// Which.
        operator: BinaryOperator,
        /// The left operand.
        left: Box<Expression>,
        /// The right operand.
        right: Box<Expression>,
    },
    /// `a = b < c …`: each neighbouring pair holds.
    Comparison(Box<Comparison>),
    /// `a AND b …`: at least two.
    And(Vec<Expression>),
    /// `a OR b …`: at least two.
    Or(Vec<Expression>),
    /// `a XOR b …`: at least two.
    Xor(Vec<Expression>),
    /// `operand IS [NOT] NULL`.
    IsNull {
        /// Of what.
        operand: Box<Expression>,
        /// Whether `NOT` was said.
        negated: bool,
    },
    /// `CASE [subject] WHEN … THEN … [ELSE …] END`.
    Case {
        /// What is compared with each `WHEN`; without it, each of these is a predicate.
        subject: Option<Box<Expression>>,
        /// At least one.
        branches: Vec<Branch>,
        /// The value if no branch applies, else null.
        otherwise: Option<Box<Expression>>,
    },
    /// `[a, b]`.
    List(Vec<Expression>),
    /// `{key: value}`.
    Map(Vec<(Name, Expression)>),
    /// `variable {.key, .*, key: value, variable}`.
    MapProjection(Box<MapProjection>),
    /// `[variable IN list WHERE filter | value]`.
    ListComprehension(Box<ListComprehension>),
    /// `[variable = path WHERE filter | value]`.
    PatternComprehension(Box<PatternComprehension>),
    /// `all(variable IN list WHERE predicate)` and its like.
    Quantifier(Box<Quantifier>),
    /// `reduce(accumulator = initial, variable IN list | value)`.
    Reduce(Box<Reduce>),
    /// `EXISTS { … }`. A bare pattern inside is a MATCH.
    Exists(Box<Query>),
    /// A path pattern: as a predicate, whether there is such a path. Never has a variable.
    Pattern(Box<PatternPart>),
    /// `count(*)`.
    CountAll,
    /// `name(argument, …)`.
    Call(Box<FunctionCall>),
}

/// A value that stands in the text.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true`, `false`.
    Boolean(bool),
    /// `1`, `-1`, `0x1F`, `0o17`.
    Integer(i64),
    /// `1.5`, `-1e3`; finite.
    Float(f64),
    /// `'text'`.
    String(Box<str>),
}

// A float is finite, so each is equal to itself.
impl Eq for Literal {}

impl Hash for Literal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        discriminant(self).hash(state);
        match self {
            Self::Null => {}
            Self::Boolean(value) => value.hash(state),
            Self::Integer(value) => value.hash(state),
            // Both zeros are equal, and the sum of either and zero is the positive one.
            Self::Float(value) => (value + 0.0).to_bits().hash(state),
            Self::String(value) => value.hash(state),
        }
    }
}

/// Operators before their operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    /// `NOT`.
    Not,
    /// `-`.
    Negate,
    /// `+`.
    Plus,
}

/// Operators between two operands, other than comparisons and connectives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `%`.
    Modulo,
    /// `^`.
    Power,
    /// `IN`.
    In,
    /// `STARTS WITH`.
    StartsWith,
    /// `ENDS WITH`.
    EndsWith,
    /// `CONTAINS`.
    Contains,
    /// `=~`: the whole string matches a regular expression.
    Matches,
}

/// A chain of comparisons.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Comparison {
    /// The first operand.
    pub first: Expression,
    /// At least one operator and what is behind it.
    pub rest: Vec<(ComparisonOperator, Expression)>,
}

/// Operators of comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ComparisonOperator {
    /// `=`.
    Equal,
    /// `<>`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
}

/// `WHEN condition THEN value`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Branch {
    /// A predicate, or a value to compare the subject with.
    pub condition: Expression,
    /// The value.
    pub value: Expression,
}

/// `variable {…}`: a map of some properties and other values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MapProjection {
    /// The node, relationship or map.
    pub variable: Name,
    /// May be empty.
    pub items: Vec<MapProjectionItem>,
}

/// An entry of a map projection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MapProjectionItem {
    /// `.key`.
    Property(Name),
    /// `.*`.
    AllProperties,
    /// `key: value`.
    Entry(Name, Expression),
    /// `variable`: the entry of that name.
    Variable(Name),
}

/// A list made from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListComprehension {
    /// Each element in turn.
    pub variable: Name,
    /// The list.
    pub list: Expression,
    /// Which elements; all without it.
    pub filter: Option<Expression>,
    /// What becomes of each; itself without it.
    pub value: Option<Expression>,
}

/// A list made from the paths that fit a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PatternComprehension {
    /// Each path in turn.
    pub variable: Option<Name>,
    /// The pattern; at least one step.
    pub path: PathPattern,
    /// Which paths; all without it.
    pub filter: Option<Expression>,
    /// What becomes of each.
    pub value: Expression,
}

/// A predicate over the elements of a list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Quantifier {
    /// How many must satisfy it.
    pub kind: QuantifierKind,
    /// Each element in turn.
    pub variable: Name,
    /// The list.
    pub list: Expression,
    /// What must hold.
    pub predicate: Expression,
}

/// How many elements must satisfy a predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QuantifierKind {
    /// Every one.
    All,
    /// At least one.
    Any,
    /// Not one.
    None,
    /// Exactly one.
    Single,
}

/// A fold over a list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reduce {
    /// The value so far.
    pub accumulator: Name,
    /// The value before the first element.
    pub initial: Expression,
    /// Each element in turn.
    pub variable: Name,
    /// The list.
    pub list: Expression,
    /// The value after an element.
    pub value: Expression,
}

/// A call of a function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FunctionCall {
    /// Its name as it stands in the text.
    pub name: QualifiedName,
    /// `DISTINCT`: equal values count once in an aggregate.
    pub distinct: bool,
    /// The arguments.
    pub arguments: Vec<Expression>,
}
