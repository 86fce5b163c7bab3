//! The enumerations of a request, and what the parsers are told.

use oxrdf::NamedNode;
use serde::{Deserialize, Serialize};

use super::error::{RequestError, shown};
use super::members::Members;

/// What the files of a load contain. The request decides, never a file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Gremlin CSV.
    Csv,
    /// openCypher CSV.
    OpenCypher,
    /// N-Triples.
    NTriples,
    /// N-Quads.
    NQuads,
    /// Turtle.
    Turtle,
    /// RDF/XML.
    RdfXml,
}

impl Format {
    /// Every format, in the order of the service's documentation.
    pub const ALL: [Self; 6] = [Self::Csv, Self::OpenCypher, Self::NTriples, Self::NQuads, Self::RdfXml, Self::Turtle];

    /// The name on the wire and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::OpenCypher => "opencypher",
            Self::NTriples => "ntriples",
            Self::NQuads => "nquads",
            Self::Turtle => "turtle",
            Self::RdfXml => "rdfxml",
        }
    }

    /// Whether it fills the RDF data set; else the property graph.
    pub const fn is_rdf(self) -> bool {
        match self {
            Self::Csv | Self::OpenCypher => false,
            Self::NTriples | Self::NQuads | Self::Turtle | Self::RdfXml => true,
        }
    }

    /// Reads a name, in any case.
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        choose("format", text, &Self::ALL, Self::name)
    }
}

impl std::str::FromStr for Format {
    type Err = RequestError;
    fn from_str(text: &str) -> Result<Self, RequestError> {
        Self::parse(text)
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether files that were loaded before are loaded again (`spec/loader.md` §2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Mode {
    /// Goes on with the previous load of the source, which must exist.
    Resume,
    /// Loads everything.
    New,
    /// Goes on if there is a previous load, else loads everything.
    Auto,
}

impl Mode {
    /// The name on the wire and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resume => "RESUME",
            Self::New => "NEW",
            Self::Auto => "AUTO",
        }
    }

    /// Reads a name, in any case.
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        choose("mode", text, &[Self::Resume, Self::New, Self::Auto], Self::name)
    }
}

/// How many threads parse (`spec/loader.md` §2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Parallelism {
    /// An eighth of the cores.
    Low,
    /// Half of them.
    Medium,
    /// All of them.
    High,
    /// Twice as many.
    Oversubscribe,
}

impl Parallelism {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Oversubscribe => "OVERSUBSCRIBE",
        }
    }

    /// Reads a name, in any case.
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        choose("parallelism", text, &[Self::Low, Self::Medium, Self::High, Self::Oversubscribe], Self::name)
    }

    /// The number of threads on a machine with `cores`; at least one.
    pub const fn threads(self, cores: usize) -> usize {
        let threads = match self {
            Self::Low => cores / 8,
            Self::Medium => cores / 2,
            Self::High => cores,
            Self::Oversubscribe => cores * 2,
        };
        if threads == 0 { 1 } else { threads }
    }
}

fn choose<T: Copy>(
    parameter: &'static str,
    text: &str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, RequestError> {
    let found = all.iter().find(|value| name(**value).eq_ignore_ascii_case(text.trim()));
    found.copied().ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|value| name(*value)).collect();
        RequestError::invalid(parameter, format!("expected one of {}, found {}", names.join(", "), shown(text)))
    })
}

/// What the parsers are told: the member `parserConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParserConfiguration {
    /// RDF: the graph of statements that name none. An absolute IRI.
    pub named_graph_uri: String,
    /// RDF/XML and Turtle: what relative IRIs are resolved against. An absolute IRI.
    pub base_uri: String,
    /// CSV: whether `""` is loaded as an empty string.
    pub allow_empty_strings: bool,
}

impl Default for ParserConfiguration {
    fn default() -> Self {
        Self {
            named_graph_uri: model::term::DEFAULT_NAMED_GRAPH.to_owned(),
            // Without a final slash, as documented: the default base of a query has one (`spec/loader.md` §8).
            base_uri: "http://aws.amazon.com/neptune/default".to_owned(),
            allow_empty_strings: false,
        }
    }
}

impl ParserConfiguration {
    /// Reads the members that `format` knows. What it does not know is not looked at: clients send everything.
    pub(super) fn read(members: &Members, format: Format) -> Result<Self, RequestError> {
        let mut configuration = Self::default();
        if format.is_rdf() {
            if let Some(iri) = absolute_iri(members, "namedGraphUri")? {
                configuration.named_graph_uri = iri;
            }
            if let Some(iri) = absolute_iri(members, "baseUri")? {
                configuration.base_uri = iri;
            }
        } else {
            configuration.allow_empty_strings = members.flag("allowEmptyStrings")?.unwrap_or(false);
        }
        Ok(configuration)
    }
}

fn absolute_iri(members: &Members, name: &'static str) -> Result<Option<String>, RequestError> {
    let Some(text) = members.text(name)? else {
        return Ok(None);
    };
    match NamedNode::new(text.as_str()) {
        Ok(iri) => Ok(Some(iri.into_string())),
        Err(error) => {
            Err(RequestError::invalid(name, format!("expected an absolute IRI, found {} ({error})", shown(&text))))
        }
    }
}
