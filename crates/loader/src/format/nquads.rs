//! N-Triples and N-Quads: lines to entries (`spec/loader.md` §8).
//!
//! One statement a line, so a bad line costs only itself: the next one is read as if nothing had happened. Terms are
//! encoded where they stand in the block; only escapes are copied.

use model::{HashKey, Quad, TermId, TermRef};
use store::{IngestBatch, Ordinal, Role};

use super::csv::Text;
use super::rows::{self, Refusal, Texts};
use super::statement;
use super::{FormatOptions, Parsed, RowError};
use crate::blocks::Block;
use crate::rdf::{self, BlankNodes};

mod iri;
mod line;

use line::{Line, Node};

/// What holds for the whole file.
#[derive(Debug)]
pub(crate) struct Reader {
    /// Whether a statement may name its graph.
    with_graph: bool,
    /// The graph of statements that name none.
    graph: Option<String>,
    blank_nodes: BlankNodes,
}

impl Reader {
    pub(crate) fn new(with_graph: bool, options: &FormatOptions, feed_key: &str) -> Self {
        Self {
            with_graph,
            graph: options.named_graph.clone(),
            blank_nodes: BlankNodes::new(&options.load_id, feed_key),
        }
    }

    /// Reads a block.
    pub(crate) fn parse(&self, feed: u32, key: &HashKey, block: &Block, out: &mut Parsed) {
        let graph = rdf::graph_ref(self.graph.as_deref());
        let graph = out.batch.term(key, graph);
        let data = block.data.as_slice();
        let text = Text::new(data);
        let mut number = block.first_record;
        let mut texts = std::mem::take(&mut out.scratch.texts);
        let mut start = 0;
        while start < data.len() {
            let (end, next) = line_at(data, start);
            let ordinal = Ordinal::new(feed, number);
            match self.statement(&text.range(start, end), graph, ordinal, key, &mut out.batch, &mut texts) {
                Ok(false) => {}
                Ok(true) => out.rows += 1,
                Err(refusal) => {
                    out.rows += 1;
                    out.errors.push(RowError {
                        ordinal,
                        kind: refusal.kind,
                        message: refusal.message,
                        record: number,
                        line: number,
                        column: None,
                        raw: rows::raw(data, start, next),
                        fatal: false,
                    });
                }
            }
            number += 1;
            start = next;
        }
        out.scratch.texts = texts;
    }

    /// Reads one line; false if there is no statement on it.
    fn statement(
        &self,
        line: &str,
        graph: TermId,
        ordinal: Ordinal,
        key: &HashKey,
        batch: &mut IngestBatch,
        texts: &mut Texts,
    ) -> Result<bool, Refusal> {
        let mut line = Line::new(line);
        if line.is_blank() {
            return Ok(false);
        }
        let term = |node: Node<'_>, batch: &mut IngestBatch| self.encode(node, key, batch);
        let s = term(line.subject(&mut texts.cell)?, batch)?;
        let p = term(line.predicate(&mut texts.cell)?, batch)?;
        let o = term(line.object(&mut texts.cell, &mut texts.part)?, batch)?;
        let g = match self.with_graph.then(|| line.graph(&mut texts.cell)).transpose()?.flatten() {
            Some(node) => term(node, batch)?,
            None => graph,
        };
        line.end(self.with_graph)?;
        batch.push(Quad::new(s, p, o, g), ordinal, Role::Record);
        Ok(true)
    }

    fn encode(&self, node: Node<'_>, key: &HashKey, batch: &mut IngestBatch) -> Result<TermId, Refusal> {
        match node {
            Node::Iri(iri) => statement::iri(iri, key, batch),
            Node::Blank(label) => Ok(batch.term(key, TermRef::Blank(self.blank_nodes.labelled(key, label)))),
            Node::Literal { value, language, datatype } => statement::literal(value, language, datatype, key, batch),
        }
    }
}

/// Where the line that begins at `start` ends, and where the next one begins: after `\n`, `\r\n` or `\r`.
pub(super) fn line_at(data: &[u8], start: usize) -> (usize, usize) {
    let rest = data.get(start..).unwrap_or_default();
    let Some(length) = memchr::memchr2(b'\n', b'\r', rest) else {
        return (data.len(), data.len());
    };
    let pair = rest.get(length..).is_some_and(|end| end.starts_with(b"\r\n"));
    let end = start + length;
    (end, end + if pair { 2 } else { 1 })
}

#[cfg(test)]
mod tests;
