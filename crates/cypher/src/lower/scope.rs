//! Variables and their slots, and what an expression sees.

use std::cell::RefCell;
use std::collections::HashMap;

use exec::batch::Slot;
use exec::plan::Aggregate;

use crate::tree::Expression;

/// Variables by name, in the order in which they were bound: that of `RETURN *`.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope<'a> {
    order: Vec<&'a str>,
    slots: HashMap<&'a str, Slot>,
}

impl<'a> Scope<'a> {
    pub(super) fn get(&self, name: &str) -> Option<Slot> {
        self.slots.get(name).copied()
    }

    /// Binds a name, or makes it stand for another slot.
    pub(super) fn bind(&mut self, name: &'a str, slot: Slot) {
        if self.slots.insert(name, slot).is_none() {
            self.order.push(name);
        }
    }

    /// All variables, in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a str, Slot)> + '_ {
        self.order.iter().map(|name| (*name, self.slots[name]))
    }
}

impl<'a> FromIterator<(&'a str, Slot)> for Scope<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a str, Slot)>>(variables: I) -> Self {
        let mut scope = Self::default();
        for (name, slot) in variables {
            scope.bind(name, slot);
        }
        scope
    }
}

/// What an expression sees.
#[derive(Clone, Copy)]
pub(super) struct Sight<'s, 'a> {
    /// The variables of the row.
    pub(super) scope: &'s Scope<'a>,
    /// The innermost variable that an expression around it binds.
    pub(super) local: Option<&'s Local<'s, 'a>>,
    /// Expressions that are columns already.
    pub(super) known: Option<&'s HashMap<&'a Expression, Slot>>,
    /// Where aggregates go, if there may be any.
    pub(super) groups: Option<&'s Groups<'s, 'a>>,
}

/// A variable that an expression binds, and those around it.
pub(super) struct Local<'s, 'a> {
    pub(super) name: &'a str,
    pub(super) outer: Option<&'s Self>,
}

/// Aggregates that were met, over rows with these variables.
pub(super) struct Groups<'s, 'a> {
    pub(super) scope: &'s Scope<'a>,
    pub(super) found: RefCell<Vec<(Slot, Aggregate)>>,
    pub(super) known: RefCell<HashMap<&'a Expression, Slot>>,
}

impl<'s, 'a> Sight<'s, 'a> {
    /// The variables of a row, and nothing else.
    pub(super) const fn of(scope: &'s Scope<'a>) -> Self {
        Self { scope, local: None, known: None, groups: None }
    }

    /// The same with one more local.
    pub(super) const fn within<'t>(self, local: &'t Local<'t, 'a>) -> Sight<'t, 'a>
    where
        's: 't,
    {
        Sight { scope: self.scope, local: Some(local), known: self.known, groups: self.groups }
    }

    /// How many locals lie within the one of this name.
    pub(super) fn local(&self, name: &str) -> Option<u32> {
        let mut local = self.local;
        let mut depth = 0;
        while let Some(Local { name: own, outer }) = local {
            if *own == name {
                return Some(depth);
            }
            depth += 1;
            local = *outer;
        }
        None
    }

    /// The column that an expression is already, unless a local hides one of its variables.
    pub(super) fn known(&self, expression: &Expression) -> Option<Slot> {
        let slot = *self.known?.get(expression)?;
        (self.local.is_none() || !self.mentions_local(expression)).then_some(slot)
    }

    fn mentions_local(&self, expression: &Expression) -> bool {
        match &expression.kind {
            crate::tree::ExpressionKind::Variable(name) => self.local(&name.text).is_some(),
            _ => expression.children().any(|child| self.mentions_local(child)),
        }
    }
}
