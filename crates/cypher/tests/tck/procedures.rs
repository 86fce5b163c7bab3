//! The procedures that a case asks for: they answer from a table.

use cypher::{Field, Procedure, Procedures, Type};
use exec::Value;

use super::gherkin::{Case, Step};

/// All procedures of a case.
pub(crate) fn of(case: &Case) -> Procedures {
    Procedures::new(case.steps.iter().filter_map(procedure).collect())
}

fn procedure(step: &Step) -> Option<Procedure> {
    let signature = step.text.strip_prefix("there exists a procedure ")?;
    let (name, rest) = signature.split_once('(')?;
    let (inputs, rest) = rest.split_once(')')?;
    let (_, outputs) = rest.split_once('(')?;
    let (outputs, _) = outputs.split_once(')')?;
    let (inputs, outputs) = (fields(inputs), fields(outputs));
    let rows = step.table.iter().skip(1).map(|row| row.iter().map(|cell| scalar(cell)).collect()).collect();
    Some(Procedure { name: name.into(), inputs, outputs, rows })
}

fn fields(text: &str) -> Vec<Field> {
    text.split(',').filter_map(field).collect()
}

fn field(text: &str) -> Option<Field> {
    let (name, kind) = text.split_once("::")?;
    let (kind, is_number) = match kind.trim().trim_end_matches('?') {
        "STRING" => (Type::String, false),
        "INTEGER" => (Type::Integer, false),
        "FLOAT" | "NUMBER" => (Type::Float, true),
        "BOOLEAN" => (Type::Boolean, false),
        other => panic!("{other} is no type that the suite is known to use"),
    };
    Some(Field { name: name.trim().into(), kind, is_number })
}

fn scalar(cell: &str) -> Value {
    match cell {
        "null" => Value::Null,
        "true" => true.into(),
        "false" => false.into(),
        text if text.starts_with('\'') => Value::string(text.trim_matches('\'')),
        number if number.contains('.') => number.parse::<f64>().expect("a number").into(),
        number => number.parse::<i64>().expect("a number").into(),
    }
}
