//! The graph that everybody loads: written once by `halimede generate`, kept in the cache.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use crate::runner::Command;

/// Where the files of one graph are.
pub(super) struct Graph {
    pub(super) vertices: u64,
    pub(super) edges: u64,
    folder: PathBuf,
}

impl Graph {
    /// Finds the graph in the cache, or writes it.
    pub(super) fn make(binary: &Path, graphs: &Path, vertices: u64, edges: u64) -> Result<Self> {
        let folder = graphs.join(format!("{vertices}-{edges}"));
        let graph = Self { vertices, edges, folder };
        let made = graph.folder.join("made");
        if made.is_file() {
            return Ok(graph);
        }
        println!("generating {vertices} vertices and {edges} edges in {}\n", graph.folder.display());
        Command::new(binary)
            .args(["generate", "--vertices", &vertices.to_string(), "--edges", &edges.to_string()])
            .args(["--format", "csv,ntriples", "--out"])
            .args([&graph.folder])
            .run_or_fail()?;
        fs::create_dir_all(graph.folder.join("columnar"))?;
        let csv = graph.csv();
        // ~id,~label,name,age,score,created and ~id,~from,~to,~label,since,weight
        rearrange(&csv.join("vertices.csv"), &graph.persons(), "id,name,age,score,created", &[0, 2, 3, 4, 5])?;
        rearrange(&csv.join("edges.csv"), &graph.knows(), "from,to,id,since,weight", &[1, 2, 0, 4, 5])?;
        File::create(made)?;
        Ok(graph)
    }

    /// The folder of Gremlin CSV.
    pub(super) fn csv(&self) -> PathBuf {
        self.folder.join("csv")
    }

    /// The N-Triples file.
    pub(super) fn ntriples(&self) -> PathBuf {
        self.folder.join("ntriples/graph.nt")
    }

    /// The vertices as a table: the CSV without labels.
    pub(super) fn persons(&self) -> PathBuf {
        self.folder.join("columnar/person.csv")
    }

    /// The edges as a table: the CSV without labels, ends first.
    pub(super) fn knows(&self) -> PathBuf {
        self.folder.join("columnar/knows.csv")
    }

    /// Records of a load, as our status counts them: a label, an edge, a property, or a triple.
    pub(super) fn records(&self, rdf: bool) -> u64 {
        5 * self.vertices + if rdf { 1 } else { 3 } * self.edges
    }

    /// Reads the files once, so that the first contestant finds them in memory as the others do.
    pub(super) fn warm(&self, rdf: bool) -> Result<()> {
        let csv = self.csv();
        let files = if rdf {
            vec![self.ntriples()]
        } else {
            vec![csv.join("vertices.csv"), csv.join("edges.csv"), self.persons(), self.knows()]
        };
        let mut buffer = vec![0; 1 << 20];
        for path in files {
            let mut file = File::open(&path).with_context(|| format!("opening {}", path.display()))?;
            while file.read(&mut buffer)? > 0 {}
        }
        Ok(())
    }
}

/// Writes some columns of a CSV file in another order, under another header. The generator quotes nothing.
fn rearrange(from: &Path, to: &Path, header: &str, columns: &[usize]) -> Result<()> {
    let mut lines = BufReader::with_capacity(1 << 20, File::open(from)?);
    let mut out = BufWriter::with_capacity(1 << 20, File::create(to)?);
    writeln!(out, "{header}")?;
    let mut line = String::new();
    lines.read_line(&mut line)?;
    loop {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            break;
        }
        let cells: Vec<&str> = line.trim_end().split(',').collect();
        ensure!(cells.len() == 6 && !line.contains('"'), "{}: not six plain cells: {line}", from.display());
        for (place, column) in columns.iter().enumerate() {
            out.write_all(if place == 0 { b"" } else { b"," })?;
            out.write_all(cells[*column].as_bytes())?;
        }
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}
