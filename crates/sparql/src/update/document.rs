//! Documents that LOAD and UNLOAD name: where they come from is the caller's matter, what they say is read here.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

use oxrdf::Quad;
use oxrdfio::{RdfFormat, RdfParseError, RdfParser};
use store::CancelToken;
use thiserror::Error;

use crate::Error;

/// Opens documents by their IRIs: this crate knows no network and no files.
pub trait Fetch: Sync {
    /// The document of this IRI.
    ///
    /// # Errors
    ///
    /// [`FetchError`].
    fn open(&self, iri: &str, cancel: &CancelToken) -> Result<Document, FetchError>;
}

/// An open document.
pub struct Document {
    /// Its bytes, decompressed.
    pub reader: Box<dyn Read + Send>,
    /// Its media type, if whoever gave it said so.
    pub media_type: Option<String>,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("media_type", &self.media_type).finish_non_exhaustive()
    }
}

/// Why there is no document.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FetchError {
    /// It may not be read.
    #[error("{0}")]
    Denied(String),
    /// It is not there, or whoever has it does not answer.
    #[error("{0}")]
    Unreachable(String),
    /// Documents of this kind are not read here.
    #[error("{0}")]
    Unsupported(String),
    /// The token was pulled.
    #[error("cancelled")]
    Cancelled,
}

/// The media type of a document of this name, by its ending.
pub fn media_type_of(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    RdfFormat::from_extension(ending).map(RdfFormat::media_type)
}

/// A document that came with a request.
#[derive(Clone, Debug)]
pub struct Body {
    bytes: Arc<[u8]>,
    media_type: String,
    base: String,
}

impl Body {
    /// A document of this media type, whose relative IRIs are resolved against `base`.
    ///
    /// # Errors
    ///
    /// [`Error::Document`] if there is no such format.
    pub fn new(bytes: Arc<[u8]>, media_type: &str, base: &str) -> Result<Self, Error> {
        if RdfFormat::from_media_type(media_type).is_none() {
            return Err(Error::Document(format!(
                "Content-Type '{media_type}' is no format of RDF: expected text/turtle, application/n-triples, \
                 application/n-quads, application/trig, application/rdf+xml or application/ld+json"
            )));
        }
        Ok(Self { bytes, media_type: media_type.to_owned(), base: base.to_owned() })
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }
}

impl Fetch for Body {
    fn open(&self, _: &str, _: &CancelToken) -> Result<Document, FetchError> {
        let reader = Box::new(io::Cursor::new(Arc::clone(&self.bytes)));
        Ok(Document { reader, media_type: Some(self.media_type.clone()) })
    }
}

/// Has no documents.
#[derive(Clone, Copy, Debug)]
pub struct NoFetch;

impl Fetch for NoFetch {
    fn open(&self, iri: &str, _: &CancelToken) -> Result<Document, FetchError> {
        Err(FetchError::Unsupported(format!("<{iri}>: documents are not loaded here")))
    }
}

/// Hands each statement of the document to `take`.
pub(super) fn read(
    fetch: &dyn Fetch,
    iri: &str,
    cancel: &CancelToken,
    mut take: impl FnMut(Quad) -> Result<(), Error>,
) -> Result<(), Error> {
    let Document { reader, media_type } = fetch.open(iri, cancel)?;
    let format = format(iri, media_type.as_deref())?;
    let parser = RdfParser::from_format(format)
        .with_base_iri(iri)
        .map_err(|error| Error::Document(format!("<{iri}> is no base IRI: {error}")))?;
    for quad in parser.for_reader(Stopping { reader, cancel }) {
        match quad {
            Ok(quad) => take(quad)?,
            Err(_) if cancel.is_cancelled() => return Err(Error::Cancelled),
            Err(RdfParseError::Io(error)) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(FetchError::Denied(format!("reading <{iri}>: {error}")).into());
            }
            Err(RdfParseError::Io(error)) => {
                return Err(FetchError::Unreachable(format!("reading <{iri}>: {error}")).into());
            }
            Err(RdfParseError::Syntax(error)) => {
                return Err(Error::Document(format!("Invalid syntax in the specified file: <{iri}>: {error}")));
            }
        }
    }
    Ok(())
}

/// By the media type, else by the ending.
fn format(iri: &str, media_type: Option<&str>) -> Result<RdfFormat, Error> {
    let path = iri.split(['?', '#']).next().unwrap_or(iri);
    let path = path.strip_suffix(".gz").or_else(|| path.strip_suffix(".bz2")).unwrap_or(path);
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    media_type.and_then(RdfFormat::from_media_type).or_else(|| RdfFormat::from_extension(ending)).ok_or_else(|| {
        Error::Document(format!(
            "<{iri}> has no known format: expected the ending .nt, .nq, .trig, .rdf, .ttl, .n3 or .jsonld"
        ))
    })
}

/// Ends with an error once the token is pulled.
struct Stopping<'a> {
    reader: Box<dyn Read + Send>,
    cancel: &'a CancelToken,
}

impl Read for Stopping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        self.reader.read(buffer)
    }
}
