//! What the user can type: commands and flags, as `clap` reads them.
//!
//! Only shapes and help texts live here. The environment twin and the configuration key of each flag are not written
//! down a second time: [`crate::layers`] derives both from the flag's name. Values are read by their own parsers, so that
//! a command starts with types that cannot be wrong.

mod limits;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use auth::Network;
use clap::{Args, Parser, Subcommand, ValueEnum};
use loader::request::Tolerance;
use server::ServicePattern;
use url::Url;

use crate::machine::default_memory;
use crate::seconds::Seconds;
use crate::size::ByteSize;

use limits::Limits;

/// A graph database server that answers the Amazon Neptune Data API, with a bulk loader that can be followed and
/// cancelled truthfully.
#[derive(Debug, Parser)]
#[command(name = "halimede", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "\
Every flag can also be set by its environment variable (HALIMEDE_ and the flag's name) or by its key in the file that \
--config names. A flag wins over the environment, the environment over the file, the file over the default.")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that every command has.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// TOML file with a key for each flag
    #[arg(long, global = true, value_name = "FILE", display_order = 900)]
    pub(crate) config: Option<PathBuf>,
    /// What is logged to standard error: a level, or `target=level` pairs [default: info for serve, else warn]
    #[arg(long, global = true, value_name = "FILTER", display_order = 901)]
    pub(crate) log: Option<String>,
    /// How log lines look
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, display_order = 902)]
    pub(crate) log_format: LogFormat,
}

/// Shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For eyes.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one, made once")]
pub(crate) enum Command {
    /// Run the server until SIGTERM or Ctrl-C
    Serve(Serve),
    /// Load files into the graph and follow the job to its end
    Load(Load),
    /// List load jobs, or show one
    Jobs(Jobs),
    /// Cancel a load job; returns when it has stopped
    Cancel(Cancel),
    /// List the rows that a load rejected, or write them out to be mended
    Rejects(Rejects),
    /// Ask a question and print the answer
    Query(Query),
    /// Write the graph out as files
    Export(Export),
    /// Read the whole store, verify it and count
    Check(Check),
    /// Write a random graph in all six formats, with the counts to expect from loading it
    Generate(Generate),
}

impl Command {
    /// The memory budget in bytes of a command that has one.
    pub(crate) fn memory(&self) -> Option<u64> {
        let given = match self {
            Self::Serve(flags) => flags.memory,
            Self::Load(flags) => flags.memory,
            _ => return None,
        };
        Some(given.unwrap_or_else(default_memory).0)
    }
}

/// Which graph a command works on.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// Data directory [default: ./halimede-data]
    #[arg(long, value_name = "DIR", conflicts_with = "endpoint")]
    pub(crate) data: Option<PathBuf>,
    /// A running server, for example http://127.0.0.1:8182
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// Authorities to trust instead of the system's when the server's certificate is judged, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_cert: Option<PathBuf>,
}

/// Where `s3://` sources are read from, and who asks there.
#[derive(Args)]
#[command(next_help_heading = "S3 sources")]
pub(crate) struct ObjectStore {
    /// Endpoint of an S3-compatible store, for example http://127.0.0.1:9000 [default: that of AWS]
    #[arg(long, value_name = "URL")]
    pub(crate) s3_endpoint: Option<String>,
    /// Region of this server; requests that name another are refused [default: AWS_REGION, else any]
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Where credentials come from
    #[arg(long, value_enum, default_value_t = S3Credentials::Chain)]
    pub(crate) s3_credentials: S3Credentials,
    /// Whether the bucket stands in the path instead of the host [default: true with --s3-endpoint]
    #[arg(long, value_name = "true|false", action = clap::ArgAction::Set)]
    pub(crate) s3_path_style: Option<bool>,
    /// Profile of the shared AWS files whose keys stand for a role; may be repeated
    #[arg(long, value_name = "ARN=PROFILE")]
    pub(crate) role_map: Vec<String>,
    /// Endpoint of an STS at which other roles are assumed (`https://sts.eu-west-1.amazonaws.com` or the like)
    #[arg(long, value_name = "URL")]
    pub(crate) sts_endpoint: Option<String>,
    /// Access key for S3; not on the command line, where others could read it
    #[arg(long, hide = true, value_name = "KEY")]
    pub(crate) s3_access_key: Option<String>,
    /// Secret key for S3; not on the command line
    #[arg(long, hide = true, value_name = "KEY")]
    pub(crate) s3_secret_key: Option<String>,
    /// Session token of temporary keys; not on the command line
    #[arg(long, hide = true, value_name = "TOKEN")]
    pub(crate) s3_session_token: Option<String>,
    /// How long S3 may say nothing before a request is given up
    #[arg(long, value_name = "SECONDS", default_value = "20")]
    pub(crate) s3_timeout: Seconds,
    /// How often a request to S3 is repeated that brought nothing new
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(crate) s3_retries: u32,
    /// Pause before the first repetition; it doubles with each, up to 10 seconds
    #[arg(long, value_name = "SECONDS", default_value = "0.2")]
    pub(crate) s3_backoff: Seconds,
}

impl fmt::Debug for ObjectStore {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectStore").field("s3_endpoint", &self.s3_endpoint).finish_non_exhaustive()
    }
}

/// Where S3 credentials come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum S3Credentials {
    /// `AWS_ACCESS_KEY_ID` and its companions, else a profile of the shared AWS files
    Chain,
    /// The metadata service of the instance, task or pod
    Instance,
    /// None: for public buckets
    Anonymous,
}

/// `halimede serve`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line, known by its name")]
pub(crate) struct Serve {
    /// Data directory; created if absent
    #[arg(long, value_name = "DIR", default_value = crate::place::DEFAULT_DATA)]
    pub(crate) data: PathBuf,
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8182")]
    pub(crate) listen: SocketAddr,
    /// Directory below which file:// sources may be read; may be repeated
    #[arg(long, value_name = "DIR")]
    pub(crate) import_dir: Vec<PathBuf>,
    /// Memory for loads, caches and queries, for example 2GiB [default: a quarter of the machine's]
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<ByteSize>,
    /// Listen on other than loopback although nobody is authenticated
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Host name that requests may carry beside loopback and the listen address; may be repeated
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_host: Vec<String>,
    /// Origin of web pages that may call the server; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,
    /// How long a query may run
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) query_timeout: u64,
    /// What the default graph of SPARQL is: the union of all graphs, as in Neptune, or one apart from the named ones
    #[arg(long, value_enum, default_value_t = SparqlDefaultGraph::Union)]
    pub(crate) sparql_default_graph: SparqlDefaultGraph,
    /// Endpoint that queries may ask with SERVICE: a URL, or one whose path ends in * for all below it; may be repeated
    #[arg(long, value_name = "URL")]
    pub(crate) service_allow: Vec<ServicePattern>,
    /// Whether loads may be started and cancelled
    #[arg(long, value_name = "true|false", action = clap::ArgAction::Set, default_value_t = true)]
    pub(crate) loader: bool,
    /// Make every load all or nothing, as if its request had said `atomic`
    #[arg(long)]
    pub(crate) atomic_loads: bool,
    /// How much is kept of the rows that a load rejects
    #[arg(long, value_name = "SIZE", default_value = "1GiB")]
    pub(crate) rejects_limit: ByteSize,
    /// Refuse everything that would change the graph
    #[arg(long)]
    pub(crate) read_replica: bool,
    /// What failures are called over Bolt: as drivers understand them, or as Neptune does
    #[arg(long, value_enum, default_value_t = BoltErrorCodes::Neo4j)]
    pub(crate) bolt_error_codes: BoltErrorCodes,
    /// Base URL of an OpenTelemetry collector that takes OTLP over HTTP, such as http://127.0.0.1:4318, to send traces to
    #[arg(long, value_name = "URL", value_parser = collector)]
    pub(crate) otlp_endpoint: Option<Url>,
    #[command(flatten)]
    pub(crate) door: ServeDoor,
    #[command(flatten)]
    pub(crate) limits: Limits,
    #[command(flatten)]
    pub(crate) s3: ObjectStore,
    #[command(flatten)]
    pub(crate) later: ServeLater,
}

/// Who gets in, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Who gets in")]
pub(crate) struct ServeDoor {
    /// Who may call
    #[arg(long, value_enum, default_value_t = Auth::None)]
    pub(crate) auth: Auth,
    /// Principals, keys and policies, in JSON; readable by this user alone, read again when it changes
    #[arg(long, value_name = "FILE")]
    pub(crate) iam_config: Option<PathBuf>,
    /// Certificate chain for TLS, in PEM; read again when it changes
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key of the certificate, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Address at which /metrics and /halimede/health are answered in the clear and unsigned; loopback
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) admin_listen: Option<SocketAddr>,
    /// Network of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; may be repeated
    #[arg(long, value_name = "CIDR")]
    pub(crate) trusted_proxy: Vec<Network>,
}

/// A URL that traces can be sent below.
fn collector(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{error}; expected http://HOST:PORT"))?;
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if matches!(url.scheme(), "http" | "https") && url.has_host() && plain {
        Ok(url)
    } else {
        Err("expected http://HOST:PORT or https://HOST:PORT".to_owned())
    }
}

/// What failures are called over Bolt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum BoltErrorCodes {
    /// Codes of Neo4j, by which drivers know whether to try again or to log in again
    Neo4j,
    /// Neptune's one code for everything
    Neptune,
}

impl From<BoltErrorCodes> for server::BoltErrorCodes {
    fn from(codes: BoltErrorCodes) -> Self {
        match codes {
            BoltErrorCodes::Neo4j => Self::Neo4j,
            BoltErrorCodes::Neptune => Self::Neptune,
        }
    }
}

/// What the default graph of SPARQL is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SparqlDefaultGraph {
    /// All triples of all graphs, each once
    Union,
    /// Those that are in no named graph, as other stores have it
    Separate,
}

/// How callers are authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Auth {
    /// Anyone who reaches the port.
    None,
    /// Signature V4 and the policies of --iam-config.
    Iam,
}

/// Names that are kept for features to come; giving one is an error, so that none is silently without effect.
#[derive(Debug, Args)]
#[command(next_help_heading = "Not supported yet (refused)")]
pub(crate) struct ServeLater {
    /// Object storage shared with other servers
    #[arg(long, value_name = "URL")]
    pub(crate) storage: Option<String>,
}

/// `halimede load`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line, known by its name")]
pub(crate) struct Load {
    /// A file or directory (a path or file://), or s3://bucket/prefix
    pub(crate) source: String,
    /// Format of the files
    #[arg(long, value_enum)]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Graph for triples without one (RDF)
    #[arg(long, value_name = "IRI")]
    pub(crate) named_graph: Option<String>,
    /// Base for relative IRIs (Turtle, RDF/XML)
    #[arg(long, value_name = "IRI")]
    pub(crate) base_uri: Option<String>,
    /// Load everything (NEW), or go on from an earlier job of the same source
    #[arg(long, value_enum, ignore_case = true, default_value_t = Mode::New)]
    pub(crate) mode: Mode,
    /// Stop at the first bad record, or skip bad records and go on
    #[arg(long, value_name = "true|false", action = clap::ArgAction::Set, default_value_t = true)]
    pub(crate) fail_on_error: bool,
    /// Errors with which the load still counts as completed: a number (10) or a share of the records (0.5%). Wants
    /// --fail-on-error false
    #[arg(long, value_name = "N|N%")]
    pub(crate) tolerance: Option<Tolerance>,
    /// Share of the processors to use
    #[arg(long, value_enum, ignore_case = true, default_value_t = Parallelism::High)]
    pub(crate) parallelism: Parallelism,
    /// Keep "" as an empty string instead of leaving the property out (csv, opencypher)
    #[arg(long)]
    pub(crate) allow_empty_strings: bool,
    /// Whether relationship files have an :ID column (opencypher)
    #[arg(long, value_name = "true|false", action = clap::ArgAction::Set, default_value_t = true)]
    pub(crate) user_provided_edge_ids: bool,
    /// Replace the value of a single-cardinality property instead of refusing a second one (csv)
    #[arg(long)]
    pub(crate) update_single_cardinality_properties: bool,
    /// All or nothing: what is loaded becomes visible at once, at the end
    #[arg(long)]
    pub(crate) atomic: bool,
    /// Read, validate and count everything as a load would, and leave the graph as it is
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Only wait for a server's load: for its turn if another one runs, then for its end; Ctrl-C does not cancel it
    #[arg(long)]
    pub(crate) wait: bool,
    /// Memory of a load into a data directory [default: a quarter of the machine's]
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<ByteSize>,
    /// How much is kept of the rows that a load into a data directory rejects
    #[arg(long, value_name = "SIZE", default_value = "1GiB")]
    pub(crate) rejects_limit: ByteSize,
    #[command(flatten)]
    pub(crate) s3: ObjectStore,
}

/// The six formats of the bulk loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum Format {
    /// Gremlin CSV: `~id`, `~label`, `~from`, `~to`
    Csv,
    /// openCypher CSV: `:ID`, `:LABEL`, `:START_ID`, `:END_ID`
    OpenCypher,
    /// N-Triples
    NTriples,
    /// N-Quads
    NQuads,
    /// Turtle
    Turtle,
    /// RDF/XML
    RdfXml,
}

impl Format {
    /// Its name on the wire.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::OpenCypher => "opencypher",
            Self::NTriples => "ntriples",
            Self::NQuads => "nquads",
            Self::Turtle => "turtle",
            Self::RdfXml => "rdfxml",
        }
    }
}

/// What an earlier job of the same source means for a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(crate) enum Mode {
    /// Nothing: everything is loaded.
    New,
    /// Go on from it if there is one.
    Auto,
    /// Go on from it; an error if there is none.
    Resume,
}

impl Mode {
    /// Its name on the wire.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Auto => "AUTO",
            Self::Resume => "RESUME",
        }
    }
}

/// Share of the processors that a load takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(crate) enum Parallelism {
    /// An eighth.
    Low,
    /// A half.
    Medium,
    /// All.
    High,
    /// Two threads for each.
    Oversubscribe,
}

impl Parallelism {
    /// Its name on the wire.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Oversubscribe => "OVERSUBSCRIBE",
        }
    }
}

/// `halimede jobs`.
#[derive(Debug, Args)]
pub(crate) struct Jobs {
    /// Show this job, with its files and errors
    pub(crate) load_id: Option<String>,
    /// Keep the list up to date until Ctrl-C, or follow the job to its end; the exit code tells how it ended
    #[arg(long)]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// `halimede cancel`.
#[derive(Debug, Args)]
pub(crate) struct Cancel {
    /// The job to cancel
    pub(crate) load_id: String,
    #[command(flatten)]
    pub(crate) place: Place,
}

/// `halimede rejects`.
#[derive(Debug, Args)]
pub(crate) struct Rejects {
    /// The job that rejected them
    pub(crate) load_id: String,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Directory to write the rows to, created if absent; the reasons go to `reasons` in it
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// `halimede query`.
#[derive(Debug, Args)]
pub(crate) struct Query {
    #[command(flatten)]
    pub(crate) question: Question,
    /// What the `$names` of an openCypher query stand for, as a JSON object
    #[arg(long, value_name = "JSON")]
    pub(crate) parameters: Option<String>,
    #[command(flatten)]
    pub(crate) place: Place,
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub(crate) output: Output,
}

/// The question, in one of the languages. That there is one is checked by the command: it may come from any layer.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct Question {
    /// A SPARQL 1.1 query
    #[arg(long, value_name = "QUERY")]
    pub(crate) sparql: Option<String>,
    /// An openCypher query; one that updates works on a data directory, too
    #[arg(long, value_name = "QUERY")]
    pub(crate) cypher: Option<String>,
    /// A Gremlin traversal (not supported yet)
    #[arg(long, value_name = "QUERY")]
    pub(crate) gremlin: Option<String>,
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Aligned columns; graphs as N-Triples.
    Table,
    /// The service's JSON; graphs as N-Triples.
    Json,
    /// Comma-separated values; graphs as N-Triples.
    Csv,
}

/// `halimede export`.
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Property graph or RDF [default: what the format says]
    #[arg(long, value_enum)]
    pub(crate) dataset: Option<Dataset>,
    /// Format of the files [default: csv for pg, nquads for rdf]
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Directory to write to, created if absent
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,
}

/// One of the two data sets of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dataset {
    /// Property graph
    Pg,
    /// RDF
    Rdf,
}

/// `halimede check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) place: Place,
}

/// `halimede generate`.
#[derive(Debug, Args)]
pub(crate) struct Generate {
    /// Number of vertices
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=u64::from(u32::MAX)))]
    pub(crate) vertices: u64,
    /// Number of edges; no two join the same vertices in the same direction
    #[arg(long, value_name = "M")]
    pub(crate) edges: u64,
    /// Directory to write to, created if absent
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The same seed gives the same graph
    #[arg(long, value_name = "S", default_value_t = 42)]
    pub(crate) seed: u64,
    /// Formats to write: `all`, or some of them separated by commas
    #[arg(long, value_enum, value_delimiter = ',', default_value = "all")]
    pub(crate) format: Vec<GenerateFormat>,
    /// Compress each file
    #[arg(long, value_enum, default_value_t = Compression::None)]
    pub(crate) compression: Compression,
}

/// A format to write, or all six.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
pub(crate) enum GenerateFormat {
    /// All six
    All,
    /// Gremlin CSV
    Csv,
    /// openCypher CSV
    OpenCypher,
    /// N-Triples
    NTriples,
    /// N-Quads
    NQuads,
    /// Turtle
    Turtle,
    /// RDF/XML
    RdfXml,
}

/// How generated files are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compression {
    /// Not at all.
    None,
    /// gzip, files end in `.gz`.
    Gzip,
    /// bzip2, files end in `.bz2`.
    Bzip2,
}

impl From<Format> for loader::request::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv,
            Format::OpenCypher => Self::OpenCypher,
            Format::NTriples => Self::NTriples,
            Format::NQuads => Self::NQuads,
            Format::Turtle => Self::Turtle,
            Format::RdfXml => Self::RdfXml,
        }
    }
}
