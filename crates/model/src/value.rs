//! Values: booleans, numbers, instants, strings; their lexical forms.
/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {}
/// Which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntegerType {}
