//! The terms of an RDF statement to ids, for all RDF formats.

use model::datatype::XSD_STRING;
use model::literal::{is_beyond_64_bits, literal_ref};
use model::{HashKey, TermId, TermRef};
use store::IngestBatch;

use super::rows::Refusal;
use super::{RowErrorKind, VALUE_LIMIT, excerpt};

/// An IRI, in any place.
///
/// # Errors
///
/// It is too long.
pub(super) fn iri(iri: &str, key: &HashKey, batch: &mut IngestBatch) -> Result<TermId, Refusal> {
    check(iri)?;
    Ok(batch.term(key, TermRef::Iri(iri)))
}

/// A literal, normalised.
///
/// # Errors
///
/// It is too long, or is a number of more than 64 bits.
pub(super) fn literal(
    value: &str,
    language: Option<&str>,
    datatype: Option<&str>,
    key: &HashKey,
    batch: &mut IngestBatch,
) -> Result<TermId, Refusal> {
    check(value)?;
    let datatype = datatype.unwrap_or(XSD_STRING);
    if language.is_none() && is_beyond_64_bits(value, datatype) {
        let message = format!("Found '{}' of type <{datatype}>, expected a number of at most 64 bits", excerpt(value));
        return Err(Refusal { kind: RowErrorKind::Datatype, message, column: None });
    }
    let mut normalised = String::new();
    Ok(batch.term(key, literal_ref(value, language, datatype, &mut normalised)))
}

/// What no text may be (§8).
fn check(text: &str) -> Result<(), Refusal> {
    if text.len() > VALUE_LIMIT {
        return Err(Refusal::parse(format!("Found a value of {} bytes, expected at most {VALUE_LIMIT}", text.len())));
    }
    Ok(())
}
