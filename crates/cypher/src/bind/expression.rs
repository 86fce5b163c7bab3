//! Expressions: whether their variables are there, and of which type they are.

use std::collections::HashSet;

use super::aggregate::{has_aggregate, is_simple};
use super::function::{self, Function};
use super::scope::Scope;
use super::{Binder, Body, Result, Type};
use crate::ErrorKind;
use crate::tree::{
    BinaryOperator, Expression, ExpressionKind, FunctionCall, Literal, MapProjectionItem, Name, PathForm,
    PatternComprehension, Span, UnaryOperator,
};

/// What may stand at a place.
#[derive(Clone, Copy)]
pub(super) struct Rules<'p> {
    aggregates: Aggregates,
    /// Whether a bare pattern is a predicate here.
    patterns: bool,
    /// What is projected, if that counts as what it is; and whether an aggregate stands beside it.
    projected: Option<(&'p HashSet<&'p Expression>, bool)>,
}

#[derive(Clone, Copy)]
enum Aggregates {
    Allowed,
    /// Within the arguments of one.
    Inside,
    /// Not here.
    Forbidden(&'static str),
}

impl Rules<'_> {
    /// For a column: aggregates are welcome.
    pub(super) const PROJECTED: Self = Self { aggregates: Aggregates::Allowed, patterns: false, projected: None };

    /// Without aggregates.
    pub(super) const fn in_place(place: &'static str) -> Self {
        Self { aggregates: Aggregates::Forbidden(place), patterns: false, projected: None }
    }

    /// Where columns count as what they are.
    pub(super) const fn among<'q>(self, columns: &'q HashSet<&'q Expression>, beside_aggregate: bool) -> Rules<'q> {
        Rules { aggregates: self.aggregates, patterns: self.patterns, projected: Some((columns, beside_aggregate)) }
    }

    const fn with_patterns(self, patterns: bool) -> Self {
        Self { patterns, ..self }
    }

    /// For the body of a comprehension and the like, which is computed for each element.
    const fn in_body(self) -> Self {
        Self { aggregates: Aggregates::Forbidden("an expression over the elements of a list"), ..self }
    }
}

impl<'a> Binder<'a> {
    /// What a variable is.
    pub(super) fn variable(&self, name: &Name, scope: &Scope<'a, '_>) -> Result<Type> {
        scope.get(&name.text).cloned().ok_or_else(|| {
            let message = format!("Variable `{}` is not defined here", name.text);
            self.error(ErrorKind::UndefinedVariable, name.span, message)
        })
    }

    /// Refuses a value that is none of these for sure.
    pub(super) fn expect_type(&self, kind: &Type, expected: &[Type], span: Span) -> Result<()> {
        if kind.may_be_any(expected) { Ok(()) } else { Err(self.wrong_type(kind, &function::one_of(expected), span)) }
    }

    pub(super) fn wrong_type(&self, kind: &Type, expected: &str, span: Span) -> crate::Error {
        let message = format!("Type mismatch: {} is {kind}, expected {expected}", self.slice(span));
        self.error(ErrorKind::InvalidArgumentType, span, message)
    }

    /// An expression that is true or false; a bare pattern is one.
    pub(super) fn predicate(&self, expression: &'a Expression, scope: &Scope<'a, '_>, rules: Rules<'_>) -> Result<()> {
        let kind = self.expression(expression, scope, rules.with_patterns(true))?;
        self.expect_type(&kind, &[Type::Boolean], expression.span)
    }

    /// The type of an expression.
    pub(super) fn expression(
        &self,
        expression: &'a Expression,
        scope: &Scope<'a, '_>,
        rules: Rules<'_>,
    ) -> Result<Type> {
        if let Some(kind) = self.projected(expression, rules)? {
            return Ok(kind);
        }
        let inner = rules.with_patterns(false);
        let of = |expression: &'a Expression| self.expression(expression, scope, inner);
        match &expression.kind {
            ExpressionKind::Literal(literal) => Ok(match literal {
                Literal::Null => Type::Null,
                Literal::Boolean(_) => Type::Boolean,
                Literal::Integer(_) => Type::Integer,
                Literal::Float(_) => Type::Float,
                Literal::String(_) => Type::String,
            }),
            ExpressionKind::Parameter(_) => Ok(Type::Any),
            ExpressionKind::Variable(name) => self.variable(name, scope),
            ExpressionKind::Property { target, .. } => self.property(target, &of(target)?),
            ExpressionKind::Index { target, index } => self.index(target, of(target)?, index, &of(index)?),
            ExpressionKind::Slice { target, from, to } => {
                let kind = of(target)?;
                if !kind.may_be_list() {
                    return Err(self.wrong_type(&kind, "a list", target.span));
                }
                for bound in from.iter().chain(to) {
                    let bound_kind = of(bound)?;
                    self.expect_type(&bound_kind, &[Type::Integer], bound.span)?;
                }
                Ok(kind)
            }
            ExpressionKind::Labels { target, .. } => {
                let kind = of(target)?;
                self.expect_type(&kind, &[Type::Node, Type::Relationship], target.span)?;
                Ok(Type::Boolean)
            }
            ExpressionKind::Unary { operator: UnaryOperator::Not, operand } => {
                self.connected([&**operand], scope, rules)
            }
            ExpressionKind::Unary { operator: UnaryOperator::Negate | UnaryOperator::Plus, operand } => {
                let kind = of(operand)?;
                self.expect_number(&kind, operand.span)?;
                Ok(kind)
            }
            ExpressionKind::Binary { operator, left, right } => {
                self.binary(*operator, (of(left)?, left.span), (of(right)?, right.span))
            }
            ExpressionKind::Comparison(_) => {
                expression.children().try_for_each(|operand| of(operand).map(drop))?;
                Ok(Type::Boolean)
            }
            ExpressionKind::And(operands) | ExpressionKind::Or(operands) | ExpressionKind::Xor(operands) => {
                self.connected(operands, scope, rules)
            }
            ExpressionKind::IsNull { operand, .. } => of(operand).map(|_| Type::Boolean),
            ExpressionKind::Case { subject, branches, otherwise } => {
                let mut kind = Type::Null;
                subject.iter().try_for_each(|subject| of(subject).map(drop))?;
                for branch in branches {
                    match subject {
                        Some(_) => drop(of(&branch.condition)?),
                        None => self.predicate(&branch.condition, scope, rules)?,
                    }
                    kind = kind.join(of(&branch.value)?);
                }
                Ok(match otherwise {
                    Some(otherwise) => kind.join(of(otherwise)?),
                    None => kind,
                })
            }
            ExpressionKind::List(elements) => {
                let mut kind = Type::Null;
                for element in elements {
                    kind = kind.join(of(element)?);
                }
                Ok(Type::list(if kind == Type::Null { Type::Any } else { kind }))
            }
            ExpressionKind::Map(entries) => {
                entries.iter().try_for_each(|(_, value)| of(value).map(drop))?;
                Ok(Type::Map)
            }
            ExpressionKind::MapProjection(projection) => {
                let kind = self.variable(&projection.variable, scope)?;
                self.expect_type(&kind, &[Type::Node, Type::Relationship, Type::Map], projection.variable.span)?;
                for item in &projection.items {
                    match item {
                        MapProjectionItem::Property(_) | MapProjectionItem::AllProperties => {}
                        MapProjectionItem::Entry(_, value) => drop(of(value)?),
                        MapProjectionItem::Variable(name) => drop(self.variable(name, scope)?),
                    }
                }
                Ok(Type::Map)
            }
            ExpressionKind::ListComprehension(comprehension) => {
                let element = self.list(&comprehension.list, scope, inner)?;
                let body = scope.with([(&*comprehension.variable.text, element.clone())]);
                if let Some(filter) = &comprehension.filter {
                    self.predicate(filter, &body, inner.in_body())?;
                }
                let value = comprehension.value.as_ref();
                let kind = value.map_or(Ok(element), |value| self.expression(value, &body, inner.in_body()))?;
                Ok(Type::list(kind))
            }
            ExpressionKind::PatternComprehension(comprehension) => {
                self.pattern_comprehension(comprehension, scope, inner.in_body())
            }
            ExpressionKind::Quantifier(quantifier) => {
                let element = self.list(&quantifier.list, scope, inner)?;
                let body = scope.with([(&*quantifier.variable.text, element)]);
                self.predicate(&quantifier.predicate, &body, inner.in_body())?;
                Ok(Type::Boolean)
            }
            ExpressionKind::Reduce(reduce) => {
                of(&reduce.initial)?;
                let element = self.list(&reduce.list, scope, inner)?;
                let variables = [(&*reduce.accumulator.text, Type::Any), (&*reduce.variable.text, element)];
                self.expression(&reduce.value, &scope.with(variables), inner.in_body())?;
                Ok(Type::Any)
            }
            ExpressionKind::Exists(query) => {
                self.query(query, Some(scope), Body::Exists)?;
                Ok(Type::Boolean)
            }
            ExpressionKind::Pattern(part) => {
                self.pattern_expression(part, scope)?;
                match part.form {
                    PathForm::Shortest => return Ok(Type::Path),
                    PathForm::AllShortest => return Ok(Type::list(Type::Path)),
                    PathForm::Any if rules.patterns => return Ok(Type::Boolean),
                    PathForm::Any => {}
                }
                let message = "A pattern is a predicate here only within WHERE or exists(): \
                               write [pattern | value] for a list of what it finds";
                Err(self.error(ErrorKind::UnexpectedSyntax, expression.span, message))
            }
            ExpressionKind::CountAll => {
                self.check_aggregate(expression.span, rules)?;
                Ok(Type::Integer)
            }
            ExpressionKind::Call(call) => self.function_call(call, expression.span, scope, rules),
        }
    }

    /// What an expression is if it is a column, and columns count as what they are.
    fn projected(&self, expression: &'a Expression, rules: Rules<'_>) -> Result<Option<Type>> {
        let Some((columns, beside_aggregate)) = rules.projected else { return Ok(None) };
        if matches!(expression.kind, ExpressionKind::Literal(_)) || !columns.contains(expression) {
            return Ok(None);
        }
        if beside_aggregate && !has_aggregate(expression) && !is_simple(expression) {
            let message = format!(
                "The expression {} cannot stand beside an aggregate: name it in a WITH before",
                self.slice(expression.span)
            );
            return Err(self.error(ErrorKind::AmbiguousAggregationExpression, expression.span, message));
        }
        Ok(Some(Type::Any))
    }

    /// Operands of NOT, AND, OR and XOR.
    fn connected(
        &self,
        operands: impl IntoIterator<Item = &'a Expression>,
        scope: &Scope<'a, '_>,
        rules: Rules<'_>,
    ) -> Result<Type> {
        for operand in operands {
            let kind = self.expression(operand, scope, rules)?;
            self.expect_type(&kind, &[Type::Boolean], operand.span)?;
        }
        Ok(Type::Boolean)
    }

    fn property(&self, target: &Expression, kind: &Type) -> Result<Type> {
        let error_kind = match kind {
            Type::Any | Type::Null | Type::Map | Type::Node | Type::Relationship | Type::Temporal => {
                return Ok(Type::Any);
            }
            Type::Path => ErrorKind::InvalidArgumentType,
            Type::Boolean | Type::Integer | Type::Float | Type::String | Type::Geometry | Type::List(_) => {
                ErrorKind::InvalidOperandType
            }
        };
        let message = format!("Type mismatch: {} is {kind}, which has no properties", self.slice(target.span));
        Err(self.error(error_kind, target.span, message))
    }

    fn index(&self, target: &Expression, kind: Type, index: &Expression, index_kind: &Type) -> Result<Type> {
        let (span, found, expected) = match kind {
            Type::List(_) if !index_kind.may_be(&Type::Integer) => (index.span, index_kind, "an integer"),
            Type::Boolean
            | Type::Integer
            | Type::Float
            | Type::String
            | Type::Temporal
            | Type::Geometry
            | Type::Path => (target.span, &kind, "a list or a map"),
            _ => return Ok(kind.element()),
        };
        let message = format!("Type mismatch: {} is {found}, expected {expected}", self.slice(span));
        Err(self.error(ErrorKind::InvalidOperandType, span, message))
    }

    fn expect_number(&self, kind: &Type, span: Span) -> Result<()> {
        self.expect_type(kind, &[Type::Integer, Type::Float, Type::Temporal], span)
    }

    fn binary(&self, operator: BinaryOperator, left: (Type, Span), right: (Type, Span)) -> Result<Type> {
        match operator {
            BinaryOperator::In => {
                if !right.0.may_be_list() {
                    return Err(self.wrong_type(&right.0, "a list", right.1));
                }
                Ok(Type::Boolean)
            }
            BinaryOperator::StartsWith
            | BinaryOperator::EndsWith
            | BinaryOperator::Contains
            | BinaryOperator::Matches => Ok(Type::Boolean),
            // Strings and lists take nearly anything.
            BinaryOperator::Add => Ok(match (left.0, right.0) {
                (Type::List(_), _) | (_, Type::List(_)) => Type::list(Type::Any),
                (left, right) => number(&left, &right),
            }),
            BinaryOperator::Subtract
            | BinaryOperator::Multiply
            | BinaryOperator::Divide
            | BinaryOperator::Modulo
            | BinaryOperator::Power => {
                self.expect_number(&left.0, left.1)?;
                self.expect_number(&right.0, right.1)?;
                let kind = number(&left.0, &right.0);
                Ok(if operator == BinaryOperator::Power && kind == Type::Integer { Type::Float } else { kind })
            }
        }
    }

    /// What the elements of a list are.
    fn list(&self, list: &'a Expression, scope: &Scope<'a, '_>, rules: Rules<'_>) -> Result<Type> {
        let kind = self.expression(list, scope, rules)?;
        if !kind.may_be_list() {
            return Err(self.wrong_type(&kind, "a list", list.span));
        }
        Ok(kind.element())
    }

    fn pattern_comprehension(
        &self,
        comprehension: &'a PatternComprehension,
        scope: &Scope<'a, '_>,
        rules: Rules<'_>,
    ) -> Result<Type> {
        let mut body = Scope::new(Some(scope));
        self.match_path(&comprehension.path, &mut body, &mut HashSet::new())?;
        if let Some(variable) = &comprehension.variable {
            self.bind_new(&mut body, variable, Type::Path)?;
        }
        self.path_properties(&comprehension.path, &body, "a pattern")?;
        if let Some(filter) = &comprehension.filter {
            self.predicate(filter, &body, rules)?;
        }
        Ok(Type::list(self.expression(&comprehension.value, &body, rules)?))
    }

    fn check_aggregate(&self, span: Span, rules: Rules<'_>) -> Result<()> {
        let found = self.slice(span);
        match rules.aggregates {
            Aggregates::Allowed => Ok(()),
            Aggregates::Inside => {
                let message = format!("The aggregate {found} cannot stand within another one");
                Err(self.error(ErrorKind::NestedAggregation, span, message))
            }
            Aggregates::Forbidden(place) => {
                let message = format!("The aggregate {found} cannot stand in {place}: put it into a WITH before");
                Err(self.error(ErrorKind::InvalidAggregation, span, message))
            }
        }
    }

    fn function_call(
        &self,
        call: &'a FunctionCall,
        span: Span,
        scope: &Scope<'a, '_>,
        rules: Rules<'_>,
    ) -> Result<Type> {
        let name = call.name.joined();
        let Some(function) = Function::get(&call.name) else {
            let message = format!("There is no function `{name}`");
            return Err(self.error(ErrorKind::UnknownFunction, call.name.span, message));
        };
        if !function.takes_count(call.arguments.len()) {
            let message = format!("The function `{name}` takes {}, not {}", function.counts(), call.arguments.len());
            return Err(self.error(ErrorKind::InvalidNumberOfArguments, span, message));
        }
        let mut inner = rules.with_patterns(function.takes_patterns());
        if function.is_aggregate {
            self.check_aggregate(span, rules)?;
            inner.aggregates = Aggregates::Inside;
            if let Some(random) = call.arguments.iter().find(|argument| function::is_random(argument)) {
                let message = format!("The aggregate {name} takes no random values: name them in a WITH before");
                return Err(self.error(ErrorKind::NonConstantExpression, random.span, message));
            }
        }
        let mut kinds = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            kinds.push(self.expression(argument, scope, inner)?);
        }
        if let (Some(kind), Some(argument)) = (kinds.first(), call.arguments.first()) {
            let is_pattern = matches!(argument.kind, ExpressionKind::Pattern(_));
            if let Some(expected) = function.refuses(kind).filter(|_| !is_pattern) {
                return Err(self.wrong_type(kind, expected, argument.span));
            }
        }
        Ok(function.gives(kinds))
    }
}

/// What comes of arithmetic.
fn number(left: &Type, right: &Type) -> Type {
    match (left, right) {
        (Type::Integer, Type::Integer) => Type::Integer,
        (Type::Integer | Type::Float, Type::Integer | Type::Float) => Type::Float,
        _ => Type::Any,
    }
}
