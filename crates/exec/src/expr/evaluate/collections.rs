//! Lists and maps: made in a query, and walked by it.

use std::sync::Arc;

use super::{Evaluator, Local, Scope, refused};
use crate::expr::{Expr, MapItem, Quantifier};
use crate::fault::Result;
use crate::logic::{self, Truth};
use crate::{List, Map, Value};

/// Items between two looks at whether the query was ended.
const ITEMS: usize = 1_024;

impl Evaluator<'_, '_> {
    pub(super) fn list(self, items: &[Expr], scope: Scope<'_>) -> Result<Value> {
        Ok(Value::list(self.values(items, scope)?)?)
    }

    pub(super) fn map(self, entries: &[(Arc<str>, Expr)], scope: Scope<'_>) -> Result<Value> {
        let mut values = Vec::with_capacity(entries.len());
        let mut kept = self.context.memory.gather();
        for (key, value) in entries {
            let value = self.value(value, scope)?;
            kept.add(value.own_bytes())?;
            values.push((Arc::clone(key), value));
        }
        Ok(Value::Map(Map::new(values)?))
    }

    pub(super) fn quantifier(self, kind: Quantifier, list: &Expr, predicate: &Expr, scope: Scope<'_>) -> Result<Truth> {
        let Some(items) = items("a quantifier", self.value(list, scope)?)? else {
            return Ok(None);
        };
        let (mut holding, mut unknown) = (0_usize, 0_usize);
        for (at, item) in items.iter().enumerate() {
            self.look(at)?;
            let local = Local { value: item, outer: scope.local };
            match self.truth("a quantifier", predicate, Scope { local: Some(&local), ..scope })? {
                Some(true) => holding += 1,
                Some(false) => {}
                None => unknown += 1,
            }
        }
        let any = if holding > 0 { Some(true) } else { (unknown == 0).then_some(false) };
        Ok(match kind {
            Quantifier::Any => any,
            Quantifier::None => logic::not(any),
            Quantifier::All if holding + unknown < items.len() => Some(false),
            Quantifier::All => (unknown == 0).then_some(true),
            Quantifier::Single if holding > 1 => Some(false),
            Quantifier::Single => (unknown == 0).then_some(holding == 1),
        })
    }

    pub(super) fn list_comprehension(
        self,
        list: &Expr,
        filter: Option<&Expr>,
        value: Option<&Expr>,
        scope: Scope<'_>,
    ) -> Result<Value> {
        let Some(items) = items("a list comprehension", self.value(list, scope)?)? else {
            return Ok(Value::Null);
        };
        let mut kept = Vec::new();
        let mut memory = self.context.memory.gather();
        for (at, item) in items.iter().enumerate() {
            self.look(at)?;
            let local = Local { value: item, outer: scope.local };
            let inner = Scope { local: Some(&local), ..scope };
            let is_kept = match filter {
                None => true,
                Some(filter) => self.truth("WHERE", filter, inner)? == Some(true),
            };
            if is_kept {
                let value = match value {
                    None => item.clone(),
                    Some(value) => self.value(value, inner)?,
                };
                memory.add(value.own_bytes())?;
                kept.push(value);
            }
        }
        Ok(Value::list(kept)?)
    }

    pub(super) fn reduce(self, initial: &Expr, list: &Expr, value: &Expr, scope: Scope<'_>) -> Result<Value> {
        let Some(items) = items("reduce()", self.value(list, scope)?)? else {
            return Ok(Value::Null);
        };
        let mut accumulated = self.value(initial, scope)?;
        for (at, item) in items.iter().enumerate() {
            self.look(at)?;
            let outer = Local { value: &accumulated, outer: scope.local };
            let local = Local { value: item, outer: Some(&outer) };
            accumulated = self.value(value, Scope { local: Some(&local), ..scope })?;
        }
        Ok(accumulated)
    }

    /// The values of all, in order, kept at once.
    pub(super) fn values(self, exprs: &[Expr], scope: Scope<'_>) -> Result<Vec<Value>> {
        let mut values = Vec::with_capacity(exprs.len());
        let mut kept = self.context.memory.gather();
        for expr in exprs {
            let value = self.value(expr, scope)?;
            kept.add(value.own_bytes())?;
            values.push(value);
        }
        Ok(values)
    }

    /// Looks now and then whether to go on: one row may walk long lists within long lists.
    fn look(self, at: usize) -> Result {
        if at.is_multiple_of(ITEMS) { self.context.check() } else { Ok(()) }
    }

    pub(super) fn map_projection(self, subject: &Expr, items: &[MapItem], scope: Scope<'_>) -> Result<Value> {
        let subject = self.value(subject, scope)?;
        if subject.is_null() {
            return Ok(Value::Null);
        }
        let mut entries: Vec<(Arc<str>, Value)> = Vec::with_capacity(items.len());
        for item in items {
            match item {
                MapItem::Property(key) => entries.push((Arc::clone(&key.text), self.named(&subject, key)?)),
                MapItem::All => entries.extend(self.properties(&subject)?.iter().cloned()),
                MapItem::Entry(key, value) => entries.push((Arc::clone(key), self.value(value, scope)?)),
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
