//! The CSV splitter: one record of bytes into fields.
//!
//! RFC 4180 with a comma, as the two CSV formats ask for it (`spec/loader.md` §6.1, §6.4): a record ends at `\n` or
//! `\r\n` outside quotes or with the file; a field that holds a comma, a quote or a line break must be quoted; inside
//! quotes `""` is one quote; spaces round a field are ignored unless they are inside its quotes. The splitter keeps what
//! general CSV readers lose: whether a field was quoted, so that nothing (`,,`) and the empty string (`,"",`) differ.
//!
//! - **Shape**: fields are ranges of the input; nothing is copied, so a record costs no allocation.
//! - **Errors**: a [`Fault`] is broken quoting. The spec stops the load there, since what follows cannot be trusted.

use std::borrow::Cow;

/// Where a field's text lies in the input, without the quotes round it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    start: u32,
    end: u32,
    form: Form,
}

/// How a field was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Without quotes; spaces round it are already cut off.
    Plain,
    /// In quotes, and every byte between them stands for itself.
    Quoted,
    /// In quotes, with `""` inside.
    Escaped,
}

/// Why bytes are no CSV record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Where in the input.
    pub(crate) at: usize,
    /// Number of the field, from 0.
    pub(crate) field: usize,
    /// What is wrong there.
    pub(crate) kind: FaultKind,
}

/// The ways of breaking the quoting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The file ends inside quotes that were opened at [`Fault::at`].
    Unterminated,
    /// A quote in a field that does not begin with one.
    QuoteInside,
    /// Something other than a comma or a line end after the closing quote.
    AfterQuote,
    /// A carriage return that no line feed follows, outside quotes.
    CarriageReturn,
}

impl FaultKind {
    /// What to tell the user, to follow the column's name.
    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::Unterminated => "the field's opening quote is never closed",
            Self::QuoteInside => {
                "found a double quote inside an unquoted field, expected the whole field in quotes with each inner quote doubled"
            }
            Self::AfterQuote => {
                "found text after the closing quote, expected a comma or the end of the line (a quote inside quotes is written twice)"
            }
            Self::CarriageReturn => {
                "found a carriage return in an unquoted field, expected lines that end with \\n or \\r\\n"
            }
        }
    }
}

/// Splits the record that begins at `from` into `fields` (cleared first) and gives the place after its line end.
///
/// A blank line is one empty field: see [`is_blank`].
///
/// # Errors
///
/// [`Fault`] if the quoting is broken; `fields` then holds those before it.
pub(crate) fn split(data: &[u8], from: usize, fields: &mut Vec<Field>) -> Result<usize, Fault> {
    fields.clear();
    let mut at = from;
    loop {
        while data.get(at) == Some(&b' ') {
            at += 1;
        }
        let end = if data.get(at) == Some(&b'"') { quoted(data, at, fields)? } else { plain(data, at, fields)? };
        match data.get(end) {
            Some(b',') => at = end + 1,
            Some(b'\r') if data.get(end + 1) == Some(&b'\n') => return Ok(end + 2),
            Some(_) => return Ok(end + 1), // a line feed, or a carriage return at the end of the file
            None => return Ok(end),
        }
    }
}

/// The bytes that end an unquoted field, or do not belong into one.
const fn is_special(byte: u8) -> bool {
    matches!(byte, b',' | b'\n' | b'\r' | b'"')
}

/// One unquoted field that begins at `start`; gives the place of the comma or line end after it.
fn plain(data: &[u8], start: usize, fields: &mut Vec<Field>) -> Result<usize, Fault> {
    let rest = data.get(start..).unwrap_or_default();
    let length = rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len());
    let stop = start + length;
    let fault = |kind| Fault { at: stop, field: fields.len(), kind };
    match data.get(stop) {
        Some(b'"') => return Err(fault(FaultKind::QuoteInside)),
        Some(b'\r') if !ends_line(data, stop) => return Err(fault(FaultKind::CarriageReturn)),
        _ => {}
    }
    let mut end = stop;
    while end > start && data.get(end - 1) == Some(&b' ') {
        end -= 1;
    }
    fields.push(Field { start: start as u32, end: end as u32, form: Form::Plain });
    Ok(stop)
}

/// One quoted field whose opening quote is at `open`; gives the place of the comma or line end after it.
fn quoted(data: &[u8], open: usize, fields: &mut Vec<Field>) -> Result<usize, Fault> {
    let start = open + 1;
    let mut at = start;
    let mut form = Form::Quoted;
    let fault = |at, kind| Fault { at, field: fields.len(), kind };
    let close = loop {
        let rest = data.get(at..).unwrap_or_default();
        let Some(offset) = memchr::memchr(b'"', rest) else {
            return Err(fault(open, FaultKind::Unterminated));
        };
        let quote = at + offset;
        if data.get(quote + 1) != Some(&b'"') {
            break quote;
        }
        form = Form::Escaped;
        at = quote + 2;
    };
    let mut stop = close + 1;
    while data.get(stop) == Some(&b' ') {
        stop += 1;
    }
    match data.get(stop) {
        None | Some(b',' | b'\n') => {}
        Some(b'\r') if ends_line(data, stop) => {}
        Some(_) => return Err(fault(stop, FaultKind::AfterQuote)),
    }
    fields.push(Field { start: start as u32, end: close as u32, form });
    Ok(stop)
}

/// Whether the carriage return at `at` is (part of) a line end.
fn ends_line(data: &[u8], at: usize) -> bool {
    matches!(data.get(at + 1), None | Some(b'\n'))
}

/// Whether a line (with or without its end) is blank: no record, not counted (`spec/loader.md` §6.4). Agrees with
/// [`split`], which finds one empty unquoted field there.
pub(crate) fn is_blank(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.iter().all(|byte| *byte == b' ')
}

/// The input that fields point into.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Text<'a> {
    /// Known to be UTF-8 throughout, checked once a block.
    Valid(&'a str),
    /// Not UTF-8 everywhere: bad bytes become replacement characters, field by field (§6.1).
    Lossy(&'a [u8]),
}

impl<'a> Text<'a> {
    /// Checks the bytes once.
    pub(crate) fn new(data: &'a [u8]) -> Self {
        str::from_utf8(data).map_or(Self::Lossy(data), Self::Valid)
    }

    /// The bytes.
    pub(crate) const fn bytes(self) -> &'a [u8] {
        match self {
            Self::Valid(text) => text.as_bytes(),
            Self::Lossy(bytes) => bytes,
        }
    }

    /// The text of a range that ends and begins at ASCII bytes or at the input's own ends.
    pub(crate) fn range(self, start: usize, end: usize) -> Cow<'a, str> {
        match self {
            // Field borders lie beside ASCII bytes, so the range never cuts a character.
            Self::Valid(text) => Cow::Borrowed(text.get(start..end).unwrap_or_default()),
            Self::Lossy(bytes) => String::from_utf8_lossy(bytes.get(start..end).unwrap_or_default()),
        }
    }
}

/// One field's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell<'a> {
    /// The text, unescaped; without the spaces round it if it was not quoted.
    pub(crate) text: &'a str,
    /// Whether it stood in quotes.
    pub(crate) quoted: bool,
}

impl Cell<'_> {
    /// Nothing between the commas (or no field at all): the value is absent. `""` is not blank.
    pub(crate) const fn is_blank(&self) -> bool {
        self.text.is_empty() && !self.quoted
    }
}

/// One record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    text: Text<'a>,
    fields: &'a [Field],
}

impl<'a> Row<'a> {
    /// The record of these fields of `text`.
    pub(crate) const fn new(text: Text<'a>, fields: &'a [Field]) -> Self {
        Self { text, fields }
    }

    /// How many fields it has.
    pub(crate) const fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether it is a blank line: one field with nothing in it, not even quotes.
    pub(crate) const fn is_blank(&self) -> bool {
        match self.fields {
            [only] => only.start == only.end && matches!(only.form, Form::Plain),
            _ => false,
        }
    }

    /// Field number `column`, blank if the record is shorter. `scratch` is used only if the text must be changed.
    pub(crate) fn cell<'b>(&self, column: usize, scratch: &'b mut String) -> Cell<'b>
    where
        'a: 'b,
    {
        let Some(field) = self.fields.get(column) else {
            return Cell { text: "", quoted: false };
        };
        let quoted = field.form != Form::Plain;
        let range = self.text.range(field.start as usize, field.end as usize);
        let text = match (range, field.form) {
            (Cow::Borrowed(text), Form::Plain | Form::Quoted) => text,
            (Cow::Owned(text), Form::Plain | Form::Quoted) => {
                *scratch = text;
                scratch.as_str()
            }
            (text, Form::Escaped) => {
                unescape(&text, scratch);
                scratch.as_str()
            }
        };
        Cell { text, quoted }
    }

    /// The longest field, in bytes.
    pub(crate) fn longest(&self) -> Option<(usize, usize)> {
        let lengths = self.fields.iter().map(|field| (field.end - field.start) as usize);
        lengths.enumerate().max_by_key(|(_, length)| *length)
    }

    /// The number of the first field that holds this byte.
    pub(crate) fn find(&self, byte: u8) -> Option<usize> {
        self.fields.iter().position(|field| {
            let text = self.text.bytes().get(field.start as usize..field.end as usize);
            memchr::memchr(byte, text.unwrap_or_default()).is_some()
        })
    }
}

/// Writes `text` with each `""` made one quote.
fn unescape(text: &str, into: &mut String) {
    into.clear();
    for (index, part) in text.split("\"\"").enumerate() {
        if index > 0 {
            into.push('"');
        }
        into.push_str(part);
    }
}

#[cfg(test)]
mod tests;
