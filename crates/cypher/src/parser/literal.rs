//! What numbers, strings and quoted names say.

use super::{Parser, Result};
use crate::ErrorKind;
use crate::tree::{Literal, Span};

/// Why a piece of a string says nothing.
struct BadEscape {
    kind: ErrorKind,
    /// Where in the string's inside.
    at: usize,
    message: String,
}

impl Parser<'_> {
    /// The number at the next token, negative if a minus stands before it.
    pub(super) fn number(&mut self, is_negative: bool) -> Result<Literal> {
        let span = self.advance().span;
        let word = self.slice(span);
        let digits = word.get(2..).unwrap_or_default();
        match word.get(..2) {
            Some("0x" | "0X") => self.integer(span, digits, 16, is_negative),
            Some("0o" | "0O") => self.integer(span, digits, 8, is_negative),
            _ if word.bytes().all(|byte| byte.is_ascii_digit()) => {
                if word.len() > 1 && word.starts_with('0') {
                    let message =
                        format!("Invalid input '{word}': a number does not begin with 0, an octal one begins with 0o");
                    return Err(self.error(ErrorKind::InvalidNumberLiteral, span, message));
                }
                self.integer(span, word, 10, is_negative)
            }
            _ => self.float(span, is_negative),
        }
    }

    fn integer(&self, span: Span, digits: &str, radix: u32, is_negative: bool) -> Result<Literal> {
        let word = self.slice(span);
        if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
            let message = format!("Invalid input '{word}': expected a whole number of digits in base {radix}");
            return Err(self.error(ErrorKind::InvalidNumberLiteral, span, message));
        }
        // The smallest integer has no positive twin, so the sign has to be there when the digits are read.
        u64::from_str_radix(digits, radix)
            .ok()
            .and_then(
                |magnitude| {
                    if is_negative { 0_i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
                },
            )
            .map(Literal::Integer)
            .ok_or_else(|| {
                let sign = if is_negative { "-" } else { "" };
                let message =
                    format!("Invalid input '{sign}{word}': an integer has 64 bits, from {} to {}", i64::MIN, i64::MAX);
                self.error(ErrorKind::IntegerOverflow, span, message)
            })
    }

    fn float(&self, span: Span, is_negative: bool) -> Result<Literal> {
        let word = self.slice(span);
        let is_float = word.starts_with(|first: char| first.is_ascii_digit() || first == '.')
            && word.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
        match word.parse::<f64>() {
            Ok(value) if is_float && value.is_finite() => Ok(Literal::Float(if is_negative { -value } else { value })),
            Ok(_) if is_float => {
                let message = format!("Invalid input '{word}': a float is at most {:e}", f64::MAX);
                Err(self.error(ErrorKind::FloatingPointOverflow, span, message))
            }
            _ => {
                let message = format!("Invalid input '{word}': expected a number, as 12, 1.5, 1e3, 0x1F or 0o17");
                Err(self.error(ErrorKind::InvalidNumberLiteral, span, message))
            }
        }
    }

    /// The string at the next token.
    pub(super) fn string(&mut self) -> Result<Box<str>> {
        let span = self.advance().span;
        let inside = Span::new(span.start() as u32 + 1, span.end() as u32 - 1);
        unescape(self.slice(inside)).map_err(|bad| {
            let at = Span::new((inside.start() + bad.at) as u32, inside.end() as u32);
            self.error(bad.kind, at, bad.message)
        })
    }
}

/// A name without its backticks, if it has any.
pub(super) fn unquote(name: &str) -> Box<str> {
    match name.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
        Some(inside) => inside.replace("``", "`").into(),
        None => name.into(),
    }
}

/// The inside of a string with its escapes replaced.
fn unescape(inside: &str) -> std::result::Result<Box<str>, BadEscape> {
    let Some(first) = inside.find('\\') else { return Ok(inside.into()) };
    let mut said = String::with_capacity(inside.len());
    let (plain, mut rest) = inside.split_at(first);
    said.push_str(plain);
    while let Some(escape) = rest.strip_prefix('\\') {
        let at = inside.len() - rest.len();
        let letter = escape.chars().next().unwrap_or('\\');
        let behind = escape.get(letter.len_utf8()..).unwrap_or_default();
        let (character, behind) = match letter {
            'n' => ('\n', behind),
            't' => ('\t', behind),
            'r' => ('\r', behind),
            'b' => ('\u{8}', behind),
            'f' => ('\u{c}', behind),
            '\\' | '\'' | '"' | '`' => (letter, behind),
            'u' => unicode(behind, 4, at)?,
            'U' => unicode(behind, 8, at)?,
            _ => {
                return Err(BadEscape {
                    kind: ErrorKind::UnexpectedSyntax,
                    at,
                    message: format!(
                        "Invalid input '\\{}': expected \\\\, \\', \\\", \\n, \\t, \\r, \\b, \\f, \\u or \\U",
                        letter.escape_debug()
                    ),
                });
            }
        };
        said.push(character);
        let next = behind.find('\\').unwrap_or(behind.len());
        let (plain, escaped) = behind.split_at(next);
        said.push_str(plain);
        rest = escaped;
    }
    Ok(said.into())
}

/// The character that hexadecimal digits name, two halves of a surrogate pair included, and what is behind them.
fn unicode(text: &str, digits: usize, at: usize) -> std::result::Result<(char, &str), BadEscape> {
    let letter = if digits == 4 { 'u' } else { 'U' };
    let bad = || BadEscape {
        kind: ErrorKind::InvalidUnicodeLiteral,
        at,
        message: format!(
            "Invalid input '\\{letter}{}': expected {digits} hexadecimal digits that name a character",
            text.chars().take(digits).collect::<String>()
        ),
    };
    let (unit, behind) = hexadecimal(text, digits).ok_or_else(bad)?;
    if digits == 4
        && (0xd800..0xdc00).contains(&unit)
        && let Some(second) = behind.strip_prefix("\\u")
        && let Some((low, behind)) = hexadecimal(second, 4)
        && (0xdc00..0xe000).contains(&low)
    {
        let code = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        return char::from_u32(code).map(|character| (character, behind)).ok_or_else(bad);
    }
    char::from_u32(unit).map(|character| (character, behind)).ok_or_else(bad)
}

fn hexadecimal(text: &str, digits: usize) -> Option<(u32, &str)> {
    let (number, behind) = text.split_at_checked(digits)?;
    let is_plain = number.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(number, 16).ok().filter(|_| is_plain).map(|code| (code, behind))
}
