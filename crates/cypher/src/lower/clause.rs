//! Clauses, one after the other.

use exec::plan::{Apply, Plan};

use super::scope::{Scope, Sight};
use super::{Columns, Lowerer, Result};
use crate::tree::{Clause, ExpressionKind, Subquery, Unwind, With};

impl<'a> Lowerer<'a> {
    /// A clause over the rows of `input`, and what it returns, if it returns.
    pub(super) fn clause(
        &self,
        clause: &'a Clause,
        input: Plan,
        scope: &mut Scope<'a>,
        is_alone: bool,
    ) -> Result<(Plan, Columns<'a>)> {
        let plan = match clause {
            Clause::Match(clause) => self.match_clause(clause, input, scope)?,
            Clause::Unwind(clause) => self.unwind(clause, input, scope)?,
            Clause::Call(clause) => return self.procedure_call(clause, input, scope, is_alone),
            Clause::Subquery(clause) => self.subquery(clause, input, scope)?,
            Clause::With(clause) => {
                let (plan, columns) = self.projection(&clause.projection, clause.filter.as_ref(), input, scope)?;
                *scope = columns.into_iter().collect();
                plan
            }
            Clause::Return(clause) => return self.projection(&clause.projection, None, input, scope),
            Clause::Create(_)
            | Clause::Merge(_)
            | Clause::Set(_)
            | Clause::Remove(_)
            | Clause::Delete(_)
            | Clause::Foreach(_) => self.update(clause, input, scope)?,
        };
        Ok((plan, Vec::new()))
    }

    fn unwind(&self, clause: &'a Unwind, input: Plan, scope: &mut Scope<'a>) -> Result<Plan> {
        let list = self.expression(&clause.list, Sight::of(scope))?;
        let to = self.slot();
        scope.bind(&clause.variable.text, to);
        Ok(Plan::Unwind { input: Box::new(input), list, to })
    }

    fn subquery(&self, clause: &'a Subquery, input: Plan, scope: &mut Scope<'a>) -> Result<Plan> {
        let mut parts = Vec::new();
        let mut columns: Columns<'a> = Vec::new();
        for part in &clause.query.parts {
            // A WITH at the beginning imports variables; without one, the subquery sees none.
            let imports = match part.clauses.first() {
                Some(Clause::With(with)) => imports(with, scope),
                _ => None,
            };
            let clauses = if imports.is_some() { &part.clauses[1..] } else { &part.clauses[..] };
            let mut inner = imports.unwrap_or_default();
            let mut plan = Plan::Argument;
            let mut returned = Vec::new();
            for clause in clauses {
                (plan, returned) = self.clause(clause, plan, &mut inner, false)?;
            }
            if columns.is_empty() {
                columns = returned.iter().map(|(name, _)| (*name, self.slot())).collect();
            }
            let in_order = columns.iter().filter_map(|(name, _)| returned.iter().find(|(other, _)| other == name));
            parts.push((plan, in_order.map(|(_, slot)| *slot).collect::<Vec<_>>()));
        }
        let to: Vec<_> = columns.iter().map(|(_, slot)| *slot).collect();
        let mut inner = Plan::Union { parts, to: to.clone() };
        if clause.query.parts.len() > 1 && clause.query.union == crate::tree::Union::Distinct {
            inner = Plan::Distinct { input: Box::new(inner), slots: to };
        }
        for (name, slot) in columns {
            scope.bind(name, slot);
        }
        Ok(Plan::Apply { input: Box::new(input), inner: Box::new(inner), kind: Apply::Cross })
    }
}

/// What a WITH at the beginning of a subquery imports: plain variables. Another WITH imports nothing.
fn imports<'a>(with: &'a With, outer: &Scope<'a>) -> Option<Scope<'a>> {
    let mut imported = if with.projection.all { outer.clone() } else { Scope::default() };
    for item in &with.projection.items {
        let (ExpressionKind::Variable(name), None) = (&item.expression.kind, &item.alias) else { return None };
        imported.bind(&name.text, outer.get(&name.text)?);
    }
    Some(imported)
}
