//! Well-known text to shapes.

use super::{MAX_DEPTH, MAX_TEXT, Malformed, Place, Shape};

/// The shape that a text says. Upper and lower case are one, blanks between words are free, and a height may be there
/// without its `Z`.
///
/// # Errors
///
/// Where the text is no shape, and what would be one.
pub fn parse(text: &str) -> Result<Shape, Malformed> {
    let mut reader = Reader { text, at: 0, heights: None };
    if text.len() > MAX_TEXT {
        return Err(reader.expected("at most 65536 bytes"));
    }
    let shape = reader.shape(0)?;
    reader.skip_blanks();
    if reader.at < text.len() {
        return Err(reader.expected("nothing behind the shape"));
    }
    // What is short in exponents may be long without them.
    super::text(&shape).map(|_| shape)
}

type Result<T, E = Malformed> = std::result::Result<T, E>;

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Whether places have heights, once that is known.
    heights: Option<bool>,
}

impl<'a> Reader<'a> {
    fn shape(&mut self, depth: usize) -> Result<Shape> {
        if depth > MAX_DEPTH {
            return Err(self.expected("collections that nest at most 16 deep"));
        }
        let start = self.at;
        let mut name = self.word().to_ascii_uppercase();
        let has_mark = name.len() > 1 && name.ends_with('Z');
        if has_mark {
            name.pop();
        }
        let is_empty_or_open = |reader: &mut Self| matches!(reader.peek(), Some('(' | 'E' | 'e'));
        let has_mark = has_mark || (!is_empty_or_open(self) && self.word_is("Z"));
        if has_mark && self.heights == Some(false) {
            return Err(self.expected("places without heights, as before"));
        }
        if has_mark {
            self.heights = Some(true);
        }
        Ok(match name.as_str() {
            "POINT" => {
                let mut places = self.list(Self::place)?;
                if places.len() > 1 {
                    return Err(self.expected("one place in a point"));
                }
                Shape::Point(places.pop())
            }
            "LINESTRING" => Shape::LineString(self.line()?),
            "POLYGON" => Shape::Polygon(self.polygon()?),
            "MULTIPOINT" => Shape::MultiPoint(self.list(|reader| {
                // Both `(1 2)` and `1 2` are in use.
                let is_bare = reader.peek() != Some('(');
                if is_bare { reader.place() } else { reader.parenthesised() }
            })?),
            "MULTILINESTRING" => Shape::MultiLineString(self.list(Self::line)?),
            "MULTIPOLYGON" => Shape::MultiPolygon(self.list(Self::polygon)?),
            "GEOMETRYCOLLECTION" => Shape::Collection(self.list(|reader| reader.shape(depth + 1))?),
            _ => {
                self.at = start;
                self.skip_blanks();
                return Err(self.expected(
                    "POINT, LINESTRING, POLYGON, MULTIPOINT, MULTILINESTRING, MULTIPOLYGON or GEOMETRYCOLLECTION",
                ));
            }
        })
    }

    fn polygon(&mut self) -> Result<Vec<Vec<Place>>> {
        self.list(|reader| {
            let ring = reader.list(Self::place)?;
            let is_closed = ring.first() == ring.last();
            if ring.is_empty() || (ring.len() >= 4 && is_closed) {
                return Ok(ring);
            }
            Err(reader.expected("a ring of at least four places, of which the last is the first"))
        })
    }

    fn line(&mut self) -> Result<Vec<Place>> {
        let places = self.list(Self::place)?;
        if places.len() == 1 { Err(self.expected("at least two places in a line string")) } else { Ok(places) }
    }

    fn parenthesised(&mut self) -> Result<Place> {
        self.take('(', "(")?;
        let place = self.place()?;
        self.take(')', ")")?;
        Ok(place)
    }

    /// `EMPTY`, or items in parentheses with commas between them.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        if matches!(self.peek(), Some('E' | 'e')) && self.word_is("EMPTY") {
            return Ok(Vec::new());
        }
        self.take('(', "( or EMPTY")?;
        let mut items = vec![item(self)?];
        while self.peek() == Some(',') {
            self.at += 1;
            items.push(item(self)?);
        }
        self.take(')', ", or )")?;
        Ok(items)
    }

    fn place(&mut self) -> Result<Place> {
        let (x, y) = (self.number()?, self.number()?);
        let has_height = !matches!(self.peek(), Some(',' | ')'));
        if *self.heights.get_or_insert(has_height) != has_height {
            return Err(self.expected("places that all have a height, or none"));
        }
        Ok(Place { x, y, z: has_height.then(|| self.number()).transpose()? })
    }

    fn number(&mut self) -> Result<f64> {
        self.skip_blanks();
        let rest = self.rest();
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let length = rest.bytes().take_while(|byte| is_part(byte)).count();
        match rest[..length].parse::<f64>() {
            Ok(number) if number.is_finite() => {
                self.at += length;
                // Minus zero is no other place than zero.
                Ok(number + 0.0)
            }
            _ => Err(self.expected("a number")),
        }
    }

    fn take(&mut self, sign: char, expected: &'static str) -> Result<()> {
        if self.peek() != Some(sign) {
            return Err(self.expected(expected));
        }
        self.at += sign.len_utf8();
        Ok(())
    }

    fn word_is(&mut self, word: &str) -> bool {
        let before = self.at;
        let is_it = self.word().eq_ignore_ascii_case(word);
        if !is_it {
            self.at = before;
        }
        is_it
    }

    fn word(&mut self) -> &'a str {
        self.skip_blanks();
        let rest = self.rest();
        let length = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        self.at += length;
        &rest[..length]
    }

    fn peek(&mut self) -> Option<char> {
        self.skip_blanks();
        self.rest().chars().next()
    }

    fn skip_blanks(&mut self) {
        self.at += self.rest().bytes().take_while(u8::is_ascii_whitespace).count();
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn expected(&self, expected: &'static str) -> Malformed {
        Malformed { at: self.text[..self.at].chars().count() + 1, expected }
    }
}
