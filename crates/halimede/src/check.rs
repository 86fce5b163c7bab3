//! `halimede check`: read everything, verify it, count.

use std::fmt::Write;

use store::{CancelToken, CheckReport};

use crate::error::{Error, Result};
use crate::flags::Check;
use crate::output;
use crate::place::{self, Target};
use crate::table::{Align, Table, printable, thousands};

/// Runs the command.
///
/// # Errors
/// [`Error::Failed`] if something is wrong with the store; the report was printed then.
pub(crate) fn run(flags: &Check) -> Result<()> {
    let report: CheckReport = match place::resolve(&flags.place)? {
        Target::Server(client) => serde_json::from_value(client.check()?)
            .map_err(|error| Error::Failed(format!("the server's report cannot be read: {error}")))?,
        Target::Directory(directory) => {
            let store = place::open_existing(&directory)?;
            let report = store.check(&CancelToken::new())?;
            store.close();
            report
        }
    };
    output::print(&render(&report))?;
    match report.problems.len() {
        0 => Ok(()),
        count => Err(Error::Failed(format!("{count} problems found"))),
    }
}

fn render(report: &CheckReport) -> String {
    let mut table = Table::new([
        ("data set", Align::Left),
        ("quads", Align::Right),
        ("vertices", Align::Right),
        ("edges", Align::Right),
        ("terms", Align::Right),
        ("graphs", Align::Right),
    ]);
    for set in &report.datasets {
        let counts = [set.quads, set.vertices, set.edges, set.terms, set.graphs].map(thousands);
        table.row([set.dataset.clone()].into_iter().chain(counts));
    }
    let mut text = table.render();
    text.push('\n');
    if report.is_clean() {
        text.push_str("no problems found\n");
    }
    for problem in &report.problems {
        let _ = writeln!(text, "problem: {}", printable(problem));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::DatasetReport;

    #[test]
    fn counts_and_problems_are_shown() {
        let set = DatasetReport { dataset: "pg".to_owned(), quads: 1234, vertices: 3, edges: 2, terms: 9, graphs: 0 };
        let mut report = CheckReport { datasets: vec![set], problems: Vec::new() };
        assert_eq!(
            render(&report),
            "\
data set  quads  vertices  edges  terms  graphs
--------  -----  --------  -----  -----  ------
pg        1,234         3      2      9       0

no problems found
"
        );
        report.problems.push("a block is damaged".to_owned());
        assert!(render(&report).ends_with("\nproblem: a block is damaged\n"));
    }
}
