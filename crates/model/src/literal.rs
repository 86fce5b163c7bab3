//! Literals as they are stored, whichever way they come in.
//!
//! What Neptune documents (`spec/loader.md` §8, `spec/sparql.md` §2): languages are stored in lower case, `xsd:dateTime` in
//! UTC, numbers of unbounded types within 64 bits. All else is kept character by character.

use crate::{TermRef, datatype, date};

/// A literal that was read, normalised. With a `language`, `datatype` is not looked at.
pub fn literal_ref<'a>(
    value: &'a str,
    language: Option<&'a str>,
    datatype: &'a str,
    normalised: &'a mut String,
) -> TermRef<'a> {
    if let Some(language) = language {
        return TermRef::Lang { value, language: lower_case(language, normalised) };
    }
    match datatype {
        datatype::XSD_STRING => TermRef::String(value),
        datatype::XSD_DATE_TIME if date::to_utc(value, normalised) => TermRef::Typed { lexical: normalised, datatype },
        _ => TermRef::Typed { lexical: value, datatype },
    }
}

/// A language tag as it is stored and compared.
fn lower_case<'a>(language: &'a str, normalised: &'a mut String) -> &'a str {
    if !language.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return language;
    }
    normalised.clear();
    normalised.push_str(language);
    normalised.make_ascii_lowercase();
    normalised
}

/// Whether a literal is a number of its datatype's form that takes more than 64 bits: it is refused. Only
/// types without bounds can say so; a literal beyond its type's own bounds (`"999"^^xsd:byte`) is kept as opaque text.
pub fn is_beyond_64_bits(lexical: &str, datatype: &str) -> bool {
    let Some(name) = datatype.strip_prefix(datatype::XSD) else {
        return false;
    };
    let whole = match name {
        "integer" | "nonNegativeInteger" | "positiveInteger" | "nonPositiveInteger" | "negativeInteger" => lexical,
        "decimal" => match lexical.split_once('.') {
            Some((whole, fraction)) if fraction.bytes().all(|byte| byte.is_ascii_digit()) => whole,
            Some(_) => return false,
            None => lexical,
        },
        _ => return false,
    };
    let digits = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let significant = digits.trim_start_matches('0');
    let fits = if whole.starts_with('-') {
        // -2^63 is the smallest number of 64 bits.
        significant.parse::<u64>().is_ok_and(|magnitude| magnitude <= 1 << 63)
    } else {
        significant.parse::<u64>().is_ok()
    };
    is_number && !significant.is_empty() && !fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_normalised() {
        let mut scratch = String::new();
        assert_eq!(
            literal_ref("x", Some("en-GB"), datatype::RDF_LANG_STRING, &mut scratch),
            TermRef::Lang { value: "x", language: "en-gb" }
        );
        assert_eq!(literal_ref("x", None, datatype::XSD_STRING, &mut scratch), TermRef::String("x"));
        assert_eq!(
            literal_ref("2001-01-01T01:00:00+01:00", None, datatype::XSD_DATE_TIME, &mut scratch),
            TermRef::Typed { lexical: "2001-01-01T00:00:00Z", datatype: datatype::XSD_DATE_TIME }
        );
        assert_eq!(
            literal_ref("01", None, datatype::XSD_INTEGER, &mut scratch),
            TermRef::Typed { lexical: "01", datatype: datatype::XSD_INTEGER }
        );
    }

    #[test]
    fn numbers_beyond_64_bits() {
        let beyond = [
            ("18446744073709551616", "integer"),
            ("-9223372036854775809", "integer"),
            ("+99999999999999999999", "nonNegativeInteger"),
            ("-99999999999999999999", "negativeInteger"),
            ("99999999999999999999.5", "decimal"),
            ("99999999999999999999", "decimal"),
        ];
        let within = [
            ("18446744073709551615", "integer"),
            ("-9223372036854775808", "integer"),
            ("000000000000000000000000000001", "integer"),
            ("+0", "integer"),
            ("-", "integer"),
            ("", "integer"),
            ("99999999999999999999x", "integer"),
            ("0.00000000000000000000000000001", "decimal"),
            ("99999999999999999999.5e1", "decimal"),
            ("999", "byte"),
            ("99999999999999999999", "long"),
            ("1e400", "double"),
            ("99999999999999999999", "string"),
        ];
        for (expected, cases) in [(true, &beyond[..]), (false, &within[..])] {
            for (lexical, name) in cases {
                assert_eq!(
                    is_beyond_64_bits(lexical, &format!("{}{name}", datatype::XSD)),
                    expected,
                    "{lexical} {name}"
                );
            }
        }
        assert!(!is_beyond_64_bits("99999999999999999999", "http://ex.test/integer"));
    }
}
