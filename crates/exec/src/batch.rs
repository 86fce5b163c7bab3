//! Batches of rows, column by column.
//!
//! - **Shape**: a plan numbers its variables: each is a [`Slot`], and a batch has a column for each slot that is bound.
//!   A column holds what is cheapest to hold: ids of nodes, relationships as the quads that they are, property values as
//!   ids that nobody has looked up yet, and whole values only where nothing less will do.
//! - **Invariant**: every column has as many entries as the batch has rows, but for those that say nothing of rows.
//! - Cloning a batch shares its columns.

use std::sync::Arc;

use model::TermId;

use crate::context::Context;
use crate::fault::Result;
use crate::{Relationship, Value};

/// Rows that operators aim at in a batch. They may give fewer, and some more.
pub const ROWS: usize = 1024;

/// The number of a variable in its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

impl Slot {
    /// Its place in arrays.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The values of one slot.
#[derive(Clone, Debug, Default)]
pub enum Column {
    /// Not bound, or not wanted any more: reads as null.
    #[default]
    Absent,
    /// The same value in each row.
    Constant(Value),
    /// Nodes; none is null.
    Nodes(Arc<Vec<TermId>>),
    /// Relationships; none is null.
    Edges(Arc<Vec<Relationship>>),
    /// Property values as the store holds them; `None` is null.
    Terms(Arc<Vec<Option<TermId>>>),
    /// Anything.
    Values(Arc<Vec<Value>>),
}

impl Column {
    /// Of nodes.
    pub fn nodes(nodes: Vec<TermId>) -> Self {
        Self::Nodes(Arc::new(nodes))
    }

    /// Of relationships.
    pub fn edges(edges: Vec<Relationship>) -> Self {
        Self::Edges(Arc::new(edges))
    }

    /// Of anything.
    pub fn values(values: Vec<Value>) -> Self {
        Self::Values(Arc::new(values))
    }

    /// Whether each row has null.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The value of a row.
    ///
    /// # Errors
    ///
    /// The store's.
    pub fn value(&self, row: usize, context: &Context<'_>) -> Result<Value> {
        Ok(match self {
            Self::Absent => Value::Null,
            Self::Constant(value) => value.clone(),
            Self::Nodes(nodes) => Value::Node(nodes[row]),
            Self::Edges(edges) => Value::Relationship(Arc::new(edges[row])),
            Self::Terms(terms) => return terms[row].map_or(Ok(Value::Null), |id| context.value(id)),
            Self::Values(values) => values[row].clone(),
        })
    }

    /// The values of all rows: of the batch that it is a column of, which has so many.
    ///
    /// # Errors
    ///
    /// The store's.
    pub fn resolved(&self, rows: usize, context: &Context<'_>) -> Result<Arc<Vec<Value>>> {
        Ok(match self {
            Self::Absent => Arc::new(vec![Value::Null; rows]),
            Self::Constant(value) => Arc::new(vec![value.clone(); rows]),
            Self::Nodes(nodes) => Arc::new(nodes.iter().copied().map(Value::Node).collect()),
            Self::Edges(edges) => Arc::new(edges.iter().map(|edge| Value::Relationship(Arc::new(*edge))).collect()),
            Self::Terms(terms) => Arc::new(context.values(terms)?),
            Self::Values(values) => Arc::clone(values),
        })
    }

    /// The rows at these places, in this order; places may repeat.
    #[must_use]
    pub fn gather(&self, rows: &[u32]) -> Self {
        fn pick<T: Clone>(from: &[T], rows: &[u32]) -> Arc<Vec<T>> {
            Arc::new(rows.iter().map(|row| from[*row as usize].clone()).collect())
        }
        match self {
            Self::Absent => Self::Absent,
            Self::Constant(value) => Self::Constant(value.clone()),
            Self::Nodes(nodes) => Self::Nodes(pick(nodes, rows)),
            Self::Edges(edges) => Self::Edges(pick(edges, rows)),
            Self::Terms(terms) => Self::Terms(pick(terms, rows)),
            Self::Values(values) => Self::Values(pick(values, rows)),
        }
    }

    /// The rows from one place up to another.
    #[must_use]
    pub fn slice(&self, from: usize, to: usize) -> Self {
        match self {
            Self::Absent => Self::Absent,
            Self::Constant(value) => Self::Constant(value.clone()),
            Self::Nodes(nodes) => Self::nodes(nodes[from..to].to_vec()),
            Self::Edges(edges) => Self::edges(edges[from..to].to_vec()),
            Self::Terms(terms) => Self::Terms(Arc::new(terms[from..to].to_vec())),
            Self::Values(values) => Self::values(values[from..to].to_vec()),
        }
    }

    /// Whether a row has null.
    pub fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Absent => true,
            Self::Constant(value) => value.is_null(),
            Self::Nodes(_) | Self::Edges(_) => false,
            Self::Terms(terms) => terms[row].is_none(),
            Self::Values(values) => values[row].is_null(),
        }
    }

    /// Adds rows at the end: to so many rows of this so many of another.
    ///
    /// # Errors
    ///
    /// The store's.
    pub fn append(&mut self, rows: usize, other: &Self, more: usize, context: &Context<'_>) -> Result<()> {
        match (&mut *self, other) {
            (Self::Absent, Self::Absent) => {}
            (mine, other) if rows == 0 => *mine = other.clone(),
            (Self::Nodes(mine), Self::Nodes(other)) => Arc::make_mut(mine).extend_from_slice(other),
            (Self::Edges(mine), Self::Edges(other)) => Arc::make_mut(mine).extend_from_slice(other),
            (Self::Terms(mine), Self::Terms(other)) => Arc::make_mut(mine).extend_from_slice(other),
            (Self::Values(mine), other) => Arc::make_mut(mine).extend_from_slice(&other.resolved(more, context)?),
            (mine, other) => {
                let mut values = Arc::unwrap_or_clone(mine.resolved(rows, context)?);
                values.extend_from_slice(&other.resolved(more, context)?);
                *mine = Self::values(values);
            }
        }
        Ok(())
    }

    /// About how many bytes it takes.
    pub fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Absent => 0,
            Self::Constant(value) => value.bytes(),
            Self::Nodes(nodes) => nodes.len() * size_of::<TermId>(),
            Self::Edges(edges) => edges.len() * size_of::<Relationship>(),
            Self::Terms(terms) => terms.len() * size_of::<Option<TermId>>(),
            Self::Values(values) => values.iter().map(Value::bytes).sum(),
        };
        bytes as u64
    }

    /// The same, but only of values that nobody else holds.
    pub fn own_bytes(&self) -> u64 {
        let bytes = match self {
            Self::Constant(value) => value.own_bytes(),
            Self::Values(values) if Arc::strong_count(values) == 1 => values.iter().map(Value::own_bytes).sum(),
            _ => 0,
        };
        bytes as u64
    }
}

/// Rows.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    rows: usize,
    columns: Vec<Column>,
    /// For a plan that is run for many rows at once: which of them each row is of.
    origins: Option<Arc<Vec<u32>>>,
}

impl Batch {
    /// One row in which nothing is bound.
    pub fn unit() -> Self {
        Self::of(1)
    }

    /// So many rows in which nothing is bound.
    pub fn of(rows: usize) -> Self {
        Self { rows, columns: Vec::new(), origins: None }
    }

    /// How many rows.
    pub const fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The column of a slot.
    pub fn column(&self, slot: Slot) -> &Column {
        self.columns.get(slot.index()).unwrap_or(&Column::Absent)
    }

    /// Binds a slot. The column must have as many entries as there are rows.
    pub fn set(&mut self, slot: Slot, column: Column) {
        if self.columns.len() <= slot.index() {
            self.columns.resize(slot.index() + 1, Column::Absent);
        }
        self.columns[slot.index()] = column;
    }

    /// Binds a slot, for those who build a batch in one go.
    #[must_use]
    pub fn with(mut self, slot: Slot, column: Column) -> Self {
        self.set(slot, column);
        self
    }

    /// Takes a column out.
    pub fn take(&mut self, slot: Slot) -> Column {
        self.columns.get_mut(slot.index()).map(std::mem::take).unwrap_or_default()
    }

    /// The rows at these places, in this order; places may repeat.
    #[must_use]
    pub fn gather(&self, rows: &[u32]) -> Self {
        let columns = self.columns.iter().map(|column| column.gather(rows)).collect();
        let pick = |origins: &Arc<Vec<u32>>| Arc::new(rows.iter().map(|row| origins[*row as usize]).collect());
        Self { rows: rows.len(), columns, origins: self.origins.as_ref().map(pick) }
    }

    /// Only these slots stay bound.
    #[must_use]
    pub fn keep(mut self, slots: &[Slot]) -> Self {
        let mut columns = Vec::new();
        for slot in slots {
            let column = self.take(*slot);
            if columns.len() <= slot.index() {
                columns.resize(slot.index() + 1, Column::Absent);
            }
            columns[slot.index()] = column;
        }
        Self { columns, ..self }
    }

    /// The same rows, each its own origin: it is told through all that is made of them by [`Self::gather`].
    #[must_use]
    pub(crate) fn numbered(mut self) -> Self {
        self.origins = Some(Arc::new((0..self.rows as u32).collect()));
        self
    }

    /// The origin of each row.
    pub(crate) fn origins(&self) -> &[u32] {
        self.origins.as_ref().map_or(&[], |origins| origins)
    }

    /// These rows at the places that `origins` says, each with what an inner plan has bound for it.
    #[must_use]
    pub(crate) fn joined(&self, origins: &[u32], mut inner: Self) -> Self {
        if inner.columns.len() < self.columns.len() {
            inner.columns.resize(self.columns.len(), Column::Absent);
        }
        for (own, column) in self.columns.iter().zip(&mut inner.columns) {
            // What the inner plan was handed in, it may have dropped.
            if column.is_absent() {
                *column = own.gather(origins);
            }
        }
        let pick = |own: &Arc<Vec<u32>>| Arc::new(origins.iter().map(|row| own[*row as usize]).collect());
        Self { origins: self.origins.as_ref().map(pick), ..inner }
    }

    /// Adds the rows of another batch at the end.
    ///
    /// # Errors
    ///
    /// The store's.
    pub fn append(&mut self, other: &Self, context: &Context<'_>) -> Result<()> {
        if self.columns.len() < other.columns.len() {
            self.columns.resize(other.columns.len(), Column::Absent);
        }
        for (place, column) in self.columns.iter_mut().enumerate() {
            column.append(self.rows, other.column(Slot(place as u32)), other.rows, context)?;
        }
        match (&mut self.origins, &other.origins) {
            (origins, other) if self.rows == 0 => origins.clone_from(other),
            (Some(origins), Some(other)) => Arc::make_mut(origins).extend_from_slice(other),
            (origins, _) => *origins = None,
        }
        self.rows += other.rows;
        Ok(())
    }

    /// One row as a batch.
    #[must_use]
    pub fn row(&self, row: usize) -> Self {
        self.gather(&[row as u32])
    }

    /// The rows from one place up to another.
    #[must_use]
    pub fn slice(&self, from: usize, to: usize) -> Self {
        if from == 0 && to == self.rows {
            return self.clone();
        }
        let columns = self.columns.iter().map(|column| column.slice(from, to)).collect();
        let pick = |origins: &Arc<Vec<u32>>| Arc::new(origins[from..to].to_vec());
        Self { rows: to - from, columns, origins: self.origins.as_ref().map(pick) }
    }

    /// The slots that are bound.
    pub fn slots(&self) -> impl Iterator<Item = Slot> + '_ {
        let bound = self.columns.iter().enumerate().filter(|(_, column)| !column.is_absent());
        bound.map(|(place, _)| Slot(place as u32))
    }

    /// About how many bytes it takes.
    pub fn bytes(&self) -> u64 {
        self.columns.iter().map(Column::bytes).sum::<u64>() + (self.columns.len() * size_of::<Column>()) as u64
    }
}
