//! The XML that S3 answers with: a page of a listing, or an error.
//!
//! Read as events, so that a key keeps every character, spaces at its ends included.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// One object of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) key: String,
    pub(super) size: u64,
    /// With its quotes, as a condition wants it.
    pub(super) etag: Option<String>,
}

/// One page of a listing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) objects: Vec<Object>,
    /// What the next page is asked for with.
    pub(super) next: Option<String>,
}

/// What an error's body says; empty where it says nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) code: String,
    pub(super) message: String,
    pub(super) region: Option<String>,
}

/// Reads a ListBucketResult; the error says what is wrong with it.
pub(super) fn parse(xml: &[u8]) -> Result<Page, String> {
    let mut page = Page::default();
    let mut is_listing = false;
    let mut truncated = false;
    elements(xml, |path, text| {
        match path {
            ["ListBucketResult", "Contents"] => page.objects.push(Object::default()),
            ["ListBucketResult", "NextContinuationToken"] => page.next = Some(text.to_owned()),
            ["ListBucketResult", "IsTruncated"] => truncated = text == "true",
            ["ListBucketResult", "Contents", field] => {
                // Children come before their parent's end: the object under way is not in the list yet.
                let object = page.objects.last_mut().ok_or("an element is in the wrong place")?;
                match *field {
                    "Key" => text.clone_into(&mut object.key),
                    "Size" => {
                        let size = text.trim().parse();
                        object.size = size.map_err(|_| format!("'{text}' is no size"))?;
                    }
                    "ETag" => {
                        let etag = Some(text.trim().to_owned());
                        object.etag = etag.filter(|etag| !etag.is_empty());
                    }
                    _ => {}
                }
            }
            ["ListBucketResult"] => is_listing = true,
            _ => {}
        }
        Ok(())
    })?;
    if !is_listing {
        return Err("it is no listing of a bucket".to_owned());
    }
    if page.objects.iter().any(|object| object.key.is_empty()) {
        return Err("the listing has an object without a key".to_owned());
    }
    match (truncated, &page.next) {
        (true, None) => return Err("the listing is cut without saying how to go on".to_owned()),
        (false, Some(_)) => page.next = None,
        _ => {}
    }
    Ok(page)
}

/// Reads what can be read of an error's body, S3's or (within an `ErrorResponse`) STS's.
pub(super) fn parse_error(xml: &[u8]) -> Told {
    let mut told = Told::default();
    let outcome = elements(xml, |path, text| {
        match path {
            [.., "Error", "Code"] => told.code = cut(text),
            [.., "Error", "Message"] => told.message = cut(text),
            [.., "Error", "Region"] => told.region = Some(cut(text)),
            _ => {}
        }
        Ok(())
    });
    if outcome.is_err() && told.message.is_empty() {
        "no explanation that could be read".clone_into(&mut told.message);
    }
    told
}

/// A text of the other side as a message may hold it.
fn cut(text: &str) -> String {
    text.trim().chars().take(300).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Calls `seen` with the names of the open elements and the text: at an element's start with no text if it is a
/// `Contents`, at its end otherwise.
pub(super) fn elements(xml: &[u8], mut seen: impl FnMut(&[&str], &str) -> Result<(), String>) -> Result<(), String> {
    /// No answer of S3's nests deeper.
    const MAX_DEPTH: usize = 16;
    let mut reader = Reader::from_reader(xml);
    let mut names: Vec<String> = Vec::new();
    let mut text = String::new();
    let mut report = |names: &[String], text: &str| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        seen(&names, text)
    };
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match event {
            Event::Start(element) => {
                if names.len() >= MAX_DEPTH {
                    return Err("it is nested too deeply".to_owned());
                }
                names.push(String::from_utf8_lossy(element.local_name().as_ref()).into_owned());
                text.clear();
                if names.last().is_some_and(|name| name == "Contents") {
                    report(&names, "")?;
                }
            }
            Event::Text(part) => text.push_str(&part.decode().map_err(|error| error.to_string())?),
            Event::CData(part) => text.push_str(&part.decode().map_err(|error| error.to_string())?),
            Event::GeneralRef(entity) => {
                if let Some(c) = entity.resolve_char_ref().map_err(|error| error.to_string())? {
                    text.push(c);
                } else {
                    let name = entity.decode().map_err(|error| error.to_string())?;
                    let resolved = resolve_predefined_entity(&name);
                    text.push_str(resolved.ok_or_else(|| format!("unknown entity &{name};"))?);
                }
            }
            Event::End(_) => {
                if names.last().is_some_and(|name| name != "Contents") {
                    report(&names, &text)?;
                }
                names.pop();
                text.clear();
            }
            Event::Empty(element) => {
                names.push(String::from_utf8_lossy(element.local_name().as_ref()).into_owned());
                report(&names, "")?;
                names.pop();
            }
            Event::Eof if names.is_empty() => return Ok(()),
            Event::Eof => return Err("it ends early".to_owned()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::DocType(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_keys_as_they_are() {
        let xml = br#"<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Name>b</Name><IsTruncated>true</IsTruncated>
  <Contents><Key> a &amp;&#32;b/ </Key><LastModified>x</LastModified><ETag>&quot;e&quot;</ETag><Size>7</Size>
    <Owner><ID>1</ID></Owner></Contents>
  <Contents><Key>a//b/</Key><Size>0</Size></Contents>
  <NextContinuationToken>t=</NextContinuationToken>
</ListBucketResult>"#;
        let object = |key: &str, size, etag: Option<&str>| Object {
            key: key.to_owned(),
            size,
            etag: etag.map(ToOwned::to_owned),
        };
        let objects = vec![object(" a & b/ ", 7, Some("\"e\"")), object("a//b/", 0, None)];
        assert_eq!(parse(xml), Ok(Page { objects, next: Some("t=".to_owned()) }));
    }

    #[test]
    fn what_is_no_page_is_an_error() {
        for xml in [
            "",
            "<html></html>",
            "<ListBucketResult>",
            "<ListBucketResult><Contents><Size>x</Size></Contents></ListBucketResult>",
            "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            "<!DOCTYPE a [<!ENTITY b 'c'>]><ListBucketResult><Contents><Key>&b;</Key></Contents></ListBucketResult>",
            &"<a>".repeat(100),
        ] {
            assert!(parse(xml.as_bytes()).is_err(), "{xml}");
        }
        assert_eq!(parse(b"<ListBucketResult/>"), Ok(Page::default()));
    }

    #[test]
    fn an_error_tells_its_code() {
        let told = parse_error(b"<Error><Code>NoSuchBucket</Code><Message>gone\n</Message><Region>r</Region></Error>");
        let expected =
            Told { code: "NoSuchBucket".to_owned(), message: "gone".to_owned(), region: Some("r".to_owned()) };
        assert_eq!(told, expected);
        assert_eq!(parse_error(b"not xml <").code, "");
    }
}
