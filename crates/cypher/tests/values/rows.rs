//! Rows through UNWIND, WITH and RETURN, one clause after the other, in memory.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use cypher::evaluate::{Clock, Entity, Error, Evaluator, Graph, Result as Evaluated, Scope};
use cypher::tree::{Clause, Expression, Projection};
use exec::temporal::Instant;
use exec::{Map, Value, order};

type Row = HashMap<Box<str>, Value>;

/// As many rows as are worth it in such an engine.
const MANY: usize = 100_000;

/// Why there are no rows.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The query is not one of literals alone, or does not parse.
    NeedsMore,
    /// The values refuse.
    Evaluation(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            // Aggregates are the engine's.
            Error::NotOfOneRow(_) | Error::UnknownFunction(_) | Error::Unsupported(_) => Self::NeedsMore,
            other => Self::Evaluation(other),
        }
    }
}

/// The rows of a query, by column.
pub(crate) fn run(text: &str, parameters: &Map) -> Result<Vec<Vec<Value>>, Failure> {
    let parsed = cypher::parse(text).map_err(|_| Failure::NeedsMore)?;
    let [part] = &parsed.statement.query.parts[..] else { return Err(Failure::NeedsMore) };
    let evaluator = Evaluator { parameters, clock: &Fixed, graph: &Nothing };
    let mut rows = vec![Row::new()];
    for clause in &part.clauses {
        rows = match clause {
            Clause::Unwind(unwind) => {
                let mut longer = Vec::new();
                for row in rows {
                    let items = match evaluator.value(&unwind.list, &Scope::Row(&row))? {
                        Value::Null => continue,
                        Value::List(items) => items.to_vec(),
                        one => vec![one],
                    };
                    longer.extend(items.into_iter().map(|item| {
                        let mut row = row.clone();
                        row.insert(unwind.variable.text.clone(), item);
                        row
                    }));
                    if longer.len() > MANY {
                        return Err(Failure::NeedsMore);
                    }
                }
                longer
            }
            Clause::With(with) => {
                let names = names(&with.projection)?;
                let projected = project(&evaluator, &with.projection, rows)?;
                let mut rows: Vec<Row> =
                    projected.into_iter().map(|(row, before)| named(&with.projection, &names, row, before)).collect();
                if let Some(filter) = &with.filter {
                    rows = filtered(&evaluator, filter, rows)?;
                }
                rows
            }
            Clause::Return(last) => {
                if last.projection.all {
                    return Err(Failure::NeedsMore);
                }
                let projected = project(&evaluator, &last.projection, rows)?;
                return Ok(projected.into_iter().map(|(row, _)| row).collect());
            }
            _ => return Err(Failure::NeedsMore),
        };
    }
    Err(Failure::NeedsMore)
}

/// The value of a cell of a table; `None` if it is no value of its own.
pub(crate) fn cell(text: &str) -> Option<Value> {
    // What the suite writes and no query can.
    let text = text.replace("NaN", "(0.0 / 0.0)");
    let row = run(&format!("RETURN {text}"), &Map::default()).ok()?.pop()?;
    row.into_iter().next()
}

fn names(projection: &Projection) -> Result<Vec<Box<str>>, Failure> {
    let name = |item: &cypher::tree::ProjectionItem| match (&item.alias, &item.expression.kind) {
        (Some(alias), _) => Ok(alias.text.clone()),
        (None, cypher::tree::ExpressionKind::Variable(name)) => Ok(name.text.clone()),
        (None, _) => Err(Failure::NeedsMore),
    };
    projection.items.iter().map(name).collect()
}

fn named(projection: &Projection, names: &[Box<str>], row: Vec<Value>, before: Row) -> Row {
    let mut named = if projection.all { before } else { Row::new() };
    named.extend(names.iter().cloned().zip(row));
    named
}

/// The projected rows, each beside the one that it came from.
fn project(
    evaluator: &Evaluator<'_>,
    projection: &Projection,
    rows: Vec<Row>,
) -> Result<Vec<(Vec<Value>, Row)>, Failure> {
    let mut seen = HashSet::new();
    let mut projected = Vec::new();
    for row in rows {
        let values = projection.items.iter().map(|item| evaluator.value(&item.expression, &Scope::Row(&row)));
        let values = values.collect::<Evaluated<Vec<Value>>>()?;
        if projection.distinct && !seen.insert(values.clone()) {
            continue;
        }
        // Sorting sees what is projected and what was there before.
        let mut visible = row.clone();
        for (item, value) in projection.items.iter().zip(&values) {
            if let Some(alias) = &item.alias {
                visible.insert(alias.text.clone(), value.clone());
            }
        }
        let keys = projection.order.iter().map(|key| evaluator.value(&key.expression, &Scope::Row(&visible)));
        let keys = keys.collect::<Evaluated<Vec<Value>>>()?;
        projected.push((keys, values, row));
    }
    projected.sort_by(|(left, ..), (right, ..)| {
        let pairs = left.iter().zip(right).zip(&projection.order);
        let mut orders = pairs.map(|((left, right), item)| {
            let order = order::compare(left, right);
            if item.descending { order.reverse() } else { order }
        });
        orders.find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    });
    let count = |expression: &Option<Expression>, default: usize| match expression {
        None => Ok(default),
        Some(expression) => match evaluator.value(expression, &Scope::Row(&Row::new()))? {
            Value::Integer(count) => usize::try_from(count).map_err(|_| Failure::NeedsMore),
            _ => Err(Failure::NeedsMore),
        },
    };
    let (skip, limit) = (count(&projection.skip, 0)?, count(&projection.limit, usize::MAX)?);
    Ok(projected.into_iter().skip(skip).take(limit).map(|(_, values, row)| (values, row)).collect())
}

fn filtered(evaluator: &Evaluator<'_>, filter: &Expression, rows: Vec<Row>) -> Result<Vec<Row>, Failure> {
    let mut kept = Vec::new();
    for row in rows {
        if evaluator.truth("WHERE", filter, &Scope::Row(&row))? == Some(true) {
            kept.push(row);
        }
    }
    Ok(kept)
}

/// One moment for all.
struct Fixed;

impl Clock for Fixed {
    fn transaction(&self) -> Instant {
        Instant::new(1_700_000_000, 123_456_789).expect("in range")
    }

    fn statement(&self) -> Instant {
        self.transaction()
    }

    fn realtime(&self) -> Instant {
        self.transaction()
    }

    fn random(&self) -> u64 {
        0x1234_5678_9abc_def0
    }
}

/// A graph of which nobody has a node.
struct Nothing;

impl Graph for Nothing {
    fn id(&self, _: Entity<'_>) -> Evaluated<Arc<str>> {
        Err(Error::NotOfOneRow("a graph"))
    }

    fn property(&self, _: Entity<'_>, _: &str) -> Evaluated {
        Err(Error::NotOfOneRow("a graph"))
    }

    fn properties(&self, _: Entity<'_>) -> Evaluated<Map> {
        Err(Error::NotOfOneRow("a graph"))
    }

    fn labels(&self, _: Entity<'_>) -> Evaluated<Vec<Arc<str>>> {
        Err(Error::NotOfOneRow("a graph"))
    }
}
