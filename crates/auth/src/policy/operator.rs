//! The condition operators: their names, and the operands that each of them takes.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::Keys;
use super::pattern::{Case, Pattern, Syntax};
use crate::{Network, instant};

/// A condition operator without its affixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    String(Comparison),
    Numeric(Order),
    Date(Order),
    Bool,
    IpAddress,
    Arn,
    Null,
}

/// How texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equals,
    EqualsIgnoreCase,
    Like,
}

/// How the request's value must lie to the operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Every operator by its name, and whether it is the negation.
const OPERATORS: &[(&str, Operator, bool)] = &[
    ("StringEquals", Operator::String(Comparison::Equals), false),
    ("StringNotEquals", Operator::String(Comparison::Equals), true),
    ("StringEqualsIgnoreCase", Operator::String(Comparison::EqualsIgnoreCase), false),
    ("StringNotEqualsIgnoreCase", Operator::String(Comparison::EqualsIgnoreCase), true),
    ("StringLike", Operator::String(Comparison::Like), false),
    ("StringNotLike", Operator::String(Comparison::Like), true),
    ("NumericEquals", Operator::Numeric(Order::Equal), false),
    ("NumericNotEquals", Operator::Numeric(Order::Equal), true),
    ("NumericLessThan", Operator::Numeric(Order::Less), false),
    ("NumericLessThanEquals", Operator::Numeric(Order::LessOrEqual), false),
    ("NumericGreaterThan", Operator::Numeric(Order::Greater), false),
    ("NumericGreaterThanEquals", Operator::Numeric(Order::GreaterOrEqual), false),
    ("DateEquals", Operator::Date(Order::Equal), false),
    ("DateNotEquals", Operator::Date(Order::Equal), true),
    ("DateLessThan", Operator::Date(Order::Less), false),
    ("DateLessThanEquals", Operator::Date(Order::LessOrEqual), false),
    ("DateGreaterThan", Operator::Date(Order::Greater), false),
    ("DateGreaterThanEquals", Operator::Date(Order::GreaterOrEqual), false),
    ("Bool", Operator::Bool, false),
    ("IpAddress", Operator::IpAddress, false),
    ("NotIpAddress", Operator::IpAddress, true),
    ("ArnEquals", Operator::Arn, false),
    ("ArnLike", Operator::Arn, false),
    ("ArnNotEquals", Operator::Arn, true),
    ("ArnNotLike", Operator::Arn, true),
    ("Null", Operator::Null, false),
];

impl Operator {
    /// The operator of this name, and whether it is a negation.
    pub(super) fn of(name: &str) -> Option<(Self, bool)> {
        OPERATORS.iter().find(|(other, ..)| *other == name).map(|(_, operator, is_negated)| (*operator, *is_negated))
    }

    /// Reads an operand; the error says what was expected.
    pub(super) fn operand(self, text: &str, has_variables: bool) -> Result<Operand, String> {
        let pattern = |has_wildcards| Pattern::parse(text, Syntax { has_wildcards, has_variables });
        let expected = |what: &str| format!("expected {what}");
        Ok(match self {
            Self::String(Comparison::Equals) => Operand::Text(pattern(false)?, Case::Kept),
            Self::String(Comparison::EqualsIgnoreCase) => Operand::Text(pattern(false)?, Case::Ignored),
            Self::String(Comparison::Like) => Operand::Text(pattern(true)?, Case::Kept),
            Self::Arn => {
                let pattern = pattern(true)?;
                if !pattern.is_arn() {
                    return Err(expected("an ARN of six parts like arn:aws:iam::*:user/*"));
                }
                Operand::Arn(pattern)
            }
            Self::Numeric(order) => {
                let number = text.parse().ok().filter(|number: &f64| number.is_finite());
                Operand::Number(order, number.ok_or_else(|| expected("a number"))?)
            }
            Self::Date(order) => {
                let date = instant::parse_any(text);
                Operand::Date(order, date.ok_or_else(|| expected("an instant like 2030-01-31T00:00:00Z"))?)
            }
            Self::IpAddress => {
                Operand::Network(text.parse().map_err(|error: crate::network::NotANetwork| error.to_string())?)
            }
            Self::Bool | Self::Null => Operand::Truth(truth(text).ok_or_else(|| expected("true or false"))?),
        })
    }
}

/// What a condition compares the request's value with.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Text(Pattern, Case),
    Arn(Pattern),
    Number(Order, f64),
    Date(Order, Timestamp),
    Network(Network),
    Truth(bool),
}

impl Operand {
    /// Whether the request's value lies to this operand as the operator says. A value of another kind does not.
    pub(super) fn matches(&self, value: &str, keys: &Keys<'_>) -> bool {
        match self {
            Self::Text(pattern, case) => pattern.matches(value, *case, keys),
            Self::Arn(pattern) => pattern.matches_arn(value, keys),
            Self::Number(order, own) => {
                value.parse::<f64>().ok().and_then(|value| value.partial_cmp(own)).is_some_and(|is| order.allows(is))
            }
            Self::Date(order, own) => instant::parse_any(value).is_some_and(|value| order.allows(value.cmp(own))),
            Self::Network(network) => value.parse().is_ok_and(|address| network.contains(address)),
            Self::Truth(own) => truth(value) == Some(*own),
        }
    }
}

impl Order {
    const fn allows(self, is: Ordering) -> bool {
        match self {
            Self::Equal => is.is_eq(),
            Self::Less => is.is_lt(),
            Self::LessOrEqual => is.is_le(),
            Self::Greater => is.is_gt(),
            Self::GreaterOrEqual => is.is_ge(),
        }
    }
}

fn truth(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}
