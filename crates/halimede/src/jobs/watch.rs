//! `halimede jobs --watch`: the list kept up to date until Ctrl-C, or one job followed to its end.
//!
//! On a terminal the list is drawn in place. Elsewhere it grows: a job gets a new line when its state changes, and every
//! few seconds while it runs. Jobs that have ended are asked about once. Nothing here changes a job: Ctrl-C ends the
//! watching alone.

use std::collections::HashMap;
use std::fmt::Write;
use std::io::{IsTerminal, stdout};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::client::{self, Client};
use crate::error::{Error, Result};
use crate::follow::{self, Followed, Interrupts};
use crate::load::There;
use crate::output;
use crate::report::{self, Report};
use crate::table::{Align, Table};

/// Between two looks at the list.
const PERIOD: Duration = Duration::from_secs(1);
/// Between two lines of a running job, where there is no terminal.
const LINE: Duration = Duration::from_secs(5);
/// Jobs that are drawn on a terminal; the list has the queued ones and the latest first.
const DRAWN: usize = 20;
/// Looks in a row that may fail to reach the server, which may be starting again.
const PATIENCE: u32 = 20;

/// Follows one job to its end and prints it.
///
/// # Errors
/// [`Error::Failed`] if it did not complete, [`Error::Interrupted`] if it was left before.
pub(super) fn one(client: &Client, id: &str) -> Result<()> {
    let interrupts = Interrupts::listen(client.runtime())?;
    if follow::follow(&There::new(client, id, true), &interrupts)? == Followed::Left {
        return Err(Error::Interrupted);
    }
    let report = Report::read(client.status(id, report::ERRORS)?)?;
    output::print(&report.render(id, None))?;
    report.outcome()
}

/// Shows all jobs until Ctrl-C.
pub(super) fn all(client: &Client) -> Result<()> {
    let interrupts = Interrupts::listen(client.runtime())?;
    let mut known = HashMap::new();
    let mut display = Display::new();
    let mut failures = 0;
    loop {
        match look(client, &mut known) {
            Ok(jobs) => {
                failures = 0;
                display.show(&jobs)?;
            }
            Err(error) if error.is_transient() && failures < PATIENCE => failures += 1,
            Err(error) => return Err(error.into()),
        }
        if interrupts.within(PERIOD) {
            return Ok(());
        }
    }
}

/// One line of the list.
#[derive(Clone)]
struct Line {
    id: String,
    cells: [String; 5],
    ended: bool,
}

/// The jobs as they are now; what has ended is taken from `known`.
fn look(client: &Client, known: &mut HashMap<String, Line>) -> Result<Vec<Line>, client::Error> {
    let ids = client.list()?;
    known.retain(|id, _| ids.contains(id));
    let mut lines = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(line) = known.get(&id) {
            lines.push(line.clone());
            continue;
        }
        let payload = match client.brief(&id) {
            Ok(payload) => payload,
            // It was forgotten since the list was made.
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(error),
        };
        let Ok(report) = Report::read(payload) else { continue };
        let [state, records, errors, source] = report.cells();
        let line =
            Line { id: id.clone(), cells: [state, records, errors, source, report.doing()], ended: report.has_ended() };
        if line.ended {
            known.insert(id, line.clone());
        }
        lines.push(line);
    }
    Ok(lines)
}

/// Where the list is shown.
enum Display {
    /// In place.
    Terminal(ProgressBar),
    /// As lines, each of a job that has something new.
    Lines { table: Table, told: HashMap<String, (String, Instant)> },
}

impl Display {
    fn new() -> Self {
        if !stdout().is_terminal() {
            return Self::Lines { table: table(), told: HashMap::new() };
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout());
        bar.set_style(ProgressStyle::with_template("{msg}").expect("the template is well formed"));
        Self::Terminal(bar)
    }

    fn show(&mut self, jobs: &[Line]) -> Result<()> {
        match self {
            Self::Terminal(bar) => {
                let mut table = table();
                jobs.iter().take(DRAWN).for_each(|job| add(&mut table, job));
                let mut text = table.render();
                if jobs.len() > DRAWN {
                    // Infallible: a String grows.
                    let _ = writeln!(text, "and {} more", jobs.len() - DRAWN);
                }
                bar.set_message(text);
                Ok(())
            }
            Self::Lines { table, told } => {
                told.retain(|id, _| jobs.iter().any(|job| job.id == *id));
                for job in jobs {
                    let state = &job.cells[0];
                    let is_new = told
                        .get(&job.id)
                        .is_none_or(|(last, at)| last != state || (!job.cells[4].is_empty() && at.elapsed() >= LINE));
                    if is_new {
                        add(table, job);
                        told.insert(job.id.clone(), (state.clone(), Instant::now()));
                    }
                }
                if table.waiting() > 0 { output::print(&table.take()) } else { Ok(()) }
            }
        }
    }
}

impl Drop for Display {
    /// What was drawn last stays.
    fn drop(&mut self) {
        if let Self::Terminal(bar) = self {
            bar.abandon();
        }
    }
}

fn table() -> Table {
    Table::new([
        ("load", Align::Left),
        ("status", Align::Left),
        ("records", Align::Right),
        ("errors", Align::Right),
        ("source", Align::Left),
        ("progress", Align::Left),
    ])
}

fn add(table: &mut Table, job: &Line) {
    table.row(std::iter::once(&job.id).chain(&job.cells));
}
