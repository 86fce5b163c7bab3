//! The syntax tree: what a text says, before any variable has been looked up.
//!
//! The tree owns its strings, so a plan made from it can be kept under the query's text. Every node has the [`Span`] of
//! bytes it came from. Spans never count in comparisons: two trees are equal when they say the same, which is what
//! grouping by expression and tests of the printer need.

mod children;
mod clause;
mod expression;
mod pattern;
mod span;
mod statement;

pub use clause::{
    Call, Clause, Create, Delete, Foreach, Match, Merge, MergeAction, MergeTrigger, PlanHint, Projection,
    ProjectionItem, Remove, RemoveItem, Return, Set, SetItem, SortItem, Subquery, Unwind, With, Yield, YieldItem,
    YieldItems,
};
pub use expression::{
    BinaryOperator, Branch, Comparison, ComparisonOperator, Expression, ExpressionKind, FunctionCall,
    ListComprehension, Literal, MapProjection, MapProjectionItem, PatternComprehension, Quantifier, QuantifierKind,
    Reduce, UnaryOperator,
};
pub use pattern::{
    Direction, Length, NodePattern, PathForm, PathPattern, PatternPart, Properties, RelationshipPattern, Step,
};
pub use span::{Name, QualifiedName, Span};
pub use statement::{Hint, Mode, PlanCache, Query, SingleQuery, Statement, Union};
