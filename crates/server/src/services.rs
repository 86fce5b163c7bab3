//! Other servers that a query may ask with SERVICE: those that the operator allows, and no others.
//!
//! A server-side request is what a stranger's text can make this machine do. So nothing is asked without a pattern that
//! allows it, a redirect leads to allowed places only, nothing of the caller's is sent along, and an answer is bounded in
//! bytes by the query's memory and in time by its deadline.
//!
//! **Source**: spec/sparql.md §8.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{Client, Response, header, redirect};
use sparql::{ServiceAnswer, ServiceError, Services};
use store::CancelToken;
use tokio::runtime::Handle;
use tokio::time::sleep;
use url::Url;

use crate::parameters::excerpt;

/// What is asked for: JSON is read fastest.
const ACCEPT: &str = "application/sparql-results+json, application/sparql-results+xml;q=0.8";
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the other server may say nothing.
const SILENCE: Duration = Duration::from_mins(1);
/// Most redirects that are followed.
const MOST_REDIRECTS: usize = 5;
/// How often a waiting query looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(50);

/// Endpoints that may be asked: a URL, or all that begin with one whose path ends in `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePattern {
    url: Url,
    is_prefix: bool,
}

impl ServicePattern {
    fn allows(&self, url: &Url) -> bool {
        let plain = url.username().is_empty() && url.password().is_none();
        plain
            && url.origin() == self.url.origin()
            && if self.is_prefix { url.path().starts_with(self.url.path()) } else { url.path() == self.url.path() }
    }
}

impl FromStr for ServicePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (plain, is_prefix) = text.strip_suffix('*').map_or((text, false), |plain| (plain, true));
        let expected = "expected http://HOST[:PORT]/PATH or https://…, with a * at most at the end of the path";
        let url = Url::parse(plain).map_err(|error| format!("{error}; {expected}"))?;
        let bare = url.username().is_empty() && url.password().is_none() && url.query().or(url.fragment()).is_none();
        // Without a path a * would go on with the host's name.
        let has_path = plain.splitn(4, '/').count() == 4;
        if !matches!(url.scheme(), "http" | "https") || !bare || plain.contains('*') || (is_prefix && !has_path) {
            return Err(expected.to_owned());
        }
        Ok(Self { url, is_prefix })
    }
}

/// Asks over HTTP.
pub(crate) struct Remote {
    allowed: Arc<[ServicePattern]>,
    runtime: Handle,
    client: OnceLock<Client>,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("allowed", &self.allowed).finish_non_exhaustive()
    }
}

impl Remote {
    /// Asks endpoints that are allowed, on the runtime that this is called in.
    pub(crate) fn new(allowed: &[ServicePattern]) -> Self {
        Self { allowed: allowed.into(), runtime: Handle::current(), client: OnceLock::new() }
    }

    fn client(&self) -> Result<&Client, String> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // Whoever came first has installed the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let allowed = Arc::clone(&self.allowed);
        let redirects = redirect::Policy::custom(move |attempt| {
            if attempt.previous().len() > MOST_REDIRECTS {
                return attempt.error(format!("more than {MOST_REDIRECTS} redirects"));
            }
            if allowed.iter().any(|pattern| pattern.allows(attempt.url())) {
                return attempt.follow();
            }
            let to = excerpt(attempt.url().as_str());
            attempt.error(format!("it redirects to {to}, which no --service-allow names"))
        });
        let mut builder = Client::builder()
            .user_agent(concat!("halimede/", env!("CARGO_PKG_VERSION")))
            .redirect(redirects)
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE);
        if self.allowed.iter().all(|pattern| pattern.url.scheme() == "http") {
            // Nothing to verify, so a machine without certificates will do.
            builder = builder.tls_certs_only([]);
        }
        let client = builder.build().map_err(|error| format!("no client can be made: {}", chain(&error)))?;
        Ok(self.client.get_or_init(|| client))
    }

    async fn ask(&self, url: Url, query: &str, most: usize) -> Result<ServiceAnswer, ServiceError> {
        let endpoint = url.as_str().to_owned();
        let failed = |what: String| ServiceError::Failed(format!("<{}>: {what}", excerpt(&endpoint)));
        let form: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("query", query).finish();
        let request = self
            .client()
            .map_err(failed)?
            .post(url)
            .header(header::ACCEPT, ACCEPT)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        let mut response = request.send().await.map_err(|error| failed(chain(&error)))?;
        if !response.status().is_success() {
            let status = response.status();
            let text = beginning(&mut response).await;
            return Err(failed(format!("it answered {status}: {text}")));
        }
        let said = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = said.unwrap_or_default().to_owned();
        let mut bytes = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| failed(chain(&error)))? {
            if bytes.len() + piece.len() > most {
                return Err(ServiceError::TooLarge(most));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(ServiceAnswer { media_type, bytes })
    }
}

impl Services for Remote {
    fn select(
        &self,
        endpoint: &str,
        query: &str,
        most: usize,
        cancel: &CancelToken,
    ) -> Result<ServiceAnswer, ServiceError> {
        let url =
            Url::parse(endpoint).map_err(|error| ServiceError::Failed(format!("<{}>: {error}", excerpt(endpoint))))?;
        if !self.allowed.iter().any(|pattern| pattern.allows(&url)) {
            let text = format!("<{}> is not allowed: no --service-allow of this server names it", excerpt(endpoint));
            return Err(ServiceError::Denied(text));
        }
        self.runtime.block_on(async {
            let unwanted = async {
                while !cancel.is_cancelled() {
                    sleep(LOOK).await;
                }
            };
            tokio::select! {
                biased;
                answer = self.ask(url, query, most) => answer,
                () = unwanted => Err(ServiceError::Cancelled),
            }
        })
    }
}

/// How a refusal begins: what another server says of it helps more than its number.
async fn beginning(response: &mut Response) -> String {
    let piece = response.chunk().await.ok().flatten().unwrap_or_default();
    excerpt(String::from_utf8_lossy(&piece).trim())
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_allows_what_it_names() {
        for (pattern, url, expected) in [
            ("https://a.test/sparql", "https://a.test/sparql", true),
            ("https://a.test/sparql", "https://a.test/sparql?x=1", true),
            ("https://a.test/sparql", "http://a.test/sparql", false),
            ("https://a.test/sparql", "https://a.test:444/sparql", false),
            ("https://a.test/sparql", "https://a.test/sparql/more", false),
            ("https://a.test/sparql", "https://me:secret@a.test/sparql", false),
            ("https://a.test/*", "https://a.test/anything/else", true),
            ("https://a.test/*", "https://a.test.evil.test/", false),
            ("http://127.0.0.1:8183/data/*", "http://127.0.0.1:8183/data/../admin", false),
        ] {
            let pattern: ServicePattern = pattern.parse().unwrap();
            assert_eq!(pattern.allows(&Url::parse(url).unwrap()), expected, "{pattern:?} {url}");
        }
    }

    #[test]
    fn a_pattern_that_allows_too_much_is_refused() {
        for text in ["*", "https://a.test*", "https://*.test/", "ftp://a.test/", "https://a.test/?q=*", "a.test/sparql"]
        {
            assert!(text.parse::<ServicePattern>().is_err(), "{text}");
        }
    }
}
