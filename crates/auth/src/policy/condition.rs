//! One line of a `Condition` block: an operator, a key, the operands.

use std::borrow::Cow;

use super::Keys;
use super::operator::{Operand, Operator};
use crate::json::{Fault, Node, Place, excerpt};

/// A condition of a statement.
#[derive(Debug)]
pub(super) struct Condition {
    /// In lower case: keys are told apart without it.
    key: String,
    quantifier: Option<Quantifier>,
    is_negated: bool,
    if_exists: bool,
    is_null: bool,
    operands: Vec<Operand>,
}

/// How many of a key's values have to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantifier {
    All,
    Any,
}

impl Condition {
    /// Reads a whole `Condition` block: operators, in each of them keys, with each of them operands.
    pub(super) fn parse_all(place: &Place<'_>, node: &Node, has_variables: bool) -> Result<Vec<Self>, Fault> {
        let mut conditions: Vec<Self> = Vec::new();
        for (name, block) in place.object(node)? {
            let place = place.member(name);
            let template = Form::of(name).ok_or_else(|| {
                place.fault("is no condition operator that is known here (names are told apart by case)")
            })?;
            for (key, operands) in place.object(block)? {
                conditions.push(template.condition(&place.member(key), key, operands, has_variables)?);
            }
        }
        Ok(conditions)
    }

    /// Whether the condition holds for the request.
    pub(super) fn holds(&self, keys: &Keys<'_>) -> bool {
        let value = keys.get(&self.key);
        self.holds_for(value.as_slice(), keys)
    }

    /// The same for these values of the key: none if the request does not carry it.
    pub(super) fn holds_for(&self, values: &[Cow<'_, str>], keys: &Keys<'_>) -> bool {
        if self.is_null {
            let is_absent = if values.is_empty() { "true" } else { "false" };
            return self.operands.iter().any(|operand| operand.matches(is_absent, keys));
        }
        if values.is_empty() && self.if_exists {
            return true;
        }
        let passes =
            |value: &Cow<'_, str>| self.operands.iter().any(|operand| operand.matches(value, keys)) != self.is_negated;
        match self.quantifier {
            Some(Quantifier::All) => values.iter().all(passes),
            // Where nothing is to be compared, only a negation holds.
            None if values.is_empty() => self.is_negated,
            None | Some(Quantifier::Any) => values.iter().any(passes),
        }
    }
}

/// An operator's name taken apart: `ForAnyValue:StringLikeIfExists`.
struct Form {
    quantifier: Option<Quantifier>,
    operator: Operator,
    is_negated: bool,
    if_exists: bool,
}

impl Form {
    fn of(name: &str) -> Option<Self> {
        let (quantifier, name) = match name.split_once(':') {
            None => (None, name),
            Some(("ForAllValues", name)) => (Some(Quantifier::All), name),
            Some(("ForAnyValue", name)) => (Some(Quantifier::Any), name),
            Some(_) => return None,
        };
        let (if_exists, name) = match name.strip_suffix("IfExists") {
            None => (false, name),
            Some(name) => (true, name),
        };
        let (operator, is_negated) = Operator::of(name)?;
        let is_bare = quantifier.is_none() && !if_exists;
        (operator != Operator::Null || is_bare).then_some(Self { quantifier, operator, is_negated, if_exists })
    }

    fn condition(&self, place: &Place<'_>, key: &str, node: &Node, has_variables: bool) -> Result<Condition, Fault> {
        if key.is_empty() {
            return Err(place.fault("a condition key has a name"));
        }
        let operands = place.one_or_more(node).into_iter().map(|(at, item)| {
            let text = match item {
                Node::Text(text) => text.clone(),
                Node::Bool(truth) => truth.to_string(),
                Node::Number(number) => number.to_string(),
                other => return Err(at.fault(format!("expected a string, found {}", other.kind()))),
            };
            let operand = self.operator.operand(&text, has_variables);
            operand.map_err(|problem| at.fault(format!("{problem}, found \"{}\"", excerpt(&text))))
        });
        Ok(Condition {
            key: key.to_lowercase(),
            quantifier: self.quantifier,
            is_negated: self.is_negated,
            if_exists: self.if_exists,
            is_null: self.operator == Operator::Null,
            operands: operands.collect::<Result<_, _>>()?,
        })
    }
}
