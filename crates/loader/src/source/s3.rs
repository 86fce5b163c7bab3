//! S3: two requests, ListObjectsV2 and GetObject, signed and sent without following redirects.
//!
//! Signatures and credential providers are `object_store`'s. Its store is not used: its paths cannot name every key
//! (empty and dot segments; a folder marker loses the slash that tells it apart), and one such key fails a whole
//! listing; and it hides the error codes that the documented messages are made from.
//! **Source**: `spec/loader.md` §2.4, §5.1.

mod body;
pub(super) mod failure;
mod listing;
mod object;
mod sts;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::client::{HttpRequest, HttpRequestBody};
use reqwest::{Client, Response, StatusCode, Url};

use super::credentials::{NO_CREDENTIALS, Signer};
use super::error::SourceError;
use super::retry::Retry;
use super::{FeedInfo, MAX_FEEDS, S3Config, Timing};
use listing::Page;

pub(super) use body::{BodyReader, Window};
pub(super) use failure::Failure;
pub(super) use object::Object;
pub(super) use sts::{Assumed, Sts, is_role};

/// A page has at most 1,000 keys of at most 1,024 bytes, which may be escaped: more than this is no listing.
const MAX_PAGE: usize = 16 << 20;
/// What is read of an error's body.
const MAX_ERROR: usize = 64 << 10;

/// Makes ring the process's provider of cryptography, unless there is one already.
pub(super) fn install_crypto() {
    // An error says that one is installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The HTTP client, made when it is first needed, and where the requests go.
#[derive(Debug)]
pub(super) struct Clients {
    endpoint: Option<Url>,
    sts_endpoint: Option<Url>,
    path_style: bool,
    timing: Timing,
    client: OnceLock<Client>,
    sts_client: OnceLock<Client>,
}

impl Clients {
    pub(super) fn new(config: &S3Config, timing: Timing) -> Result<Self, SourceError> {
        let parse = |text: &Option<String>, what, flag| {
            text.as_deref().map(|text| parse_endpoint(text, what, flag)).transpose()
        };
        let endpoint = parse(&config.endpoint, "S3", "--s3-endpoint")?;
        let sts_endpoint = parse(&config.sts_endpoint, "STS", "--sts-endpoint")?;
        if let Some(region) = config.region.as_deref()
            && !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            return Err(SourceError::Invalid(format!("The configured region '{region}' is no name of a region")));
        }
        let path_style = config.path_style.unwrap_or(endpoint.is_some());
        let (client, sts_client) = (OnceLock::new(), OnceLock::new());
        Ok(Self { endpoint, sts_endpoint, path_style, timing, client, sts_client })
    }

    /// # Errors
    ///
    /// The machine's trusted certificates cannot be read.
    pub(super) fn client(&self) -> Result<Client, SourceError> {
        self.make(&self.client, self.endpoint.as_ref())
    }

    /// Where roles are assumed, if that is configured.
    ///
    /// # Errors
    ///
    /// As [`Self::client`].
    pub(super) fn sts(&self) -> Result<Option<Sts>, SourceError> {
        let Some(endpoint) = &self.sts_endpoint else { return Ok(None) };
        Ok(Some(Sts { client: self.make(&self.sts_client, Some(endpoint))?, endpoint: endpoint.clone() }))
    }

    fn make(&self, made: &OnceLock<Client>, endpoint: Option<&Url>) -> Result<Client, SourceError> {
        if let Some(client) = made.get() {
            return Ok(client.clone());
        }
        install_crypto();
        let mut builder = Client::builder()
            .user_agent(concat!("halimede/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .http1_only()
            .connect_timeout(self.timing.connect)
            .read_timeout(self.timing.idle);
        builder = match endpoint {
            // Nothing to verify, so a machine without certificates will do.
            Some(endpoint) if endpoint.scheme() == "http" => builder.tls_certs_only([]),
            _ => builder.https_only(true),
        };
        let client = builder.build().map_err(|error| {
            SourceError::Internal(format!(
                "Failed to start load because of unknown error from S3. No client could be made: {}",
                failure::chain(&error)
            ))
        })?;
        Ok(made.get_or_init(|| client).clone())
    }

    /// Where a bucket's keys begin, ending in a slash.
    fn base(&self, bucket: &str, region: &str) -> String {
        if let Some(endpoint) = &self.endpoint {
            let text = endpoint.as_str();
            let slash = if text.ends_with('/') { "" } else { "/" };
            return match text.split_once("://").filter(|_| !self.path_style) {
                Some((scheme, rest)) => format!("{scheme}://{bucket}.{rest}{slash}"),
                None => format!("{text}{slash}{bucket}/"),
            };
        }
        let china = region.starts_with("cn-");
        let domain = if china { "amazonaws.com.cn" } else { "amazonaws.com" };
        // A dot in a bucket's name is more than the wildcard of AWS's certificate covers.
        if self.path_style || bucket.contains('.') {
            format!("https://s3.{region}.{domain}/{bucket}/")
        } else {
            format!("https://{bucket}.s3.{region}.{domain}/")
        }
    }
}

fn parse_endpoint(text: &str, what: &str, flag: &str) -> Result<Url, SourceError> {
    let refuse =
        |why: &str| SourceError::Invalid(format!("The {what} endpoint '{text}' ({flag}) cannot be used: {why}"));
    let url = Url::parse(text).map_err(|error| refuse(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(refuse("expected http://HOST[:PORT] or https://HOST[:PORT]"));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("credentials, a query and a fragment have no place in it"));
    }
    Ok(url)
}

/// One bucket, and who asks.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    client: Client,
    name: String,
    region: String,
    base: String,
    signer: Signer,
    has_endpoint: bool,
    timing: Timing,
}

impl Bucket {
    pub(super) fn new(client: Client, clients: &Clients, name: &str, region: &str, signer: Signer) -> Self {
        Self {
            client,
            name: name.to_owned(),
            region: region.to_owned(),
            base: clients.base(name, region),
            signer,
            has_endpoint: clients.endpoint.is_some(),
            timing: clients.timing,
        }
    }

    /// Sends a signed GET and gives back what has a status of success.
    async fn get(&self, url: &str, headers: &[(&'static str, String)]) -> Result<Response, Failure> {
        let url = Url::parse(url).map_err(|error| Failure::Unusable(error.to_string()))?;
        let mut signed = HttpRequest::new(HttpRequestBody::empty());
        *signed.uri_mut() =
            url.as_str().parse().map_err(|_| Failure::Unusable("a key that no URL can name".to_owned()))?;
        if let Some(keys) = self.signer.keys().await? {
            self.sign(&mut signed, &keys)?;
        }
        let mut request = self.client.get(url).headers(std::mem::take(signed.headers_mut()));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = request.send().await.map_err(|error| Failure::transport(&error))?;
        if response.status().is_success() { Ok(response) } else { Err(Failure::of_response(response).await) }
    }

    fn sign(&self, request: &mut HttpRequest, keys: &AwsCredential) -> Result<(), Failure> {
        AwsAuthorizer::new(keys, "s3", &self.region)
            .try_authorize(request, None)
            .map_err(|error| Failure::Unusable(failure::chain(&error)))
    }

    /// One page of the keys that begin with `prefix`.
    async fn list_page(&self, prefix: &str, continues: Option<&str>, limit: usize) -> Result<Page, Failure> {
        let mut url = format!("{}?", self.base);
        if let Some(token) = continues {
            url.push_str("continuation-token=");
            encode(token, false, &mut url);
            url.push('&');
        }
        // Infallible: a String grows.
        let _ = write!(url, "list-type=2&max-keys={limit}&prefix=");
        encode(prefix, false, &mut url);
        let mut response = self.get(&url, &[]).await?;
        let elsewhere = response.headers().get("x-amz-bucket-region").and_then(|region| region.to_str().ok());
        if let Some(actual) = elsewhere.filter(|actual| *actual != self.region) {
            return Err(Failure::Region(Some(actual.to_owned())));
        }
        let body = failure::read_bounded(&mut response, MAX_PAGE).await?;
        listing::parse(&body).map_err(Failure::Garbled)
    }

    /// The URL of an object, if one can name it: `.` and `..` are taken out of a path by whoever reads it.
    fn object_url(&self, key: &str) -> Option<String> {
        if key.split('/').any(|segment| matches!(segment, "." | "..")) {
            return None;
        }
        let mut url = self.base.clone();
        encode(key, true, &mut url);
        Some(url)
    }
}

/// Percent-encodes everything but what a signature leaves as it is.
fn encode(text: &str, keep_slashes: bool, url: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (keep_slashes && byte == b'/') {
            url.push(char::from(byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
    }
}

/// The objects of one bucket whose keys begin with a prefix.
#[derive(Debug)]
pub(super) struct S3Source {
    pub(super) bucket: Bucket,
    pub(super) prefix: String,
    /// The source's text, for messages.
    pub(super) uri: String,
}

impl S3Source {
    /// Asks once for the first keys.
    pub(super) async fn probe(&self, limit: Duration) -> Result<(), SourceError> {
        // More than one, since the first may be the marker of a folder.
        let page = match tokio::time::timeout(limit, self.bucket.list_page(&self.prefix, None, 10)).await {
            Ok(page) => page.map_err(|failure| self.explain(&failure))?,
            Err(_) => {
                return Err(self.explain(&Failure::Transport(format!("no answer within {} s", limit.as_secs_f32()))));
            }
        };
        let something = page.objects.iter().any(|object| !object.key.ends_with('/')) || page.next.is_some();
        if something { Ok(()) } else { Err(self.nothing_there()) }
    }

    /// All objects but the markers of folders, in byte order.
    pub(super) async fn list(&self) -> Result<Vec<FeedInfo>, SourceError> {
        let mut feeds = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let page = self.page_with_retries(next.as_deref()).await.map_err(|failure| self.explain(&failure))?;
            feeds.extend(page.objects.into_iter().filter(|object| !object.key.ends_with('/')).map(|object| FeedInfo {
                uri: format!("s3://{}/{}", self.bucket.name, object.key),
                key: object.key,
                size: object.size,
                etag: object.etag,
            }));
            if feeds.len() > MAX_FEEDS {
                return Err(SourceError::BadRequest(format!(
                    "The source {} holds more than {MAX_FEEDS} objects: load it in parts, by longer prefixes",
                    self.uri
                )));
            }
            match page.next {
                None => break,
                Some(token) if next.as_ref() == Some(&token) => {
                    return Err(self.explain(&Failure::Unusable("the listing goes round in circles".to_owned())));
                }
                token => next = token,
            }
        }
        if feeds.is_empty() {
            return Err(self.nothing_there());
        }
        feeds.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        feeds.dedup_by(|a, b| a.key == b.key);
        Ok(feeds)
    }

    async fn page_with_retries(&self, next: Option<&str>) -> Result<Page, Failure> {
        let mut retry = Retry::new(self.bucket.timing);
        loop {
            match self.bucket.list_page(&self.prefix, next, 1000).await {
                Err(failure) if failure.may_pass() => {
                    tracing::debug!(source = self.uri, %failure, "listing failed");
                    if !retry.again(false).await {
                        return Err(failure);
                    }
                }
                outcome => return outcome,
            }
        }
    }

    fn nothing_there(&self) -> SourceError {
        SourceError::not_reachable(
            &self.uri,
            format_args!("Bucket '{}' holds no object whose key begins with '{}'", self.bucket.name, self.prefix),
        )
    }

    /// The documented message for `failure`, and what to do about it.
    fn explain(&self, failure: &Failure) -> SourceError {
        let Bucket { name, region, has_endpoint, .. } = &self.bucket;
        let endpoint = if *has_endpoint { "the configured --s3-endpoint" } else { "AWS" };
        match failure {
            Failure::Credentials { why, .. } => SourceError::BadRequest(format!("{NO_CREDENTIALS}. {why}")),
            Failure::Transport(why) => {
                let hint = if *has_endpoint {
                    "Check --s3-endpoint, and that the store runs"
                } else {
                    "Set --s3-endpoint unless the store is AWS's own"
                };
                SourceError::Internal(format!(
                    "Unable to connect to S3 endpoint. Provided source = {} and region = {region}. {hint}: {why}",
                    self.uri
                ))
            }
            Failure::Region(actual) => {
                let actual = actual.as_deref().map(|actual| format!(". It is in {actual}")).unwrap_or_default();
                SourceError::BadRequest(format!("Bucket is not in provided Region ({region}){actual}"))
            }
            Failure::Status { code, .. } if code == "NoSuchBucket" => SourceError::BadRequest(format!(
                "S3 bucket not found for source. There is no bucket '{name}' at {endpoint}: check its name and --s3-endpoint"
            )),
            Failure::Status { code, message, .. } if code == "InvalidAccessKeyId" => {
                SourceError::BadRequest(format!("Invalid S3 access key. {endpoint} does not know it: {message}"))
            }
            Failure::Status { code, message, .. } if code == "SignatureDoesNotMatch" => {
                SourceError::BadRequest(format!("Invalid S3 secret key. It does not go with the access key: {message}"))
            }
            Failure::Status { status: StatusCode::NOT_FOUND, .. } => SourceError::not_reachable(
                &self.uri,
                format_args!("{endpoint} answered 'not found': check the bucket's name and --s3-endpoint"),
            ),
            Failure::Status { code, message, .. } if matches!(code.as_str(), "ExpiredToken" | "InvalidToken") => {
                SourceError::AccessDenied(format!(
                    "Unable to perform S3 list operation. Renew the session token ({code}: {message})"
                ))
            }
            Failure::Status { code, message, .. } if failure.is_denial() => SourceError::AccessDenied(format!(
                "Unable to perform S3 list operation. The credentials in use must allow s3:ListBucket on bucket \
                 '{name}' and s3:GetObject on its objects ({code}: {message})"
            )),
            Failure::Status { status, code, message } => SourceError::Internal(format!(
                "Failed to start load because of unknown error from S3. {endpoint} answered {status} ({code}: {message})"
            )),
            Failure::Unusable(why) | Failure::Garbled(why) => SourceError::Internal(format!(
                "Failed to start load because of unknown error from S3. The answer of {endpoint} cannot be used: {why}"
            )),
        }
    }
}
