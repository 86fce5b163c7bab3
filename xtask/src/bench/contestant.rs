//! Who can run: the commands that load a graph, and those that count what was loaded.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::{Bench, data::Graph, flags::Language, measure::ask};

/// A program with one way to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contestant {
    HalimedeCsv,
    HalimedeNTriples,
    Ladybug,
    Kuzu,
    /// Holds its graph in memory, and is asked only.
    FalkorDb,
    Oxigraph,
    /// Is asked only.
    Virtuoso,
}

impl Contestant {
    /// All but ourselves.
    pub(super) const PEERS: [Self; 5] = [Self::Ladybug, Self::Kuzu, Self::FalkorDb, Self::Oxigraph, Self::Virtuoso];

    /// In flags; the Python module of those that have one.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::HalimedeCsv | Self::HalimedeNTriples => "halimede",
            Self::Ladybug => "ladybug",
            Self::Kuzu => "kuzu",
            Self::Oxigraph => "oxigraph",
            Self::FalkorDb => "falkordb",
            Self::Virtuoso => "virtuoso",
        }
    }

    /// In tables.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::HalimedeCsv => "Halimede, `csv`",
            Self::HalimedeNTriples => "Halimede, `ntriples`",
            Self::Ladybug => "Ladybug, `COPY` and `CHECKPOINT`",
            Self::Kuzu => "Kùzu, `COPY` and `CHECKPOINT`",
            Self::Oxigraph => "Oxigraph, `load --lenient`",
            Self::FalkorDb => "FalkorDB, its bulk loader",
            Self::Virtuoso => "Virtuoso, `rdf_loader_run`",
        }
    }

    /// In tables of what it does beside loading.
    pub(super) const fn product(self) -> &'static str {
        match self {
            Self::HalimedeCsv | Self::HalimedeNTriples => "Halimede",
            Self::Ladybug => "Ladybug",
            Self::Kuzu => "Kùzu",
            Self::Oxigraph => "Oxigraph",
            Self::FalkorDb => "FalkorDB",
            Self::Virtuoso => "Virtuoso",
        }
    }

    /// Whose wording of the questions it understands.
    pub(super) const fn dialect(self) -> &'static str {
        match self {
            Self::FalkorDb => "falkor",
            Self::Ladybug | Self::Kuzu => "columnar",
            Self::HalimedeCsv => "cypher",
            Self::HalimedeNTriples | Self::Oxigraph | Self::Virtuoso => "sparql",
        }
    }

    /// Whether its load is a durable one that can be compared.
    pub(super) const fn races(self) -> bool {
        !matches!(self, Self::FalkorDb | Self::Virtuoso)
    }

    /// Whether it is we.
    pub(super) const fn is_own(self) -> bool {
        matches!(self, Self::HalimedeCsv | Self::HalimedeNTriples)
    }

    /// Whether it loads RDF; else a property graph.
    pub(super) const fn is_rdf(self) -> bool {
        matches!(self, Self::HalimedeNTriples | Self::Oxigraph | Self::Virtuoso)
    }

    /// The command that loads the graph into a folder that is empty before and holds everything, durably, after it.
    pub(super) fn load(self, bench: &Bench, graph: &Graph, folder: &Path) -> Vec<String> {
        match self {
            Self::HalimedeCsv => own_load(bench, &graph.csv(), "csv", folder),
            Self::HalimedeNTriples => own_load(bench, &graph.ntriples(), "ntriples", folder),
            Self::Ladybug | Self::Kuzu | Self::FalkorDb | Self::Virtuoso => self.script(bench, "load", graph, folder),
            Self::Oxigraph => {
                let (folder, file) = (text(folder), text(&graph.ntriples()));
                words(&[&oxigraph(bench), "load", "--location", &folder, "--file", &file, "--lenient"])
            }
        }
    }

    /// What its makers advise to do between a load and many questions, if anything.
    pub(super) fn settle(self, bench: &Bench, folder: &Path) -> Option<Vec<String>> {
        let command = || words(&[&oxigraph(bench), "optimize", "--location", &text(folder)]);
        (self == Self::Oxigraph).then(command)
    }

    /// Asks the loaded store for its size, and refuses a wrong answer.
    pub(super) fn verify(self, bench: &Bench, graph: &Graph, folder: &Path) -> Result<()> {
        let (found, expected) = match self {
            Self::HalimedeCsv => (own_counts(bench, folder, "pg")?[1..3].to_vec(), vec![graph.vertices, graph.edges]),
            Self::HalimedeNTriples => (own_counts(bench, folder, "rdf")?[..1].to_vec(), vec![graph.records(true)]),
            Self::Virtuoso => (numbers(&ask(&self.script(bench, "count", graph, folder))?)?, vec![graph.records(true)]),
            Self::Ladybug | Self::Kuzu | Self::FalkorDb => {
                (numbers(&ask(&self.script(bench, "count", graph, folder))?)?, vec![graph.vertices, graph.edges])
            }
            Self::Oxigraph => {
                let query = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }";
                let (program, folder) = (oxigraph(bench), text(folder));
                let command = [&program, "query", "--location", &folder, "--query", query, "--results-format", "tsv"];
                let said = ask(&words(&command))?;
                (numbers(said.lines().nth(1).unwrap_or_default())?, vec![graph.records(true)])
            }
        };
        ensure!(found == expected, "{}: counts {found:?}, expected {expected:?}", self.title());
        Ok(())
    }

    /// The command that asks the questions which it reads, and prints what it found.
    pub(super) fn ask(self, bench: &Bench, graph: &Graph, folder: &Path) -> Vec<String> {
        self.script(bench, "ask", graph, folder)
    }

    fn script(self, bench: &Bench, verb: &str, graph: &Graph, folder: &Path) -> Vec<String> {
        let script = match self {
            Self::FalkorDb => "falkor.py",
            Self::Virtuoso => "virtuoso.py",
            Self::Oxigraph => "oxigraph.py",
            Self::Ladybug | Self::Kuzu | Self::HalimedeCsv | Self::HalimedeNTriples => "columnar.py",
        };
        let (python, script) = (text(&bench.python), text(&bench.scripts.join(script)));
        let (database, persons, knows) = (text(&folder.join("db")), text(&graph.persons()), text(&graph.knows()));
        match self {
            Self::Oxigraph => words(&[&python, &script, &text(folder)]),
            Self::Virtuoso => words(&[&python, &script, verb, &database, &text(&graph.ntriples())]),
            _ => words(&[&python, &script, verb, self.name(), &database, &persons, &knows]),
        }
    }
}

impl Language {
    /// We, who are asked first.
    pub(super) const fn own(self) -> Contestant {
        match self {
            Self::Cypher => Contestant::HalimedeCsv,
            Self::Sparql => Contestant::HalimedeNTriples,
        }
    }

    /// The package whose bench asks us in process.
    pub(super) const fn package(self) -> &'static str {
        match self {
            Self::Cypher => "halimede-cypher",
            Self::Sparql => "halimede-sparql",
        }
    }
}

fn own_load(bench: &Bench, source: &Path, format: &str, folder: &Path) -> Vec<String> {
    let (binary, source, folder) = (text(&bench.binary), text(source), text(folder));
    let mut command = words(&[&binary, "load", &source, "--format", format, "--data", &folder]);
    if let Some(memory) = &bench.flags.memory {
        command.extend(words(&["--memory", memory]));
    }
    command
}

/// Quads, vertices, edges, … of one data set, which `check` finds in order.
fn own_counts(bench: &Bench, folder: &Path, dataset: &str) -> Result<Vec<u64>> {
    let said = ask(&words(&[&text(&bench.binary), "check", "--data", &text(folder)]))?;
    let row = said.lines().find_map(|line| line.strip_prefix(dataset)).context("check prints no such data set")?;
    numbers(&row.replace(',', ""))
}

/// The program that the Python environment holds beside its interpreter.
fn oxigraph(bench: &Bench) -> String {
    text(&bench.python.with_file_name("oxigraph"))
}

fn numbers(said: &str) -> Result<Vec<u64>> {
    let number = |word: &str| word.trim_matches('"').parse().with_context(|| format!("{word:?} is no number"));
    said.split_whitespace().map(number).collect()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
