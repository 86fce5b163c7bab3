//! TLS: a certificate and its key from two files, read again when they change.
//!
//! Certificates are renewed while a server runs, by tools that know nothing of it. So each handshake may look at the files
//! (once a second at most) and takes what is new from then on; connections that are open keep what they have. A pair that
//! cannot be used leaves the last good one in place and is told once, in the log.
//!
//! TLS 1.2 and 1.3, HTTP/1.1 and HTTP/2. No client certificates: callers sign their requests.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// How often the files are looked at, at most.
const LOOK: Duration = Duration::from_secs(1);

/// Largest file that is read: a chain of certificates has some kilobytes.
const MOST_BYTES: u64 = 1 << 20;

/// Where a server's certificate is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM: the server's certificate, then those that lead to its authority.
    pub certificate: PathBuf,
    /// PEM: the private key of the first certificate (PKCS #8, PKCS #1 or SEC1).
    pub key: PathBuf,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that is not there or not readable.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file that is no PEM, or has nothing in it that is looked for.
    #[error("{}: expected {expected} in PEM, found {found}", path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// What should be in it.
        expected: &'static str,
        /// What is.
        found: String,
    },
    /// A key and a certificate that do not go together, or a kind of key that is not known.
    #[error("the key in {} cannot be used with the certificate in {}: {source}", key.display(), certificate.display())]
    Pair {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}

/// The settings of all TLS connections of a server with these files.
///
/// # Errors
///
/// [`TlsError`] if they cannot be used now.
pub(crate) fn settings(files: TlsFiles) -> Result<Arc<rustls::ServerConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificates = Certificates::open(files, Arc::clone(&provider))?;
    let mut settings = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .expect("the provider has cipher suites for both versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certificates));
    settings.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(settings))
}

/// The certificate of now.
#[derive(Debug)]
struct Certificates {
    files: TlsFiles,
    provider: Arc<CryptoProvider>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    current: Arc<CertifiedKey>,
    /// Of the files that were last read, for better or worse.
    stamp: Option<[Stamp; 2]>,
    looked: Instant,
}

/// By what a changed file is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: (i64, i64),
    size: u64,
    inode: u64,
}

impl Certificates {
    fn open(files: TlsFiles, provider: Arc<CryptoProvider>) -> Result<Self, TlsError> {
        let stamp = stamp(&files);
        let current = Arc::new(read(&files, &provider)?);
        Ok(Self { files, provider, state: Mutex::new(State { current, stamp, looked: Instant::now() }) })
    }

    /// The certificate to show, after a look at the files if the last one is `LOOK` ago.
    fn current(&self, now: Instant) -> Arc<CertifiedKey> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(state.looked) >= LOOK {
            state.looked = now;
            let stamp = stamp(&self.files);
            // Files on their way to be replaced may be missing for a moment.
            if stamp.is_some() && stamp != state.stamp {
                state.stamp = stamp;
                match read(&self.files, &self.provider) {
                    Ok(key) => {
                        state.current = Arc::new(key);
                        tracing::info!(file = %self.files.certificate.display(), "the TLS certificate was read again");
                    }
                    Err(error) => tracing::error!(%error, "the new TLS certificate is not used, the last one stays"),
                }
            }
        }
        Arc::clone(&state.current)
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current(Instant::now()))
    }
}

fn stamp(files: &TlsFiles) -> Option<[Stamp; 2]> {
    let of = |path: &Path| {
        let found: Metadata = fs::metadata(path).ok()?;
        Some(Stamp { modified: (found.mtime(), found.mtime_nsec()), size: found.size(), inode: found.ino() })
    };
    Some([of(&files.certificate)?, of(&files.key)?])
}

fn read(files: &TlsFiles, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let TlsFiles { certificate, key } = files;
    let content = |path: &Path, expected, found| TlsError::Content { path: path.to_owned(), expected, found };
    let chain = CertificateDer::pem_slice_iter(&bytes(certificate)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| content(certificate, "certificates", describe(&error)))?;
    if chain.is_empty() {
        return Err(content(certificate, "certificates", "none".to_owned()));
    }
    let secret =
        PrivateKeyDer::from_pem_slice(&bytes(key)?).map_err(|error| content(key, "a private key", describe(&error)))?;
    CertifiedKey::from_der(chain, secret, provider).map_err(|source| TlsError::Pair {
        key: key.clone(),
        certificate: certificate.clone(),
        source,
    })
}

fn bytes(path: &Path) -> Result<Vec<u8>, TlsError> {
    let failed = |source| TlsError::Read { path: path.to_owned(), source };
    let size = fs::metadata(path).map_err(failed)?.len();
    if size > MOST_BYTES {
        return Err(failed(io::Error::other(format!("it has {size} bytes, more than {MOST_BYTES}"))));
    }
    fs::read(path).map_err(failed)
}

fn describe(error: &pem::Error) -> String {
    match error {
        pem::Error::NoItemsFound => "none".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong is said with the file's name, before a server starts.
    #[test]
    fn files_that_cannot_be_used_say_why() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str, text: Option<&str>| {
            let path = directory.path().join(name);
            if let Some(text) = text {
                fs::write(&path, text).unwrap();
            }
            path
        };
        let no_pem = at("no.pem", Some("hello"));
        let broken = at("broken.pem", Some("-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----\n"));
        let absent = at("absent.pem", None);
        for (certificate, expected) in [
            (&absent, "cannot read"),
            (&no_pem, "expected certificates in PEM, found none"),
            (&broken, "expected certificates in PEM, found"),
        ] {
            let error = settings(TlsFiles { certificate: certificate.clone(), key: no_pem.clone() }).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(expected) && text.contains(&*certificate.to_string_lossy()), "{text}");
        }
    }
}
