//! Classes that need not be asked for: where all that have a type have one class, as the store's exact counts tell, whoever
//! has another predicate that only they have is of the class.

use oxrdf::NamedNode;
use oxrdf::vocab::rdf;
use spargebra::term::{NamedNodePattern, TermPattern, TriplePattern};
use store::Snapshot;
use store::statistics::{Graph, Rdf, Run, SubjectStructure};

use super::Asked;

/// More sets of predicates than these are not looked through.
const MOST_STRUCTURES: usize = 1000;

/// Takes out the patterns that others imply. The counts are of all graphs together.
pub(super) fn drop_implied(patterns: &mut Vec<Asked<'_>>, run: Option<&Run>, snapshot: &Snapshot) {
    let Some(run) = run.filter(|run| run.statistics.commit == snapshot.commit()) else { return };
    let Some(Graph::Rdf(counts)) = &run.statistics.graph else { return };
    if counts.subject_structures.len() > MOST_STRUCTURES || patterns.iter().any(|asked| asked.graph.is_some()) {
        return;
    }
    let mut at = 0;
    while let Some(Asked { triple: pattern, .. }) = patterns.get(at) {
        let implied = class(pattern).is_some_and(|class| {
            let others = patterns.iter().map(|asked| asked.triple).filter(|other| other.subject == pattern.subject);
            let mut predicates = others.filter_map(|other| predicate(other)).filter(|name| name.as_ref() != rdf::TYPE);
            is_only_class(class, counts) && predicates.any(|name| is_typed(name, counts))
        });
        if implied {
            patterns.swap_remove(at);
        } else {
            at += 1;
        }
    }
}

/// The class that a pattern asks of a variable.
fn class(pattern: &TriplePattern) -> Option<&NamedNode> {
    let is_variable = matches!(pattern.subject, TermPattern::Variable(_) | TermPattern::BlankNode(_));
    match &pattern.object {
        TermPattern::NamedNode(class) if is_variable && predicate(pattern)?.as_ref() == rdf::TYPE => Some(class),
        _ => None,
    }
}

fn predicate(pattern: &TriplePattern) -> Option<&NamedNode> {
    match &pattern.predicate {
        NamedNodePattern::NamedNode(name) => Some(name),
        NamedNodePattern::Variable(_) => None,
    }
}

fn has(structure: &SubjectStructure, name: &str) -> bool {
    structure.predicates.iter().any(|predicate| **predicate == *name)
}

/// Whether all subjects that have a type are of this class.
fn is_only_class(class: &NamedNode, counts: &Rdf) -> bool {
    let typed = counts.subject_structures.iter().filter(|structure| has(structure, rdf::TYPE.as_str()));
    let typed: u64 = typed.map(|structure| structure.count).sum();
    counts.classes.iter().any(|counted| *counted.name == *class.as_str() && counted.count == typed)
}

/// Whether all subjects of a predicate have a type.
fn is_typed(name: &NamedNode, counts: &Rdf) -> bool {
    let mut having = counts.subject_structures.iter().filter(|structure| has(structure, name.as_str())).peekable();
    having.peek().is_some() && having.all(|structure| has(structure, rdf::TYPE.as_str()))
}
