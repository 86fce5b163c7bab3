//! Triple patterns matched on ids: a scan for the first, an expansion of what is bound for each of the others.

use model::TermId;
use oxrdf::Variable;
use rustc_hash::FxHashSet;
use spargebra::algebra::Expression;
use spargebra::term::{NamedNodePattern, TermPattern, TriplePattern};
use store::{Columns, Order, Pattern, QuadBatch};

use super::filter::Filter;
use crate::Error;
use crate::dataset::View;
use crate::terms;

/// Rows that are expanded at once.
const ROWS: usize = 4096;

/// Rows of ids, each standing for some solutions.
#[derive(Default)]
pub(super) struct Rows {
    columns: Vec<Vec<TermId>>,
    /// How many solutions each row stands for; empty if it is one each.
    weights: Vec<u64>,
    len: usize,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn column(&self, at: usize) -> &[TermId] {
        &self.columns[at]
    }

    /// The solutions of a row.
    pub(super) fn weight_of(&self, row: usize) -> u64 {
        self.weights.get(row).copied().unwrap_or(1)
    }

    /// The solutions of all.
    pub(super) fn weight(&self) -> u64 {
        if self.weights.is_empty() { self.len as u64 } else { self.weights.iter().sum() }
    }
}

/// A position of a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Given(TermId),
    /// The column of a variable.
    Column(usize),
}

/// A pattern and how it is matched.
struct Step {
    /// Subject, predicate, object.
    places: [Place; 3],
    /// The position that is bound, whose quads are looked for; `None` for a scan.
    from: Option<usize>,
    /// Whether its quads need only be counted.
    counts: bool,
}

/// Patterns in the order in which they are matched.
pub(super) struct Plan<'q> {
    variables: Vec<Name<'q>>,
    steps: Vec<Step>,
    filters: Vec<&'q Expression>,
    /// The one graph that is asked, if it is one.
    graph: Option<TermId>,
    /// Whether a triple may be in several graphs.
    repeats: bool,
}

/// A variable, or a blank node, which is one without a name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Name<'q> {
    Variable(&'q Variable),
    Blank(&'q str),
}

impl<'q> Plan<'q> {
    /// `None` if the patterns have no connection, or the data set is several graphs.
    pub(super) fn of(
        view: &View,
        patterns: &'q [TriplePattern],
        filters: &[&'q Expression],
        needed: &[&Variable],
    ) -> Option<Self> {
        let (graph, repeats) = view.one_graph()?;
        let mut variables: Vec<Name<'q>> = Vec::new();
        let mut left: Vec<[Place; 3]> = patterns.iter().map(|triple| places(view, triple, &mut variables)).collect();
        let mut bound: FxHashSet<usize> = FxHashSet::default();
        let mut steps: Vec<Step> = Vec::new();
        while !left.is_empty() {
            let size = |places: &[Place; 3]| {
                let given = |at: usize| match places[at] {
                    Place::Given(id) => Some(id),
                    Place::Column(_) => None,
                };
                let pattern = Pattern { s: given(0), p: given(1), o: given(2), g: graph };
                view.snapshot().estimate(&pattern).quads
            };
            let is_bound = |place: &Place| matches!(place, Place::Column(column) if bound.contains(column));
            let connected = |places: &[Place; 3]| is_bound(&places[0]) || is_bound(&places[2]);
            let candidates = left.iter().enumerate().filter(|(_, places)| steps.is_empty() || connected(places));
            let at = candidates.min_by_key(|(_, places)| size(places))?.0;
            let places = left.swap_remove(at);
            let from = match (is_bound(&places[0]), is_bound(&places[2])) {
                _ if steps.is_empty() => None,
                (true, _) => Some(0),
                _ => Some(2),
            };
            bound.extend(places.iter().filter_map(|place| match place {
                Place::Column(column) => Some(*column),
                Place::Given(_) => None,
            }));
            steps.push(Step { places, from, counts: false });
        }
        let mut plan = Self { variables, steps, filters: filters.to_vec(), graph, repeats };
        plan.count_the_last(needed);
        Some(plan)
    }

    /// Counts what the last pattern matches, if nobody needs what it binds.
    fn count_the_last(&mut self, needed: &[&Variable]) {
        let is_needed = |column: usize| match self.variables[column] {
            Name::Variable(name) => {
                needed.contains(&name)
                    || self.filters.iter().any(|filter| super::filter::variable(filter) == Some(name))
            }
            Name::Blank(_) => false,
        };
        let (Some(last), repeats) = (self.steps.last(), self.repeats) else { return };
        let before: FxHashSet<usize> = self.steps[..self.steps.len() - 1].iter().flat_map(Step::columns).collect();
        let mut new: Vec<usize> = last.columns().filter(|column| !before.contains(column)).collect();
        let all = new.len();
        new.sort_unstable();
        new.dedup();
        let others_are_given = last.places.iter().enumerate().all(|(at, place)| match place {
            Place::Given(_) => true,
            Place::Column(column) => Some(at) == last.from || !before.contains(column),
        });
        let counts = !repeats
            && last.from.is_some()
            && others_are_given
            && all == new.len()
            && !new.iter().any(|c| is_needed(*c));
        if let Some(last) = self.steps.last_mut() {
            last.counts = counts;
        }
    }

    /// Where a variable is in a row.
    pub(super) fn place(&self, name: &Variable) -> usize {
        // Whoever asks has made sure that a pattern has it.
        self.variables.iter().position(|found| *found == Name::Variable(name)).unwrap_or_default()
    }

    /// Hands all rows to `take`; whether they are all: a value that cannot be looked for ends it.
    pub(super) fn run(&self, view: &View, take: &mut dyn FnMut(&Rows)) -> Result<bool, Error> {
        let Some(first) = self.steps.first() else { return Ok(false) };
        let mut filters: Vec<Filter<'q>> = self.filters.iter().filter_map(|expr| Filter::of(expr)).collect();
        let pattern = Pattern { s: first.given(0), p: first.given(1), o: first.given(2), g: self.graph };
        let columns = if self.repeats { Columns::S.and(Columns::P).and(Columns::O) } else { first.wanted() };
        let mut last = None;
        for batch in view.snapshot().scan_columns(pattern, pattern.best_order(), columns).until(view.cancel()) {
            view.check()?;
            let batch = batch.map_err(|error| view.failed(error))?;
            let mut rows = Rows { columns: vec![Vec::new(); self.variables.len()], ..Rows::default() };
            for at in 0..batch.len() {
                if self.repeats {
                    let triple = (batch.s[at], batch.p[at], batch.o[at]);
                    if last.replace(triple) == Some(triple) {
                        continue;
                    }
                }
                first.take(&batch, at, &mut rows);
            }
            if !self.go_on(view, rows, 1, &mut filters, take)? {
                return Ok(false);
            }
        }
        view.check()?;
        Ok(true)
    }

    /// Lets the rows of some steps through the filters, and through the steps that follow.
    fn go_on(
        &self,
        view: &View,
        mut rows: Rows,
        step: usize,
        filters: &mut [Filter<'q>],
        take: &mut dyn FnMut(&Rows),
    ) -> Result<bool, Error> {
        for filter in filters.iter_mut() {
            let place = self.place(filter.variable());
            // A filter is used behind the step that binds its variable.
            if rows.len > 0
                && rows.columns[place].len() == rows.len
                && self.steps[step - 1].columns().any(|column| column == place)
            {
                let Some(passes) = filter.passes(view, &rows.columns[place])? else { return Ok(false) };
                rows.keep(&passes);
            }
        }
        let Some(next) = self.steps.get(step) else {
            take(&rows);
            return Ok(true);
        };
        for from in (0..rows.len).step_by(ROWS) {
            view.check()?;
            let piece = from..rows.len.min(from + ROWS);
            let Some(found) = self.expand(view, next, &rows, piece)? else { return Ok(false) };
            if !self.go_on(view, found, step + 1, filters, take)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Each of the rows with each of the quads that the step finds for it.
    fn expand(
        &self,
        view: &View,
        step: &Step,
        rows: &Rows,
        piece: std::ops::Range<usize>,
    ) -> Result<Option<Rows>, Error> {
        let Some((position, Place::Column(column))) = step.from.map(|at| (at, step.places[at])) else {
            return Ok(None);
        };
        let ids = &rows.columns[column][piece.clone()];
        let order = if position == 0 { Order::Spog } else { Order::Opsg };
        if position == 2 && !ids.iter().all(|id| id.is_resource()) {
            return Ok(None); // the order by object holds resources alone
        }
        let template = Pattern { s: step.given(0), p: step.given(1), o: step.given(2), g: self.graph };
        let mut found = Rows { columns: vec![Vec::new(); self.variables.len()], ..Rows::default() };
        let snapshot = view.snapshot();
        let copy = |found: &mut Rows, row: usize| {
            for (to, from) in found.columns.iter_mut().zip(&rows.columns) {
                if let Some(id) = from.get(row) {
                    to.push(*id);
                }
            }
            found.len += 1;
        };
        if step.counts {
            let degrees = snapshot.degree_many(ids, template, order).map_err(|error| view.failed(error))?;
            for (row, degree) in piece.zip(degrees).filter(|(_, degree)| *degree > 0) {
                copy(&mut found, row);
                found.weights.push(degree);
            }
            return Ok(Some(found));
        }
        let expansion = snapshot
            .scan_many_columns(ids, template, order, Columns::S.and(Columns::P).and(Columns::O))
            .map_err(|error| view.failed(error))?;
        for (row, span) in piece.zip(expansion.spans) {
            let mut last = None;
            for at in span {
                let quads = &expansion.quads;
                let triple = [quads.s[at], quads.p[at], quads.o[at]];
                let is_new = !self.repeats || last.replace(triple) != Some(triple);
                // What the row has already must be the same.
                let fits = step.places.iter().zip(triple).all(|(place, id)| match place {
                    Place::Given(given) => *given == id,
                    Place::Column(column) => rows.columns[*column].get(row).is_none_or(|bound| *bound == id),
                });
                if !is_new || !fits || !step.agrees(&triple) {
                    continue;
                }
                copy(&mut found, row);
                for (place, id) in step.places.iter().zip(triple) {
                    if let Place::Column(column) = place
                        && found.columns[*column].len() < found.len
                    {
                        found.columns[*column].push(id);
                    }
                }
            }
        }
        Ok(Some(found))
    }
}

impl Rows {
    /// Keeps the rows that pass.
    fn keep(&mut self, passes: &[bool]) {
        for column in self.columns.iter_mut().filter(|column| !column.is_empty()) {
            let mut at = passes.iter();
            column.retain(|_| at.next() == Some(&true));
        }
        let mut at = passes.iter();
        self.weights.retain(|_| at.next() == Some(&true));
        self.len = passes.iter().filter(|passes| **passes).count();
    }
}

impl Step {
    fn columns(&self) -> impl Iterator<Item = usize> + '_ {
        self.places.iter().filter_map(|place| match place {
            Place::Column(column) => Some(*column),
            Place::Given(_) => None,
        })
    }

    fn given(&self, at: usize) -> Option<TermId> {
        match self.places[at] {
            Place::Given(id) => Some(id),
            Place::Column(_) => None,
        }
    }

    /// The columns of quads that its variables need.
    fn wanted(&self) -> Columns {
        let all = [Columns::S, Columns::P, Columns::O];
        let variables = self.places.iter().zip(all).filter(|(place, _)| matches!(place, Place::Column(_)));
        variables.fold(Columns::NONE, |wanted, (_, column)| wanted.and(column))
    }

    /// Whether a variable that stands in several positions has one value there.
    fn agrees(&self, triple: &[TermId; 3]) -> bool {
        let pairs = [(0, 1), (0, 2), (1, 2)];
        pairs.iter().all(|(a, b)| {
            matches!(self.places[*a], Place::Given(_)) || self.places[*a] != self.places[*b] || triple[*a] == triple[*b]
        })
    }

    /// Adds a quad of a scan as a row.
    fn take(&self, batch: &QuadBatch, at: usize, rows: &mut Rows) {
        let id = |column: &Vec<TermId>| column.get(at).copied();
        let triple = [id(&batch.s), id(&batch.p), id(&batch.o)];
        for (a, b) in [(0, 1), (0, 2), (1, 2)] {
            if self.places[a] == self.places[b] && triple[a] != triple[b] && matches!(self.places[a], Place::Column(_))
            {
                return;
            }
        }
        rows.len += 1;
        for (place, id) in self.places.iter().zip(triple) {
            if let (Place::Column(column), Some(id)) = (place, id)
                && rows.columns[*column].len() < rows.len
            {
                rows.columns[*column].push(id);
            }
        }
    }
}

fn places<'q>(view: &View, triple: &'q TriplePattern, variables: &mut Vec<Name<'q>>) -> [Place; 3] {
    let mut column = |name: Name<'q>| {
        let known = variables.iter().position(|found| *found == name);
        Place::Column(known.unwrap_or_else(|| {
            variables.push(name);
            variables.len() - 1
        }))
    };
    let mut term = |pattern: &'q TermPattern| match pattern {
        TermPattern::NamedNode(iri) => Place::Given(view.snapshot().encode(terms::to_model(&iri.clone().into()))),
        TermPattern::Literal(literal) => Place::Given(view.snapshot().encode(terms::to_model(&literal.clone().into()))),
        TermPattern::Variable(name) => column(Name::Variable(name)),
        TermPattern::BlankNode(node) => column(Name::Blank(node.as_str())),
    };
    let (subject, object) = (term(&triple.subject), term(&triple.object));
    let predicate = match &triple.predicate {
        NamedNodePattern::NamedNode(iri) => Place::Given(view.snapshot().encode(terms::to_model(&iri.clone().into()))),
        NamedNodePattern::Variable(name) => column(Name::Variable(name)),
    };
    [subject, predicate, object]
}
