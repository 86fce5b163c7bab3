//! Expressions computed for one row: the meaning of each form, in one place.
//!
//! An [`Evaluator`] is given what a statement is given: parameters, its moment, and a [`Graph`] that knows what lies
//! behind nodes and relationships. A [`Scope`] holds the variables. Aggregates, patterns and subqueries are not
//! expressions of one row: they are the planner's, and refused here.
//!
//! - `collections`: lists and maps, and what walks them.
//! - [`functions`]: the functions by name, with how many arguments each takes.
//!
//! **Source**: openCypher 9, "Expressions"; spec/opencypher.md §5.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use exec::logic::{self, Truth};
use exec::text::Match;
use exec::{EvalError, Map, Relationship, Value, arithmetic, comparison, equality, list, map, text};
use model::TermId;
use thiserror::Error;

use crate::tree::{
    BinaryOperator, Branch, Comparison, ComparisonOperator, Expression, ExpressionKind, FunctionCall, Literal, Name,
    UnaryOperator,
};

mod clock;
mod collections;
pub mod functions;

pub use clock::Clock;

/// Why an expression has no value.
#[derive(Debug, Error)]
pub enum Error {
    /// The values refuse.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// A parameter that was not handed in.
    #[error("parameter ${0} is missing")]
    MissingParameter(Box<str>),
    /// A variable that is not in scope.
    #[error("variable {0} is not defined")]
    UndefinedVariable(Box<str>),
    /// A function that does not exist.
    #[error("there is no function {0}()")]
    UnknownFunction(Box<str>),
    /// A function called with another number of arguments than it takes.
    #[error("{name}() takes {least} to {most} arguments, but was given {found}")]
    NumberOfArguments {
        /// The function.
        name: &'static str,
        /// How many it takes at least.
        least: usize,
        /// How many it takes at most.
        most: usize,
        /// How many were given.
        found: usize,
    },
    /// A form that no single row has a value for: an aggregate, a pattern, a subquery.
    #[error("{0} is not computed from a single row")]
    NotOfOneRow(&'static str),
    /// A form that this server does not have.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
    /// The graph could not be read.
    #[error("reading the graph")]
    Graph(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What an expression gives.
pub type Result<T = Value> = std::result::Result<T, Error>;

/// A node or a relationship.
#[derive(Clone, Copy, Debug)]
pub enum Entity<'a> {
    /// A node, by its vertex id.
    Node(TermId),
    /// A relationship.
    Relationship(&'a Relationship),
}

/// Who knows what lies behind the ids of nodes and relationships.
pub trait Graph {
    /// The id, as text.
    ///
    /// # Errors
    ///
    /// [`Error::Graph`], as of all of these.
    fn id(&self, entity: Entity<'_>) -> Result<Arc<str>>;

    /// A property; null if there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Graph`].
    fn property(&self, entity: Entity<'_>, key: &str) -> Result;

    /// All properties.
    ///
    /// # Errors
    ///
    /// [`Error::Graph`].
    fn properties(&self, entity: Entity<'_>) -> Result<Map>;

    /// The labels of a node, or the type of a relationship.
    ///
    /// # Errors
    ///
    /// [`Error::Graph`].
    fn labels(&self, entity: Entity<'_>) -> Result<Vec<Arc<str>>>;
}

/// The variables of a row, and those that an expression binds within itself.
#[derive(Clone, Copy)]
pub enum Scope<'a> {
    /// A row.
    Row(&'a HashMap<Box<str>, Value>),
    /// One more variable.
    Inner {
        /// Its name.
        name: &'a str,
        /// Its value.
        value: &'a Value,
        /// The variables around it.
        outer: &'a Scope<'a>,
    },
}

impl<'a> Scope<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        match *self {
            Self::Row(row) => row.get(name),
            Self::Inner { name: own, value, .. } if own == name => Some(value),
            Self::Inner { outer, .. } => outer.get(name),
        }
    }
}

/// Names the variables.
impl fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row(row) => f.debug_set().entries(row.keys()).finish(),
            Self::Inner { name, outer, .. } => write!(f, "{name} in {outer:?}"),
        }
    }
}

/// Computes expressions of one statement.
#[derive(Clone, Copy)]
pub struct Evaluator<'a> {
    /// The parameters by name.
    pub parameters: &'a Map,
    /// The moments of the statement.
    pub clock: &'a dyn Clock,
    /// The graph.
    pub graph: &'a dyn Graph,
}

impl fmt::Debug for Evaluator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evaluator").field("parameters", self.parameters).finish_non_exhaustive()
    }
}

impl Evaluator<'_> {
    /// The value of an expression.
    ///
    /// # Errors
    ///
    /// Each of [`enum@Error`].
    // Recursion goes through here for each level of an expression, so what takes space on the stack stands in functions
    // of its own.
    pub fn value(&self, expression: &Expression, scope: &Scope<'_>) -> Result {
        match &expression.kind {
            ExpressionKind::Literal(literal) => Ok(constant(literal)),
            ExpressionKind::Parameter(name) => self.parameter(name),
            ExpressionKind::Variable(name) => variable(name, scope),
            ExpressionKind::Property { target, key } => self.member(target, key, scope),
            ExpressionKind::Index { target, index } => self.index(target, index, scope),
            ExpressionKind::Slice { target, from, to } => self.slice(target, from.as_deref(), to.as_deref(), scope),
            ExpressionKind::Labels { target, labels } => self.has_labels(target, labels, scope),
            ExpressionKind::Unary { operator, operand } => self.unary(*operator, operand, scope),
            ExpressionKind::Binary { operator, left, right } => self.binary(*operator, left, right, scope),
            ExpressionKind::Comparison(chain) => self.comparison(chain, scope),
            ExpressionKind::And(operands) => self.connected("AND", operands, scope, logic::and, Some(false)),
            ExpressionKind::Or(operands) => self.connected("OR", operands, scope, logic::or, Some(true)),
            ExpressionKind::Xor(operands) => self.connected("XOR", operands, scope, logic::xor, None),
            ExpressionKind::IsNull { operand, negated } => {
                self.value(operand, scope).map(|value| Value::Boolean(value.is_null() != *negated))
            }
            ExpressionKind::Case { subject, branches, otherwise } => {
                self.case(subject.as_deref(), branches, otherwise.as_deref(), scope)
            }
            ExpressionKind::List(items) => self.list(items, scope),
            ExpressionKind::Map(entries) => self.map(entries, scope),
            ExpressionKind::MapProjection(projection) => self.map_projection(projection, scope),
            ExpressionKind::ListComprehension(comprehension) => self.list_comprehension(comprehension, scope),
            ExpressionKind::Quantifier(quantifier) => self.quantifier(quantifier, scope).map(Value::truth),
            ExpressionKind::Reduce(reduce) => self.reduce(reduce, scope),
            ExpressionKind::Call(call) => self.call(call, scope),
            ExpressionKind::CountAll => Err(Error::NotOfOneRow("count(*)")),
            ExpressionKind::PatternComprehension(_) => Err(Error::NotOfOneRow("a pattern comprehension")),
            ExpressionKind::Exists(_) => Err(Error::NotOfOneRow("EXISTS")),
            ExpressionKind::Pattern(_) => Err(Error::NotOfOneRow("a pattern")),
        }
    }

    /// The truth of a predicate.
    ///
    /// # Errors
    ///
    /// Each of [`enum@Error`]; [`EvalError::ArgumentType`] if the value is neither boolean nor null.
    pub fn truth(&self, operation: &'static str, predicate: &Expression, scope: &Scope<'_>) -> Result<Truth> {
        Ok(logic::truth(operation, &self.value(predicate, scope)?)?)
    }

    fn parameter(&self, name: &Name) -> Result {
        self.parameters.get(&name.text).cloned().ok_or_else(|| Error::MissingParameter(name.text.clone()))
    }

    fn member(&self, target: &Expression, key: &Name, scope: &Scope<'_>) -> Result {
        let target = self.value(target, scope)?;
        self.property(&target, &key.text)
    }

    /// `target[index]`
    fn index(&self, target: &Expression, index: &Expression, scope: &Scope<'_>) -> Result {
        let (target, index) = (self.value(target, scope)?, self.value(index, scope)?);
        match (entity(&target), &index) {
            (Some(_), Value::String(key)) => self.property(&target, key),
            (Some(_), Value::Null) => Ok(Value::Null),
            _ => Ok(list::index(&target, &index)?),
        }
    }

    fn slice(
        &self,
        target: &Expression,
        from: Option<&Expression>,
        to: Option<&Expression>,
        scope: &Scope<'_>,
    ) -> Result {
        let target = self.value(target, scope)?;
        let from = from.map(|from| self.value(from, scope)).transpose()?;
        let to = to.map(|to| self.value(to, scope)).transpose()?;
        Ok(list::slice(&target, from.as_ref(), to.as_ref())?)
    }

    fn unary(&self, operator: UnaryOperator, operand: &Expression, scope: &Scope<'_>) -> Result {
        let operand = self.value(operand, scope)?;
        unary(operator, &operand)
    }

    fn binary(&self, operator: BinaryOperator, left: &Expression, right: &Expression, scope: &Scope<'_>) -> Result {
        let left = self.value(left, scope)?;
        let right = self.value(right, scope)?;
        binary(operator, &left, &right)
    }

    /// Connects truths from the left, up to one that decides.
    fn connected(
        &self,
        operation: &'static str,
        operands: &[Expression],
        scope: &Scope<'_>,
        connect: fn(Truth, Truth) -> Truth,
        decides: Truth,
    ) -> Result {
        let mut connected: Option<Truth> = None;
        for operand in operands {
            let truth = self.truth(operation, operand, scope)?;
            let so_far = connected.map_or(truth, |connected| connect(connected, truth));
            connected = Some(so_far);
            if so_far.is_some() && so_far == decides {
                break;
            }
        }
        Ok(Value::truth(connected.flatten()))
    }

    /// `a < b < c` is `a < b AND b < c`.
    fn comparison(&self, chain: &Comparison, scope: &Scope<'_>) -> Result {
        let mut left = self.value(&chain.first, scope)?;
        let mut holds = Some(true);
        for (operator, right) in &chain.rest {
            let right = self.value(right, scope)?;
            holds = logic::and(holds, compare(*operator, &left, &right));
            left = right;
        }
        Ok(Value::truth(holds))
    }

    fn case(
        &self,
        subject: Option<&Expression>,
        branches: &[Branch],
        otherwise: Option<&Expression>,
        scope: &Scope<'_>,
    ) -> Result {
        let subject = subject.map(|subject| self.value(subject, scope)).transpose()?;
        for branch in branches {
            let applies = match &subject {
                Some(subject) => equality::equals(subject, &self.value(&branch.condition, scope)?),
                None => self.truth("CASE", &branch.condition, scope)?,
            };
            if applies == Some(true) {
                return self.value(&branch.value, scope);
            }
        }
        otherwise.map_or(Ok(Value::Null), |otherwise| self.value(otherwise, scope))
    }

    /// `value.key`; of nodes and relationships `` `~id` `` is the id.
    pub(crate) fn property(&self, value: &Value, key: &str) -> Result {
        match entity(value) {
            Some(entity) if key == "~id" => Ok(Value::String(self.graph.id(entity)?)),
            Some(entity) => self.graph.property(entity, key),
            None => Ok(map::member(value, key)?),
        }
    }

    /// The properties of a node or relationship, or a map as it is.
    pub(crate) fn properties(&self, value: &Value) -> Result<Map> {
        match (entity(value), value) {
            (Some(entity), _) => self.graph.properties(entity),
            (None, Value::Map(map)) => Ok(map.clone()),
            (None, other) => Err(refused("properties()", "a node, a relationship or a map", other)),
        }
    }

    fn has_labels(&self, target: &Expression, labels: &[Name], scope: &Scope<'_>) -> Result {
        let target = self.value(target, scope)?;
        match (entity(&target), &target) {
            (Some(entity), _) => {
                let own = self.graph.labels(entity)?;
                Ok(labels.iter().all(|label| own.iter().any(|own| **own == *label.text)).into())
            }
            (None, Value::Null) => Ok(Value::Null),
            (None, other) => Err(refused("a label predicate", "a node or a relationship", other)),
        }
    }

    fn call(&self, call: &FunctionCall, scope: &Scope<'_>) -> Result {
        let name = call.name.to_lowercase();
        let Some(function) = functions::find(&name) else {
            return Err(Error::UnknownFunction(call.name.joined().into()));
        };
        let found = call.arguments.len();
        if !(function.least..=function.most).contains(&found) {
            let functions::Function { name, least, most, .. } = *function;
            return Err(Error::NumberOfArguments { name, least, most, found });
        }
        let arguments =
            call.arguments.iter().map(|argument| self.value(argument, scope)).collect::<Result<Vec<_>>>()?;
        (function.call)(self, &arguments)
    }
}

/// The node or relationship that a value is.
pub(crate) fn entity(value: &Value) -> Option<Entity<'_>> {
    match value {
        Value::Node(id) => Some(Entity::Node(*id)),
        Value::Relationship(relationship) => Some(Entity::Relationship(relationship)),
        _ => None,
    }
}

pub(crate) fn refused(operation: &'static str, expected: &'static str, found: &Value) -> Error {
    Error::Eval(EvalError::ArgumentType { operation, expected, found: found.kind() })
}

fn constant(literal: &Literal) -> Value {
    match literal {
        Literal::Null => Value::Null,
        Literal::Boolean(value) => (*value).into(),
        Literal::Integer(value) => (*value).into(),
        Literal::Float(value) => (*value).into(),
        Literal::String(text) => Value::string(&**text),
    }
}

fn variable(name: &Name, scope: &Scope<'_>) -> Result {
    scope.get(&name.text).cloned().ok_or_else(|| Error::UndefinedVariable(name.text.clone()))
}

fn unary(operator: UnaryOperator, value: &Value) -> Result {
    Ok(match operator {
        UnaryOperator::Not => Value::truth(logic::not(logic::truth("NOT", value)?)),
        UnaryOperator::Negate => arithmetic::negate(value)?,
        UnaryOperator::Plus => arithmetic::identity(value)?,
    })
}

fn binary(operator: BinaryOperator, left: &Value, right: &Value) -> Result {
    Ok(match operator {
        BinaryOperator::Add => arithmetic::add(left, right)?,
        BinaryOperator::Subtract => arithmetic::subtract(left, right)?,
        BinaryOperator::Multiply => arithmetic::multiply(left, right)?,
        BinaryOperator::Divide => arithmetic::divide(left, right)?,
        BinaryOperator::Modulo => arithmetic::modulo(left, right)?,
        BinaryOperator::Power => arithmetic::power(left, right)?,
        BinaryOperator::In => Value::truth(equality::is_in(left, right)?),
        BinaryOperator::StartsWith => Value::truth(text::matches(Match::StartsWith, left, right)),
        BinaryOperator::EndsWith => Value::truth(text::matches(Match::EndsWith, left, right)),
        BinaryOperator::Contains => Value::truth(text::matches(Match::Contains, left, right)),
        BinaryOperator::Matches => return Err(Error::Unsupported("the operator =~")),
    })
}

fn compare(operator: ComparisonOperator, left: &Value, right: &Value) -> Truth {
    match operator {
        ComparisonOperator::Equal => equality::equals(left, right),
        ComparisonOperator::NotEqual => equality::differs(left, right),
        ComparisonOperator::Less => comparison::less(left, right),
        ComparisonOperator::LessOrEqual => comparison::less_or_equal(left, right),
        ComparisonOperator::Greater => comparison::greater(left, right),
        ComparisonOperator::GreaterOrEqual => comparison::greater_or_equal(left, right),
    }
}
