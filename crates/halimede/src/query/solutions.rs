//! Rows of a SELECT as a table, laid out as they stream by.
//!
//! The widths come from the first rows; a later cell that is wider pushes its line to the right. So an answer of any size
//! prints in constant memory.

use std::io::{Read, Write};

use oxrdf::Term;
use sparesults::{QueryResultsFormat, QueryResultsParseError, QueryResultsParser, ReaderQueryResultsParserOutput};

use crate::error::{Error, Result};
use crate::output;
use crate::table::{Align, Table};

/// Rows that are looked at before the first is printed.
const LAID_OUT: usize = 1000;

/// Reads SPARQL results in JSON and prints them.
pub(super) fn show(answer: impl Read, out: &mut impl Write) -> Result<()> {
    let broken = |error: QueryResultsParseError| Error::Failed(format!("the answer broke off: {error}"));
    let solutions =
        match QueryResultsParser::from_format(QueryResultsFormat::Json).for_reader(answer).map_err(broken)? {
            ReaderQueryResultsParserOutput::Boolean(truth) => return output::written(writeln!(out, "{truth}")),
            ReaderQueryResultsParserOutput::Solutions(solutions) => solutions,
        };
    let variables: Vec<String> = solutions.variables().iter().map(|variable| variable.as_str().to_owned()).collect();
    let mut table = Table::new(variables.iter().map(|variable| (variable.as_str(), Align::Left)));
    let mut count = 0_u64;
    for solution in solutions {
        let solution = solution.map_err(broken)?;
        table.row(solution.values().iter().map(|term| term.as_ref().map(cell).unwrap_or_default()));
        count += 1;
        if table.waiting() == LAID_OUT
            && let Err(error) = out.write_all(table.take().as_bytes())
        {
            return output::written(Err(error));
        }
    }
    let rows = if count == 1 { "row" } else { "rows" };
    output::written(write!(out, "{}\n{count} {rows}\n", table.take()))
}

/// A term as people read it: a literal is its text, an IRI stands in brackets.
fn cell(term: &Term) -> String {
    match term {
        Term::Literal(literal) => literal.value().to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(json: &str) -> String {
        let mut out = Vec::new();
        show(json.as_bytes(), &mut out).expect("good results");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn rows_become_a_table() {
        let json = r#"{"head":{"vars":["s","n"]},"results":{"bindings":[
            {"s":{"type":"uri","value":"http://e/io"},"n":{"type":"literal","value":"Io","xml:lang":"en"}},
            {"s":{"type":"bnode","value":"b"}}]}}"#;
        assert_eq!(shown(json), "s              n\n-------------  --\n<http://e/io>  Io\n_:b\n\n2 rows\n");
    }

    #[test]
    fn a_long_answer_keeps_the_widths_of_its_beginning() {
        let row = |n: usize| format!(r#"{{"n":{{"type":"literal","value":"{n}"}}}}"#);
        let rows: Vec<String> = (0..=2 * LAID_OUT).map(row).collect();
        let text = shown(&format!(r#"{{"head":{{"vars":["n"]}},"results":{{"bindings":[{}]}}}}"#, rows.join(",")));
        assert_eq!(text.lines().count(), 2 + 2 * LAID_OUT + 1 + 2);
        assert!(text.ends_with("\n2000\n\n2001 rows\n"));
    }

    #[test]
    fn a_broken_answer_is_an_error() {
        assert!(show(r#"{"head":{"vars":["n"]},"results":{"bindings":[{"#.as_bytes(), &mut Vec::new()).is_err());
    }
}
