//! CALL of a procedure: a table whose rows are chosen by the arguments.

use exec::Value;
use exec::expr::Expr;
use exec::plan::Plan;

use super::scope::{Scope, Sight};
use super::{Columns, Lowerer, Result};
use crate::ErrorKind;
use crate::tree::{Call, Name, YieldItems};

impl<'a> Lowerer<'a> {
    pub(super) fn procedure_call(
        &self,
        call: &'a Call,
        input: Plan,
        scope: &mut Scope<'a>,
        is_alone: bool,
    ) -> Result<(Plan, Columns<'a>)> {
        let name = call.procedure.joined();
        let Some(procedure) = self.procedures.get(&name) else {
            let message = format!("There is no procedure `{name}`");
            return Err(self.error(ErrorKind::ProcedureNotFound, call.procedure.span, message));
        };
        let arguments = if let Some(arguments) = &call.arguments {
            let argument = |argument| self.expression(argument, Sight::of(scope));
            arguments.iter().map(argument).collect::<Result<Vec<_>>>()?
        } else {
            let parameter = |input: &crate::Field| {
                let name = Name { text: input.name.clone(), span: call.procedure.span };
                self.parameter(&name).map(Expr::Constant)
            };
            procedure.inputs.iter().map(parameter).collect::<Result<_>>()?
        };
        if procedure.outputs.is_empty() {
            return Ok((input, Vec::new())); // it does something, and gives nothing
        }
        // Each row of the table is a list: inputs, then outputs.
        let rows: Vec<Value> = procedure.rows.iter().filter_map(|row| Value::list(row.clone()).ok()).collect();
        let rows = Expr::Constant(Value::list(rows).unwrap_or(Value::Null));
        let cell = |row: Expr, place: usize| Expr::Index {
            target: Box::new(row),
            index: Box::new(Expr::Constant(Value::Integer(place as i64))),
        };
        let row = self.slot();
        let mut plan = Plan::Unwind { input: Box::new(input), list: rows, to: row };
        let fits = arguments.into_iter().enumerate().map(|(place, argument)| {
            let found = cell(Expr::Slot(row), place);
            let both_null =
                Expr::And(vec![Expr::IsNull(Box::new(found.clone())), Expr::IsNull(Box::new(argument.clone()))]);
            Expr::Or(vec![both_null, Expr::equal(found, argument)])
        });
        let fits: Vec<Expr> = fits.collect();
        if !fits.is_empty() {
            plan = Plan::Filter { input: Box::new(plan), predicate: Expr::all(fits) };
        }
        let mut columns: Columns<'a> = Vec::new();
        let mut items = Vec::new();
        let mut yielded = |variable: &'a str, output: usize| {
            let slot = self.slot();
            items.push((slot, cell(Expr::Slot(row), procedure.inputs.len() + output)));
            columns.push((variable, slot));
        };
        match call.yields.as_ref().map(|yields| &yields.items) {
            Some(YieldItems::Some(fields)) => {
                for item in fields {
                    let output = procedure.outputs.iter().position(|output| output.name == item.field.text);
                    yielded(&item.alias.as_ref().unwrap_or(&item.field).text, output.unwrap_or(0));
                }
            }
            Some(YieldItems::All) | None => {
                for (place, output) in procedure.outputs.iter().enumerate() {
                    yielded(&output.name, place);
                }
            }
        }
        plan = Plan::Project { input: Box::new(plan), items };
        // Without YIELD only a call that is alone gives its columns.
        if call.yields.is_some() || is_alone {
            for (name, slot) in &columns {
                scope.bind(name, *slot);
            }
        }
        if let Some(filter) = call.yields.as_ref().and_then(|yields| yields.filter.as_ref()) {
            let predicate = Expr::all(self.conjuncts(filter, Sight::of(scope))?);
            plan = Plan::Filter { input: Box::new(plan), predicate };
        }
        Ok((plan, if is_alone { columns } else { Vec::new() }))
    }
}
