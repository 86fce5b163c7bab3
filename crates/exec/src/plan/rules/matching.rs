//! Join order and direction: a pattern becomes a chain of scans, expands and filters.
//!
//! The way is chosen step by step. Where nothing is bound, it begins with the node that is rarest; from there it follows
//! the relationship that leads to the fewest rows, from whichever end is bound. A predicate is asked as soon as all that
//! it reads is there.

use rustc_hash::FxHashSet;

use super::above;
use super::access::{self, Choice};
use super::statistics::Statistics;
use crate::batch::Slot;
use crate::expr::{Binary, Compare, Expr, Unary};
use crate::graph::Name;
use crate::plan::pattern::{Edge, Node};
use crate::plan::{Access, Direction, Pattern, Plan, Walk, Walks};

/// Replaces a pattern by what finds it.
pub(super) fn apply(plan: &mut Plan, statistics: &Statistics<'_>) {
    let Plan::Match { input, pattern } = plan else { return };
    let input = std::mem::replace(&mut **input, Plan::Unit);
    let pattern = std::mem::take(pattern);
    *plan = Matching::new(pattern, input, statistics).run();
}

/// Slots of the pattern that nothing has bound yet.
pub(super) struct Open(FxHashSet<Slot>);

impl Open {
    /// Whether an expression reads one of them.
    pub(super) fn reads_open(&self, expression: &Expr) -> bool {
        let mut open = false;
        expression.slots(&mut |slot| open |= self.0.contains(&slot));
        open
    }
}

/// A step costs at least this much that should wait until there is nothing else to do.
const WAIT: f64 = 1e12;

struct Matching<'s> {
    plan: Plan,
    statistics: &'s Statistics<'s>,
    open: Open,
    nodes: Vec<Node>,
    /// Those that are still to be found.
    edges: Vec<Edge>,
    predicates: Vec<Expr>,
    /// Those that were found.
    found: Vec<Edge>,
}

impl<'s> Matching<'s> {
    fn new(pattern: Pattern, plan: Plan, statistics: &'s Statistics<'s>) -> Self {
        let Pattern { nodes, mut edges, predicates } = pattern;
        let open = nodes.iter().filter(|node| !node.bound).map(|node| node.slot);
        let open = open.chain(edges.iter().filter(|edge| !edge.bound).map(|edge| edge.slot)).collect();
        // What must be told apart has to be read.
        for at in 0..edges.len() {
            edges[at].wanted |= (0..edges.len()).any(|other| other != at && may_be_same(&edges[at], &edges[other]));
        }
        Self { plan, statistics, open: Open(open), nodes, edges, predicates, found: Vec::new() }
    }

    fn run(mut self) -> Plan {
        for place in 0..self.nodes.len() {
            if self.nodes[place].bound {
                self.check_bound(place);
            }
        }
        self.ask();
        loop {
            if let Some((place, forward)) = self.next_edge() {
                let edge = self.edges.remove(place);
                self.follow(edge, forward);
            } else if !self.begin() {
                break;
            }
            self.ask();
        }
        self.plan
    }

    /// A node that was bound before has to be one, and to have its labels.
    fn check_bound(&mut self, place: usize) {
        let Node { slot, labels, .. } = &self.nodes[place];
        let target = || Box::new(Expr::Slot(*slot));
        let predicate = if !labels.is_empty() {
            Expr::HasLabels { target: target(), labels: labels.clone() }
        } else if self.edges.iter().any(|edge| edge.from == *slot || edge.to == *slot) {
            return; // null has no relationships
        } else {
            Expr::Unary(Unary::Not, Box::new(Expr::IsNull(target())))
        };
        self.predicates.push(predicate);
    }

    fn is_open(&self, slot: Slot) -> bool {
        self.open.0.contains(&slot)
    }

    /// Filters by the predicates that can be asked now.
    fn ask(&mut self) {
        let (ready, later): (Vec<Expr>, Vec<Expr>) =
            std::mem::take(&mut self.predicates).into_iter().partition(|predicate| !self.open.reads_open(predicate));
        self.predicates = later;
        if !ready.is_empty() {
            above(&mut self.plan, |input| Plan::Filter { input, predicate: Expr::all(ready) });
        }
    }

    /// The relationship to follow next, and whether from its left end; `None` if something else comes first.
    fn next_edge(&self) -> Option<(usize, bool)> {
        let mut best: Option<(f64, usize, bool)> = None;
        for (place, edge) in self.edges.iter().enumerate() {
            for (near, far, forward) in [(edge.from, edge.to, true), (edge.to, edge.from, false)] {
                if self.is_open(near) {
                    continue;
                }
                let mut cost = self.fan_out(edge);
                if self.is_open(far) {
                    cost *= self.share(far);
                } else {
                    cost = cost.min(1.0) * 0.5; // a check, not a step
                }
                // An end that can be found by itself is found before the shortest path to it.
                if self.waits(edge) || (edge.which != Walks::All && self.is_open(far) && self.can_find(far)) {
                    cost += WAIT;
                }
                if best.is_none_or(|(least, ..)| cost < least) {
                    best = Some((cost, place, forward));
                }
            }
        }
        let something_else = || self.nodes.iter().any(|node| self.is_open(node.slot) && self.can_find(node.slot));
        best.filter(|(cost, ..)| *cost < WAIT || !something_else()).map(|(_, place, forward)| (place, forward))
    }

    /// Whether what holds for each relationship of a walk reads something that is not there yet.
    fn waits(&self, edge: &Edge) -> bool {
        edge.each.as_ref().is_some_and(|(slot, each)| {
            let mut waits = false;
            each.slots(&mut |read| waits |= read != *slot && self.is_open(read));
            waits
        })
    }

    /// Whether an index leads to a node.
    fn can_find(&self, slot: Slot) -> bool {
        self.choice(slot).is_some_and(|choice| !matches!(choice.access, Access::All))
    }

    fn choice(&self, slot: Slot) -> Option<Choice> {
        let node = self.nodes.iter().find(|node| node.slot == slot)?;
        Some(access::choose(node, &self.predicates, &self.open, self.statistics))
    }

    /// About how many rows one row becomes.
    fn fan_out(&self, edge: &Edge) -> f64 {
        let both = if edge.direction == Direction::Either { 2.0 } else { 1.0 };
        let one = both * self.statistics.edges(&edge.types) / self.statistics.nodes();
        match edge.length {
            None => one,
            Some((_, most)) => one.max(1.0).powf(most.unwrap_or(8).clamp(1, 8) as f64),
        }
    }

    /// About which part of all nodes this one can be.
    fn share(&self, slot: Slot) -> f64 {
        self.choice(slot).map_or(1.0, |choice| (choice.rows / self.statistics.nodes()).min(1.0))
    }

    /// Finds one more node that nothing leads to, or a relationship with both its ends; whether there was one.
    fn begin(&mut self) -> bool {
        let open = self.nodes.iter().filter(|node| self.is_open(node.slot));
        let choices = open.map(|node| (node.slot, access::choose(node, &self.predicates, &self.open, self.statistics)));
        let Some((node, choice)) = choices.min_by(|(_, left), (_, right)| left.rows.total_cmp(&right.rows)) else {
            return false;
        };
        if let Some(edge) = self.whole_edge(&choice) {
            let edge = self.edges.remove(edge);
            self.scan_edges(edge);
            return true;
        }
        let Choice { access, predicate, .. } = choice;
        if let Some(predicate) = predicate {
            self.predicates.remove(predicate);
        }
        self.bind_node(node, if let Access::Label(label) = &access { Some(label) } else { None });
        above(&mut self.plan, |input| Plan::Nodes { input, node, access });
        true
    }

    /// A relationship that is better read with both its ends than from any node: where no index leads to a node, reading
    /// it costs less than reading all nodes first.
    fn whole_edge(&self, choice: &Choice) -> Option<usize> {
        if !matches!(choice.access, Access::All) {
            return None;
        }
        let cost = |edge: &Edge| {
            let is_single = edge.length.is_none() && edge.which == Walks::All && edge.direction != Direction::Either;
            let fits = is_single && edge.from != edge.to && self.is_open(edge.from) && self.is_open(edge.to);
            fits.then(|| self.statistics.edges(&edge.types))
        };
        let costs = self.edges.iter().enumerate().filter_map(|(place, edge)| Some((place, cost(edge)?)));
        costs.min_by(|(_, left), (_, right)| left.total_cmp(right)).map(|(place, _)| place)
    }

    fn scan_edges(&mut self, edge: Edge) {
        let (start, end) = if edge.direction == Direction::In { (edge.to, edge.from) } else { (edge.from, edge.to) };
        let (slot, types) = (edge.wanted.then_some(edge.slot), edge.types.clone());
        above(&mut self.plan, |input| Plan::Edges { input, edge: slot, start, end, types });
        self.found_edge(edge);
        self.bind_node(start, None);
        self.bind_node(end, None);
    }

    /// What is known once a node is bound: its labels are asked, but for the one that it was found by.
    fn bind_node(&mut self, slot: Slot, by: Option<&Name>) {
        self.open.0.remove(&slot);
        let Some(node) = self.nodes.iter().find(|node| node.slot == slot) else { return };
        let labels: Vec<Name> = node.labels.iter().filter(|label| Some(*label) != by).cloned().collect();
        if !labels.is_empty() {
            self.predicates.insert(0, Expr::HasLabels { target: Box::new(Expr::Slot(slot)), labels });
        }
    }

    /// Relationships of one pattern are different ones.
    fn found_edge(&mut self, edge: Edge) {
        self.open.0.remove(&edge.slot);
        for other in &self.found {
            // A walk has looked for itself.
            if edge.length.is_none() && may_be_same(&edge, other) {
                let (this, that) = (Expr::Slot(edge.slot), Expr::Slot(other.slot));
                self.predicates.push(if other.length.is_some() {
                    Expr::Unary(Unary::Not, Box::new(Expr::Binary(Binary::In, Box::new(this), Box::new(that))))
                } else {
                    Expr::Comparison(Box::new(this), vec![(Compare::NotEqual, that)])
                });
            }
        }
        self.found.push(edge);
    }

    fn follow(&mut self, edge: Edge, forward: bool) {
        let (from, to) = if forward { (edge.from, edge.to) } else { (edge.to, edge.from) };
        let direction = if forward { edge.direction } else { edge.direction.reversed() };
        let into = !self.is_open(to);
        let (types, slot) = (edge.types.clone(), edge.wanted.then_some(edge.slot));
        match edge.length {
            None => {
                above(&mut self.plan, |input| Plan::Expand { input, from, edge: slot, to, into, direction, types });
            }
            Some((least, most)) => {
                let unlike = self.found.iter().filter(|other| may_be_same(&edge, other)).map(|other| other.slot);
                let walk = Walk {
                    from,
                    edges: slot,
                    reversed: !forward,
                    to,
                    into,
                    direction,
                    types,
                    least,
                    most,
                    each: edge.each.clone(),
                    which: edge.which,
                    unlike: unlike.collect(),
                };
                above(&mut self.plan, |input| Plan::Walk { input, walk });
            }
        }
        self.found_edge(edge);
        if !into {
            self.bind_node(to, None);
        }
    }
}

/// Whether both can stand for one relationship.
fn may_be_same(left: &Edge, right: &Edge) -> bool {
    left.types.is_empty()
        || right.types.is_empty()
        || left.types.iter().any(|name| right.types.iter().any(|other| other.id == name.id))
}
