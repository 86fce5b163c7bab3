//! Operators, comparisons and connectives.

use super::Evaluator;
use crate::expr::{Binary, Compare, Expr, Scope, Unary};
use crate::fault::Result;
use crate::logic::{self, Truth};
use crate::text::{self, Match};
use crate::{Value, arithmetic, comparison, equality};

impl Evaluator<'_, '_> {
    pub(super) fn unary(self, operator: Unary, operand: &Expr, scope: Scope<'_>) -> Result<Value> {
        let operand = self.value(operand, scope)?;
        unary(operator, &operand)
    }

    pub(super) fn binary(self, operator: Binary, left: &Expr, right: &Expr, scope: Scope<'_>) -> Result<Value> {
        let left = self.value(left, scope)?;
        let right = self.value(right, scope)?;
        self.of_two(operator, &left, &right)
    }

    /// Connects truths from the left, up to one that decides.
    pub(super) fn connected(
        self,
        operation: &'static str,
        operands: &[Expr],
        scope: Scope<'_>,
        connect: fn(Truth, Truth) -> Truth,
        decides: Truth,
    ) -> Result<Value> {
        let mut connected: Option<Truth> = None;
        for operand in operands {
            let truth = self.truth(operation, operand, scope)?;
            let so_far = connected.map_or(truth, |connected| connect(connected, truth));
            connected = Some(so_far);
            if so_far.is_some() && so_far == decides {
                break;
            }
        }
        Ok(Value::truth(connected.flatten()))
    }

    /// `a < b < c` is `a < b AND b < c`.
    pub(super) fn comparison(self, first: &Expr, rest: &[(Compare, Expr)], scope: Scope<'_>) -> Result<Value> {
        let mut left = self.value(first, scope)?;
        let mut holds = Some(true);
        for (operator, right) in rest {
            let right = self.value(right, scope)?;
            holds = logic::and(holds, operator.of(&left, &right));
            left = right;
        }
        Ok(Value::truth(holds))
    }

    /// An operator of two values.
    pub(super) fn of_two(self, operator: Binary, left: &Value, right: &Value) -> Result<Value> {
        Ok(match operator {
            Binary::Add => arithmetic::add(left, right)?,
            Binary::Subtract => arithmetic::subtract(left, right)?,
            Binary::Multiply => arithmetic::multiply(left, right)?,
            Binary::Divide => arithmetic::divide(left, right)?,
            Binary::Modulo => arithmetic::modulo(left, right)?,
            Binary::Power => arithmetic::power(left, right)?,
            Binary::In => Value::truth(equality::is_in(left, right)?),
            Binary::StartsWith => Value::truth(text::matches(Match::StartsWith, left, right)),
            Binary::EndsWith => Value::truth(text::matches(Match::EndsWith, left, right)),
            Binary::Contains => Value::truth(text::matches(Match::Contains, left, right)),
            Binary::Matches => Value::truth(self.context.patterns.borrow_mut().matches(left, right)?),
        })
    }
}

pub(super) fn unary(operator: Unary, value: &Value) -> Result<Value> {
    Ok(match operator {
        Unary::Not => Value::truth(logic::not(logic::truth("NOT", value)?)),
        Unary::Negate => arithmetic::negate(value)?,
        Unary::Plus => arithmetic::identity(value)?,
    })
}

impl Binary {
    /// Whether it gives a truth.
    pub(super) const fn is_predicate(self) -> bool {
        matches!(self, Self::In | Self::StartsWith | Self::EndsWith | Self::Contains | Self::Matches)
    }
}

impl Compare {
    /// Whether two values stand to each other as it says.
    pub fn of(self, left: &Value, right: &Value) -> Truth {
        match self {
            Self::Equal => equality::equals(left, right),
            Self::NotEqual => equality::differs(left, right),
            Self::Less => comparison::less(left, right),
            Self::LessOrEqual => comparison::less_or_equal(left, right),
            Self::Greater => comparison::greater(left, right),
            Self::GreaterOrEqual => comparison::greater_or_equal(left, right),
        }
    }
}
