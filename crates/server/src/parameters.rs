//! Parameters of a query string or of a form, by name.
//!
//! Names that nobody knows are ignored: clients send many for other versions and other operations. A known name with a
//! value that cannot be meant is refused, never guessed at.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use crate::exception::{Exception, Failure, Limit};

/// Most parameters of one request. Each costs far more memory than the bytes it is sent as.
const MOST: usize = 1_000;

/// Decoded name-value pairs in the order of sending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Decodes `application/x-www-form-urlencoded` text: `+` is a space, a name without `=` has the empty value, and what
    /// is not UTF-8 is replaced.
    ///
    /// # Errors
    ///
    /// `BadRequestException` for more parameters than any request has.
    pub(crate) fn decode(encoded: &[u8]) -> Result<Self, Failure> {
        let pairs: Vec<_> = url::form_urlencoded::parse(encoded).into_owned().take(MOST + 1).collect();
        if pairs.len() > MOST {
            let text = format!("The request has more than {MOST} parameters");
            return Err(Failure::new(Exception::BadRequest, text).over(Limit::Parameters));
        }
        Ok(Self(pairs))
    }

    /// These pairs, then `other`'s.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Every name, in order, as often as it was sent.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// Every name with its value, in order.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Every value of `name`, in order.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Takes every value of `name` out, in order.
    pub(crate) fn take(&mut self, name: &str) -> Vec<String> {
        self.0.extract_if(.., |(key, _)| key == name).map(|(_, value)| value).collect()
    }

    /// As members of an object: the last value of each name.
    pub(crate) fn into_members(self) -> Map<String, Value> {
        self.0.into_iter().map(|(name, value)| (name, Value::String(value))).collect()
    }

    /// The value of `name`. A value given more than once is fine as long as it is the same.
    ///
    /// # Errors
    ///
    /// `InvalidParameterException` for two different values.
    pub(crate) fn one<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>, Failure> {
        let mut values = self.all(name);
        let first = values.next();
        if values.any(|value| Some(value) != first) {
            return Err(invalid(format!("Parameter '{name}' is given more than once with different values")));
        }
        Ok(first)
    }

    /// A boolean in any case: `TRUE` (guide), `true` (SDKs) and `True` (Python clients) all occur.
    ///
    /// # Errors
    ///
    /// `InvalidParameterException` for anything else.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Failure> {
        match self.one(name)? {
            None => Ok(None),
            Some(value) if value.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(value) if value.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(value) => {
                Err(invalid(format!("Parameter '{name}' must be TRUE or FALSE, found '{}'", excerpt(value))))
            }
        }
    }

    /// A whole number from 1 to `most`.
    ///
    /// # Errors
    ///
    /// `InvalidParameterException` for anything else.
    pub(crate) fn number(&self, name: &str, most: u64) -> Result<Option<u64>, Failure> {
        let Some(value) = self.one(name)? else { return Ok(None) };
        let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        match value.parse::<u64>() {
            Ok(number) if digits && (1..=most).contains(&number) => Ok(Some(number)),
            _ if most == u64::MAX => {
                Err(invalid(format!("Parameter '{name}' must be a positive integer, found '{}'", excerpt(value))))
            }
            _ => Err(invalid(format!(
                "Parameter '{name}' must be an integer from 1 to {most}, found '{}'",
                excerpt(value)
            ))),
        }
    }
}

/// The beginning of a text that a message quotes back.
pub(crate) fn excerpt(text: &str) -> String {
    const MOST: usize = 100;
    let mut quoted: String = text.chars().take(MOST).collect();
    if text.chars().nth(MOST).is_some() {
        quoted.push('…');
    }
    quoted
}

fn invalid(message: String) -> Failure {
    Failure::new(Exception::InvalidParameter, message)
}
