//! How fast one thread cuts and parses a file: `parse_rate FILE FORMAT [ROUNDS]`.
//!
//! The file is in memory, nothing is stored: what is measured is what `loader::blocks` and `loader::format` cost.

use std::error::Error;
use std::time::{Duration, Instant};

use loader::blocks::{BLOCK_SIZE, BlockReader};
use loader::format::{FeedParser, Format, FormatOptions, Parsed, SerialParser};
use model::HashKey;

#[derive(Default)]
struct Rate {
    cutting: Duration,
    parsing: Duration,
    rows: u64,
    entries: u64,
    errors: usize,
}

#[expect(clippy::print_stdout, reason = "a measuring tool")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(path), Some(format)) = (arguments.next(), arguments.next()) else {
        return Err("usage: parse_rate FILE FORMAT [ROUNDS]".into());
    };
    let format: Format = format.parse()?;
    let rounds: u32 = arguments.next().map_or(Ok(10), |rounds| rounds.parse())?;
    let data = std::fs::read(&path)?;
    let options = FormatOptions::new("load");
    let key = HashKey::new([7; 16]);
    let mut best: Option<Rate> = None;
    for _ in 0..rounds {
        let rate = if format.cut().is_some() {
            blocks(&data, format, &options, &key)
        } else {
            serial(&data, format, &options, &key)
        }?;
        if best.as_ref().is_none_or(|best| rate.parsing + rate.cutting < best.parsing + best.cutting) {
            best = Some(rate);
        }
    }
    let best = best.ok_or("no rounds")?;
    let megabytes = data.len() as f64 / 1e6;
    let show = |what: &str, time: Duration| {
        let seconds = time.as_secs_f64();
        println!(
            "{what:8} {:9.1} MB/s {:12.0} rows/s {:12.0} entries/s",
            megabytes / seconds,
            best.rows as f64 / seconds,
            best.entries as f64 / seconds
        );
    };
    println!(
        "{path}: {megabytes:.1} MB, {} rows, {} entries, {} errors; best of {rounds}",
        best.rows, best.entries, best.errors
    );
    show("cutting", best.cutting);
    show("parsing", best.parsing);
    Ok(())
}

fn blocks(data: &[u8], format: Format, options: &FormatOptions, key: &HashKey) -> Result<Rate, Box<dyn Error>> {
    let mut rate = Rate::default();
    let mut out = Parsed::new();
    let mut start = Instant::now();
    let mut reader = BlockReader::new(data, format.cut().ok_or("not cut")?, BLOCK_SIZE);
    let (parser, _, length) =
        FeedParser::open(format, options, 0, "key", reader.head()?, key).map_err(|error| error.message)?;
    reader.consume(length);
    while let Some(block) = reader.next_block()? {
        rate.cutting += start.elapsed();
        start = Instant::now();
        parser.parse(&block, &mut out);
        rate.parsing += start.elapsed();
        count(&mut rate, &mut out);
        drop(block);
        start = Instant::now();
    }
    Ok(rate)
}

fn serial(data: &[u8], format: Format, options: &FormatOptions, key: &HashKey) -> Result<Rate, Box<dyn Error>> {
    let mut rate = Rate::default();
    let mut out = Parsed::new();
    let start = Instant::now();
    let mut parser = SerialParser::open(format, options, 0, "key", data, key).map_err(|error| error.message)?;
    while parser.next(10_000, &mut out)? {
        count(&mut rate, &mut out);
    }
    count(&mut rate, &mut out);
    rate.parsing = start.elapsed();
    Ok(rate)
}

fn count(rate: &mut Rate, out: &mut Parsed) {
    rate.rows += out.rows;
    rate.entries += out.batch.entries.len() as u64;
    rate.errors += out.errors.len();
    out.clear();
}
