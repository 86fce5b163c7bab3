//! Filters, asked of rows: each set of values that the variables take is asked once, of the evaluator's expressions.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use exec::Value;
use exec::batch::{Batch, Column, Slot};
use exec::context::Context;
use exec::fault::Result;
use exec::plan::Condition;
use model::TermId;
use oxrdf::{Literal, Term, Variable};
use rustc_hash::FxHashMap;
use spareval::QueryEvaluator;
use spargebra::algebra::{Expression, Function, GraphPattern};

use super::{Lowering, Name};
use crate::terms;
use crate::walk::walk;

/// Answers that are remembered, at most.
const REMEMBERED: usize = 1 << 18;

/// The variables of an expression; `None` if it looks at more than their values: at other triples, at the clock or the
/// query, or at chance, which each row has anew.
pub(super) fn variables(expression: &Expression) -> Option<Vec<Variable>> {
    let (mut names, mut is_plain) = (Vec::new(), true);
    let mut copy = GraphPattern::Filter { expr: expression.clone(), inner: Box::default() };
    walk(&mut copy, &mut |_| {}, &mut |expression| match expression {
        Expression::Variable(name) | Expression::Bound(name) if !names.contains(name) => names.push(name.clone()),
        Expression::Exists(_) => is_plain = false,
        Expression::FunctionCall(function, _) => {
            is_plain &= !matches!(
                function,
                Function::Rand
                    | Function::BNode
                    | Function::Uuid
                    | Function::StrUuid
                    | Function::Now
                    | Function::Iri
                    | Function::Custom(_)
            );
        }
        _ => {}
    });
    is_plain.then_some(names)
}

/// A filter.
struct Filter {
    variables: Vec<Variable>,
    slots: Vec<Slot>,
    expression: sparopt::algebra::Expression,
    text: String,
    known: Mutex<FxHashMap<Vec<Option<Operand>>, bool>>,
}

/// The value of a variable in a row.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Operand {
    Term(TermId),
    Count(i64),
}

impl Lowering<'_, '_> {
    /// Whether all variables of an expression are bound.
    pub(super) fn is_bound(&self, expression: &Expression) -> bool {
        variables(expression)
            .is_some_and(|names| names.iter().all(|name| self.names.contains_key(&Name::Variable(name))))
    }

    /// The condition that an expression is true. A variable that is not known is never bound.
    pub(super) fn told(&self, expression: &Expression) -> Option<Arc<dyn Condition>> {
        let names = variables(expression)?;
        let known = names.into_iter().filter_map(|name| {
            let slot = self.names.get(&Name::Variable(&name))?.slot;
            Some((name, slot))
        });
        let (variables, slots) = known.unzip();
        let filter = GraphPattern::Filter { expr: expression.clone(), inner: Box::default() };
        let sparopt::algebra::GraphPattern::Filter { expression: inner, .. } = (&filter).into() else { return None };
        let known = Mutex::default();
        Some(Arc::new(Filter { variables, slots, expression: inner, text: expression.to_string(), known }))
    }
}

impl Condition for Filter {
    fn slots(&self) -> &[Slot] {
        &self.slots
    }

    fn passing(&self, batch: &Batch, context: &Context<'_>) -> Result<Vec<u32>> {
        let columns: Vec<&Column> = self.slots.iter().map(|slot| batch.column(*slot)).collect();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > REMEMBERED {
            known.clear();
        }
        let mut passing = Vec::new();
        let mut operands = Vec::new();
        for row in 0..batch.len() {
            operands.clear();
            for column in &columns {
                operands.push(operand(column, row, context)?);
            }
            let passes = if let Some(passes) = known.get(&operands) {
                *passes
            } else {
                let passes = self.ask(&operands, context)?;
                known.insert(operands.clone(), passes);
                passes
            };
            if passes {
                passing.push(row as u32);
            }
        }
        Ok(passing)
    }

    fn text(&self) -> String {
        self.text.clone()
    }
}

impl Filter {
    fn ask(&self, operands: &[Option<Operand>], context: &Context<'_>) -> Result<bool> {
        let mut values = Vec::with_capacity(operands.len());
        for (variable, operand) in self.variables.iter().zip(operands) {
            let term: Option<Term> = match operand {
                Some(Operand::Term(id)) => Some(terms::to_rdf(context.snapshot().resolve(*id)?)),
                Some(Operand::Count(count)) => Some(Literal::from(*count).into()),
                None => None,
            };
            values.extend(term.map(|term| (variable, term)));
        }
        // An error is not true.
        let is_true = QueryEvaluator::new().evaluate_effective_boolean_value_expression(&self.expression, values);
        Ok(is_true.unwrap_or_default())
    }
}

/// The value of a column in a row.
pub(crate) fn operand(column: &Column, row: usize, context: &Context<'_>) -> Result<Option<Operand>> {
    Ok(match column {
        Column::Nodes(ids) => Some(Operand::Term(ids[row])),
        column => match column.value(row, context)? {
            Value::Node(id) => Some(Operand::Term(id)),
            Value::Integer(count) => Some(Operand::Count(count)),
            _ => None,
        },
    })
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter").field("slots", &self.slots).field("text", &self.text).finish_non_exhaustive()
    }
}
