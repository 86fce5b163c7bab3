//! What each step is called, and what it is told.

use super::expression::{Writer, names, slot, slots};
use crate::batch::Slot;
use crate::graph::Name;
use crate::plan::triple::Place;
use crate::plan::{Access, Aggregate, Apply, Counted, Direction, Pattern, Plan, Summary, Triple, Walk, Walks, Write};

/// What is said of a step.
pub(super) struct Told {
    pub(super) name: &'static str,
    pub(super) arguments: String,
    pub(super) mode: Option<&'static str>,
}

pub(super) fn tell<'p>(plan: &'p Plan, writer: &mut Writer<'p>) -> Told {
    let told = |name, arguments| Told { name, arguments, mode: None };
    match plan {
        Plan::Unit => told("Unit", String::new()),
        Plan::Argument => told("Argument", String::new()),
        Plan::Match { pattern, .. } => told("Match", format!("pattern={}", of_pattern(pattern))),
        Plan::Nodes { node, access, .. } => {
            let (mode, arguments) = match access {
                Access::All => ("all", format!("node={}", slot(*node))),
                Access::Label(label) => ("label", format!("node={}, label={}", slot(*node), label.text)),
                Access::Id(id) => ("id", format!("node={}, id={}", slot(*node), writer.text(id))),
                Access::Property { key, value } => {
                    ("property", format!("node={}, {}={}", slot(*node), key.text, writer.text(value)))
                }
            };
            Told { name: "NodeScan", arguments, mode: Some(mode) }
        }
        Plan::Edges { edge, start, end, types, .. } => {
            told("EdgeScan", walked(*start, edge.map(slot), &names(types), "", Direction::Out, *end))
        }
        Plan::Expand { from, edge, to, into, direction, types, .. } => Told {
            name: "Expand",
            arguments: walked(*from, edge.map(slot), &names(types), "", *direction, *to),
            mode: Some(if *into { "into" } else { "all" }),
        },
        Plan::Walk { walk, .. } => of_walk(walk, writer),
        Plan::Triples { triple, .. } => of_triple(triple),
        Plan::Test { condition, .. } => told("Test", condition.text()),
        Plan::Filter { predicate, .. } => told("Filter", writer.text(predicate)),
        Plan::Project { items, .. } => told("Project", writer.items(items)),
        Plan::Aggregate { keys, aggregates, .. } => {
            let aggregates: Vec<String> =
                aggregates.iter().map(|(to, of)| format!("{}={}", slot(*to), of_aggregate(of, writer))).collect();
            told("Aggregate", format!("keys=[{}], values=[{}]", writer.items(keys), aggregates.join(", ")))
        }
        Plan::Summarize { summary, .. } => of_summary(summary),
        Plan::Distinct { slots: of, .. } => told("Distinct", slots(of)),
        Plan::Sort { keys, limit, .. } => {
            let keys: Vec<String> = keys
                .iter()
                .map(|key| format!("{}{}", writer.text(&key.key), if key.descending { " DESC" } else { "" }))
                .collect();
            let (mode, limit) = match limit {
                Some(limit) => ("top", format!(", limit={}", writer.text(limit))),
                None => ("all", String::new()),
            };
            Told { name: "Sort", arguments: format!("by=[{}]{limit}", keys.join(", ")), mode: Some(mode) }
        }
        Plan::Skip { count, .. } => told("Skip", writer.text(count)),
        Plan::Limit { count, .. } => told("Limit", writer.text(count)),
        Plan::Unwind { list, to, .. } => told("Unwind", format!("{} IN {}", slot(*to), writer.text(list))),
        Plan::Apply { kind, .. } => {
            let (mode, arguments) = match kind {
                Apply::Cross => ("cross", String::new()),
                Apply::Optional(nulls) => ("optional", slots(nulls)),
                Apply::Semi => ("semi", String::new()),
                Apply::Anti => ("anti", String::new()),
            };
            Told { name: "Apply", arguments, mode: Some(mode) }
        }
        Plan::Union { parts, to } => told("Union", format!("parts={}, {}", parts.len(), slots(to))),
        Plan::Keep { slots: of, .. } => told("Keep", slots(of)),
        Plan::Write { writes, .. } => told("Write", of_writes(writes)),
        Plan::Merge { create, on_match, .. } => {
            told("Merge", format!("create=[{}], match=[{}]", of_writes(create), of_writes(on_match)))
        }
        Plan::Foreach { list, element, .. } => told("Foreach", format!("{} IN {}", slot(*element), writer.text(list))),
    }
}

fn of_triple(triple: &Triple) -> Told {
    let place = |place: &Place| match place {
        Place::Is(name) => name.text.to_string(),
        Place::Bound(bound) | Place::Free(bound) => slot(*bound),
        Place::Any => "?".to_owned(),
    };
    let [subject, predicate, object] = triple.places.each_ref().map(place);
    let number = triple.number.map(|number| format!(", {}=count", slot(number))).unwrap_or_default();
    let mode = match triple.number {
        Some(_) if triple.is_tally().is_some() => "tally",
        Some(_) => "count",
        None if triple.is_test() => "test",
        None => "all",
    };
    Told { name: "Triples", arguments: format!("({subject} {predicate} {object}){number}"), mode: Some(mode) }
}

/// The steps that a summary stands for are listed before it: they run only if the store has no counts of this commit.
fn of_summary(summary: &Summary) -> Told {
    let of_label = |label: &Option<Name>| label.as_ref().map(|label| format!(":{}", label.text)).unwrap_or_default();
    let (mode, arguments) = match summary {
        Summary::Count { of: Counted::Nodes(label), to } => {
            ("count", format!("{}=count(({}))", slots(to), of_label(label)))
        }
        Summary::Count { of: Counted::Edges(types), to } => {
            ("count", format!("{}=count(()-[{}]->())", slots(to), names(types)))
        }
        Summary::Groups { label, key, value, counts } => {
            let (label, counts) = (of_label(label), slots(counts));
            ("groups", format!("{}=({label}).{}, {counts}=count(*)", slot(*value), key.text))
        }
        Summary::Degrees { label, node, counts, direction, types } => {
            let edges = walked(*node, None, &names(types), "", *direction, None);
            let of = label.as_ref().map(|label| format!(", {}:{}", slot(*node), label.text)).unwrap_or_default();
            ("degrees", format!("{}=count({edges}){of}", slots(counts)))
        }
    };
    Told { name: "Summarize", arguments, mode: Some(mode) }
}

fn of_walk<'p>(walk: &'p Walk, writer: &mut Writer<'p>) -> Told {
    let most = walk.most.map(|most| most.to_string()).unwrap_or_default();
    let length = format!("*{}..{most}", walk.least);
    let mut arguments = walked(walk.from, walk.edges.map(slot), &names(&walk.types), &length, walk.direction, walk.to);
    if let Some((each, predicate)) = &walk.each {
        arguments = format!("{arguments}, each {}: {}", slot(*each), writer.text(predicate));
    }
    let mode = match (walk.which, walk.into) {
        (Walks::All, false) => "all",
        (Walks::All, true) => "into",
        (Walks::Shortest, _) => "shortest",
        (Walks::AllShortest, _) => "all shortest",
        (Walks::Ends, _) => "ends",
    };
    Told { name: "Walk", arguments, mode: Some(mode) }
}

/// A relationship between two nodes as Cypher draws it.
fn walked(
    from: Slot,
    edge: Option<String>,
    types: &str,
    length: &str,
    direction: Direction,
    to: impl Into<Option<Slot>>,
) -> String {
    let (left, right) = match direction {
        Direction::Out => ("-", "->"),
        Direction::In => ("<-", "-"),
        Direction::Either => ("-", "-"),
    };
    format!(
        "({}){left}[{}{types}{length}]{right}({})",
        slot(from),
        edge.unwrap_or_default(),
        to.into().map(slot).unwrap_or_default()
    )
}

fn of_pattern(pattern: &Pattern) -> String {
    let edges = pattern
        .edges
        .iter()
        .map(|edge| walked(edge.from, Some(slot(edge.slot)), &names(&edge.types), "", edge.direction, edge.to));
    let nodes = pattern.nodes.iter().map(|node| format!("({}{})", slot(node.slot), names(&node.labels)));
    nodes.chain(edges).collect::<Vec<_>>().join(", ")
}

fn of_aggregate<'p>(of: &'p Aggregate, writer: &mut Writer<'p>) -> String {
    let function = format!("{:?}", of.function).to_ascii_lowercase();
    let distinct = if of.distinct { "DISTINCT " } else { "" };
    let argument = of.argument.as_ref().map_or_else(|| "*".to_owned(), |argument| writer.text(argument));
    format!("{function}({distinct}{argument})")
}

fn of_writes(writes: &[Write]) -> String {
    let name = |write: &Write| match write {
        Write::CreateNode { node, labels, .. } => format!("CREATE ({}{})", slot(*node), names(labels)),
        Write::CreateEdge { edge, start, end, label, .. } => {
            format!("CREATE ({})-[{}:{}]->({})", slot(*start), slot(*edge), label.text, slot(*end))
        }
        Write::SetProperty { key, .. } => format!("SET {}", key.text),
        Write::SetProperties { .. } => "SET properties".to_owned(),
        Write::AddLabels { labels, .. } => format!("SET {}", names(labels)),
        Write::RemoveLabels { labels, .. } => format!("REMOVE {}", names(labels)),
        Write::Delete { detach: true, .. } => "DETACH DELETE".to_owned(),
        Write::Delete { detach: false, .. } => "DELETE".to_owned(),
        Write::Bind { slot: to, .. } => format!("bind {}", slot(*to)),
    };
    writes.iter().map(name).collect::<Vec<_>>().join(", ")
}
