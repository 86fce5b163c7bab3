//! Patterns: nodes and relationships become slots, properties become predicates.

use exec::Value;
use exec::batch::Slot;
use exec::expr::{Binary, Compare, Expr, Unary};
use exec::plan::pattern::{Edge, Node};
use exec::plan::{Apply, Direction, Pattern, Plan, Walks};

use super::scope::{Scope, Sight};
use super::{Lowerer, Result};
use crate::functions;
use crate::tree::{
    self, Expression, Match, NodePattern, PathForm, PathPattern, PatternPart, Properties, RelationshipPattern,
};

/// A path of a pattern, wherever it stands.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) variable: Option<&'a tree::Name>,
    pub(super) form: PathForm,
    pub(super) path: &'a PathPattern,
}

impl<'a> From<&'a PathPattern> for Part<'a> {
    fn from(path: &'a PathPattern) -> Self {
        Self { variable: None, form: PathForm::Any, path }
    }
}

impl<'a> From<&'a PatternPart> for Part<'a> {
    fn from(part: &'a PatternPart) -> Self {
        Self { variable: part.variable.as_ref(), form: part.form, path: &part.path }
    }
}

/// The slots of a path: one more node than relationships.
pub(super) struct Slots {
    pub(super) nodes: Vec<Slot>,
    pub(super) edges: Vec<Slot>,
}

/// A pattern with what goes around it.
pub(super) struct Found {
    /// What is looked for.
    pub(super) pattern: Pattern,
    /// What must be computed before: the ends of relationships that are bound.
    before: Vec<(Slot, Expr)>,
    /// The paths.
    paths: Vec<(Slot, Expr)>,
    /// What holds for the paths.
    after: Vec<Expr>,
    /// The slots of each part.
    pub(super) parts: Vec<Slots>,
}

impl Found {
    /// The plan that looks for it.
    pub(super) fn plan(self, mut input: Plan) -> Plan {
        if !self.before.is_empty() {
            input = Plan::Project { input: Box::new(input), items: self.before };
        }
        let mut plan = Plan::Match { input: Box::new(input), pattern: self.pattern };
        if !self.paths.is_empty() {
            plan = Plan::Project { input: Box::new(plan), items: self.paths };
        }
        if !self.after.is_empty() {
            plan = Plan::Filter { input: Box::new(plan), predicate: Expr::all(self.after) };
        }
        plan
    }
}

impl<'a> Lowerer<'a> {
    pub(super) fn match_clause(&self, clause: &'a Match, input: Plan, scope: &mut Scope<'a>) -> Result<Plan> {
        if !clause.optional {
            return self.found(&clause.pattern, clause.filter.as_ref(), input, scope);
        }
        let before = scope.clone();
        let inner = self.found(&clause.pattern, clause.filter.as_ref(), Plan::Argument, scope)?;
        let new = scope.iter().filter(|(name, _)| before.get(name).is_none()).map(|(_, slot)| slot).collect();
        Ok(Plan::Apply { input: Box::new(input), inner: Box::new(inner), kind: Apply::Optional(new) })
    }

    /// Where a pattern matches and a predicate holds; binds its variables.
    pub(super) fn found(
        &self,
        pattern: &'a [PatternPart],
        filter: Option<&'a Expression>,
        input: Plan,
        scope: &mut Scope<'a>,
    ) -> Result<Plan> {
        let parts: Vec<Part<'a>> = pattern.iter().map(Part::from).collect();
        self.found_parts(&parts, filter, input, scope)
    }

    pub(super) fn found_parts(
        &self,
        parts: &[Part<'a>],
        filter: Option<&'a Expression>,
        input: Plan,
        scope: &mut Scope<'a>,
    ) -> Result<Plan> {
        Ok(self.pattern(parts, filter, scope)?.plan(input))
    }

    pub(super) fn pattern(
        &self,
        parts: &[Part<'a>],
        filter: Option<&'a Expression>,
        scope: &mut Scope<'a>,
    ) -> Result<Found> {
        let mut builder = Builder {
            lowerer: self,
            outer: scope.clone(),
            found: Found {
                pattern: Pattern::default(),
                before: Vec::new(),
                paths: Vec::new(),
                after: Vec::new(),
                parts: Vec::new(),
            },
            bound_edges: Vec::new(),
        };
        for part in parts {
            builder.part(part, scope);
        }
        // What is compared with sees all variables of the pattern.
        let sight = Sight::of(scope);
        for (part, number) in parts.iter().zip(0..) {
            builder.properties(part, number, sight)?;
        }
        let conjuncts = filter.map(|filter| self.conjuncts(filter, sight)).transpose()?.unwrap_or_default();
        let Builder { mut found, bound_edges, .. } = builder;
        for conjunct in conjuncts {
            let mut reads_path = false;
            conjunct.slots(&mut |slot| reads_path |= found.paths.iter().any(|(path, _)| *path == slot));
            if reads_path { found.after.push(conjunct) } else { found.pattern.predicates.push(conjunct) }
        }
        unlike(&mut found.pattern, &bound_edges);
        mark_wanted(&mut found, scope);
        Ok(found)
    }
}

struct Builder<'l, 'a> {
    lowerer: &'l Lowerer<'a>,
    /// The variables before the pattern.
    outer: Scope<'a>,
    found: Found,
    /// Single relationships that the input binds.
    bound_edges: Vec<Slot>,
}

impl<'a> Builder<'_, 'a> {
    fn part(&mut self, part: &Part<'a>, scope: &mut Scope<'a>) {
        let mut slots = Slots { nodes: vec![self.node(&part.path.start, scope)], edges: Vec::new() };
        let mut from = slots.nodes[0];
        for step in &part.path.steps {
            // Names are bound in the order of the text, which is that of `RETURN *`.
            let edge = match &step.relationship.variable {
                Some(name) if scope.get(&name.text).is_none() => {
                    let slot = self.lowerer.slot();
                    scope.bind(&name.text, slot);
                    (slot, None)
                }
                Some(name) => (self.lowerer.slot(), scope.get(&name.text)),
                None => (self.lowerer.slot(), None),
            };
            let to = self.node(&step.node, scope);
            slots.edges.push(self.edge(&step.relationship, edge, from, to, part.form));
            slots.nodes.push(to);
            from = to;
        }
        if let Some(variable) = part.variable {
            let slot = self.lowerer.slot();
            scope.bind(&variable.text, slot);
            self.found.paths.push((slot, path_of(&slots)));
        }
        self.found.parts.push(slots);
    }

    fn node(&mut self, node: &'a NodePattern, scope: &mut Scope<'a>) -> Slot {
        let name = node.variable.as_ref().map(|variable| &*variable.text);
        let slot = name.and_then(|name| scope.get(name)).unwrap_or_else(|| self.lowerer.slot());
        if let Some(name) = name {
            scope.bind(name, slot);
        }
        let labels = self.lowerer.labels(&node.labels);
        let nodes = &mut self.found.pattern.nodes;
        if let Some(known) = nodes.iter_mut().find(|known| known.slot == slot) {
            known.labels.extend(labels);
        } else {
            let bound = name.is_some_and(|name| self.outer.get(name).is_some());
            nodes.push(Node { slot, bound, labels });
        }
        slot
    }

    fn edge(
        &mut self,
        pattern: &'a RelationshipPattern,
        (slot, bound): (Slot, Option<Slot>),
        from: Slot,
        to: Slot,
        form: PathForm,
    ) -> Slot {
        let types: Vec<_> = pattern.types.iter().map(|name| self.lowerer.relationship_type(name)).collect();
        let direction = direction(pattern.direction);
        if let Some(bound) = bound {
            if pattern.length.is_none() && direction != Direction::Either {
                self.bound_edge(pattern, bound, from, to);
                return bound;
            }
            self.found.pattern.predicates.push(Expr::equal(Expr::Slot(slot), Expr::Slot(bound)));
        }
        let length = pattern.length.map(|length| (length.min.unwrap_or(1), length.max));
        // A path that is shortest is a walk, even if it is said to be of one relationship.
        let (length, which) = match form {
            PathForm::Any => (length, Walks::All),
            PathForm::Shortest => (length.or(Some((1, Some(1)))), Walks::Shortest),
            PathForm::AllShortest => (length.or(Some((1, Some(1)))), Walks::AllShortest),
        };
        let wanted = bound.is_some();
        let edge = Edge { slot, wanted, bound: false, from, to, direction, types, length, each: None, which };
        self.found.pattern.edges.push(edge);
        slot
    }

    /// A relationship that the input binds is not looked for: its ends are known.
    fn bound_edge(&mut self, pattern: &'a RelationshipPattern, edge: Slot, from: Slot, to: Slot) {
        let (start, end) = if pattern.direction == tree::Direction::Left { (to, from) } else { (from, to) };
        for (node, function) in [(start, "startnode"), (end, "endnode")] {
            let Some(function) = functions::find(function) else { continue };
            let known = Expr::Call { function, arguments: vec![Expr::Slot(edge)] };
            let is_bound = self.found.before.iter().any(|(slot, _)| *slot == node)
                || self.found.pattern.nodes.iter().any(|other| other.slot == node && other.bound);
            if is_bound {
                self.found.pattern.predicates.push(Expr::equal(Expr::Slot(node), known));
            } else {
                self.found.before.push((node, known));
                for other in self.found.pattern.nodes.iter_mut().filter(|other| other.slot == node) {
                    other.bound = true;
                }
            }
        }
        let is_there = Expr::Unary(Unary::Not, Box::new(Expr::IsNull(Box::new(Expr::Slot(edge)))));
        self.found.pattern.predicates.push(is_there);
        if !pattern.types.is_empty() {
            let is_of =
                |name| Expr::HasLabels { target: Box::new(Expr::Slot(edge)), labels: vec![self.lowerer.label(name)] };
            self.found.pattern.predicates.push(Expr::Or(pattern.types.iter().map(is_of).collect()));
        }
        self.bound_edges.push(edge);
    }

    /// The properties of the nodes and relationships of a part.
    fn properties(&mut self, part: &Part<'a>, number: usize, sight: Sight<'_, 'a>) -> Result<()> {
        for (place, node) in part.path.nodes().enumerate() {
            let slot = self.found.parts[number].nodes[place];
            let predicates = self.predicates(node.properties.as_ref(), slot, sight)?;
            self.found.pattern.predicates.extend(predicates);
        }
        for (place, relationship) in part.path.relationships().enumerate() {
            let slot = self.found.parts[number].edges[place];
            let edge = self.found.pattern.edges.iter().position(|edge| edge.slot == slot);
            match edge.filter(|edge| self.found.pattern.edges[*edge].length.is_some()) {
                None => {
                    let predicates = self.predicates(relationship.properties.as_ref(), slot, sight)?;
                    self.found.pattern.predicates.extend(predicates);
                }
                Some(edge) => {
                    let each = self.lowerer.slot();
                    let predicates = self.predicates(relationship.properties.as_ref(), each, sight)?;
                    if !predicates.is_empty() {
                        self.found.pattern.edges[edge].each = Some((each, Expr::all(predicates)));
                    }
                }
            }
        }
        Ok(())
    }

    fn predicates(&self, properties: Option<&'a Properties>, slot: Slot, sight: Sight<'_, 'a>) -> Result<Vec<Expr>> {
        let property = |key: &str| Expr::Property { target: Box::new(Expr::Slot(slot)), key: self.lowerer.key(key) };
        match properties {
            None => Ok(Vec::new()),
            Some(Properties::Map(entries)) => {
                let predicate = |(key, value): &'a (tree::Name, Expression)| {
                    Ok(Expr::equal(property(&key.text), self.lowerer.expression(value, sight)?))
                };
                entries.iter().map(predicate).collect()
            }
            Some(Properties::Parameter(name)) => match self.lowerer.parameter(name)? {
                Value::Map(map) => {
                    let predicate = |(key, value): &(std::sync::Arc<str>, Value)| {
                        Expr::equal(property(key), Expr::Constant(value.clone()))
                    };
                    Ok(map.iter().map(predicate).collect())
                }
                other => {
                    let message = format!(
                        "Parameter ${} stands for properties: it must be a map, not {}",
                        name.text,
                        other.kind()
                    );
                    Err(self.lowerer.error(crate::ErrorKind::InvalidParameterType, name.span, message))
                }
            },
        }
    }
}

/// The path through these.
pub(super) fn path_of(slots: &Slots) -> Expr {
    let mut walk = vec![Expr::Slot(slots.nodes[0])];
    for (edge, node) in slots.edges.iter().zip(&slots.nodes[1..]) {
        walk.extend([Expr::Slot(*edge), Expr::Slot(*node)]);
    }
    Expr::Path(walk)
}

/// Relationships that the input binds are unlike those that are looked for.
fn unlike(pattern: &mut Pattern, bound: &[Slot]) {
    for edge in &mut pattern.edges {
        for known in bound {
            edge.wanted = true;
            let (found, known) = (Expr::Slot(edge.slot), Expr::Slot(*known));
            pattern.predicates.push(if edge.length.is_some() {
                let is_in = Expr::Binary(Binary::In, Box::new(known), Box::new(found));
                Expr::Unary(Unary::Not, Box::new(is_in))
            } else {
                Expr::Comparison(Box::new(found), vec![(Compare::NotEqual, known)])
            });
        }
    }
}

/// Relationships that have a name, are part of a path or are asked by a predicate are wanted.
fn mark_wanted(found: &mut Found, scope: &Scope<'_>) {
    let mut asked: Vec<Slot> = scope.iter().map(|(_, slot)| slot).collect();
    let predicates = found.pattern.predicates.iter().chain(&found.after);
    predicates
        .chain(found.paths.iter().map(|(_, path)| path))
        .for_each(|expr| expr.slots(&mut |slot| asked.push(slot)));
    asked.sort_unstable();
    for edge in &mut found.pattern.edges {
        edge.wanted |= asked.binary_search(&edge.slot).is_ok();
    }
}

pub(super) const fn direction(direction: tree::Direction) -> Direction {
    match direction {
        tree::Direction::Right => Direction::Out,
        tree::Direction::Left => Direction::In,
        tree::Direction::Either => Direction::Either,
    }
}
