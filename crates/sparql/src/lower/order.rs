//! Which triple pattern comes next: the one that leads to the fewest rows, as far as the store's counts tell.

use exec::plan::Triple;
use exec::plan::triple::Place;
use model::{TermId, TermRef};
use oxrdf::Term;
use spargebra::term::{NamedNodePattern, TermPattern};
use store::{Order, Pattern};

use super::{Asked, Bound, Kind, Lowering, Name};
use crate::terms;

/// A triple pattern whose constants are ids.
pub(super) struct Parts<'q> {
    places: [Part<'q>; 3],
    /// The one graph that is asked, if it is one.
    graph: Option<TermId>,
    /// Whether a triple may be in several graphs.
    once: bool,
}

enum Part<'q> {
    Constant(exec::graph::Name),
    Variable(Name<'q>),
}

impl<'q> Lowering<'q, '_> {
    /// The parts of a pattern; `None` if its graph is none that a plan can ask.
    pub(super) fn parts(&self, Asked { triple, graph }: Asked<'q>) -> Option<Parts<'q>> {
        let constant = |term: Term| {
            let id = self.view.snapshot().encode(terms::to_model(&term));
            Part::Constant(exec::graph::Name { text: term.to_string().into(), id })
        };
        let part = |pattern: &'q TermPattern| match pattern {
            TermPattern::NamedNode(iri) => constant(iri.clone().into()),
            TermPattern::Literal(literal) => constant(literal.clone().into()),
            TermPattern::Variable(name) => Part::Variable(Name::Variable(name)),
            TermPattern::BlankNode(node) => Part::Variable(Name::Blank(node.as_str())),
        };
        let predicate = match &triple.predicate {
            NamedNodePattern::NamedNode(iri) => constant(iri.clone().into()),
            NamedNodePattern::Variable(name) => Part::Variable(Name::Variable(name)),
        };
        let places = [part(&triple.subject), predicate, part(&triple.object)];
        let (graph, once) = match graph {
            Some(graph) => {
                let graph = self.view.snapshot().encode(TermRef::Iri(graph.as_str()));
                (Some(graph).filter(|graph| self.view.names(*graph)).map(Some)?, false)
            }
            None => self.default?,
        };
        Some(Parts { places, graph, once })
    }

    /// The place of the pattern that comes next; `None` if one of them cannot be matched by a plan.
    pub(super) fn cheapest(&self, patterns: &[Parts<'q>]) -> Option<usize> {
        let costs: Vec<f64> = patterns.iter().map(|parts| self.cost(parts)).collect::<Option<_>>()?;
        (0..patterns.len()).min_by(|left, right| costs[*left].total_cmp(&costs[*right]))
    }

    /// About how many triples match for one row.
    fn cost(&self, Parts { places, .. }: &Parts<'q>) -> Option<f64> {
        let snapshot = self.view.snapshot();
        let mut given = [None; 3];
        let (mut known, mut distinct) = (0, 1.0);
        for (at, part) in places.iter().enumerate() {
            match part {
                Part::Constant(constant) => given[at] = Some(constant.id),
                Part::Variable(name) => match self.names.get(name) {
                    None => continue,
                    // What a row may lack would have to be bound then, and no triple has a count in it.
                    Some(Bound { optional: true, .. } | Bound { kind: Kind::Count, .. }) => return None,
                    Some(_) if at == 1 => {}
                    Some(_) => {
                        let order = if at == 0 { Order::Spog } else { Order::Opsg };
                        distinct *= snapshot.leads(order).max(1) as f64;
                    }
                },
            }
            known += 1;
        }
        if known == 3 {
            return Some(0.0);
        }
        let [s, p, o] = given;
        Some(snapshot.estimate(&Pattern { s, p, o, g: None }).quads as f64 / distinct)
    }

    /// The pattern, whose variables are known from now on; `None` if no order of the store leads to its triples.
    pub(super) fn triple(&mut self, Parts { places, graph, once }: Parts<'q>) -> Option<Triple> {
        let before = self.names.clone();
        let mut is_term = false;
        let mut at = 0..;
        let places = places.map(|part| {
            let at = at.next().unwrap_or(2);
            match part {
                Part::Constant(constant) => Place::Is(constant),
                Part::Variable(name) => {
                    if let Some(bound) = before.get(&name) {
                        is_term |= at == 2 && bound.kind == Kind::Term;
                        return Place::Bound(bound.slot);
                    }
                    let known = self.names.get(&name).map(|bound| bound.slot);
                    let slot = known.unwrap_or_else(|| self.slot());
                    let kind = if at == 2 && known.is_none() { Kind::Term } else { Kind::Resource };
                    self.names.insert(name, Bound { slot, kind, optional: false });
                    Place::Free(slot)
                }
            }
        });
        // Literals lead no order by themselves.
        let leads = places[0].is_known() || places[1].is_known() || !is_term;
        leads.then_some(Triple { places, graph, once, number: None })
    }
}
