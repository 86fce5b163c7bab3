//! Variables that are visible at a place.

use std::collections::HashMap;

use super::{Columns, Type};

/// Variables with their types, and those around them. A name of the inner scope hides one of the outer.
#[derive(Clone, Debug)]
pub(super) struct Scope<'a, 'o> {
    outer: Option<&'o Self>,
    /// In the order in which they were bound: that of `RETURN *`.
    own: Columns<'a>,
    /// Where each is in `own`.
    places: HashMap<&'a str, usize>,
}

impl<'a, 'o> Scope<'a, 'o> {
    pub(super) fn new(outer: Option<&'o Self>) -> Self {
        Self { outer, own: Vec::new(), places: HashMap::new() }
    }

    /// One with some more variables within this one.
    pub(super) fn with(&'o self, variables: impl IntoIterator<Item = (&'a str, Type)>) -> Self {
        let mut scope = Self::new(Some(self));
        for (name, kind) in variables {
            scope.bind(name, kind);
        }
        scope
    }

    /// One with these variables in place of those that were bound here.
    pub(super) fn instead(&self, variables: impl IntoIterator<Item = (&'a str, Type)>) -> Self {
        let mut scope = Self::new(self.outer);
        for (name, kind) in variables {
            scope.bind(name, kind);
        }
        scope
    }

    pub(super) fn get(&self, name: &str) -> Option<&Type> {
        match self.places.get(name) {
            Some(place) => Some(&self.own[*place].1),
            None => self.outer.and_then(|outer| outer.get(name)),
        }
    }

    /// Binds a name here, or changes what it is.
    pub(super) fn bind(&mut self, name: &'a str, kind: Type) {
        if let Some(place) = self.places.get(name) {
            self.own[*place].1 = kind;
        } else {
            self.places.insert(name, self.own.len());
            self.own.push((name, kind));
        }
    }

    /// Forgets what was bound here, and sees these from now on.
    pub(super) fn replace(&mut self, columns: Columns<'a>) {
        self.own.clear();
        self.places.clear();
        for (name, kind) in columns {
            self.bind(name, kind);
        }
    }

    /// What was bound here, in its order.
    pub(super) fn own(&self) -> &Columns<'a> {
        &self.own
    }
}
