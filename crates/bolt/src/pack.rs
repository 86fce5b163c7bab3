//! PackStream, written: the smallest form of each number and length.

/// Writes values at the end of a buffer.
#[derive(Debug)]
pub struct Packer<'o>(pub &'o mut Vec<u8>);

/// The markers of one kind of value with a length: that of lengths below 16, and those of 8, 16 and 32 bits.
struct Sized {
    tiny: u8,
    markers: [u8; 3],
}

const STRING: Sized = Sized { tiny: 0x80, markers: [0xD0, 0xD1, 0xD2] };
const LIST: Sized = Sized { tiny: 0x90, markers: [0xD4, 0xD5, 0xD6] };
const MAP: Sized = Sized { tiny: 0xA0, markers: [0xD8, 0xD9, 0xDA] };

impl Packer<'_> {
    /// Null.
    pub fn null(&mut self) {
        self.0.push(0xC0);
    }

    /// True or false.
    pub fn boolean(&mut self, value: bool) {
        self.0.push(if value { 0xC3 } else { 0xC2 });
    }

    /// An integer.
    pub fn integer(&mut self, value: i64) {
        if let Ok(value @ -16..) = i8::try_from(value) {
            self.0.push(value.cast_unsigned());
        } else if let Ok(value) = i8::try_from(value) {
            self.0.extend_from_slice(&[0xC8, value.cast_unsigned()]);
        } else if let Ok(value) = i16::try_from(value) {
            self.0.push(0xC9);
            self.0.extend_from_slice(&value.to_be_bytes());
        } else if let Ok(value) = i32::try_from(value) {
            self.0.push(0xCA);
            self.0.extend_from_slice(&value.to_be_bytes());
        } else {
            self.0.push(0xCB);
            self.0.extend_from_slice(&value.to_be_bytes());
        }
    }

    /// A float.
    pub fn float(&mut self, value: f64) {
        self.0.push(0xC1);
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    /// A string.
    pub fn string(&mut self, text: &str) {
        self.sized(&STRING, text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    /// The beginning of a list: so many values follow.
    pub fn list(&mut self, length: usize) {
        self.sized(&LIST, length);
    }

    /// The beginning of a map: so many pairs of a string and a value follow.
    pub fn map(&mut self, length: usize) {
        self.sized(&MAP, length);
    }

    /// The beginning of a structure of at most 15 fields, which follow.
    pub fn structure(&mut self, tag: u8, fields: u8) {
        self.0.extend_from_slice(&[0xB0 | fields, tag]);
    }

    /// No value of this server comes near 2^32 of anything: results are bounded far below.
    fn sized(&mut self, kind: &Sized, length: usize) {
        let [short, medium, long] = kind.markers;
        match length {
            0..16 => self.0.push(kind.tiny | length as u8),
            16..0x100 => self.0.extend_from_slice(&[short, length as u8]),
            0x100..0x1_0000 => {
                self.0.push(medium);
                self.0.extend_from_slice(&(length as u16).to_be_bytes());
            }
            _ => {
                self.0.push(long);
                self.0.extend_from_slice(&(length as u32).to_be_bytes());
            }
        }
    }
}
