//! What is wrong with a text, where, and what was expected.

use model::Position;
use thiserror::Error;

use crate::tree::Span;

/// Why a text is no statement that can run. It reads `Invalid input 'RETRUN': expected …, did you mean RETURN? (line 1,
/// column 11)`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message} (line {}, column {})", at.line, at.column)]
pub struct Error {
    /// What kind of mistake it is.
    pub kind: ErrorKind,
    /// Where it is.
    pub at: Position,
    /// What was found and what was expected: a sentence without full stop and without the place.
    pub message: Box<str>,
}

impl Error {
    /// A mistake at the beginning of `span` in `text`.
    pub(crate) fn new(kind: ErrorKind, text: &str, span: Span, message: impl Into<Box<str>>) -> Self {
        Self { kind, at: Position::of(text, span.start()), message: message.into() }
    }
}

/// Kinds of mistakes; most have the name that the openCypher TCK gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The text does not follow the grammar.
    UnexpectedSyntax,
    /// Something that begins like a number is none.
    InvalidNumberLiteral,
    /// An integer does not fit into 64 bits.
    IntegerOverflow,
    /// A float is larger than any that 64 bits can hold.
    FloatingPointOverflow,
    /// A `\u` escape names no character.
    InvalidUnicodeLiteral,
    /// A character that looks like an operator and is none.
    InvalidUnicodeCharacter,
    /// The length of a relationship is no range.
    InvalidRelationshipPattern,
    /// Clauses that may not stand together.
    InvalidClauseComposition,
    /// A procedure inside a query is called without naming its arguments.
    InvalidArgumentPassingMode,
    /// A variable that is not in scope.
    UndefinedVariable,
    /// A variable is bound that is there already.
    VariableAlreadyBound,
    /// A variable stands for something else than what it was bound to.
    VariableTypeConflict,
    /// Two columns have one name.
    ColumnNameConflict,
    /// An expression needs a name.
    NoExpressionAlias,
    /// `RETURN *` without a variable.
    NoVariablesInScope,
    /// Something beside an aggregate is not what rows are grouped by.
    AmbiguousAggregationExpression,
    /// An aggregate where rows are not aggregated.
    InvalidAggregation,
    /// An aggregate within another.
    NestedAggregation,
    /// A value depends on rows, or on chance, where it must not.
    NonConstantExpression,
    /// A number is negative where it must not be.
    NegativeIntegerArgument,
    /// A value is of a type that is never taken there.
    InvalidArgumentType,
    /// The same, of a value whose properties or elements are asked for: a TypeError of that name.
    InvalidOperandType,
    /// DELETE of what is no element of the graph.
    InvalidDelete,
    /// CREATE or MERGE of a relationship with a length.
    CreatingVarLength,
    /// CREATE or MERGE of a relationship without exactly one type.
    NoSingleRelationshipType,
    /// CREATE of a relationship without a direction.
    RequiresDirectedRelationship,
    /// One relationship variable twice in a pattern.
    RelationshipUniquenessViolation,
    /// A parameter stands for all properties where they have to be named.
    InvalidParameterUse,
    /// Queries of a UNION with different columns.
    DifferentColumnsInUnion,
    /// A function that does not exist.
    UnknownFunction,
    /// Too few or too many arguments.
    InvalidNumberOfArguments,
    /// A procedure that does not exist.
    ProcedureNotFound,
    /// A parameter that is not handed in with the query.
    MissingParameter,
    /// A parameter that is something else than its place asks for (no name in the TCK).
    InvalidParameterType,
    /// Brackets, subqueries or operators are nested too deeply (no name in the TCK).
    NestedTooDeeply,
    /// The text is longer than what is read (no name in the TCK).
    TextTooLong,
    /// A feature of openCypher or its relatives that this server does not have (no name in the TCK).
    Unsupported,
    /// A query hint that does not exist, or a value that it does not take (no name in the TCK).
    InvalidHint,
    /// WITH or RETURN projects more columns than is allowed (no name in the TCK).
    TooManyColumns,
}

impl ErrorKind {
    /// The detail by which the TCK calls it, as in `UnexpectedSyntax`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnexpectedSyntax => "UnexpectedSyntax",
            Self::InvalidNumberLiteral => "InvalidNumberLiteral",
            Self::IntegerOverflow => "IntegerOverflow",
            Self::FloatingPointOverflow => "FloatingPointOverflow",
            Self::InvalidUnicodeLiteral => "InvalidUnicodeLiteral",
            Self::InvalidUnicodeCharacter => "InvalidUnicodeCharacter",
            Self::InvalidRelationshipPattern => "InvalidRelationshipPattern",
            Self::InvalidClauseComposition => "InvalidClauseComposition",
            Self::InvalidArgumentPassingMode => "InvalidArgumentPassingMode",
            Self::UndefinedVariable => "UndefinedVariable",
            Self::VariableAlreadyBound => "VariableAlreadyBound",
            Self::VariableTypeConflict => "VariableTypeConflict",
            Self::ColumnNameConflict => "ColumnNameConflict",
            Self::NoExpressionAlias => "NoExpressionAlias",
            Self::NoVariablesInScope => "NoVariablesInScope",
            Self::AmbiguousAggregationExpression => "AmbiguousAggregationExpression",
            Self::InvalidAggregation => "InvalidAggregation",
            Self::NestedAggregation => "NestedAggregation",
            Self::NonConstantExpression => "NonConstantExpression",
            Self::NegativeIntegerArgument => "NegativeIntegerArgument",
            Self::InvalidDelete => "InvalidDelete",
            Self::CreatingVarLength => "CreatingVarLength",
            Self::NoSingleRelationshipType => "NoSingleRelationshipType",
            Self::RequiresDirectedRelationship => "RequiresDirectedRelationship",
            Self::RelationshipUniquenessViolation => "RelationshipUniquenessViolation",
            Self::InvalidParameterUse => "InvalidParameterUse",
            Self::DifferentColumnsInUnion => "DifferentColumnsInUnion",
            Self::UnknownFunction => "UnknownFunction",
            Self::InvalidNumberOfArguments => "InvalidNumberOfArguments",
            Self::ProcedureNotFound => "ProcedureNotFound",
            Self::InvalidArgumentType | Self::InvalidOperandType => "InvalidArgumentType",
            Self::MissingParameter => "MissingParameter",
            Self::InvalidParameterType => "InvalidParameterType",
            Self::NestedTooDeeply => "NestedTooDeeply",
            Self::TextTooLong => "TextTooLong",
            Self::Unsupported => "Unsupported",
            Self::InvalidHint => "InvalidHint",
            Self::TooManyColumns => "TooManyColumns",
        }
    }

    /// The class that the TCK puts it into, as in `SyntaxError`.
    pub const fn class(self) -> &'static str {
        match self {
            Self::InvalidOperandType => "TypeError",
            Self::ProcedureNotFound => "ProcedureError",
            Self::MissingParameter => "ParameterMissing",
            _ => "SyntaxError",
        }
    }
}
