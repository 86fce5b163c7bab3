//! Expressions.

use std::sync::Arc;

use exec::Value;
use exec::aggregate;
use exec::expr::{Binary, Compare, Expr, Form, MapItem, Quantifier, Subplan, Unary};
use exec::plan::{Aggregate, Plan};

use super::scope::{Groups, Local, Scope, Sight};
use super::{Lowerer, Result};
use crate::tree::{
    BinaryOperator, ComparisonOperator, Expression, ExpressionKind, FunctionCall, Literal, MapProjection,
    MapProjectionItem, Name, PatternComprehension, PatternPart, QuantifierKind, Query, UnaryOperator,
};
use crate::{ErrorKind, functions};

impl<'a> Lowerer<'a> {
    // Recursion goes through here for each level of an expression, so what takes space on the stack stands in functions
    // of its own.
    pub(super) fn expression(&self, expression: &'a Expression, sight: Sight<'_, 'a>) -> Result<Expr> {
        if let Some(slot) = sight.known(expression) {
            return Ok(Expr::Slot(slot));
        }
        Ok(match &expression.kind {
            ExpressionKind::Literal(literal) => Expr::Constant(constant(literal)),
            ExpressionKind::Parameter(name) => Expr::Constant(self.parameter(name)?),
            ExpressionKind::Variable(name) => self.variable(name, sight)?,
            ExpressionKind::Property { target, key } => {
                Expr::Property { target: self.boxed(target, sight)?, key: self.key(&key.text) }
            }
            ExpressionKind::Index { target, index } => {
                Expr::Index { target: self.boxed(target, sight)?, index: self.boxed(index, sight)? }
            }
            ExpressionKind::Slice { target, from, to } => Expr::Slice {
                target: self.boxed(target, sight)?,
                from: from.as_ref().map(|from| self.boxed(from, sight)).transpose()?,
                to: to.as_ref().map(|to| self.boxed(to, sight)).transpose()?,
            },
            ExpressionKind::Labels { target, labels } => {
                Expr::HasLabels { target: self.boxed(target, sight)?, labels: self.labels(labels) }
            }
            ExpressionKind::Unary { operator, operand } => Expr::Unary(unary(*operator), self.boxed(operand, sight)?),
            ExpressionKind::Binary { operator, left, right } => {
                Expr::Binary(binary(*operator), self.boxed(left, sight)?, self.boxed(right, sight)?)
            }
            ExpressionKind::Comparison(chain) => {
                let first = self.boxed(&chain.first, sight)?;
                let rest = chain.rest.iter();
                let rest = rest.map(|(operator, right)| Ok((compare(*operator), self.expression(right, sight)?)));
                Expr::Comparison(first, rest.collect::<Result<_>>()?)
            }
            ExpressionKind::And(operands) => Expr::And(self.expressions(operands, sight)?),
            ExpressionKind::Or(operands) => Expr::Or(self.expressions(operands, sight)?),
            ExpressionKind::Xor(operands) => Expr::Xor(self.expressions(operands, sight)?),
            ExpressionKind::IsNull { operand, negated } => {
                let is_null = Expr::IsNull(self.boxed(operand, sight)?);
                if *negated { Expr::Unary(Unary::Not, Box::new(is_null)) } else { is_null }
            }
            ExpressionKind::Case { subject, branches, otherwise } => {
                let branch = |branch: &'a crate::tree::Branch| {
                    Ok((self.expression(&branch.condition, sight)?, self.expression(&branch.value, sight)?))
                };
                Expr::Case {
                    subject: subject.as_ref().map(|subject| self.boxed(subject, sight)).transpose()?,
                    branches: branches.iter().map(branch).collect::<Result<_>>()?,
                    otherwise: otherwise.as_ref().map(|otherwise| self.boxed(otherwise, sight)).transpose()?,
                }
            }
            ExpressionKind::List(items) => Expr::List(self.expressions(items, sight)?),
            ExpressionKind::Map(entries) => self.map(entries, sight)?,
            ExpressionKind::MapProjection(projection) => self.map_projection(projection, sight)?,
            ExpressionKind::ListComprehension(comprehension) => {
                let list = self.boxed(&comprehension.list, sight)?;
                let local = Local { name: &comprehension.variable.text, outer: sight.local };
                let inner = sight.within(&local);
                let boxed =
                    |part: &'a Option<Expression>| part.as_ref().map(|part| self.boxed(part, inner)).transpose();
                Expr::ListComprehension {
                    list,
                    filter: boxed(&comprehension.filter)?,
                    value: boxed(&comprehension.value)?,
                }
            }
            ExpressionKind::Quantifier(quantifier) => {
                let list = self.boxed(&quantifier.list, sight)?;
                let local = Local { name: &quantifier.variable.text, outer: sight.local };
                let predicate = self.boxed(&quantifier.predicate, sight.within(&local))?;
                Expr::Quantifier { kind: how_many(quantifier.kind), list, predicate }
            }
            ExpressionKind::Reduce(reduce) => {
                let initial = self.boxed(&reduce.initial, sight)?;
                let list = self.boxed(&reduce.list, sight)?;
                let outer = Local { name: &reduce.accumulator.text, outer: sight.local };
                let local = Local { name: &reduce.variable.text, outer: Some(&outer) };
                Expr::Reduce { initial, list, value: self.boxed(&reduce.value, sight.within(&local))? }
            }
            ExpressionKind::Call(call) => self.call(call, expression, sight)?,
            ExpressionKind::CountAll => {
                self.aggregated(expression, aggregate::Function::Count, None, false, None, sight)?
            }
            ExpressionKind::PatternComprehension(comprehension) => self.pattern_comprehension(comprehension, sight)?,
            ExpressionKind::Exists(query) => self.exists(query, sight)?,
            ExpressionKind::Pattern(part) => self.pattern_expression(part, Form::Exists, sight)?,
        })
    }

    fn boxed(&self, expression: &'a Expression, sight: Sight<'_, 'a>) -> Result<Box<Expr>> {
        self.expression(expression, sight).map(Box::new)
    }

    fn expressions(&self, of: &'a [Expression], sight: Sight<'_, 'a>) -> Result<Vec<Expr>> {
        of.iter().map(|expression| self.expression(expression, sight)).collect()
    }

    /// The parts of a predicate that must all hold.
    pub(super) fn conjuncts(&self, predicate: &'a Expression, sight: Sight<'_, 'a>) -> Result<Vec<Expr>> {
        match &predicate.kind {
            ExpressionKind::And(operands) => self.expressions(operands, sight),
            _ => Ok(vec![self.expression(predicate, sight)?]),
        }
    }

    pub(super) fn parameter(&self, name: &Name) -> Result<Value> {
        self.parameters.get(&name.text).cloned().ok_or_else(|| {
            let message = format!("Parameter ${} is missing: hand it in with the query", name.text);
            self.error(ErrorKind::MissingParameter, name.span, message)
        })
    }

    pub(super) fn variable(&self, name: &'a Name, sight: Sight<'_, 'a>) -> Result<Expr> {
        if let Some(depth) = sight.local(&name.text) {
            return Ok(Expr::Local(depth));
        }
        sight.scope.get(&name.text).map(Expr::Slot).ok_or_else(|| {
            let message = format!("Variable `{}` is not defined", name.text);
            self.error(ErrorKind::UndefinedVariable, name.span, message)
        })
    }

    pub(super) fn map(&self, entries: &'a [(Name, Expression)], sight: Sight<'_, 'a>) -> Result<Expr> {
        let entry = |(key, value): &'a (Name, Expression)| Ok((Arc::from(&*key.text), self.expression(value, sight)?));
        Ok(Expr::Map(entries.iter().map(entry).collect::<Result<_>>()?))
    }

    fn map_projection(&self, projection: &'a MapProjection, sight: Sight<'_, 'a>) -> Result<Expr> {
        let item = |item: &'a MapProjectionItem| {
            Ok(match item {
                MapProjectionItem::Property(key) => MapItem::Property(self.key(&key.text)),
                MapProjectionItem::AllProperties => MapItem::All,
                MapProjectionItem::Entry(key, value) => {
                    MapItem::Entry(Arc::from(&*key.text), self.expression(value, sight)?)
                }
                MapProjectionItem::Variable(name) => {
                    MapItem::Entry(Arc::from(&*name.text), self.variable(name, sight)?)
                }
            })
        };
        let subject = Box::new(self.variable(&projection.variable, sight)?);
        Ok(Expr::MapProjection { subject, items: projection.items.iter().map(item).collect::<Result<_>>()? })
    }

    fn call(&self, call: &'a FunctionCall, expression: &'a Expression, sight: Sight<'_, 'a>) -> Result<Expr> {
        let name = call.name.to_lowercase();
        if let Some(function) = aggregate_of(&name) {
            let mut arguments = call.arguments.iter();
            let (argument, percentile) = (arguments.next(), arguments.next());
            return self.aggregated(expression, function, argument, call.distinct, percentile, sight);
        }
        // What is asked of a pattern is no value of its own.
        if let [Expression { kind: ExpressionKind::Pattern(part), .. }] = call.arguments.as_slice() {
            match name.as_str() {
                "exists" => return self.pattern_expression(part, Form::Exists, sight),
                "size" | "length" => return self.pattern_expression(part, Form::Count, sight),
                _ => {}
            }
        }
        // An id is looked for by an index: it is the property that is called so.
        if let ("id", [target]) = (name.as_str(), call.arguments.as_slice()) {
            return Ok(Expr::Property { target: self.boxed(target, sight)?, key: self.key("~id") });
        }
        let Some(function) = functions::find(&name) else {
            let message = format!("There is no function `{}`", call.name.joined());
            return Err(self.error(ErrorKind::UnknownFunction, call.name.span, message));
        };
        if !(function.least..=function.most).contains(&call.arguments.len()) {
            let message = format!(
                "{} takes {} to {} arguments, not {}",
                function.name,
                function.least,
                function.most,
                call.arguments.len()
            );
            return Err(self.error(ErrorKind::InvalidNumberOfArguments, call.name.span, message));
        }
        Ok(Expr::Call { function, arguments: self.expressions(&call.arguments, sight)? })
    }

    /// An aggregate: it is computed where rows are grouped, and is a column here.
    fn aggregated(
        &self,
        expression: &'a Expression,
        function: aggregate::Function,
        argument: Option<&'a Expression>,
        distinct: bool,
        percentile: Option<&'a Expression>,
        sight: Sight<'_, 'a>,
    ) -> Result<Expr> {
        let Some(Groups { scope, found, known }) = sight.groups else {
            let message = "An aggregate stands where rows are not aggregated";
            return Err(self.error(ErrorKind::InvalidAggregation, expression.span, message));
        };
        if let Some(slot) = known.borrow().get(expression) {
            return Ok(Expr::Slot(*slot));
        }
        let rows = Sight::of(scope);
        let lowered = |part: Option<&'a Expression>| part.map(|part| self.expression(part, rows)).transpose();
        let made = Aggregate { function, argument: lowered(argument)?, distinct, percentile: lowered(percentile)? };
        let slot = self.slot();
        found.borrow_mut().push((slot, made));
        // The same text gives the same value, unless it draws numbers: then once is as right as twice.
        known.borrow_mut().insert(expression, slot);
        Ok(Expr::Slot(slot))
    }

    /// The scope within a plan that is run for a row: locals are variables of the row there.
    fn inside(&self, sight: Sight<'_, 'a>) -> (Scope<'a>, Vec<(exec::batch::Slot, u32)>) {
        let mut scope = sight.scope.clone();
        let mut locals = Vec::new();
        let (mut local, mut depth) = (sight.local, 0);
        while let Some(Local { name, outer }) = local {
            // An inner one of the same name hides it.
            if sight.local(name) == Some(depth) {
                let slot = self.slot();
                scope.bind(name, slot);
                locals.push((slot, depth));
            }
            depth += 1;
            local = *outer;
        }
        (scope, locals)
    }

    fn exists(&self, query: &'a Query, sight: Sight<'_, 'a>) -> Result<Expr> {
        let (scope, locals) = self.inside(sight);
        let (plan, _) = self.query(query, &Plan::Argument, Some(&scope))?;
        Ok(Expr::Subplan(Box::new(Subplan { plan, locals, form: Form::Exists })))
    }

    fn pattern_expression(&self, part: &'a PatternPart, form: Form, sight: Sight<'_, 'a>) -> Result<Expr> {
        let (mut scope, locals) = self.inside(sight);
        let plan = self.found(std::slice::from_ref(part), None, Plan::Argument, &mut scope)?;
        Ok(Expr::Subplan(Box::new(Subplan { plan, locals, form })))
    }

    fn pattern_comprehension(&self, comprehension: &'a PatternComprehension, sight: Sight<'_, 'a>) -> Result<Expr> {
        let (mut scope, locals) = self.inside(sight);
        let part = super::pattern::Part { variable: comprehension.variable.as_ref(), ..(&comprehension.path).into() };
        let plan = self.found_parts(&[part], comprehension.filter.as_ref(), Plan::Argument, &mut scope)?;
        let form = Form::Collect(self.expression(&comprehension.value, Sight::of(&scope))?);
        Ok(Expr::Subplan(Box::new(Subplan { plan, locals, form })))
    }
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

fn aggregate_of(name: &str) -> Option<aggregate::Function> {
    Some(match name {
        "avg" => aggregate::Function::Average,
        "collect" => aggregate::Function::Collect,
        "count" => aggregate::Function::Count,
        "max" => aggregate::Function::Max,
        "min" => aggregate::Function::Min,
        "percentilecont" => aggregate::Function::PercentileCont,
        "percentiledisc" => aggregate::Function::PercentileDisc,
        "stdev" => aggregate::Function::StDev,
        "stdevp" => aggregate::Function::StDevP,
        "sum" => aggregate::Function::Sum,
        _ => return None,
    })
}

const fn unary(operator: UnaryOperator) -> Unary {
    match operator {
        UnaryOperator::Not => Unary::Not,
        UnaryOperator::Negate => Unary::Negate,
        UnaryOperator::Plus => Unary::Plus,
    }
}

const fn binary(operator: BinaryOperator) -> Binary {
    match operator {
        BinaryOperator::Add => Binary::Add,
        BinaryOperator::Subtract => Binary::Subtract,
        BinaryOperator::Multiply => Binary::Multiply,
        BinaryOperator::Divide => Binary::Divide,
        BinaryOperator::Modulo => Binary::Modulo,
        BinaryOperator::Power => Binary::Power,
        BinaryOperator::In => Binary::In,
        BinaryOperator::StartsWith => Binary::StartsWith,
        BinaryOperator::EndsWith => Binary::EndsWith,
        BinaryOperator::Contains => Binary::Contains,
        BinaryOperator::Matches => Binary::Matches,
    }
}

const fn compare(operator: ComparisonOperator) -> Compare {
    match operator {
        ComparisonOperator::Equal => Compare::Equal,
        ComparisonOperator::NotEqual => Compare::NotEqual,
        ComparisonOperator::Less => Compare::Less,
        ComparisonOperator::LessOrEqual => Compare::LessOrEqual,
        ComparisonOperator::Greater => Compare::Greater,
        ComparisonOperator::GreaterOrEqual => Compare::GreaterOrEqual,
    }
}

const fn how_many(kind: QuantifierKind) -> Quantifier {
    match kind {
        QuantifierKind::All => Quantifier::All,
        QuantifierKind::Any => Quantifier::Any,
        QuantifierKind::None => Quantifier::None,
        QuantifierKind::Single => Quantifier::Single,
    }
}
