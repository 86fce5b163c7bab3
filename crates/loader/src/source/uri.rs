//! The text of a source, reduced to a bucket and a prefix or to a local path, or refused.
//!
//! Everything is matched whole: there is no URL parser here that could be talked into seeing another host, and what
//! is not one of the documented spellings is an error that lists them.
//! **Source**: `spec/loader.md` §2.3; `s3://` keys are literal, `https://` and `file://` are percent-decoded.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::{SourceConfig, SourceError};
use crate::request::shown;

/// S3's own limit on a key, in bytes.
const MAX_KEY: usize = 1024;
/// Linux's limit on a path, in bytes.
const MAX_PATH: usize = 4096;

/// A source whose text was found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceUri {
    place: Place,
    full_uri: String,
    region: Option<String>,
}

/// What a source names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Every object of the bucket whose key begins with the prefix.
    S3 { bucket: String, prefix: String },
    /// An absolute path; a final slash insists on a directory.
    Local(PathBuf),
}

impl SourceUri {
    /// Reads `source` and the region that came with it.
    ///
    /// # Errors
    ///
    /// [`SourceError::Invalid`] with the spellings that are understood; [`SourceError::BadRequest`] if the region is
    /// not the configured one or contradicts the host's.
    pub fn parse(source: &str, region: Option<&str>, config: &SourceConfig) -> Result<Self, SourceError> {
        if let Some(region) = region {
            check_region(region, config)?;
        }
        if source.chars().any(char::is_control) {
            return Err(invalid(source, "it holds control characters"));
        }
        let parsed = if let Some(rest) = source.strip_prefix("s3://") {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            Self::s3(source, bucket, prefix.to_owned(), None)?.with_full_uri(source)
        } else if let Some(rest) = source.strip_prefix("https://") {
            Self::https(source, rest, config)?
        } else if let Some(rest) = source.strip_prefix("file://") {
            let path = file_path(source, rest)?;
            Self { place: Place::Local(path), full_uri: source.to_owned(), region: None }
        } else if config.any_local && !source.contains("://") {
            let path = std::path::absolute(source).map_err(|error| invalid(source, error))?;
            if path.as_os_str().len() > MAX_PATH {
                return Err(invalid(source, "the path is too long"));
            }
            let full_uri = file_uri(&path)
                .ok_or_else(|| invalid(source, "the directory it is relative to has a name that is not UTF-8"))?;
            Self { place: Place::Local(path), full_uri, region: None }
        } else {
            return Err(invalid(source, SPELLINGS));
        };
        if matches!(parsed.place, Place::S3 { .. }) { parsed.in_region(region, config) } else { Ok(parsed) }
    }

    /// The source as the status of its load shows it: an `s3://` or `file://` text as it was sent, everything else
    /// in that form.
    pub fn full_uri(&self) -> &str {
        &self.full_uri
    }

    /// One text for every spelling of the same source; a final slash matters (`spec/loader.md` §2.5).
    pub fn identity(&self) -> String {
        match &self.place {
            Place::S3 { bucket, prefix } => format!("s3://{bucket}/{prefix}"),
            Place::Local(path) => file_uri(path).unwrap_or_else(|| self.full_uri.clone()),
        }
    }

    /// Bucket and key prefix, if it is an S3 source.
    pub fn bucket_and_prefix(&self) -> Option<(&str, &str)> {
        match &self.place {
            Place::S3 { bucket, prefix } => Some((bucket, prefix)),
            Place::Local(_) => None,
        }
    }

    /// The path, if it is a local source.
    pub fn local_path(&self) -> Option<&Path> {
        match &self.place {
            Place::S3 { .. } => None,
            Place::Local(path) => Some(path),
        }
    }

    /// The region that the request or the host named.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    fn s3(source: &str, bucket: &str, prefix: String, region: Option<String>) -> Result<Self, SourceError> {
        check_bucket(source, bucket)?;
        if prefix.len() > MAX_KEY {
            return Err(invalid(source, format_args!("the key is longer than {MAX_KEY} bytes")));
        }
        let full_uri = format!("s3://{bucket}/{prefix}");
        Ok(Self { place: Place::S3 { bucket: bucket.to_owned(), prefix }, full_uri, region })
    }

    /// `s3.amazonaws.com/B/K`, `s3.R.amazonaws.com/B/K`, `s3-R.amazonaws.com/B/K`, `B.s3.R.amazonaws.com/K`.
    fn https(source: &str, rest: &str, config: &SourceConfig) -> Result<Self, SourceError> {
        if rest.contains(['?', '#', '\\', ' ']) {
            return Err(invalid(source, "a query, a fragment, spaces and backslashes have no place in it"));
        }
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let name = host.strip_suffix(".amazonaws.com").or_else(|| {
            // China's partition has a domain of its own, its regions begin with its name.
            host.strip_suffix(".amazonaws.com.cn").filter(|name| name.contains("cn-"))
        });
        let Some(name) = name else {
            return Err(invalid(source, SPELLINGS));
        };
        let (virtual_bucket, region) = if name == "s3" {
            (None, None)
        } else if let Some(region) = name.strip_prefix("s3-").filter(|region| !region.contains('.')) {
            (None, Some(region))
        } else {
            match name.rsplit_once('.') {
                Some(("s3", region)) => (None, Some(region)),
                Some((head, region)) => match head.strip_suffix(".s3") {
                    Some(bucket) => (Some(bucket), Some(region)),
                    None => return Err(invalid(source, SPELLINGS)),
                },
                None => return Err(invalid(source, SPELLINGS)),
            }
        };
        if let Some(region) = region {
            check_region(region, config)?;
        }
        let (bucket, key) = match virtual_bucket {
            Some(bucket) => (bucket, path),
            None => path.split_once('/').unwrap_or((path, "")),
        };
        let key = percent_decoded(source, key)?;
        Self::s3(source, bucket, key, region.map(ToOwned::to_owned))
    }

    fn with_full_uri(self, full_uri: &str) -> Self {
        Self { full_uri: full_uri.to_owned(), ..self }
    }

    /// Takes in the request's region, which must be that of the server and of the host.
    fn in_region(mut self, region: Option<&str>, config: &SourceConfig) -> Result<Self, SourceError> {
        let asked = region.or(self.region.as_deref());
        for (known, whose) in
            [(config.s3.region.as_deref(), "this server's (--region)"), (self.region.as_deref(), "the source's")]
        {
            if let (Some(asked), Some(known)) = (asked, known)
                && asked != known
            {
                return Err(SourceError::BadRequest(format!(
                    "Bucket is not in provided Region ({asked}). It is not {whose} region, which is {known}"
                )));
            }
        }
        self.region = asked.map(ToOwned::to_owned);
        Ok(self)
    }
}

const SPELLINGS: &str = "expected s3://BUCKET/PREFIX, https://s3.amazonaws.com/BUCKET/PREFIX, \
    https://s3.REGION.amazonaws.com/BUCKET/PREFIX, https://s3-REGION.amazonaws.com/BUCKET/PREFIX, \
    https://BUCKET.s3.REGION.amazonaws.com/PREFIX or file:///PATH";

fn invalid(source: &str, why: impl std::fmt::Display) -> SourceError {
    SourceError::Invalid(format!("Invalid value for parameter source: {}: {why}", shown(source)))
}

/// A region goes into a host name and into a signature, so it must look like one: `^[a-z]{2}(-[a-z0-9]+)+-[0-9]{1,2}$`.
fn check_region(region: &str, config: &SourceConfig) -> Result<(), SourceError> {
    if config.s3.region.as_deref() == Some(region) || is_region(region) {
        return Ok(());
    }
    Err(SourceError::Invalid(format!(
        "Invalid value for parameter region: expected the name of an AWS region such as us-east-1, found {}",
        shown(region)
    )))
}

pub(super) fn is_region(region: &str) -> bool {
    let parts: Vec<&[u8]> = region.as_bytes().split(|byte| *byte == b'-').collect();
    let [country, middle @ .., number] = parts.as_slice() else {
        return false;
    };
    region.len() <= 40
        && country.len() == 2
        && country.iter().all(u8::is_ascii_lowercase)
        && !middle.is_empty()
        && middle
            .iter()
            .all(|part| !part.is_empty() && part.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
        && (1..=2).contains(&number.len())
        && number.iter().all(u8::is_ascii_digit)
}

/// S3's rules for the names of general purpose buckets. Other kinds need other endpoints and signatures.
fn check_bucket(source: &str, bucket: &str) -> Result<(), SourceError> {
    let bytes = bucket.as_bytes();
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let refuse = |why: &str| Err(invalid(source, format_args!("{} is no name of a bucket: {why}", shown(bucket))));
    if !(3..=63).contains(&bytes.len()) {
        return refuse("it must have 3 to 63 characters");
    }
    if !bytes.iter().all(|byte| alphanumeric(byte) || matches!(byte, b'.' | b'-')) {
        return refuse("it may hold only lower-case letters, digits, dots and hyphens");
    }
    if !bytes.first().is_some_and(alphanumeric) || !bytes.last().is_some_and(alphanumeric) {
        return refuse("it must begin and end with a letter or a digit");
    }
    if bucket.contains("..") {
        return refuse("it may not have two dots in a row");
    }
    let numeric = bytes.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    if numeric && bucket.split('.').count() == 4 {
        return refuse("it may not look like an IP address");
    }
    if ["xn--", "sthree-"].iter().any(|prefix| bucket.starts_with(prefix))
        || ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"].iter().any(|suffix| bucket.ends_with(suffix))
    {
        return refuse("its prefix or suffix is reserved");
    }
    Ok(())
}

/// The path of `file://REST`, which must be local, absolute and plain.
fn file_path(source: &str, rest: &str) -> Result<PathBuf, SourceError> {
    if !rest.starts_with('/') {
        return Err(invalid(source, "a file source has an absolute path and no host: file:///PATH"));
    }
    if rest.contains(['?', '#']) {
        return Err(invalid(source, "write %3F for a question mark and %23 for a number sign"));
    }
    let path = percent_decoded(source, rest)?;
    if path.len() > MAX_PATH {
        return Err(invalid(source, "the path is too long"));
    }
    let inner = path.strip_prefix('/').unwrap_or(&path);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if inner.is_empty() || inner.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(invalid(source, "the path may not have empty, '.' or '..' parts"));
    }
    Ok(PathBuf::from(path))
}

fn percent_decoded(source: &str, text: &str) -> Result<String, SourceError> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digits = (bytes.next().and_then(hex_digit), bytes.next().and_then(hex_digit));
        let (Some(high), Some(low)) = digits else {
            return Err(invalid(
                source,
                "a percent sign must be followed by two hexadecimal digits; write %25 for itself",
            ));
        };
        decoded.push(high << 4 | low);
    }
    match String::from_utf8(decoded) {
        Ok(decoded) if decoded.chars().any(char::is_control) => Err(invalid(source, "it holds control characters")),
        Ok(decoded) => Ok(decoded),
        Err(_) => Err(invalid(source, "its percent-encoded bytes are not UTF-8")),
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

/// The `file://` form of an absolute path, encoding only what [`file_path`] would misread. `None` if the path is not
/// UTF-8.
pub(super) fn file_uri(path: &Path) -> Option<String> {
    let text = path.to_str()?;
    let mut uri = String::with_capacity(text.len() + 7);
    uri.push_str("file://");
    for c in text.chars() {
        match c {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3F"),
            '#' => uri.push_str("%23"),
            c if c.is_control() => {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    // Infallible: a String grows.
                    let _ = write!(uri, "%{byte:02X}");
                }
            }
            c => uri.push(c),
        }
    }
    Some(uri)
}
