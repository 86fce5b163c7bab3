//! Property values compared with one value, without being looked up where their ids can tell.

use std::cmp::Ordering;

use model::{Tag, TermId, TermRef};

use crate::Value;
use crate::context::Context;
use crate::expr::Compare;
use crate::fault::Result;
use crate::logic::Truth;

impl Compare {
    /// Whether it asks for nothing but equality.
    pub(super) const fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual)
    }

    /// With its sides exchanged.
    pub(super) const fn flipped(self) -> Self {
        match self {
            Self::Equal | Self::NotEqual => self,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }

    const fn answer(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// How terms stand to a value.
pub(super) fn terms(
    terms: &[Option<TermId>],
    operator: Compare,
    value: &Value,
    context: &Context<'_>,
) -> Result<Vec<Truth>> {
    let probe = Probe::of(value, context);
    let known = |term: &Option<TermId>| known((*term)?, operator, probe?);
    let mut others: Vec<Option<TermId>> = Vec::new();
    let mut truths: Vec<Truth> = Vec::with_capacity(terms.len());
    for term in terms {
        let order = known(term);
        truths.push(order.map(|order| operator.answer(order)));
        if order.is_none() {
            others.push(*term);
        }
    }
    if others.iter().any(Option::is_some) {
        let values = context.values(&others)?;
        let unknown = truths.iter_mut().zip(terms).filter(|(_, term)| known(term).is_none());
        for ((truth, _), found) in unknown.zip(&values) {
            *truth = operator.of(found, value);
        }
    }
    Ok(truths)
}

/// What terms are compared with: the id that its value has in the store.
#[derive(Clone, Copy)]
enum Probe {
    Integer(TermId),
    String(TermId),
}

impl Probe {
    fn of(value: &Value, context: &Context<'_>) -> Option<Self> {
        match value {
            Value::Integer(value) => Some(Self::Integer(context.encode(TermRef::Long(*value)))),
            Value::String(text) => Some(Self::String(context.encode(TermRef::String(text)))),
            _ => None,
        }
    }
}

/// How a term stands to it; `None` if ids cannot tell. Where only equality is asked for, all others are `Less`.
fn known(term: TermId, operator: Compare, probe: Probe) -> Option<Ordering> {
    const INTEGERS: std::ops::RangeInclusive<u8> = Tag::Integer as u8..=Tag::UnsignedByte as u8;
    let is_string = |id: TermId| matches!(id.tag(), Some(Tag::StringInline | Tag::StringHash));
    match probe {
        // The payload of an integer is in the order of its value, whatever its type.
        Probe::Integer(probe) if INTEGERS.contains(&term.tag_byte()) => Some(term.payload().cmp(&probe.payload())),
        Probe::String(probe) if term == probe => Some(Ordering::Equal),
        Probe::String(_) if operator.is_equality() && is_string(term) => Some(Ordering::Less),
        Probe::String(probe) if !term.is_hashed() && !probe.is_hashed() && is_string(term) => Some(term.cmp(&probe)),
        _ => None,
    }
}
