//! Which rows of a column have a node.

use model::TermId;

use crate::Value;
use crate::batch::Column;
use crate::context::Context;
use crate::fault::{Error, Result};

/// The nodes of a column, and the row of each; rows without one are null.
pub(super) fn nodes(column: &Column, rows: usize, context: &Context<'_>) -> Result<(Vec<u32>, Vec<TermId>)> {
    if let Column::Nodes(nodes) = column {
        return Ok(((0..rows as u32).collect(), nodes.to_vec()));
    }
    let (mut places, mut nodes) = (Vec::new(), Vec::new());
    if !column.is_absent() {
        for row in 0..rows {
            if let Some(node) = node(&column.value(row, context)?)? {
                places.push(row as u32);
                nodes.push(node);
            }
        }
    }
    Ok((places, nodes))
}

/// The node of each row; `None` is null.
pub(super) fn optional_nodes(column: &Column, rows: usize, context: &Context<'_>) -> Result<Vec<Option<TermId>>> {
    match column {
        Column::Absent => Ok(vec![None; rows]),
        Column::Nodes(nodes) => Ok(nodes.iter().copied().map(Some).collect()),
        _ => (0..rows).map(|row| node(&column.value(row, context)?)).collect(),
    }
}

fn node(value: &Value) -> Result<Option<TermId>> {
    match value {
        Value::Null => Ok(None),
        Value::Node(node) => Ok(Some(*node)),
        other => Err(Error::NotAnEntity { operation: "MATCH", expected: "a node", found: other.kind() }),
    }
}
