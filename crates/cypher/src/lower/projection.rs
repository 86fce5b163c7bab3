//! WITH and RETURN: projection, grouping, sorting, paging, filtering, in this order.

use std::cell::RefCell;
use std::collections::HashMap;

use exec::batch::Slot;
use exec::expr::Expr;
use exec::plan::{Plan, SortKey};

use super::scope::{Groups, Scope, Sight};
use super::{Columns, Lowerer, Result};
use crate::bind::aggregate::has_aggregate;
use crate::tree::{Expression, ExpressionKind, Projection};

/// What is projected: a variable that stays what it is, or a new column.
struct Item<'a> {
    name: &'a str,
    what: What<'a>,
}

enum What<'a> {
    Variable(Slot),
    Expression(&'a Expression),
}

impl<'a> Lowerer<'a> {
    pub(super) fn projection(
        &self,
        projection: &'a Projection,
        filter: Option<&'a Expression>,
        input: Plan,
        scope: &Scope<'a>,
    ) -> Result<(Plan, Columns<'a>)> {
        let starred = scope.iter().filter(|_| projection.all);
        let mut items: Vec<Item<'a>> = starred.map(|(name, slot)| Item { name, what: What::Variable(slot) }).collect();
        for item in &projection.items {
            let name = match (&item.alias, &item.expression.kind) {
                (Some(alias), _) => &*alias.text,
                (None, ExpressionKind::Variable(variable)) => &*variable.text,
                (None, _) => self.slice(item.span),
            };
            items.push(Item { name, what: What::Expression(&item.expression) });
        }
        let aggregates = projection.items.iter().any(|item| has_aggregate(&item.expression));
        let (mut plan, columns, keys) = if aggregates {
            self.grouped(projection, &items, input, scope)?
        } else {
            self.plain(projection, &items, input, scope)?
        };
        if !keys.is_empty() {
            plan = Plan::Sort { input: Box::new(plan), keys, limit: None };
        }
        let nothing = Scope::default();
        if let Some(skip) = &projection.skip {
            plan = Plan::Skip { input: Box::new(plan), count: self.expression(skip, Sight::of(&nothing))? };
        }
        if let Some(limit) = &projection.limit {
            plan = Plan::Limit { input: Box::new(plan), count: self.expression(limit, Sight::of(&nothing))? };
        }
        if let Some(filter) = filter {
            plan = self.filtered(filter, plan, projection, aggregates, scope, &columns)?;
        }
        Ok((plan, columns))
    }

    /// WHERE behind WITH: it sees the columns, and before grouping the variables around them, too.
    fn filtered(
        &self,
        filter: &'a Expression,
        input: Plan,
        projection: &'a Projection,
        aggregates: bool,
        scope: &Scope<'a>,
        columns: &Columns<'a>,
    ) -> Result<Plan> {
        let is_gone = aggregates || projection.distinct;
        let visible = if is_gone { Scope::default() } else { scope.clone() };
        let visible = over(visible, columns);
        let known = if is_gone { known(projection, columns) } else { HashMap::new() };
        let sight = Sight { known: Some(&known), ..Sight::of(&visible) };
        let predicate = Expr::all(self.conjuncts(filter, sight)?);
        Ok(Plan::Filter { input: Box::new(input), predicate })
    }

    /// Without aggregates.
    fn plain(
        &self,
        projection: &'a Projection,
        items: &[Item<'a>],
        input: Plan,
        scope: &Scope<'a>,
    ) -> Result<(Plan, Columns<'a>, Vec<SortKey>)> {
        let mut columns: Columns<'a> = Vec::with_capacity(items.len());
        let mut projected = Vec::new();
        for item in items {
            let slot = match item.what {
                What::Variable(slot) => slot,
                What::Expression(expression) => match self.expression(expression, Sight::of(scope))? {
                    Expr::Slot(slot) => slot,
                    value => {
                        let slot = self.slot();
                        projected.push((slot, value));
                        slot
                    }
                },
            };
            columns.push((item.name, slot));
        }
        let mut plan = input;
        if !projected.is_empty() {
            plan = Plan::Project { input: Box::new(plan), items: projected };
        }
        if projection.distinct {
            plan = Plan::Distinct { input: Box::new(plan), slots: columns.iter().map(|(_, slot)| *slot).collect() };
        }
        let visible = over(if projection.distinct { Scope::default() } else { scope.clone() }, &columns);
        let known = if projection.distinct { known(projection, &columns) } else { HashMap::new() };
        let keys = self.sort_keys(projection, Sight { known: Some(&known), ..Sight::of(&visible) })?;
        Ok((plan, columns, keys))
    }

    /// With aggregates: what has none is what the rows are grouped by.
    fn grouped(
        &self,
        projection: &'a Projection,
        items: &[Item<'a>],
        input: Plan,
        scope: &Scope<'a>,
    ) -> Result<(Plan, Columns<'a>, Vec<SortKey>)> {
        let groups = Groups { scope, found: RefCell::default(), known: RefCell::default() };
        let mut keys: Vec<(Slot, Expr)> = Vec::new();
        let mut known: HashMap<&'a Expression, Slot> = HashMap::new();
        // Variables that are keys are still called as they were.
        let mut left = Scope::default();
        let mut slots: Vec<Option<Slot>> = Vec::with_capacity(items.len());
        for item in items {
            let key = match item.what {
                What::Variable(slot) => Some((None, Expr::Slot(slot))),
                What::Expression(expression) if !has_aggregate(expression) => {
                    Some((Some(expression), self.expression(expression, Sight::of(scope))?))
                }
                What::Expression(_) => None,
            };
            slots.push(key.map(|(expression, key)| {
                let slot = self.slot();
                keys.push((slot, key));
                match expression {
                    None => left.bind(item.name, slot),
                    Some(expression) => {
                        known.insert(expression, slot);
                        if let ExpressionKind::Variable(variable) = &expression.kind {
                            left.bind(&variable.text, slot);
                        }
                    }
                }
                slot
            }));
        }
        let mut projected = Vec::new();
        let mut columns: Columns<'a> = Vec::with_capacity(items.len());
        let sight = Sight { scope: &left, local: None, known: Some(&known), groups: Some(&groups) };
        for (item, slot) in items.iter().zip(slots) {
            let slot = match (slot, &item.what) {
                (Some(slot), _) => slot,
                (None, What::Variable(slot)) => *slot,
                (None, What::Expression(expression)) => match self.expression(expression, sight)? {
                    Expr::Slot(slot) => slot,
                    value => {
                        let slot = self.slot();
                        projected.push((slot, value));
                        slot
                    }
                },
            };
            columns.push((item.name, slot));
        }
        let visible = over(left.clone(), &columns);
        let mut by_expression = known.clone();
        by_expression.extend(self::known(projection, &columns));
        let sort_sight = Sight { scope: &visible, local: None, known: Some(&by_expression), groups: Some(&groups) };
        let sort_keys = self.sort_keys(projection, sort_sight)?;
        let aggregates = groups.found.into_inner();
        let mut plan = Plan::Aggregate { input: Box::new(input), keys, aggregates };
        if !projected.is_empty() {
            plan = Plan::Project { input: Box::new(plan), items: projected };
        }
        if projection.distinct {
            plan = Plan::Distinct { input: Box::new(plan), slots: columns.iter().map(|(_, slot)| *slot).collect() };
        }
        Ok((plan, columns, sort_keys))
    }

    fn sort_keys(&self, projection: &'a Projection, sight: Sight<'_, 'a>) -> Result<Vec<SortKey>> {
        let key = |item: &'a crate::tree::SortItem| {
            Ok(SortKey { key: self.expression(&item.expression, sight)?, descending: item.descending })
        };
        projection.order.iter().map(key).collect()
    }
}

/// The columns over other variables.
fn over<'a>(mut scope: Scope<'a>, columns: &Columns<'a>) -> Scope<'a> {
    for (name, slot) in columns {
        scope.bind(name, *slot);
    }
    scope
}

/// The expressions that are columns.
fn known<'a>(projection: &'a Projection, columns: &Columns<'a>) -> HashMap<&'a Expression, Slot> {
    let starred = columns.len() - projection.items.len();
    let items = projection.items.iter().map(|item| &item.expression);
    items.zip(columns[starred..].iter().map(|(_, slot)| *slot)).collect()
}
