//! Aggregates over the whole graph that the store's counts, or one walk along an index, answer.
//!
//! - **Shape**: [`Summary::Count`] is one number: the statistics have it, if they are of this commit; else it is the length
//!   of a run of an index. [`Summary::Degrees`] counts runs of the order in which a node's relationships are neighbours.
//!   [`Summary::Groups`] walks a property's values in their order, and trusts the statistics that each node has one at
//!   most; without them, the plan that was there before is run.

use std::sync::Arc;

use model::{Tag, TermId};
use rustc_hash::FxHashMap;
use store::statistics::{Graph, PropertyGraph};
use store::{Columns, Order, Pattern, Tally};

use super::{Operator, Running, build};
use crate::Value;
use crate::batch::{Batch, Column, ROWS, Slot};
use crate::context::Context;
use crate::fault::Result;
use crate::graph::{FIRST_TYPE, Name};
use crate::memory::Held;
use crate::plan::{Counted, Direction, Plan, Summary};

pub(super) struct Summarize<'q> {
    summary: &'q Summary,
    otherwise: &'q Plan,
    argument: Option<Batch>,
    context: &'q Context<'q>,
    state: State<'q>,
}

enum State<'q> {
    New,
    Rows(std::vec::IntoIter<Batch>),
    Degrees(Box<Degrees<'q>>),
    Otherwise(Running<'q>),
}

impl<'q> Summarize<'q> {
    pub(super) fn new(
        summary: &'q Summary,
        otherwise: &'q Plan,
        argument: Option<Batch>,
        context: &'q Context<'q>,
    ) -> Self {
        Self { summary, otherwise, argument, context, state: State::New }
    }

    fn begin(&self) -> Result<State<'q>> {
        let found = match self.summary {
            Summary::Count { of, to } => count(of, self.context)?.map(|count| vec![one(to, count)]),
            Summary::Groups { label, key, value, counts } => {
                groups(label.as_ref(), key, self.context)?.map(|groups| groups.batches(*value, counts))
            }
            Summary::Degrees { label, .. } if !is_whole(label.as_ref(), self.context) => None,
            Summary::Degrees { node, counts, direction, types, .. } => {
                return Ok(State::Degrees(Box::new(Degrees::new(*node, counts, *direction, types, self.context))));
            }
        };
        Ok(match found {
            Some(batches) => State::Rows(batches.into_iter()),
            None => State::Otherwise(build(self.otherwise, self.context, self.argument.as_ref())),
        })
    }
}

impl Operator for Summarize<'_> {
    fn next(&mut self) -> Result<Option<Batch>> {
        self.context.check()?;
        if matches!(self.state, State::New) {
            self.state = self.begin()?;
        }
        match &mut self.state {
            State::New => Ok(None),
            State::Rows(rows) => Ok(rows.next()),
            State::Degrees(degrees) => degrees.next(),
            State::Otherwise(running) => running.next(),
        }
    }
}

fn one(to: &[Slot], count: u64) -> Batch {
    to.iter().fold(Batch::unit(), |batch, slot| batch.with(*slot, Column::Constant(Value::Integer(count as i64))))
}

/// What the statistics say of the graph, if they are of the commit that is read.
fn property_graph(run: &store::statistics::Run) -> Option<&PropertyGraph> {
    match &run.statistics.graph {
        Some(Graph::Pg(graph)) => Some(graph),
        _ => None,
    }
}

fn of_name(list: &[store::statistics::Counted], name: &Name) -> u64 {
    list.iter().find(|counted| counted.name == name.text).map_or(0, |counted| counted.count)
}

/// How many there are; `None` where only a scan can tell.
fn count(of: &Counted, context: &Context<'_>) -> Result<Option<u64>> {
    let run = context.statistics();
    let known = run.as_deref().and_then(property_graph);
    Ok(match (of, known) {
        (Counted::Nodes(None), Some(graph)) => Some(graph.nodes),
        (Counted::Nodes(Some(label)), Some(graph)) => Some(of_name(&graph.node_labels, label)),
        (Counted::Edges(types), Some(graph)) if types.is_empty() => Some(graph.edges),
        (Counted::Edges(types), Some(graph)) => Some(types.iter().map(|name| of_name(&graph.edge_labels, name)).sum()),
        (Counted::Nodes(None), None) => None,
        (Counted::Nodes(Some(label)), None) => {
            let pattern = Pattern { p: Some(TermId::LABEL), o: Some(label.id), ..Pattern::ALL };
            Some(length(pattern, Order::Posg, context)?)
        }
        (Counted::Edges(types), None) if types.is_empty() => Some(length(Pattern::ALL, Order::Gspo, context)?),
        (Counted::Edges(types), None) => {
            let mut sum = 0;
            for name in types {
                sum += length(Pattern { p: Some(name.id), ..Pattern::ALL }, Order::Posg, context)?;
            }
            Some(sum)
        }
    })
}

/// Whether all nodes have this label, if one is asked for; false where the counts do not tell.
fn is_whole(label: Option<&Name>, context: &Context<'_>) -> bool {
    let Some(label) = label else { return true };
    let run = context.statistics();
    let graph = run.as_deref().and_then(property_graph);
    graph.is_some_and(|graph| of_name(&graph.node_labels, label) == graph.nodes)
}

/// How many quads match, without reading any of their columns.
fn length(pattern: Pattern, order: Order, context: &Context<'_>) -> Result<u64> {
    let mut length = 0;
    for batch in context.snapshot().scan_columns(pattern, order, Columns::NONE).until(&context.cancel) {
        length += batch?.len() as u64;
    }
    Ok(length)
}

/// Values and how many nodes have each.
struct Groups {
    values: Vec<Option<TermId>>,
    counts: Vec<u64>,
    _held: Held,
}

impl Groups {
    fn batches(self, value: Slot, counts: &[Slot]) -> Vec<Batch> {
        let pieces = self.values.chunks(ROWS).zip(self.counts.chunks(ROWS));
        let batch = |(values, numbers): (&[Option<TermId>], &[u64])| {
            let numbers = numbers.iter().map(|count| Value::Integer(*count as i64)).collect();
            let column = Column::values(numbers);
            let batch = Batch::of(values.len()).with(value, Column::Terms(Arc::new(values.to_vec())));
            counts.iter().fold(batch, |batch, slot| batch.with(*slot, column.clone()))
        };
        pieces.map(batch).collect()
    }

    /// Puts together what is one value under two ids, as `1` and `1.0` are.
    fn merged(mut self, context: &Context<'_>) -> Result<Self> {
        let is_number = |id: &TermId| (Tag::Integer as u8..=Tag::Double as u8).contains(&id.tag_byte());
        let mut tags = self.values.iter().flatten().filter(|id| is_number(id)).map(|id| id.tag_byte());
        let first = tags.next();
        if tags.all(|tag| Some(tag) == first) {
            return Ok(self);
        }
        let mut places: FxHashMap<Value, usize> = FxHashMap::default();
        let (mut values, mut counts): (Vec<Option<TermId>>, Vec<u64>) = (Vec::new(), Vec::new());
        for (id, count) in self.values.iter().zip(&self.counts) {
            let place = match id {
                Some(number) if is_number(number) => *places.entry(context.value(*number)?).or_insert(values.len()),
                _ => values.len(),
            };
            if place == values.len() {
                values.push(*id);
                counts.push(0);
            }
            counts[place] += count;
        }
        (self.values, self.counts) = (values, counts);
        Ok(self)
    }
}

/// How many nodes have each value of a property; `None` where that cannot be told from the index alone.
fn groups(label: Option<&Name>, key: &Name, context: &Context<'_>) -> Result<Option<Groups>> {
    let Some(run) = context.statistics() else { return Ok(None) };
    let Some(graph) = property_graph(&run) else { return Ok(None) };
    let have_values: u64 = graph.node_properties.iter().map(|counted| counted.count).sum();
    let is_single = have_values == graph.node_property_values;
    if !is_single || !is_whole(label, context) {
        return Ok(None);
    }
    let on_edges = of_name(&graph.edge_properties, key) > 0;
    let columns = if on_edges { Columns::O.and(Columns::S) } else { Columns::O };
    let pattern = Pattern { p: Some(key.id), ..Pattern::ALL };
    let mut held = context.memory.hold();
    let (mut values, mut counts): (Vec<Option<TermId>>, Vec<u64>) = (Vec::new(), Vec::new());
    let mut all = 0;
    for batch in context.snapshot().scan_columns(pattern, Order::Posg, columns).until(&context.cancel) {
        let batch = batch?;
        let mut add = |value: TermId, more: u64| {
            match (values.last(), counts.last_mut()) {
                (Some(last), Some(count)) if *last == Some(value) => *count += more,
                _ => {
                    values.push(Some(value));
                    counts.push(more);
                }
            }
            all += more;
        };
        if on_edges {
            let nodes = batch.o.iter().zip(&batch.s).filter(|(_, subject)| subject.is_vertex());
            nodes.for_each(|(value, _)| add(*value, 1));
        } else {
            batch.o.chunk_by(|left, right| left == right).for_each(|run| add(run[0], run.len() as u64));
        }
        held.set(values.len() as u64 * 24)?;
    }
    if graph.nodes > all {
        values.push(None);
        counts.push(graph.nodes - all);
    }
    Groups { values, counts, _held: held }.merged(context).map(Some)
}

/// How many relationships leave, or reach, each node that has some.
struct Degrees<'q> {
    node: Slot,
    counts: &'q [Slot],
    context: &'q Context<'q>,
    tally: Tally,
}

impl<'q> Degrees<'q> {
    fn new(node: Slot, counts: &'q [Slot], direction: Direction, types: &[Name], context: &'q Context<'q>) -> Self {
        let order = match direction {
            Direction::In => Order::Opsg,
            Direction::Out | Direction::Either => Order::Spog,
        };
        let types: Vec<TermId> = types.iter().map(|name| name.id).collect();
        let counted = if types.is_empty() { store::Counted::From(FIRST_TYPE) } else { store::Counted::Among(&types) };
        let tally = context.snapshot().tally(order, &[], VERTICES, counted);
        Self { node, counts, context, tally }
    }

    fn next(&mut self) -> Result<Option<Batch>> {
        let Some((nodes, degrees)) = self.tally.next(ROWS, &self.context.cancel)? else { return Ok(None) };
        let column = Column::values(degrees.iter().map(|degree| Value::Integer(*degree as i64)).collect());
        let batch = Batch::of(nodes.len()).with(self.node, Column::nodes(nodes));
        Ok(Some(self.counts.iter().fold(batch, |batch, slot| batch.with(*slot, column.clone()))))
    }
}

/// The first and the last id that a node can have.
const VERTICES: (TermId, TermId) = {
    let largest = TermId::MAX.get() >> 8;
    (TermId::new(Tag::VertexInline, 0), TermId::new(Tag::VertexHash, largest))
};
