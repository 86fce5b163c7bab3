//! What CALL can call.

use super::Type;

/// The procedures of a server.
#[derive(Clone, Debug, Default)]
pub struct Procedures {
    list: Vec<Procedure>,
}

/// A procedure: its name, what it takes and what it gives.
#[derive(Clone, Debug)]
pub struct Procedure {
    /// With its namespaces, as in `db.labels`.
    pub name: Box<str>,
    /// What it takes, in this order.
    pub inputs: Vec<Field>,
    /// What it gives, in this order.
    pub outputs: Vec<Field>,
    /// What it gives for which arguments: rows of inputs, then outputs.
    pub rows: Vec<Vec<exec::Value>>,
}

/// A named value.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: Box<str>,
    /// What it is.
    pub kind: Type,
    /// Whether an integer is taken for a float, as an input of this kind.
    pub is_number: bool,
}

impl Procedures {
    /// These.
    pub fn new(list: Vec<Procedure>) -> Self {
        Self { list }
    }

    /// The procedure of a name, which is exact in upper and lower case.
    pub fn get(&self, name: &str) -> Option<&Procedure> {
        self.list.iter().find(|procedure| &*procedure.name == name)
    }
}

impl Field {
    /// Whether a value of this type can be handed in.
    pub(super) fn takes(&self, kind: &Type) -> bool {
        kind.may_be(&self.kind) || self.is_number && kind.may_be_any(&[Type::Integer, Type::Float])
    }
}
