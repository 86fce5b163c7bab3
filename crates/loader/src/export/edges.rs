//! Edge files: a row an edge, with its ends, label and properties.
//!
//! Edges come in the order of GSPO, where the graph is the edge; their properties in that of SPOG, where it is the
//! subject: two sorted streams, read side by side.

use std::io::Write;
use std::vec;

use model::{Quad, Term, TermId};
use store::{Order, Pattern, Scan};

use super::columns::{self, Columns};
use super::csv;
use super::terms::Terms;
use super::{ExportError, Job, Part};
use crate::request::Format;

/// Writes the file of edges; gives the number of rows.
pub(super) fn write(job: &Job<'_>, out: &mut dyn Write) -> Result<u64, ExportError> {
    let columns = Columns::find(job, Part::Edges)?;
    let system = if job.format == Format::OpenCypher { ":ID,:START_ID,:END_ID,:TYPE" } else { "~id,~from,~to,~label" };
    out.write_all(columns.header(system, job.format).as_bytes())?;
    let mut properties = Properties::new(job);
    let mut terms = Terms::default();
    let (mut edges, mut values) = (Vec::new(), Vec::new());
    let mut row = Row::new(columns.columns.len());
    let mut count = 0;
    for batch in job.snapshot.scan(Pattern::ALL, Order::Gspo) {
        job.cancel.check()?;
        edges.clear();
        edges.extend(batch?.quads());
        let Some(last) = edges.last().map(|edge: &Quad| edge.g) else {
            continue;
        };
        values.clear();
        properties.take_until(job, last, &mut values)?;
        let ends = edges.iter().flat_map(|quad| [quad.s, quad.p, quad.o, quad.g]);
        terms.resolve(job.snapshot, ends.chain(values.iter().map(|quad| quad.o)))?;
        let mut values = values.iter().peekable();
        for edge in &edges {
            row.begin(job, edge, &terms)?;
            // An edge that is gone has left no properties; if one has, they are passed over.
            while values.next_if(|quad| quad.s < edge.g).is_some() {}
            while let Some(quad) = values.next_if(|quad| quad.s == edge.g) {
                let value = terms.get(quad.o);
                let (Some(place), Term::Value(value)) = (columns.place(quad), value) else {
                    return Err(job.misplaced(value, "a property value"));
                };
                row.value(place, value).map_err(|reason| job.refuse(&value.lexical(), reason))?;
            }
            out.write_all(row.end().as_bytes())?;
            count += 1;
        }
    }
    Ok(count)
}

/// The properties of edges, in the edges' order.
struct Properties {
    scan: Scan,
    batch: vec::IntoIter<Quad>,
    next: Option<Quad>,
}

impl Properties {
    fn new(job: &Job<'_>) -> Self {
        let scan = job.snapshot.scan(Pattern::ALL, Order::Spog);
        Self { scan, batch: Vec::new().into_iter(), next: None }
    }

    /// Moves the properties of all edges up to `last` to `into`.
    fn take_until(&mut self, job: &Job<'_>, last: TermId, into: &mut Vec<Quad>) -> Result<(), ExportError> {
        while let Some(quad) = self.peek(job)? {
            if quad.s > last {
                break;
            }
            into.push(quad);
            self.next = None;
        }
        Ok(())
    }

    fn peek(&mut self, job: &Job<'_>) -> Result<Option<Quad>, ExportError> {
        while self.next.is_none() {
            self.next = self.batch.next();
            if self.next.is_none() {
                job.cancel.check()?;
                let Some(batch) = self.scan.next() else { break };
                let quads = batch?.quads().filter(|quad| columns::is_property(quad, Part::Edges)).collect::<Vec<_>>();
                self.batch = quads.into_iter();
            }
        }
        Ok(self.next)
    }
}

/// The row that is being put together.
struct Row {
    text: String,
    /// Cells before they are quoted; an empty text may be a value.
    cells: Vec<Option<String>>,
}

impl Row {
    fn new(columns: usize) -> Self {
        Self { text: String::new(), cells: vec![None; columns] }
    }

    /// Begins an edge: id, ends and label. All of them may be any text but one with U+0000.
    fn begin(&mut self, job: &Job<'_>, edge: &Quad, terms: &Terms) -> Result<(), ExportError> {
        let (from, label, to, id) = (terms.get(edge.s), terms.get(edge.p), terms.get(edge.o), terms.get(edge.g));
        let texts = match (id, from, to, label) {
            (Term::Edge(id), Term::Vertex(from), Term::Vertex(to), Term::EdgeLabel(label)) => [id, from, to, label],
            (id, ..) => return Err(job.misplaced(id, "an edge between vertices")),
        };
        self.text.clear();
        for (index, text) in texts.into_iter().enumerate() {
            if text.contains('\0') {
                return Err(job.refuse(text, "an id or label holds no U+0000"));
            }
            if index > 0 {
                self.text.push(',');
            }
            csv::push_cell(&mut self.text, text);
        }
        Ok(())
    }

    fn value(&mut self, place: usize, value: &model::Value) -> Result<(), &'static str> {
        let mut text = String::new();
        csv::push_value(&mut text, value)?;
        self.cells[place] = Some(text);
        Ok(())
    }

    /// The row's line.
    fn end(&mut self) -> &str {
        for cell in &mut self.cells {
            self.text.push(',');
            if let Some(text) = cell.take() {
                csv::push_cell(&mut self.text, &text);
            }
        }
        self.text.push('\n');
        &self.text
    }
}
