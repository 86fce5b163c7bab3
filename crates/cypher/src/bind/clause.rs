//! The clauses that read.

use super::expression::Rules;
use super::scope::Scope;
use super::{Binder, Body, Columns, Result, Type};
use crate::ErrorKind;
use crate::tree::{
    Call, Clause, Expression, ExpressionKind, Match, Name, PlanHint, Subquery, Unwind, With, YieldItems,
};

impl<'a> Binder<'a> {
    /// A clause, and the columns that it returns, if it returns.
    pub(super) fn clause(
        &self,
        clause: &'a Clause,
        scope: &mut Scope<'a, '_>,
        body: Body,
        is_alone: bool,
    ) -> Result<Columns<'a>> {
        match clause {
            Clause::Match(clause) => self.match_clause(clause, scope)?,
            Clause::Unwind(clause) => self.unwind(clause, scope)?,
            Clause::Call(clause) => return self.call(clause, scope, is_alone && body == Body::Statement),
            Clause::Subquery(clause) => self.subquery(clause, scope)?,
            Clause::With(clause) => {
                let columns = self.projection(&clause.projection, clause.filter.as_ref(), scope, true, clause.span)?;
                scope.replace(columns);
            }
            Clause::Return(clause) => {
                return self.projection(&clause.projection, None, scope, body == Body::Call, clause.span);
            }
            Clause::Create(_)
            | Clause::Merge(_)
            | Clause::Set(_)
            | Clause::Remove(_)
            | Clause::Delete(_)
            | Clause::Foreach(_) => self.update(clause, scope)?,
        }
        Ok(Vec::new())
    }

    /// Binds a variable that must not be there.
    pub(super) fn bind_new(&self, scope: &mut Scope<'a, '_>, name: &'a Name, kind: Type) -> Result<()> {
        self.check_new(scope, name)?;
        scope.bind(&name.text, kind);
        Ok(())
    }

    pub(super) fn check_new(&self, scope: &Scope<'a, '_>, name: &Name) -> Result<()> {
        match scope.get(&name.text) {
            None => Ok(()),
            Some(kind) => {
                let message =
                    format!("Variable `{}` is bound already, to {kind}: choose another name for this one", name.text);
                Err(self.error(ErrorKind::VariableAlreadyBound, name.span, message))
            }
        }
    }

    fn match_clause(&self, clause: &'a Match, scope: &mut Scope<'a, '_>) -> Result<()> {
        self.match_pattern(&clause.pattern, scope)?;
        for hint in &clause.hints {
            let variables = match hint {
                PlanHint::Index { variable, .. } | PlanHint::Scan { variable, .. } => std::slice::from_ref(variable),
                PlanHint::Join { variables } => variables,
            };
            variables.iter().try_for_each(|variable| self.variable(variable, scope).map(drop))?;
        }
        self.filter(clause.filter.as_ref(), scope, "WHERE")
    }

    /// A predicate that no aggregate can stand in.
    pub(super) fn filter(
        &self,
        filter: Option<&'a Expression>,
        scope: &Scope<'a, '_>,
        place: &'static str,
    ) -> Result<()> {
        filter.map_or(Ok(()), |filter| self.predicate(filter, scope, Rules::in_place(place)))
    }

    fn unwind(&self, clause: &'a Unwind, scope: &mut Scope<'a, '_>) -> Result<()> {
        let kind = self.expression(&clause.list, scope, Rules::in_place("UNWIND"))?;
        self.bind_new(scope, &clause.variable, kind.element())
    }

    fn call(&self, call: &'a Call, scope: &mut Scope<'a, '_>, is_alone: bool) -> Result<Columns<'a>> {
        let name = call.procedure.joined();
        let Some(procedure) = self.procedures.get(&name) else {
            let message = format!("There is no procedure `{name}`");
            return Err(self.error(ErrorKind::ProcedureNotFound, call.procedure.span, message));
        };
        if let Some(arguments) = &call.arguments {
            if arguments.len() != procedure.inputs.len() {
                let message = format!(
                    "The procedure `{name}` takes {}, not {}",
                    super::function::counted(procedure.inputs.len()),
                    arguments.len()
                );
                return Err(self.error(ErrorKind::InvalidNumberOfArguments, call.span, message));
            }
            for (argument, input) in arguments.iter().zip(&procedure.inputs) {
                let kind = self.expression(argument, scope, Rules::in_place("the arguments of CALL"))?;
                if !input.takes(&kind) {
                    let message = format!("The argument `{}` of `{name}` is {}, not {kind}", input.name, input.kind);
                    return Err(self.error(ErrorKind::InvalidArgumentType, argument.span, message));
                }
            }
        }
        let mut columns = Vec::new();
        match call.yields.as_ref().map(|yields| &yields.items) {
            Some(YieldItems::Some(items)) => {
                for item in items {
                    let Some(output) = procedure.outputs.iter().find(|output| output.name == item.field.text) else {
                        let message = format!("The procedure `{name}` gives no `{}`", item.field.text);
                        return Err(self.error(ErrorKind::UndefinedVariable, item.field.span, message));
                    };
                    let variable = item.alias.as_ref().unwrap_or(&item.field);
                    self.bind_new(scope, variable, output.kind.clone())?;
                    columns.push((&*variable.text, output.kind.clone()));
                }
            }
            Some(YieldItems::All) | None => {
                columns = procedure.outputs.iter().map(|output| (&*output.name, output.kind.clone())).collect();
            }
        }
        let filter = call.yields.as_ref().and_then(|yields| yields.filter.as_ref());
        self.filter(filter, &scope.with(columns.iter().cloned()), "WHERE")?;
        Ok(if is_alone { columns } else { Vec::new() })
    }

    fn subquery(&self, clause: &'a Subquery, scope: &mut Scope<'a, '_>) -> Result<()> {
        let columns = self.query(&clause.query, Some(scope), Body::Call)?;
        for (name, kind) in columns {
            if scope.get(name).is_some() {
                let message = format!("Variable `{name}` is bound already: the subquery has to return it as another");
                return Err(self.error(ErrorKind::VariableAlreadyBound, clause.span, message));
            }
            scope.bind(name, kind);
        }
        Ok(())
    }

    /// What a WITH at the beginning of a subquery imports: plain variables. Another WITH imports nothing.
    pub(super) fn imports(&self, with: &'a With, outer: &Scope<'a, '_>) -> Result<Option<Columns<'a>>> {
        let projection = &with.projection;
        let mut imported = if projection.all { outer.own().clone() } else { Vec::new() };
        for item in &projection.items {
            let (ExpressionKind::Variable(name), None) = (&item.expression.kind, &item.alias) else { return Ok(None) };
            imported.push((&*name.text, self.variable(name, outer)?));
        }
        let is_plain = !projection.distinct
            && projection.order.is_empty()
            && projection.skip.is_none()
            && projection.limit.is_none()
            && with.filter.is_none();
        if is_plain {
            return Ok(Some(imported));
        }
        let message = "A WITH that imports variables into CALL { … } holds their names only: \
                       put DISTINCT, WHERE, ORDER BY, SKIP and LIMIT into another WITH behind it";
        Err(self.error(ErrorKind::InvalidClauseComposition, with.span, message))
    }
}
