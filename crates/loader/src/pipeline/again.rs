//! Rows read once more, for those that were refused by what the store holds: by then their text is long gone.
//!
//! Only files with such rows are read again, each at most once from its beginning: the rows are asked for in order, also
//! from one epoch to the next. Blocks are cut as before, and rows are counted without being parsed, but for those asked
//! for: a row counts as found only if it says what was refused. A file that has changed, or cannot be read now, gives no
//! more texts, and says why.
//! **Source**: design §5 ("Validate"), §9 ("Our own paths").

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use model::Quad;
use store::Ordinal;

use super::opening::{self, Bytes};
use super::plan::Plan;
use super::{Failure, Task};
use crate::blocks::{Block, BlockReader, Cut};
use crate::format::{FeedParser, Parsed, Place, Records};

/// Why a row is not there any more.
const SHORTER: &str = "The file was changed after the load had read it: it is shorter";

/// See the module.
pub(super) struct Again<'a> {
    task: &'a Task<'a>,
    plan: &'a Plan,
    feed: Option<(u32, Result<Feed, String>)>,
    scratch: Parsed,
}

/// A file that is read again.
struct Feed {
    parser: FeedParser,
    cut: Cut,
    blocks: BlockReader<Bytes>,
    block: Option<Block>,
    /// Where the record at hand lies in the block.
    at: usize,
    end: usize,
    record: u64,
    line: u64,
    records: Records,
}

/// A row that was found again.
#[derive(Debug)]
pub(super) struct Row<'a> {
    /// The line of column names, as it stands, if the format has one.
    pub(super) header: &'a [u8],
    /// The row as it stands.
    pub(super) text: &'a [u8],
    /// On which line it begins.
    pub(super) line: u64,
    /// The column of the value that was refused, if it was one value.
    pub(super) column: Option<String>,
}

impl<'a> Again<'a> {
    pub(super) fn new(task: &'a Task<'a>, plan: &'a Plan) -> Self {
        Self { task, plan, feed: None, scratch: Parsed::new() }
    }

    pub(super) const fn task(&self) -> &'a Task<'a> {
        self.task
    }

    /// The row of which the store refused `quad`, or why there is none. To be asked for in the order of rows; one that
    /// comes twice is given twice.
    ///
    /// # Errors
    /// The load is halted.
    pub(super) fn row(&mut self, ordinal: Ordinal, quad: &Quad) -> Result<Result<Row<'_>, String>, Failure> {
        let Self { task, plan, feed: open, scratch } = self;
        if open.as_ref().is_none_or(|(feed, _)| *feed != ordinal.feed()) {
            let feed = Feed::open(task, plan, ordinal.feed());
            *open = Some((ordinal.feed(), feed));
        }
        let Some((_, feed)) = open else { return Ok(Err("It was not opened".to_owned())) };
        if let Ok(open) = feed
            && let Err(why) = open.go_to(ordinal.record(), task)?
        {
            *feed = Err(why);
        }
        let feed = match feed {
            Ok(feed) => feed,
            Err(why) => return Ok(Err(why.clone())),
        };
        let (text, line) = feed.row();
        Ok(match feed.parser.find(text, ordinal.record(), quad, scratch) {
            Some(Place { column }) => Ok(Row { header: feed.parser.header(), text, line, column }),
            None => Err("The file was changed after the load had read it".to_owned()),
        })
    }
}

impl Feed {
    fn open(task: &Task<'_>, plan: &Plan, feed: u32) -> Result<Self, String> {
        let info = &plan.feeds[feed as usize];
        let format = task.request.format;
        let Some(cut) = format.cut() else { return Err(format!("Files of format {format} are not read again")) };
        // What is read here was read before: it does not count as progress.
        let bytes = opening::reader(task, info, &Arc::<AtomicU64>::default()).map_err(|error| no_text(&error))?;
        let mut blocks = BlockReader::new(bytes, cut, task.block_bytes);
        let head = blocks.head().map_err(|error| no_text(&error))?;
        let parser = FeedParser::open(format, &task.format_options(), feed, &info.key, head, &task.store.hash_key());
        let (parser, _, consumed) = parser.map_err(|error| error.message)?;
        blocks.consume(consumed);
        Ok(Self { parser, cut, blocks, block: None, at: 0, end: 0, record: 1, line: 1, records: Records::default() })
    }

    /// Moves to a record, which must not lie behind; or says why that cannot be.
    fn go_to(&mut self, record: u64, task: &Task<'_>) -> Result<Result<(), String>, Failure> {
        // The cutter does not count a last record that has no line end.
        while self.block.as_ref().is_none_or(|block| !block.last && record >= self.blocks.next_record()) {
            task.check()?;
            match self.blocks.next_block() {
                Ok(Some(block)) => {
                    (self.at, self.record, self.line) = (0, block.first_record, block.first_line);
                    self.block = Some(block);
                }
                Ok(None) => return Ok(Err(SHORTER.to_owned())),
                Err(error) => {
                    task.check()?;
                    return Ok(Err(no_text(&error)));
                }
            }
        }
        let data = self.block.as_ref().map(|block| block.data.as_slice()).unwrap_or_default();
        while self.at < data.len() {
            let (end, counts) = self.records.at(self.cut, data, self.at);
            self.end = end;
            if counts && self.record >= record {
                return Ok(Ok(()));
            }
            self.line += match self.cut {
                Cut::Csv => memchr::memchr_iter(b'\n', data.get(self.at..end).unwrap_or_default()).count() as u64,
                Cut::Lines => 1,
            };
            self.record += u64::from(counts);
            self.at = end;
        }
        Ok(Err(SHORTER.to_owned()))
    }

    /// The record at hand, and its line.
    fn row(&self) -> (&[u8], u64) {
        let data = self.block.as_ref().map(|block| block.data.as_slice()).unwrap_or_default();
        (data.get(self.at..self.end).unwrap_or_default(), self.line)
    }
}

fn no_text(error: &dyn std::error::Error) -> String {
    format!("Its text could not be read again: {error}")
}
