//! What a bench is asked for.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};

use super::contestant::Contestant;

/// The flags, for people.
pub(super) const USAGE: &str = "\
cargo xtask bench [FLAGS]
  --vertices N, --edges M   size of the graph [1,000,000 and 10,000,000]
  --runs K                  runs of each contestant [3]
  --only PART               load, store, query or cancel [load and store]
  --peers LIST              of ladybug,kuzu,falkordb,oxigraph,virtuoso, or none [all]
  --language NAME           of the questions: cypher or sparql [cypher]
  --databases DIR           where those who are asked keep their graphs, for the next time [loaded anew]
  --memory SIZE             our --memory [our default]
  --cancels N               rounds of the cancel bench [200]
  --seed S                  of the moments of cancels [1]
  --profile NAME            Cargo's, of our binary and of the program that asks us in process [bench]
  --binary FILE             our binary, also HALIMEDE_BIN [one built with the profile]
  --cache DIR               where graphs and results go [the user's cache]
  --json FILE               the figures as JSON too";

/// A part of the bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Loads beside the peers.
    Load,
    /// The store alone, beside its key-value engine.
    Store,
    /// Questions beside the peers, in process and through HTTP. Only on demand: it loads each of them.
    Query,
    /// How soon a cancel is answered. Only on demand: at full size it takes an hour.
    Cancel,
}

/// What questions are put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Cypher,
    Sparql,
}

/// See [`USAGE`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) vertices: u64,
    pub(super) edges: u64,
    pub(super) runs: usize,
    pub(super) only: Option<Part>,
    pub(super) peers: Vec<Contestant>,
    pub(super) language: Language,
    pub(super) databases: Option<PathBuf>,
    pub(super) memory: Option<String>,
    pub(super) cancels: usize,
    pub(super) seed: u64,
    pub(super) profile: String,
    pub(super) binary: Option<PathBuf>,
    pub(super) cache: Option<PathBuf>,
    pub(super) json: Option<PathBuf>,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            vertices: 1_000_000,
            edges: 10_000_000,
            runs: 3,
            only: None,
            peers: Contestant::PEERS.to_vec(),
            language: Language::Cypher,
            databases: None,
            memory: None,
            cancels: 200,
            seed: 1,
            profile: "bench".to_owned(),
            binary: std::env::var_os("HALIMEDE_BIN").map(PathBuf::from),
            cache: None,
            json: None,
        }
    }
}

impl Flags {
    pub(super) fn parse(args: &[String]) -> Result<Self> {
        let mut flags = Self::default();
        let mut args = args.iter();
        while let Some(flag) = args.next() {
            if flag == "--help" {
                bail!("these are the flags");
            }
            let value = args.next().with_context(|| format!("{flag}: a flag with a value was expected"))?;
            match flag.as_str() {
                "--vertices" => flags.vertices = number(flag, value)?,
                "--edges" => flags.edges = number(flag, value)?,
                "--runs" => flags.runs = number(flag, value)? as usize,
                "--only" => flags.only = Some(part(value)?),
                "--peers" => flags.peers = peers(value)?,
                "--language" => flags.language = language(value)?,
                "--databases" => flags.databases = Some(value.into()),
                "--memory" => flags.memory = Some(value.clone()),
                "--cancels" => flags.cancels = number(flag, value)? as usize,
                "--seed" => flags.seed = number(flag, value)?,
                "--profile" => flags.profile.clone_from(value),
                "--binary" => flags.binary = Some(value.into()),
                "--cache" => flags.cache = Some(value.into()),
                "--json" => flags.json = Some(value.into()),
                _ => bail!("{flag}: there is no such flag"),
            }
        }
        ensure!(flags.vertices > 1 && flags.edges > 0, "--vertices, --edges: a graph needs two vertices and an edge");
        ensure!(flags.runs > 0 && flags.cancels > 0, "--runs, --cancels: at least 1");
        // Relative to where the command was given, not to where it works.
        let paths = [&mut flags.binary, &mut flags.cache, &mut flags.databases, &mut flags.json];
        for path in paths.into_iter().flatten() {
            *path = std::path::absolute(&*path).with_context(|| format!("{}", path.display()))?;
        }
        Ok(flags)
    }

    /// Whether a part is wanted.
    pub(super) fn does(&self, part: Part) -> bool {
        self.only.map_or(matches!(part, Part::Load | Part::Store), |only| only == part)
    }
}

/// A number, also written 1_000_000 or 1,000,000.
fn number(flag: &str, value: &str) -> Result<u64> {
    value.replace(['_', ','], "").parse().with_context(|| format!("{flag} {value}: a number was expected"))
}

fn part(value: &str) -> Result<Part> {
    match value {
        "load" => Ok(Part::Load),
        "store" => Ok(Part::Store),
        "query" => Ok(Part::Query),
        "cancel" => Ok(Part::Cancel),
        _ => bail!("--only {value}: load, store, query or cancel was expected"),
    }
}

fn language(value: &str) -> Result<Language> {
    match value {
        "cypher" => Ok(Language::Cypher),
        "sparql" => Ok(Language::Sparql),
        _ => bail!("--language {value}: cypher or sparql was expected"),
    }
}

fn peers(value: &str) -> Result<Vec<Contestant>> {
    let known = |name: &str| {
        let found = Contestant::PEERS.into_iter().find(|peer| peer.name().eq_ignore_ascii_case(name));
        found.with_context(|| {
            let names = Contestant::PEERS.map(Contestant::name).join(", ");
            format!("--peers {name}: some of {names}, or none was expected")
        })
    };
    if value == "none" { Ok(Vec::new()) } else { value.split(',').map(known).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Flags> {
        Flags::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn flags_are_read() -> Result<()> {
        let flags = parse("--vertices 20_000 --edges 200,000 --only load --peers kuzu,oxigraph --json out.json")?;
        assert_eq!((flags.vertices, flags.edges), (20_000, 200_000));
        assert_eq!(flags.peers, [Contestant::Kuzu, Contestant::Oxigraph]);
        assert!(flags.json.is_some_and(|path| path.is_absolute()));
        assert!(parse("--peers none")?.peers.is_empty());
        Ok(())
    }

    #[test]
    fn languages_have_names() -> Result<()> {
        assert_eq!(parse("--only query --language sparql")?.language, Language::Sparql);
        assert_eq!(parse("--only query")?.language, Language::Cypher);
        Ok(())
    }

    #[test]
    fn cancels_are_measured_on_demand_only() -> Result<()> {
        assert!(!parse("")?.does(Part::Cancel) && parse("")?.does(Part::Store));
        assert!(parse("--only cancel")?.does(Part::Cancel) && !parse("--only cancel")?.does(Part::Load));
        Ok(())
    }

    #[test]
    fn what_cannot_be_run_is_refused() {
        for line in ["--runs 0", "--vertices x", "--peers neo4j", "--only all", "--language sql", "--quick", "--edges"]
        {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
