//! Lists and maps: made in a query, and walked by it.

use std::sync::Arc;

use exec::logic::{self, Truth};
use exec::{List, Map, Value};

use super::{Evaluator, Result, Scope, refused, variable};
use crate::tree::{
    Expression, ListComprehension, MapProjection, MapProjectionItem, Name, Quantifier, QuantifierKind, Reduce,
};

impl Evaluator<'_> {
    pub(super) fn list(&self, items: &[Expression], scope: &Scope<'_>) -> Result {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            values.push(self.value(item, scope)?);
        }
        Ok(Value::list(values)?)
    }

    pub(super) fn map(&self, entries: &[(Name, Expression)], scope: &Scope<'_>) -> Result {
        let mut values: Vec<(Arc<str>, Value)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            values.push((Arc::from(&*key.text), self.value(value, scope)?));
        }
        Ok(Value::Map(Map::new(values)?))
    }

    pub(super) fn quantifier(&self, quantifier: &Quantifier, scope: &Scope<'_>) -> Result<Truth> {
        let Some(items) = items("a quantifier", self.value(&quantifier.list, scope)?)? else {
            return Ok(None);
        };
        let (mut holding, mut unknown) = (0_usize, 0_usize);
        for item in items.iter() {
            let inner = Scope::Inner { name: &quantifier.variable.text, value: item, outer: scope };
            match self.truth("a quantifier", &quantifier.predicate, &inner)? {
                Some(true) => holding += 1,
                Some(false) => {}
                None => unknown += 1,
            }
        }
        let any = if holding > 0 { Some(true) } else { (unknown == 0).then_some(false) };
        Ok(match quantifier.kind {
            QuantifierKind::Any => any,
            QuantifierKind::None => logic::not(any),
            QuantifierKind::All if holding + unknown < items.len() => Some(false),
            QuantifierKind::All => (unknown == 0).then_some(true),
            QuantifierKind::Single if holding > 1 => Some(false),
            QuantifierKind::Single => (unknown == 0).then_some(holding == 1),
        })
    }

    pub(super) fn list_comprehension(&self, comprehension: &ListComprehension, scope: &Scope<'_>) -> Result {
        let Some(items) = items("a list comprehension", self.value(&comprehension.list, scope)?)? else {
            return Ok(Value::Null);
        };
        let mut kept = Vec::new();
        for item in items.iter() {
            let inner = Scope::Inner { name: &comprehension.variable.text, value: item, outer: scope };
            let is_kept = match &comprehension.filter {
                None => true,
                Some(filter) => self.truth("WHERE", filter, &inner)? == Some(true),
            };
            if is_kept {
                kept.push(match &comprehension.value {
                    None => item.clone(),
                    Some(value) => self.value(value, &inner)?,
                });
            }
        }
        Ok(Value::list(kept)?)
    }

    pub(super) fn reduce(&self, reduce: &Reduce, scope: &Scope<'_>) -> Result {
        let Some(items) = items("reduce()", self.value(&reduce.list, scope)?)? else {
            return Ok(Value::Null);
        };
        let mut accumulated = self.value(&reduce.initial, scope)?;
        for item in items.iter() {
            let outer = Scope::Inner { name: &reduce.accumulator.text, value: &accumulated, outer: scope };
            let inner = Scope::Inner { name: &reduce.variable.text, value: item, outer: &outer };
            accumulated = self.value(&reduce.value, &inner)?;
        }
        Ok(accumulated)
    }

    pub(super) fn map_projection(&self, projection: &MapProjection, scope: &Scope<'_>) -> Result {
        let subject = variable(&projection.variable, scope)?;
        if subject.is_null() {
            return Ok(Value::Null);
        }
        let mut entries: Vec<(Arc<str>, Value)> = Vec::new();
        for item in &projection.items {
            match item {
                MapProjectionItem::Property(key) => {
                    entries.push((Arc::from(&*key.text), self.property(&subject, &key.text)?));
                }
                MapProjectionItem::AllProperties => entries.extend(self.properties(&subject)?.iter().cloned()),
                MapProjectionItem::Entry(key, value) => {
                    entries.push((Arc::from(&*key.text), self.value(value, scope)?));
                }
                MapProjectionItem::Variable(name) => entries.push((Arc::from(&*name.text), variable(name, scope)?)),
            }
        }
        Ok(Value::Map(Map::new(entries)?))
    }
}

/// The list to walk; `None` is null.
fn items(operation: &'static str, value: Value) -> Result<Option<List>> {
    match value {
        Value::Null => Ok(None),
        Value::List(list) => Ok(Some(list)),
        other => Err(refused(operation, "a list", &other)),
    }
}
