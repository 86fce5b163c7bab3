//! What can go wrong in a function, with the names that openCypher's TCK has for it.

use thiserror::Error;

use crate::Kind;

/// Why a function gave no value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EvalError {
    /// A value of a type that the operation has no meaning for.
    #[error("{operation} takes {expected}, but was given {found}")]
    ArgumentType {
        /// The operator or function.
        operation: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What it was given.
        found: Kind,
    },
    /// A number of another type than the function counts with.
    #[error("{operation} takes {expected}, but was given {found}")]
    NumberType {
        /// The function.
        operation: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What it was given.
        found: Kind,
    },
    /// A value that is of no type that can be converted, or that has what is asked for: the suite takes it for a wrong
    /// value, not for a wrong type.
    #[error("{operation} takes {expected}, but was given {found}")]
    Conversion {
        /// The function.
        operation: &'static str,
        /// What it converts.
        expected: &'static str,
        /// What it was given.
        found: Kind,
    },
    /// A map asked for something other than a string.
    #[error("a map is asked by a string, but was asked by {found}")]
    MapKey {
        /// By what.
        found: Kind,
    },
    /// A number outside of what an argument allows.
    #[error("{operation}: {argument} is {found}, but must be {expected}")]
    NumberOutOfRange {
        /// The operator or function.
        operation: &'static str,
        /// Which argument.
        argument: &'static str,
        /// What it allows.
        expected: &'static str,
        /// The number.
        found: String,
    },
    /// A count or position below zero.
    #[error("{operation}: {argument} is {found}, but must not be negative")]
    NegativeInteger {
        /// The function.
        operation: &'static str,
        /// Which argument.
        argument: &'static str,
        /// The number.
        found: i64,
    },
    /// A result outside of 64 bits.
    #[error("{operation}: the result of {left} and {right} is outside of 64 bits")]
    IntegerOverflow {
        /// The operator or function.
        operation: &'static str,
        /// Its left operand.
        left: i64,
        /// Its right operand.
        right: i64,
    },
    /// A sum of many outside of 64 bits.
    #[error("{operation}: the sum is outside of 64 bits")]
    SumOverflow {
        /// The function.
        operation: &'static str,
    },
    /// An integer divided by zero.
    #[error("{operation}: {left} divided by zero")]
    DivisionByZero {
        /// The operator.
        operation: &'static str,
        /// What was divided.
        left: i64,
    },
    /// A text that is not written as the function reads it.
    #[error("{operation}: {found:?} is not {expected}")]
    Unreadable {
        /// The function.
        operation: &'static str,
        /// What it reads, with an example.
        expected: &'static str,
        /// The text, or its beginning.
        found: String,
    },
    /// Members of a map, or a name, that make no temporal value.
    #[error("{operation}: {problem}")]
    Temporal {
        /// The function.
        operation: &'static str,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// What is no shape, or makes none.
    #[error("{operation}: {problem}")]
    Spatial {
        /// The function.
        operation: &'static str,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// A date or duration outside of what is supported.
    #[error("{operation}: the result is outside of {range}")]
    TemporalOverflow {
        /// The operator or function.
        operation: &'static str,
        /// What is supported.
        range: &'static str,
    },
    /// A value larger than one call may make.
    #[error("{operation} would make {what} {limit}")]
    TooLarge {
        /// The operator or function.
        operation: &'static str,
        /// A list or a string.
        what: &'static str,
        /// Of how many items or bytes.
        limit: usize,
    },
    /// Lists and maps nested too deeply.
    #[error("lists and maps are nested more than {limit} deep")]
    TooDeep {
        /// How deep they may be.
        limit: u16,
    },
}

/// The TCK's classes of errors at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The type of an operand.
    TypeError,
    /// The value of an argument.
    ArgumentError,
    /// A number that does not exist.
    ArithmeticError,
    /// Ours: a limit.
    LimitError,
    /// Ours: an argument that makes the request a bad one, as the service has it for geometries.
    RequestError,
}

impl Class {
    /// As the TCK writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TypeError => "TypeError",
            Self::ArgumentError => "ArgumentError",
            Self::ArithmeticError => "ArithmeticError",
            Self::LimitError => "LimitError",
            Self::RequestError => "RequestError",
        }
    }
}

impl EvalError {
    /// The TCK's class and detail, such as `TypeError` and `InvalidArgumentType`.
    pub const fn names(&self) -> (Class, &'static str) {
        match self {
            Self::ArgumentType { .. } => (Class::TypeError, "InvalidArgumentType"),
            Self::NumberType { .. } => (Class::ArgumentError, "InvalidArgumentType"),
            Self::Conversion { .. } => (Class::TypeError, "InvalidArgumentValue"),
            Self::MapKey { .. } => (Class::TypeError, "MapElementAccessByNonString"),
            Self::NumberOutOfRange { .. } | Self::TemporalOverflow { .. } => (Class::ArgumentError, "NumberOutOfRange"),
            Self::NegativeInteger { .. } => (Class::ArgumentError, "NegativeIntegerArgument"),
            Self::IntegerOverflow { .. } | Self::SumOverflow { .. } => (Class::ArithmeticError, "IntegerOverflow"),
            Self::DivisionByZero { .. } => (Class::ArithmeticError, "DivisionByZero"),
            Self::Unreadable { .. } | Self::Temporal { .. } => (Class::ArgumentError, "InvalidArgumentValue"),
            Self::Spatial { .. } => (Class::RequestError, "InvalidGeometry"),
            Self::TooLarge { .. } => (Class::LimitError, "TooLarge"),
            Self::TooDeep { .. } => (Class::LimitError, "TooDeep"),
        }
    }

    pub(crate) const fn argument(operation: &'static str, expected: &'static str, found: Kind) -> Self {
        Self::ArgumentType { operation, expected, found }
    }

    pub(crate) fn unreadable(operation: &'static str, expected: &'static str, text: &str) -> Self {
        Self::Unreadable { operation, expected, found: text.chars().take(64).collect() }
    }

    pub(crate) fn spatial(operation: &'static str, problem: impl Into<String>) -> Self {
        Self::Spatial { operation, problem: problem.into() }
    }

    pub(crate) fn temporal(operation: &'static str, problem: impl Into<String>) -> Self {
        Self::Temporal { operation, problem: problem.into() }
    }
}
