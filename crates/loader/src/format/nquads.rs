//! N-Triples and N-Quads: lines to entries (`spec/loader.md` §8).
//!
//! One statement a line, so a bad line costs only itself: the next one is read as if nothing had happened. Terms are
//! encoded where they stand in the block; only escapes are copied.

use model::{HashKey, Quad, TermId, TermRef};
use store::{IngestBatch, Ordinal, Role};

use super::rows::{self, Refusal, Texts};
use super::statement;
use super::{FormatOptions, Parsed, RowError};
use crate::blocks::Block;
use crate::rdf::{self, BlankNodes};

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
        let mut number = block.first_record;
        let mut rest = block.data.as_slice();
        let mut texts = std::mem::take(&mut out.scratch.texts);
        while !rest.is_empty() {
            let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let (feed_line, after) = rest.split_at(end);
            rest = after.get(1..).unwrap_or_default();
            // A carriage return ends a line too; before the line feed it is part of its end.
            let feed_line = feed_line.strip_suffix(b"\r").unwrap_or(feed_line);
            for bytes in feed_line.split(|byte| *byte == b'\r') {
                let ordinal = Ordinal::new(feed, number);
                match self.statement(bytes, graph, ordinal, key, &mut out.batch, &mut texts) {
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
                            raw: rows::raw(bytes, 0, bytes.len()),
                            fatal: false,
                        });
                    }
                }
                number += 1;
            }
        }
        out.scratch.texts = texts;
    }

    /// Reads one line; false if there is no statement on it.
    fn statement(
        &self,
        bytes: &[u8],
        graph: TermId,
        ordinal: Ordinal,
        key: &HashKey,
        batch: &mut IngestBatch,
        texts: &mut Texts,
    ) -> Result<bool, Refusal> {
        let text = String::from_utf8_lossy(bytes); // "loaded as UTF-8 anyway" (§6.1)
        let mut line = Line::new(&text);
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

#[cfg(test)]
mod tests;
