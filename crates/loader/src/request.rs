//! A request to start a load, read whole and validated before anything is done about it.
//!
//! [`LoadRequest::read`] takes the body, its content type and the query string of a `POST /loader` and gives typed
//! members, or the exception that the caller is told. Nothing here looks at the source, the jobs or the store: whether
//! the source exists and whether a job may start now is decided later, by [`crate::source`] and the job registry.
//!
//! - **Source**: `spec/loader.md` §2.1, §2.2, §2.6 to §2.11; the members of our own (`atomic`, `dryRun`, `tolerance`)
//!   are read beside the documented ones and, since SDKs refuse unknown members, inside `parserConfiguration` too.
//! - **Secrets**: the deprecated `accessKey` and `secretKey` live in [`RequestKeys`], which is neither serialised nor
//!   printed. A request that comes back from the journal has no keys.

mod error;
mod members;
mod options;
#[cfg(test)]
mod tests;
mod tolerance;

use serde::{Deserialize, Serialize};

use members::Members;

pub use error::RequestError;
pub(crate) use error::shown;
pub use options::{Format, Mode, Parallelism, ParserConfiguration};
pub use tolerance::Tolerance;

/// A list of dependencies longer than this is refused (`spec/loader.md` §2.10).
pub const MAX_DEPENDENCIES: usize = 64;

/// What reading a request depends on besides the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestConfig {
    /// Whether `region` and `iamRoleArn` (or a pair of keys) must be given, as the service's model says. Off by
    /// default: whoever runs the server has configured both.
    pub strict: bool,
    /// Whether every load is atomic, whatever the request says: for clients that cannot ask for it.
    pub atomic: bool,
}

/// A validated request to load a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the wire, known by its name")]
pub struct LoadRequest {
    /// The source as it was sent; [`crate::source::SourceUri::parse`] reads it.
    pub source: String,
    /// What the files contain.
    pub format: Format,
    /// A role's ARN, or a chain of them separated by commas.
    #[serde(default)]
    pub iam_role_arn: Option<String>,
    /// The bucket's region. Its shape is checked with the source.
    #[serde(default)]
    pub region: Option<String>,
    /// Whether files that were loaded before are loaded again.
    pub mode: Mode,
    /// Whether the first error stops the load.
    pub fail_on_error: bool,
    /// How many threads parse.
    pub parallelism: Parallelism,
    /// What the parsers are told.
    pub parser: ParserConfiguration,
    /// Whether a second value of a single-cardinality property replaces the first (Gremlin CSV).
    #[serde(default)]
    pub update_single_cardinality_properties: bool,
    /// Whether the job may wait for its turn.
    pub queue_request: bool,
    /// The jobs that must have completed first. Always empty for now.
    #[serde(default)]
    pub dependencies: Vec<String>,
    /// openCypher: whether relationship files have an `:ID` column.
    pub user_provided_edge_ids: bool,
    /// Whether the files are loaded in the order they are listed, without vertices first.
    pub edge_only_load: bool,
    /// Whether the load becomes visible at once at its end, or not at all. A member of our own.
    #[serde(default)]
    pub atomic: bool,
    /// Whether everything is read, judged and counted, and nothing is kept. A member of our own.
    #[serde(default)]
    pub dry_run: bool,
    /// With how many errors the load still counts as completed, if not with none. Only where errors do not stop it. A
    /// member of our own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<Tolerance>,
    /// Credentials sent with the request: in memory only.
    #[serde(skip)]
    pub keys: Option<RequestKeys>,
}

/// S3 credentials that came with a request. Never serialised, logged or shown.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestKeys {
    /// The member `accessKey`.
    pub access_key: String,
    /// The member `secretKey`.
    pub secret_key: String,
}

impl std::fmt::Debug for RequestKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RequestKeys(..)")
    }
}

impl LoadRequest {
    /// A request with the documented default of every optional member.
    pub fn new(source: impl Into<String>, format: Format) -> Self {
        Self {
            source: source.into(),
            format,
            iam_role_arn: None,
            region: None,
            mode: Mode::Auto,
            fail_on_error: true,
            parallelism: Parallelism::High,
            parser: ParserConfiguration::default(),
            update_single_cardinality_properties: false,
            queue_request: false,
            dependencies: Vec::new(),
            user_provided_edge_ids: true,
            edge_only_load: false,
            atomic: false,
            dry_run: false,
            tolerance: None,
            keys: None,
        }
    }

    /// Reads a `POST /loader`: members of a JSON body win over those of a form body or of the query string.
    ///
    /// # Errors
    ///
    /// The variant of [`RequestError`] names the exception, its text what was wrong and what was expected.
    pub fn read(
        body: &[u8],
        content_type: Option<&str>,
        query: Option<&str>,
        config: &RequestConfig,
    ) -> Result<Self, RequestError> {
        let members = Members::read(body, content_type, query)?;
        let (source, format) = required(&members, config)?;
        let format = Format::parse(&format)?;
        let parser_members = members.object("parserConfiguration")?;

        let mut request = Self::new(source, format);
        request.iam_role_arn = members.text("iamRoleArn")?;
        request.region = members.text("region")?;
        request.keys = keys(&members)?;
        request.mode = members.text("mode")?.map_or(Ok(request.mode), |text| Mode::parse(&text))?;
        request.parallelism =
            members.text("parallelism")?.map_or(Ok(request.parallelism), |text| Parallelism::parse(&text))?;
        request.fail_on_error = members.flag("failOnError")?.unwrap_or(request.fail_on_error);
        request.queue_request = members.flag("queueRequest")?.unwrap_or(request.queue_request);
        request.user_provided_edge_ids = members.flag("userProvidedEdgeIds")?.unwrap_or(request.user_provided_edge_ids);
        request.edge_only_load = members.flag("edgeOnlyLoad")?.unwrap_or(request.edge_only_load);
        request.parser = ParserConfiguration::read(&parser_members, format)?;
        // Only Gremlin CSV knows the flag; for the other formats it is checked and means nothing.
        request.update_single_cardinality_properties =
            members.flag("updateSingleCardinalityProperties")?.unwrap_or(false) && format == Format::Csv;
        request.dependencies = members.list("dependencies")?;
        if request.dependencies.len() > MAX_DEPENDENCIES {
            return Err(RequestError::invalid(
                "dependencies",
                format!("it names {} loads, at most {MAX_DEPENDENCIES} are allowed", request.dependencies.len()),
            ));
        }
        request.atomic = own_flag(&members, &parser_members, "atomic")? || config.atomic;
        request.dry_run = own_flag(&members, &parser_members, "dryRun")?;
        request.tolerance = tolerance(&members, &parser_members, request.fail_on_error)?;

        Ok(request)
    }
}

/// `source` and `format`, and whatever else must be there: all that is missing is named at once.
fn required(members: &Members, config: &RequestConfig) -> Result<(String, String), RequestError> {
    let source = members.text("source")?;
    let format = members.text("format")?;
    let has_keys = members.text("accessKey")?.is_some() && members.text("secretKey")?.is_some();
    let mut missing = Vec::new();
    if source.is_none() {
        missing.push("source");
    }
    if format.is_none() {
        missing.push("format");
    }
    if config.strict && !has_keys && members.text("iamRoleArn")?.is_none() {
        missing.push("iamRoleArn");
    }
    if config.strict && members.text("region")?.is_none() {
        missing.push("region");
    }
    match (source, format) {
        (Some(source), Some(format)) if missing.is_empty() => Ok((source, format)),
        _ => Err(RequestError::missing(&missing)),
    }
}

/// The deprecated pair of keys; one without the other is a mistake.
fn keys(members: &Members) -> Result<Option<RequestKeys>, RequestError> {
    match (members.text("accessKey")?, members.text("secretKey")?) {
        (Some(access_key), Some(secret_key)) => Ok(Some(RequestKeys { access_key, secret_key })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(RequestError::missing(&["secretKey"])),
        (None, Some(_)) => Err(RequestError::missing(&["accessKey"])),
    }
}

/// A flag of our own: a member, or else a string inside `parserConfiguration`.
fn own_flag(members: &Members, parser_members: &Members, name: &'static str) -> Result<bool, RequestError> {
    match members.flag(name)? {
        Some(flag) => Ok(flag),
        None => Ok(parser_members.flag(name)?.unwrap_or(false)),
    }
}

/// How many errors are tolerated, if more than none: a member, or else a string inside `parserConfiguration`.
///
/// An error that is to be tolerated must not stop the load first, and nobody who asks for both can have meant it.
fn tolerance(
    members: &Members,
    parser_members: &Members,
    fail_on_error: bool,
) -> Result<Option<Tolerance>, RequestError> {
    let named = match members.tolerance("tolerance")? {
        Some(tolerance) => Some(tolerance),
        None => parser_members.tolerance("tolerance")?,
    };
    match named.filter(|tolerance| !tolerance.is_none()) {
        Some(tolerance) if fail_on_error => Err(RequestError::invalid(
            "tolerance",
            format!(
                "'{tolerance}' asks to tolerate errors, but failOnError TRUE (its default) stops the load at the first \
                 one: send failOnError FALSE with it"
            ),
        )),
        tolerance => Ok(tolerance),
    }
}
