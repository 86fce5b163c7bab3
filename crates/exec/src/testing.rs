//! For tests: a graph, contexts over it, rows at hand, and values that look alike and are not.

use model::{TermId, TermRef};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use store::{CancelToken, Options, Store, Transaction};
use tempfile::TempDir;

use crate::Value;
use crate::batch::{Batch, Column, Slot};
use crate::context::{Clock, Context};
use crate::fault::Result;
use crate::memory::Memory;
use crate::operator::{Operator, Running};
use crate::temporal::Instant;
use crate::value::tests::list;

/// A property graph of its own.
pub(crate) struct Graph {
    _directory: TempDir,
    store: Store,
}

impl Graph {
    /// Without quads.
    pub(crate) fn empty() -> Self {
        let directory = TempDir::new().unwrap();
        let options = Options { memory: 64 << 20, disk_floor: 0, ..Options::default() };
        let store = Store::open(directory.path(), options).unwrap();
        Self { _directory: directory, store }
    }

    /// With what `write` writes.
    pub(crate) fn new(write: impl FnOnce(&mut Transaction)) -> Self {
        let graph = Self::empty();
        let mut transaction = graph.store.begin(model::Dataset::Pg);
        write(&mut transaction);
        transaction.commit().unwrap();
        graph
    }

    /// A context that reads it.
    pub(crate) fn context(&self) -> Context<'static> {
        let snapshot = self.store.snapshot(model::Dataset::Pg);
        Context::reading(snapshot, CancelToken::default(), Memory::new(u64::MAX), &Fixed)
    }

    /// The same, which knows the store's counts.
    pub(crate) fn counted(&self) -> Context<'static> {
        let patience = std::time::Duration::from_mins(1);
        let standing = self.store.statistics().current(model::Dataset::Pg, patience, &CancelToken::default()).unwrap();
        self.context().with_statistics(standing.run)
    }
}

/// One moment for all.
#[derive(Debug)]
pub(crate) struct Fixed;

impl Clock for Fixed {
    fn transaction(&self) -> Instant {
        Instant::new(1_700_000_000, 123_456_789).expect("in range")
    }

    fn statement(&self) -> Instant {
        self.transaction()
    }

    fn realtime(&self) -> Instant {
        self.transaction()
    }

    fn random(&self) -> u64 {
        0x1234_5678_9abc_def0
    }
}

struct Given(std::vec::IntoIter<Batch>);

impl Operator for Given {
    fn next(&mut self) -> Result<Option<Batch>> {
        Ok(self.0.next())
    }
}

/// An operator that gives these batches.
pub(crate) fn given(batches: Vec<Batch>) -> Running<'static> {
    Box::new(Given(batches.into_iter()))
}

/// All rows of an operator, as the values of these slots.
pub(crate) fn rows(mut from: Running<'_>, slots: &[Slot], context: &Context<'_>) -> Result<Vec<Vec<Value>>> {
    let mut rows = Vec::new();
    while let Some(batch) = from.next()? {
        assert!(!batch.is_empty());
        rows.extend(values(&batch, slots, context)?);
    }
    Ok(rows)
}

/// The rows of a batch, as the values of these slots.
pub(crate) fn values(batch: &Batch, slots: &[Slot], context: &Context<'_>) -> Result<Vec<Vec<Value>>> {
    let row = |row| slots.iter().map(|slot| batch.column(*slot).value(row, context)).collect();
    (0..batch.len()).map(row).collect()
}

const LONG: &str = "a string that does not fit into an id";

/// Terms of many types; some have the same value.
pub(crate) const TERMS: [TermRef<'_>; 21] = [
    TermRef::Boolean(true),
    TermRef::Byte(1),
    TermRef::Int(1),
    TermRef::Int(-7),
    TermRef::Long(1),
    TermRef::Long(2),
    TermRef::Long(-7),
    TermRef::Float(1.5),
    TermRef::Double(1.5),
    TermRef::Double(1.0),
    TermRef::Double(-0.0),
    TermRef::Double(f64::NAN),
    TermRef::Double(1e300),
    TermRef::DateTime(1_700_000_000_000),
    TermRef::String("a"),
    TermRef::String("b"),
    TermRef::String(LONG),
    TermRef::Lang { value: "a", language: "en" },
    TermRef::Typed { lexical: "1.0", datatype: "http://www.w3.org/2001/XMLSchema#decimal" },
    TermRef::Typed { lexical: "P1D", datatype: "urn:halimede:duration" },
    TermRef::Typed { lexical: "2024-02-29", datatype: "http://www.w3.org/2001/XMLSchema#date" },
];

/// Vertices, each with a property that is one of [`TERMS`].
pub(crate) fn of_terms() -> Graph {
    Graph::new(|transaction| {
        for (number, term) in TERMS.iter().enumerate() {
            let vertex = format!("v{number}");
            let vertex = TermRef::Vertex(&vertex);
            let label = if number % 3 == 0 { "odd" } else { "even" };
            for (p, o) in [(TermRef::Label, TermRef::String(label)), (TermRef::Key("p"), *term)] {
                transaction.insert(vertex, p, o, TermRef::DefaultGraph).unwrap();
            }
        }
    })
}

/// The vertices of [`of_terms`].
pub(crate) fn vertices(context: &Context<'_>) -> Vec<TermId> {
    (0..TERMS.len()).map(|number| context.encode(TermRef::Vertex(&format!("v{number}")))).collect()
}

/// Scalars, and some lists; many are equivalent to another.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    select(vec![
        Value::Null,
        true.into(),
        false.into(),
        1.into(),
        1.0.into(),
        2.into(),
        1.5.into(),
        (-7).into(),
        0.into(),
        (-0.0).into(),
        f64::NAN.into(),
        "a".into(),
        "b".into(),
        LONG.into(),
        list([]),
        list([1.into()]),
        list([1.0.into(), Value::Null]),
    ])
}

/// How a column holds its rows; the rows are made of the numbers.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    Absent,
    Constant(Value),
    Nodes,
    Terms,
    Values(Vec<Value>),
}

/// Any way to hold rows.
pub(crate) fn held() -> impl Strategy<Value = Held> {
    prop_oneof![
        1 => Just(Held::Absent),
        1 => value().prop_map(Held::Constant),
        2 => Just(Held::Nodes),
        4 => Just(Held::Terms),
        4 => proptest::collection::vec(value(), 1..8).prop_map(Held::Values),
    ]
}

impl Held {
    /// A column of as many rows as there are numbers.
    pub(crate) fn column(&self, numbers: &[Index], context: &Context<'_>) -> Column {
        match self {
            Self::Absent => Column::Absent,
            Self::Constant(value) => Column::Constant(value.clone()),
            Self::Nodes => {
                let vertices = vertices(context);
                Column::nodes(numbers.iter().map(|number| *number.get(&vertices)).collect())
            }
            Self::Terms => {
                let term = |number: &Index| TERMS.get(number.index(TERMS.len() + 2)).map(|term| context.encode(*term));
                Column::Terms(numbers.iter().map(term).collect::<Vec<_>>().into())
            }
            Self::Values(values) => Column::values(numbers.iter().map(|number| number.get(values).clone()).collect()),
        }
    }
}

/// Batches of some columns, each batch holding its rows in its own way.
pub(crate) fn batches(columns: usize) -> impl Strategy<Value = Vec<(Vec<Held>, Vec<Vec<Index>>)>> {
    let batch = (1_usize..12).prop_flat_map(move |rows| {
        let numbers = proptest::collection::vec(any::<Index>(), rows);
        (proptest::collection::vec(held(), columns), proptest::collection::vec(numbers, columns))
    });
    proptest::collection::vec(batch, 0..6)
}

/// Makes the batches; their slots are counted from 0.
pub(crate) fn made(of: &[(Vec<Held>, Vec<Vec<Index>>)], context: &Context<'_>) -> Vec<Batch> {
    let batch = |(held, numbers): &(Vec<Held>, Vec<Vec<Index>>)| {
        let mut batch = Batch::of(numbers.first().map_or(1, Vec::len));
        for (slot, (held, numbers)) in (0..).zip(held.iter().zip(numbers)) {
            batch.set(Slot(slot), held.column(numbers, context));
        }
        batch
    };
    of.iter().map(batch).collect()
}
