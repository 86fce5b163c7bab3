//! The `Authorization` header taken apart.

use crate::signature::ALGORITHM;

/// The most headers that a request may name as signed.
const MOST_HEADERS: usize = 128;

/// `AWS4-HMAC-SHA256 Credential=…/…/…/…/…, SignedHeaders=…;…, Signature=…`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Authorization<'a> {
    pub(super) access_key: &'a str,
    pub(super) day: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    pub(super) terminator: &'a str,
    /// Names in lower case with semicolons between them: at least one, none of them empty.
    pub(super) signed_headers: &'a str,
    pub(super) signature: &'a str,
}

impl<'a> Authorization<'a> {
    /// Reads the one form that there is, its three parts in any order; `None` for anything else.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let parts = text.strip_prefix(ALGORITHM)?.strip_prefix(' ')?;
        let [mut credential, mut signed_headers, mut signature] = [None; 3];
        for part in parts.split(',') {
            let (name, value) = part.trim_matches(' ').split_once('=')?;
            let place = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => return None,
            };
            if place.replace(value).is_some() {
                return None;
            }
        }
        let signed_headers = signed_headers.filter(|list| is_list(list))?;
        let mut parts = credential?.split('/');
        let mut part = || parts.next().filter(|part| !part.is_empty());
        let (access_key, day, region, service, terminator) = (part()?, part()?, part()?, part()?, part()?);
        if parts.next().is_some() {
            return None;
        }
        let signature = signature.filter(|text| !text.is_empty())?;
        Some(Self { access_key, day, region, service, terminator, signed_headers, signature })
    }

    /// Whether a header is among the signed.
    pub(super) fn names(&self, header: &str) -> bool {
        self.signed_headers.split(';').any(|name| name == header)
    }
}

fn is_list(text: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase() && byte != b':')
    };
    text.split(';').count() <= MOST_HEADERS && text.split(';').all(is_name)
}

#[cfg(test)]
mod tests {
    use super::Authorization;

    const GOOD: &str = "AWS4-HMAC-SHA256 Credential=AK/20150830/eu-west-1/neptune-db/aws4_request, \
                        SignedHeaders=host;x-amz-date, Signature=abc";

    #[test]
    fn the_one_form_is_taken_apart() {
        let good = Authorization::parse(GOOD).unwrap();
        let expected = Authorization {
            access_key: "AK",
            day: "20150830",
            region: "eu-west-1",
            service: "neptune-db",
            terminator: "aws4_request",
            signed_headers: "host;x-amz-date",
            signature: "abc",
        };
        assert_eq!(good, expected);
        assert_eq!(Authorization::parse(&GOOD.replace(", ", ",")), Some(expected));
        assert_eq!(Authorization::parse(&GOOD.replace(", ", "  ,   ")), Some(expected));
        assert!(good.names("host") && !good.names("hos") && !good.names(""));
    }

    #[test]
    fn anything_else_is_refused() {
        for (from, to) in [
            ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
            ("AWS4-HMAC-SHA256", "aws4-hmac-sha256"),
            ("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256"),
            ("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
            ("AWS4-HMAC-SHA256 ", "Basic "),
            ("Credential=", "credential="),
            ("Credential=", "Credential"),
            ("AK/", "AK/AK/"),
            ("AK/", "/"),
            ("AK/", ""),
            ("/aws4_request", ""),
            ("/aws4_request", "/"),
            ("/aws4_request", "/aws4_request/"),
            ("SignedHeaders=host;x-amz-date", "SignedHeaders="),
            ("SignedHeaders=host;x-amz-date", "SignedHeaders=host;"),
            ("SignedHeaders=host;x-amz-date", "SignedHeaders=;host"),
            ("SignedHeaders=host;x-amz-date", "SignedHeaders=Host"),
            ("SignedHeaders=host;x-amz-date", "SignedHeaders=ho st"),
            ("SignedHeaders=host;x-amz-date, ", ""),
            ("Signature=abc", "Signature="),
            (", Signature=abc", ""),
            ("Signature=abc", "Signature=abc, Signature=abc"),
            ("Signature=abc", "Signature=abc,"),
            ("Signature=abc", "Signature=abc, Extra=1"),
        ] {
            let text = GOOD.replacen(from, to, 1);
            assert_ne!(text, GOOD, "{from}");
            assert_eq!(Authorization::parse(&text), None, "{text}");
        }
        let many = format!("SignedHeaders={}x", "x;".repeat(128));
        assert_eq!(Authorization::parse(&GOOD.replace("SignedHeaders=host;x-amz-date", &many)), None);
    }
}
