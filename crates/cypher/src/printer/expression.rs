//! Expressions, with as few brackets as precedence allows.

use std::fmt::{self, Display, Formatter};

use super::name::{Function, Parameter, Variable};
use super::{filter, joined};
use crate::parser::Level;
use crate::tree::{
    BinaryOperator, ComparisonOperator, Expression, ExpressionKind, Literal, MapProjectionItem, Name, QuantifierKind,
    UnaryOperator,
};

/// An expression where only operators that bind at least so strongly can stand without brackets.
pub(super) struct AtLevel<'a>(&'a Expression, Level);

impl Display for AtLevel<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.level() < self.1 { write!(f, "({})", self.0) } else { self.0.fmt(f) }
    }
}

impl Expression {
    /// As the operand of a property or the like.
    pub(super) const fn as_operand(&self) -> AtLevel<'_> {
        AtLevel(self, Level::Operand)
    }

    /// How strongly its outermost operator binds.
    const fn level(&self) -> Level {
        match &self.kind {
            ExpressionKind::Or(_) => Level::Or,
            ExpressionKind::Xor(_) => Level::Xor,
            ExpressionKind::And(_) => Level::And,
            ExpressionKind::Unary { operator: UnaryOperator::Not, .. } => Level::Not,
            // A minus behind a pattern would be read as its next relationship.
            ExpressionKind::Comparison(_) | ExpressionKind::Pattern(_) => Level::Comparison,
            ExpressionKind::IsNull { .. } => Level::Predicate,
            ExpressionKind::Binary { operator, .. } => Level::of(*operator),
            ExpressionKind::Unary { operator: UnaryOperator::Negate | UnaryOperator::Plus, .. } => Level::Sign,
            ExpressionKind::Literal(literal) if literal.is_negative() => Level::Sign,
            ExpressionKind::Labels { .. } => Level::Labels,
            _ => Level::Operand,
        }
    }

    /// Whether a list that began with it would be read as a comprehension: `[x IN y]`.
    fn looks_like_comprehension(&self) -> bool {
        match &self.kind {
            ExpressionKind::Or(operands) | ExpressionKind::Xor(operands) | ExpressionKind::And(operands) => {
                operands.first().is_some_and(Self::looks_like_comprehension)
            }
            ExpressionKind::Comparison(comparison) => comparison.first.looks_like_comprehension(),
            ExpressionKind::Binary { operator, left, .. } => {
                left.looks_like_comprehension()
                    || *operator == BinaryOperator::In && matches!(left.kind, ExpressionKind::Variable(_))
            }
            ExpressionKind::IsNull { operand, .. } => operand.looks_like_comprehension(),
            _ => false,
        }
    }
}

impl Literal {
    const fn is_negative(&self) -> bool {
        match self {
            Self::Integer(value) => *value < 0,
            Self::Float(value) => value.is_sign_negative(),
            Self::Null | Self::Boolean(_) | Self::String(_) => false,
        }
    }

    const fn is_number(&self) -> bool {
        matches!(self, Self::Integer(_) | Self::Float(_))
    }
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExpressionKind::Literal(literal) => literal.fmt(f),
            ExpressionKind::Parameter(name) => Parameter(name).fmt(f),
            ExpressionKind::Variable(name) => Variable(name).fmt(f),
            ExpressionKind::Property { target, key } => write!(f, "{}.{key}", target.as_operand()),
            ExpressionKind::Index { target, index } => write!(f, "{}[{index}]", target.as_operand()),
            ExpressionKind::Slice { target, from, to } => {
                write!(f, "{}[", target.as_operand())?;
                from.as_ref().map_or(Ok(()), |from| from.fmt(f))?;
                f.write_str("..")?;
                to.as_ref().map_or(Ok(()), |to| to.fmt(f))?;
                f.write_str("]")
            }
            ExpressionKind::Labels { target, labels } => {
                target.as_operand().fmt(f)?;
                super::pattern::labels(f, labels)
            }
            ExpressionKind::Unary { operator, operand } => unary(f, *operator, operand),
            ExpressionKind::Binary { operator, left, right } => {
                let level = Level::of(*operator);
                write!(f, "{} {} {}", AtLevel(left, level), operator.text(), AtLevel(right, level.above()))
            }
            ExpressionKind::Comparison(comparison) => {
                let level = Level::Comparison.above();
                AtLevel(&comparison.first, level).fmt(f)?;
                comparison
                    .rest
                    .iter()
                    .try_for_each(|(operator, right)| write!(f, " {} {}", operator.text(), AtLevel(right, level)))
            }
            ExpressionKind::And(operands) => chain(f, operands, " AND ", Level::And),
            ExpressionKind::Or(operands) => chain(f, operands, " OR ", Level::Or),
            ExpressionKind::Xor(operands) => chain(f, operands, " XOR ", Level::Xor),
            ExpressionKind::IsNull { operand, negated } => {
                let not = if *negated { "NOT " } else { "" };
                write!(f, "{} IS {not}NULL", AtLevel(operand, Level::Predicate))
            }
            ExpressionKind::Case { subject, branches, otherwise } => {
                f.write_str("CASE")?;
                subject.as_ref().map_or(Ok(()), |subject| write!(f, " {subject}"))?;
                branches.iter().try_for_each(|branch| write!(f, " WHEN {} THEN {}", branch.condition, branch.value))?;
                otherwise.as_ref().map_or(Ok(()), |otherwise| write!(f, " ELSE {otherwise}"))?;
                f.write_str(" END")
            }
            ExpressionKind::List(elements) => list(f, elements),
            ExpressionKind::Map(entries) => map(f, entries),
            ExpressionKind::MapProjection(projection) => {
                write!(f, "{} {{", Variable(&projection.variable))?;
                joined(f, &projection.items, ", ")?;
                f.write_str("}")
            }
            ExpressionKind::ListComprehension(comprehension) => {
                write!(f, "[{} IN {}", Variable(&comprehension.variable), comprehension.list)?;
                filter(f, comprehension.filter.as_ref())?;
                comprehension.value.as_ref().map_or(Ok(()), |value| write!(f, " | {value}"))?;
                f.write_str("]")
            }
            ExpressionKind::PatternComprehension(comprehension) => {
                f.write_str("[")?;
                comprehension.variable.as_ref().map_or(Ok(()), |variable| write!(f, "{} = ", Variable(variable)))?;
                comprehension.path.fmt(f)?;
                filter(f, comprehension.filter.as_ref())?;
                write!(f, " | {}]", comprehension.value)
            }
            ExpressionKind::Quantifier(quantifier) => {
                let kind = match quantifier.kind {
                    QuantifierKind::All => "all",
                    QuantifierKind::Any => "any",
                    QuantifierKind::None => "none",
                    QuantifierKind::Single => "single",
                };
                let variable = Variable(&quantifier.variable);
                write!(f, "{kind}({variable} IN {} WHERE {})", quantifier.list, quantifier.predicate)
            }
            ExpressionKind::Reduce(reduce) => write!(
                f,
                "reduce({} = {}, {} IN {} | {})",
                Variable(&reduce.accumulator),
                reduce.initial,
                Variable(&reduce.variable),
                reduce.list,
                reduce.value
            ),
            ExpressionKind::Exists(query) => write!(f, "EXISTS {{ {query} }}"),
            ExpressionKind::Pattern(part) => part.fmt(f),
            ExpressionKind::CountAll => f.write_str("count(*)"),
            ExpressionKind::Call(call) => {
                write!(f, "{}({}", Function(&call.name), if call.distinct { "DISTINCT " } else { "" })?;
                joined(f, &call.arguments, ", ")?;
                f.write_str(")")
            }
        }
    }
}

fn unary(f: &mut Formatter<'_>, operator: UnaryOperator, operand: &Expression) -> fmt::Result {
    match operator {
        UnaryOperator::Not => write!(f, "NOT {}", AtLevel(operand, Level::Not)),
        // Without brackets the minus would become part of the number.
        UnaryOperator::Negate => match &operand.kind {
            ExpressionKind::Literal(literal) if literal.is_number() && !literal.is_negative() => {
                write!(f, "-({literal})")
            }
            _ => write!(f, "-{}", AtLevel(operand, Level::Sign)),
        },
        UnaryOperator::Plus => write!(f, "+{}", AtLevel(operand, Level::Sign)),
    }
}

fn chain(f: &mut Formatter<'_>, operands: &[Expression], between: &str, level: Level) -> fmt::Result {
    joined(f, operands.iter().map(|operand| AtLevel(operand, level.above())), between)
}

fn list(f: &mut Formatter<'_>, elements: &[Expression]) -> fmt::Result {
    f.write_str("[")?;
    for (number, element) in elements.iter().enumerate() {
        match number {
            0 if element.looks_like_comprehension() => write!(f, "({element})")?,
            0 => element.fmt(f)?,
            _ => write!(f, ", {element}")?,
        }
    }
    f.write_str("]")
}

/// `{key: value, …}`.
pub(super) fn map(f: &mut Formatter<'_>, entries: &[(Name, Expression)]) -> fmt::Result {
    f.write_str("{")?;
    for (number, (key, value)) in entries.iter().enumerate() {
        write!(f, "{}{key}: {value}", if number > 0 { ", " } else { "" })?;
    }
    f.write_str("}")
}

impl Display for MapProjectionItem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property(key) => write!(f, ".{key}"),
            Self::AllProperties => f.write_str(".*"),
            Self::Entry(key, value) => write!(f, "{key}: {value}"),
            Self::Variable(variable) => Variable(variable).fmt(f),
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            // The shortest digits that read as the same number, with a point or an exponent.
            Self::Float(value) => write!(f, "{value:?}"),
            Self::String(value) => string(f, value),
        }
    }
}

fn string(f: &mut Formatter<'_>, value: &str) -> fmt::Result {
    f.write_str("'")?;
    for character in value.chars() {
        match character {
            '\'' => f.write_str("\\'")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            _ if character.is_control() => write!(f, "\\u{:04x}", u32::from(character))?,
            _ => write!(f, "{character}")?,
        }
    }
    f.write_str("'")
}

impl BinaryOperator {
    /// How it is written.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Power => "^",
            Self::In => "IN",
            Self::StartsWith => "STARTS WITH",
            Self::EndsWith => "ENDS WITH",
            Self::Contains => "CONTAINS",
            Self::Matches => "=~",
        }
    }
}

impl ComparisonOperator {
    /// How it is written.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}
