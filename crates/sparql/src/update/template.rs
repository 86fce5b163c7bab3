//! Quads out of templates and data: variables from a row, blank nodes made new.

use model::HashKey;
use oxrdf::{BlankNode, GraphName, NamedNode, NamedOrBlankNode, Quad, Term};
use spareval::QuerySolution;
use spargebra::term::{
    self, GraphNamePattern, GroundQuad, GroundQuadPattern, GroundTerm, GroundTermPattern, NamedNodePattern,
    QuadPattern, TermPattern,
};

use crate::terms;

/// Makes the blank nodes of one operation.
#[derive(Clone, Copy)]
pub(super) struct Blanks {
    key: HashKey,
    /// Which operation of the update.
    operation: usize,
}

impl Blanks {
    pub(super) fn of(seed: [u8; 16], operation: usize) -> Self {
        Self { key: HashKey::new(seed), operation }
    }

    /// The node that `label` means in a row, or in data.
    pub(super) fn make(&self, row: u64, label: &BlankNode) -> BlankNode {
        let operation = (self.operation as u64).to_le_bytes();
        terms::blank(self.key.blank(&[&operation, &row.to_le_bytes(), label.as_str().as_bytes()]))
    }

    /// The quad with nodes of its own.
    pub(super) fn rename(&self, quad: Quad) -> Quad {
        let make = |node: BlankNode| self.make(0, &node);
        Quad {
            subject: match quad.subject {
                NamedOrBlankNode::BlankNode(node) => make(node).into(),
                subject @ NamedOrBlankNode::NamedNode(_) => subject,
            },
            predicate: quad.predicate,
            object: match quad.object {
                Term::BlankNode(node) => make(node).into(),
                object => object,
            },
            graph_name: match quad.graph_name {
                GraphName::BlankNode(node) => make(node).into(),
                graph => graph,
            },
        }
    }
}

/// The quad that a row makes of an INSERT template; `None` if a variable is unbound or bound to what cannot stand there.
pub(super) fn fill(template: &QuadPattern, row: &QuerySolution, number: u64, blanks: &Blanks) -> Option<Quad> {
    let term = |pattern: &TermPattern| match pattern {
        TermPattern::NamedNode(iri) => Some(iri.clone().into()),
        TermPattern::Literal(literal) => Some(literal.clone().into()),
        TermPattern::BlankNode(node) => Some(Term::from(blanks.make(number, node))),
        TermPattern::Variable(variable) => row.get(variable).cloned(),
    };
    quad(term(&template.subject)?, &template.predicate, term(&template.object)?, &template.graph_name, row)
}

/// The same of a DELETE template.
pub(super) fn fill_ground(template: &GroundQuadPattern, row: &QuerySolution) -> Option<Quad> {
    let term = |pattern: &GroundTermPattern| match pattern {
        GroundTermPattern::NamedNode(iri) => Some(iri.clone().into()),
        GroundTermPattern::Literal(literal) => Some(literal.clone().into()),
        GroundTermPattern::Variable(variable) => row.get(variable).cloned(),
    };
    quad(term(&template.subject)?, &template.predicate, term(&template.object)?, &template.graph_name, row)
}

fn quad(
    subject: Term,
    predicate: &NamedNodePattern,
    object: Term,
    graph: &GraphNamePattern,
    row: &QuerySolution,
) -> Option<Quad> {
    let predicate = match predicate {
        NamedNodePattern::NamedNode(iri) => iri.clone(),
        NamedNodePattern::Variable(variable) => NamedNode::try_from(row.get(variable)?.clone()).ok()?,
    };
    let graph_name = match graph {
        GraphNamePattern::DefaultGraph => GraphName::DefaultGraph,
        GraphNamePattern::NamedNode(iri) => iri.clone().into(),
        GraphNamePattern::Variable(variable) => NamedOrBlankNode::try_from(row.get(variable)?.clone()).ok()?.into(),
    };
    Some(Quad { subject: NamedOrBlankNode::try_from(subject).ok()?, predicate, object, graph_name })
}

/// A quad of INSERT DATA.
pub(super) fn data(data: &term::Quad) -> Quad {
    Quad {
        subject: data.subject.clone(),
        predicate: data.predicate.clone(),
        object: data.object.clone(),
        graph_name: graph(&data.graph_name),
    }
}

fn graph(name: &term::GraphName) -> GraphName {
    match name {
        term::GraphName::NamedNode(iri) => iri.clone().into(),
        term::GraphName::DefaultGraph => GraphName::DefaultGraph,
    }
}

/// A quad of DELETE DATA.
pub(super) fn ground(data: &GroundQuad) -> Quad {
    Quad {
        subject: data.subject.clone().into(),
        predicate: data.predicate.clone(),
        object: match &data.object {
            GroundTerm::NamedNode(iri) => iri.clone().into(),
            GroundTerm::Literal(literal) => literal.clone().into(),
        },
        graph_name: graph(&data.graph_name),
    }
}
