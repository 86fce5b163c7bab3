//! Answers, found and expected, and whether they are the same but for the names of blank nodes.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use oxrdf::vocab::{rdf, xsd};
use oxrdf::{BlankNode, Graph, GraphName, Literal, Quad, Term, Triple};
use oxsdatatypes::{Decimal, Double, Float, Integer};
use sparesults::{QueryResultsFormat, QueryResultsParser, QuerySolution, SliceQueryResultsParserOutput};
use sparql::OutputFormat;

use crate::manifest::{name, objects, quads, text};

const RS: &str = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#";

/// What a query answers.
#[derive(Debug)]
pub(crate) enum Answer {
    Boolean(bool),
    Rows {
        variables: Vec<String>,
        rows: Vec<Row>,
        /// Whether the order of rows counts.
        ordered: bool,
    },
    Triples(Vec<Row>),
    Csv(Vec<String>),
}

/// The terms of a row, or of a triple.
type Row = Vec<Option<Term>>;

impl Answer {
    /// What this server wrote.
    pub(crate) fn written(format: OutputFormat, out: &[u8]) -> Result<Self, String> {
        match format {
            OutputFormat::Csv => Ok(csv(out)),
            OutputFormat::Json => solutions(QueryResultsFormat::Json, out),
            _ => Ok(Self::graph(&quads(out, "http://suite.test/answer.nq")?)),
        }
    }

    /// What a file of the suite says.
    pub(crate) fn expected(path: &Path, iri: &str) -> Result<Self, String> {
        let text = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("srx") => solutions(QueryResultsFormat::Xml, &text),
            Some("srj") => solutions(QueryResultsFormat::Json, &text),
            Some("tsv") => solutions(QueryResultsFormat::Tsv, &text),
            Some("csv") => Ok(csv(&text)),
            _ => {
                let quads = quads(&text, iri)?;
                let graph: Graph = quads.iter().cloned().map(Triple::from).collect();
                Ok(result_set(&graph).unwrap_or_else(|| Self::graph(&quads)))
            }
        }
    }

    fn graph(quads: &[Quad]) -> Self {
        let triples: HashSet<Row> = quads
            .iter()
            .map(|quad| {
                let terms = [quad.subject.clone().into(), quad.predicate.clone().into(), quad.object.clone()];
                terms.iter().map(|term| Some(comparable(term))).collect()
            })
            .collect();
        Self::Triples(triples.into_iter().collect())
    }

    /// The rows of a data set: subject, predicate, object, graph.
    pub(crate) fn dataset(quads: &[Quad]) -> Self {
        let row = |quad: &Quad| -> Row {
            let graph = match &quad.graph_name {
                GraphName::NamedNode(iri) => Some(iri.clone().into()),
                GraphName::BlankNode(node) => Some(node.clone().into()),
                GraphName::DefaultGraph => None,
            };
            let terms = [quad.subject.clone().into(), quad.predicate.clone().into(), quad.object.clone()];
            terms.iter().map(|term| Some(comparable(term))).chain([graph]).collect()
        };
        let rows: HashSet<Row> = quads.iter().map(row).collect();
        let variables = ["s", "p", "o", "g"].map(str::to_owned).to_vec();
        Self::Rows { variables, rows: rows.into_iter().collect(), ordered: false }
    }

    /// Whether this is what was expected; with `lax`, some of the duplicates may be missing.
    pub(crate) fn compare(self, expected: &Self, lax: bool) -> Result<(), String> {
        let same = match (&self, expected) {
            (Self::Boolean(found), Self::Boolean(expected)) => found == expected,
            (Self::Csv(found), Self::Csv(expected)) => found == expected,
            (Self::Triples(found), Self::Triples(expected)) => isomorphic(found, expected, false),
            (
                Self::Rows { variables: found_names, rows: found, .. },
                Self::Rows { variables: names, rows: expected, ordered },
            ) => {
                let place = |name| found_names.iter().position(|found| found == name);
                let places: Option<Vec<usize>> = names.iter().map(place).collect();
                places.is_some_and(|places| {
                    let found: Vec<Row> =
                        found.iter().map(|row| places.iter().map(|place| row[*place].clone()).collect()).collect();
                    if lax {
                        let distinct = |rows: &[Row]| rows.iter().cloned().collect::<HashSet<_>>();
                        found.len() <= expected.len() && distinct(&found) == distinct(expected)
                    } else {
                        isomorphic(&found, expected, *ordered)
                    }
                })
            }
            _ => false,
        };
        if same { Ok(()) } else { Err(format!("answered\n    {self:?}\n  expected\n    {expected:?}")) }
    }
}

/// The lines below the head sorted, every blank node with one name.
fn csv(text: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(text);
    let unnamed = |cell| if str::starts_with(cell, "_:") { "_:" } else { cell };
    let mut lines: Vec<_> =
        text.lines().map(|line| line.split(',').map(unnamed).collect::<Vec<_>>().join(",")).collect();
    if let Some(rows) = lines.get_mut(1..) {
        rows.sort_unstable();
    }
    Answer::Csv(lines)
}

fn solutions(format: QueryResultsFormat, text: &[u8]) -> Result<Answer, String> {
    let parsed = QueryResultsParser::from_format(format).for_slice(text).map_err(|error| error.to_string())?;
    match parsed {
        SliceQueryResultsParserOutput::Boolean(value) => Ok(Answer::Boolean(value)),
        SliceQueryResultsParserOutput::Solutions(solutions) => {
            let variables = solutions.variables().iter().map(|variable| variable.as_str().to_owned()).collect();
            let row = |solution: QuerySolution| -> Row {
                solution.values().iter().map(|term| term.as_ref().map(comparable)).collect()
            };
            let rows: Result<Vec<Row>, _> = solutions.map(|solution| solution.map(row)).collect();
            Ok(Answer::Rows { variables, rows: rows.map_err(|error| error.to_string())?, ordered: false })
        }
    }
}

/// The rows that a graph describes, if it does.
fn result_set(graph: &Graph) -> Option<Answer> {
    let head: Term =
        graph.subjects_for_predicate_object(rdf::TYPE, name(RS, "ResultSet").as_ref()).next()?.into_owned().into();
    let all = |subject: &Term, local: &str| objects(graph, subject, name(RS, local).as_ref());
    if let Some(value) = all(&head, "boolean").pop() {
        return Some(Answer::Boolean(text(&value) == "true"));
    }
    let variables: Vec<_> = all(&head, "resultVariable").iter().map(text).collect();
    let mut indexed: Vec<(Option<u64>, Row)> = all(&head, "solution")
        .iter()
        .map(|solution| {
            let index = all(solution, "index").pop().and_then(|index| text(&index).parse().ok());
            let mut row = vec![None; variables.len()];
            for binding in all(solution, "binding") {
                let variable = all(&binding, "variable").pop().map(|variable| text(&variable));
                let place = variables.iter().position(|name| Some(name) == variable.as_ref());
                let value = all(&binding, "value").pop();
                if let (Some(place), Some(value)) = (place, value) {
                    row[place] = Some(comparable(&value));
                }
            }
            (index, row)
        })
        .collect();
    indexed.sort_by_key(|(index, _)| *index);
    let ordered = indexed.iter().all(|(index, _)| index.is_some());
    Some(Answer::Rows { variables, rows: indexed.into_iter().map(|(_, row)| row).collect(), ordered })
}

/// The term in a form in which equal numbers of one type are equal, and languages regardless of case.
fn comparable(term: &Term) -> Term {
    let Term::Literal(literal) = term else { return term.clone() };
    let value = literal.value();
    if let Some(language) = literal.language() {
        return Literal::new_language_tagged_literal_unchecked(value, language.to_ascii_lowercase()).into();
    }
    let datatype = literal.datatype();
    let canonical = if datatype == xsd::INTEGER {
        value.parse::<Integer>().ok().map(Literal::from)
    } else if datatype == xsd::DECIMAL {
        value.parse::<Decimal>().ok().map(Literal::from)
    } else if datatype == xsd::DOUBLE {
        value.parse::<Double>().ok().map(Literal::from)
    } else if datatype == xsd::FLOAT {
        value.parse::<Float>().ok().map(Literal::from)
    } else {
        None
    };
    canonical.unwrap_or_else(|| literal.clone()).into()
}

/// Whether some renaming of blank nodes, one to one, makes the rows the same.
fn isomorphic(found: &[Row], expected: &[Row], ordered: bool) -> bool {
    if found.len() != expected.len() {
        return false;
    }
    let mut expected = expected.to_vec();
    let mut found = found.to_vec();
    if !ordered {
        // Rows without blank nodes first: they match in one way, which leaves less to try.
        let blanks = |row: &Row| row.iter().flatten().filter(|term| term.is_blank_node()).count();
        found.sort_by_key(blanks);
        expected.sort_by_key(blanks);
    }
    let mut used = vec![false; expected.len()];
    assign(&found, 0, &expected, &mut used, &mut Renaming::default(), ordered)
}

/// Blank nodes and what they are on the other side.
#[derive(Clone, Default)]
struct Renaming {
    to: HashMap<BlankNode, BlankNode>,
    from: HashMap<BlankNode, BlankNode>,
}

impl Renaming {
    fn matches(&mut self, found: &Row, expected: &Row) -> bool {
        found.len() == expected.len()
            && found.iter().zip(expected).all(|pair| match pair {
                (Some(Term::BlankNode(a)), Some(Term::BlankNode(b))) => {
                    self.to.entry(a.clone()).or_insert_with(|| b.clone()) == b
                        && self.from.entry(b.clone()).or_insert_with(|| a.clone()) == a
                }
                (a, b) => a == b,
            })
    }
}

/// Matches the rows from `next` on, each with one that is not used yet; of several, tries all.
fn assign(
    found: &[Row],
    next: usize,
    expected: &[Row],
    used: &mut [bool],
    renaming: &mut Renaming,
    ordered: bool,
) -> bool {
    let Some(row) = found.get(next) else { return true };
    for at in 0..expected.len() {
        if used[at] || (ordered && at != next) {
            continue;
        }
        let mut renamed = renaming.clone();
        if renamed.matches(row, &expected[at]) {
            used[at] = true;
            if assign(found, next + 1, expected, used, &mut renamed, ordered) {
                return true;
            }
            used[at] = false;
            if !row.iter().flatten().any(Term::is_blank_node) {
                return false; // another equal row would do no better
            }
        }
    }
    false
}
