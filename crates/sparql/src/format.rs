//! Result formats, and the choice between them by an `Accept` header.
//!
//! **Source**: spec/sparql.md §1; RFC 9110 §12.5.1 for quality values and the precedence of ranges.

use std::fmt;

use oxrdfio::{JsonLdProfile, RdfFormat};
use sparesults::QueryResultsFormat;

use crate::Error;

/// The four forms of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueryKind {
    /// Rows of bindings.
    Select,
    /// True or false.
    Ask,
    /// Triples from a template.
    Construct,
    /// Triples about resources.
    Describe,
}

impl fmt::Display for QueryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Select => "SELECT",
            Self::Ask => "ASK",
            Self::Construct => "CONSTRUCT",
            Self::Describe => "DESCRIBE",
        })
    }
}

/// How an answer is written. Not every format fits every kind of query: [`negotiate`] gives one that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutputFormat {
    /// SPARQL JSON results; of a graph, bindings of `subject`, `predicate`, `object` and `context`.
    Json,
    /// SPARQL XML results.
    Xml,
    /// SPARQL CSV results.
    Csv,
    /// SPARQL TSV results.
    Tsv,
    /// `true` or `false`.
    Boolean,
    /// N-Quads.
    NQuads,
    /// N-Triples.
    NTriples,
    /// Turtle.
    Turtle,
    /// Notation3, of which only what is Turtle is written.
    N3,
    /// RDF/XML.
    RdfXml,
    /// TriG.
    TriG,
    /// JSON-LD, expanded.
    JsonLd,
}

/// What solutions can be written as, the default first; each with its media types, the one answered with first.
const SOLUTIONS: &[(OutputFormat, &[&str])] = &[
    (OutputFormat::Json, &["application/sparql-results+json", "application/json"]),
    (OutputFormat::Xml, &["application/sparql-results+xml", "application/xml"]),
    (OutputFormat::Csv, &["text/csv"]),
    (OutputFormat::Tsv, &["text/tab-separated-values"]),
];

const BOOLEANS: &[(OutputFormat, &[&str])] = &[
    (OutputFormat::Json, &["application/sparql-results+json", "application/json"]),
    (OutputFormat::Xml, &["application/sparql-results+xml", "application/xml"]),
    (OutputFormat::Boolean, &["text/boolean"]),
];

const GRAPHS: &[(OutputFormat, &[&str])] = &[
    (OutputFormat::NQuads, &["application/n-quads", "text/x-nquads"]),
    (OutputFormat::RdfXml, &["application/rdf+xml", "application/xml"]),
    (OutputFormat::JsonLd, &["application/ld+json"]),
    (OutputFormat::NTriples, &["application/n-triples", "text/plain"]),
    (OutputFormat::Turtle, &["text/turtle", "application/x-turtle"]),
    (OutputFormat::N3, &["text/n3", "text/rdf+n3"]),
    (OutputFormat::TriG, &["application/trig"]),
    (OutputFormat::Json, &["application/sparql-results+json", "application/json"]),
];

const fn offered(kind: QueryKind) -> &'static [(OutputFormat, &'static [&'static str])] {
    match kind {
        QueryKind::Select => SOLUTIONS,
        QueryKind::Ask => BOOLEANS,
        QueryKind::Construct | QueryKind::Describe => GRAPHS,
    }
}

impl OutputFormat {
    /// The media type to answer with.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/sparql-results+json",
            Self::Xml => "application/sparql-results+xml",
            Self::Csv => "text/csv",
            Self::Tsv => "text/tab-separated-values",
            Self::Boolean => "text/boolean",
            Self::NQuads => "application/n-quads",
            Self::NTriples => "application/n-triples",
            Self::Turtle => "text/turtle",
            Self::N3 => "text/n3",
            Self::RdfXml => "application/rdf+xml",
            Self::TriG => "application/trig",
            Self::JsonLd => "application/ld+json",
        }
    }

    /// The format for bindings, or `None` if it has none.
    pub(crate) const fn for_solutions(self) -> Option<QueryResultsFormat> {
        match self {
            Self::Json => Some(QueryResultsFormat::Json),
            Self::Xml => Some(QueryResultsFormat::Xml),
            Self::Csv => Some(QueryResultsFormat::Csv),
            Self::Tsv => Some(QueryResultsFormat::Tsv),
            Self::Boolean
            | Self::NQuads
            | Self::NTriples
            | Self::Turtle
            | Self::N3
            | Self::RdfXml
            | Self::TriG
            | Self::JsonLd => None,
        }
    }

    /// The format for a graph, or `None` if it has none of its own.
    pub(crate) fn for_graph(self) -> Option<RdfFormat> {
        match self {
            Self::NQuads => Some(RdfFormat::NQuads),
            Self::NTriples => Some(RdfFormat::NTriples),
            Self::Turtle => Some(RdfFormat::Turtle),
            Self::N3 => Some(RdfFormat::N3),
            Self::RdfXml => Some(RdfFormat::RdfXml),
            Self::TriG => Some(RdfFormat::TriG),
            Self::JsonLd => Some(RdfFormat::JsonLd { profile: JsonLdProfile::Streaming.into() }),
            Self::Json | Self::Xml | Self::Csv | Self::Tsv | Self::Boolean => None,
        }
    }
}

/// The format that an `Accept` header asks for.
///
/// No header, an empty one or `*/*` gives the default. Of several the one of highest quality wins; among equals one
/// that was named wins over one that only a wildcard covers, then the order of the specification decides. An entry that
/// cannot be read is passed over.
///
/// # Errors
///
/// [`Error::NotAcceptable`] if nothing asked for can be written; it lists what can.
pub fn negotiate(kind: QueryKind, accept: Option<&str>) -> Result<OutputFormat, Error> {
    let offers = offered(kind);
    let ranges: Vec<Range<'_>> = accept.unwrap_or_default().split(',').filter_map(Range::parse).collect();
    let Some((first, _)) = offers.first().filter(|_| ranges.is_empty()) else {
        return best(offers, &ranges).ok_or_else(|| Error::NotAcceptable {
            asked: accept.unwrap_or_default().chars().take(500).collect(),
            kind,
            possible: offers.iter().map(|(format, _)| format.media_type()).collect(),
        });
    };
    Ok(*first)
}

fn best(offers: &[(OutputFormat, &[&str])], ranges: &[Range<'_>]) -> Option<OutputFormat> {
    let mut best: Option<(Match, OutputFormat)> = None;
    for (format, names) in offers {
        let Some(found) = match_of(names, ranges).filter(|found| found.quality > 0) else {
            continue;
        };
        if best.is_none_or(|(other, _)| (found.quality, found.precision) > (other.quality, other.precision)) {
            best = Some((found, *format));
        }
    }
    best.map(|(_, format)| format)
}

/// How well a range fits: the more exact it is, the later in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    Anything,
    Type,
    Exact,
}

#[derive(Clone, Copy)]
struct Match {
    precision: Precision,
    quality: u16,
}

/// The most precise range that covers any of a format's names; of equally precise ones the one of highest quality.
fn match_of(names: &[&str], ranges: &[Range<'_>]) -> Option<Match> {
    names
        .iter()
        .flat_map(|name| ranges.iter().filter_map(|range| range.covers(name)))
        .max_by_key(|found| (found.precision, found.quality))
}

/// One entry of an `Accept` header. Parameters other than `q` do not tell our formats apart, so they are ignored.
struct Range<'a> {
    main: &'a str,
    sub: &'a str,
    /// Thousandths.
    quality: u16,
}

impl<'a> Range<'a> {
    fn parse(entry: &'a str) -> Option<Self> {
        let mut parts = entry.split(';').map(str::trim);
        let (main, sub) = match parts.next()? {
            "*" => ("*", "*"), // what Java's HttpURLConnection sends
            range => range.split_once('/')?,
        };
        if main.is_empty() || sub.is_empty() || (main == "*" && sub != "*") {
            return None;
        }
        let mut quality = 1000;
        for parameter in parts {
            if let Some((name, value)) = parameter.split_once('=')
                && name.trim().eq_ignore_ascii_case("q")
            {
                let value: f32 = value.trim().parse().ok().filter(|value| (0.0..=1.0).contains(value))?;
                quality = (value * 1000.0).round() as u16;
            }
        }
        Some(Self { main, sub, quality })
    }

    fn covers(&self, name: &str) -> Option<Match> {
        let (main, sub) = name.split_once('/')?;
        let precision = if self.main == "*" {
            Precision::Anything
        } else if !self.main.eq_ignore_ascii_case(main) {
            return None;
        } else if self.sub == "*" {
            Precision::Type
        } else if self.sub.eq_ignore_ascii_case(sub) {
            Precision::Exact
        } else {
            return None;
        };
        Some(Match { precision, quality: self.quality })
    }
}

#[cfg(test)]
mod tests;
