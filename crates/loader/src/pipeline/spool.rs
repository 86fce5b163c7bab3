//! What an epoch finds wrong, kept until the epoch is judged: in memory while it is little, else in a file without a name.
//!
//! Two queues of one kind: rows that could not be read, with their text, in the order of their ordinals; and violations,
//! as the store reports them. Both are written once and then read once. Their order lets them be merged row by row, so
//! that of a load with millions of bad rows never more than a few are in memory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Cursor, Read, Seek, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::{fmt, mem};

use model::{Quad, TermId};
use serde::{Deserialize, Serialize};
use store::{Ordinal, Violation};

use crate::jobs::ErrorEntry;

/// What may be in memory, in bytes.
const IN_MEMORY: usize = 1 << 20;

/// What is kept of an epoch before the epoch must end, in bytes.
pub(super) const FULL: u64 = 64 << 20;

/// A row that was refused, or a place where a file ends too early.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) ordinal: Ordinal,
    pub(super) entry: ErrorEntry,
    /// The row as it stood, with its line end, if that is known.
    pub(super) text: Option<Vec<u8>>,
    /// What else there is to say.
    pub(super) note: Option<String>,
}

/// One thing in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// The line that the rows of this feed need above them; before the first of them.
    Header(u32, Vec<u8>),
    /// A row.
    Refused(Box<Refused>),
}

/// What can be written to a queue and read back.
pub(super) trait Kept: Sized {
    fn write(&self, out: &mut Vec<u8>);
    fn read(from: &mut dyn Read) -> io::Result<Self>;
}

/// See the module.
#[derive(Debug)]
pub(super) struct Spool<T> {
    memory: Vec<u8>,
    file: Option<File>,
    in_file: u64,
    count: u64,
    /// Where a file is made, if one is needed.
    folder: PathBuf,
    of: PhantomData<T>,
}

impl<T: Kept> Spool<T> {
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self { memory: Vec::new(), file: None, in_file: 0, count: 0, folder, of: PhantomData }
    }

    pub(super) fn push(&mut self, item: &T) -> io::Result<()> {
        item.write(&mut self.memory);
        self.count += 1;
        if self.memory.len() > IN_MEMORY {
            let file = match &mut self.file {
                Some(file) => file,
                None => self.file.insert(nameless(&self.folder)?),
            };
            file.write_all(&self.memory)?;
            self.in_file += self.memory.len() as u64;
            self.memory.clear();
        }
        Ok(())
    }

    /// How many there are.
    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// How many bytes they take.
    pub(super) fn bytes(&self) -> u64 {
        self.in_file + self.memory.len() as u64
    }

    /// What was pushed, in order; the spool is empty afterwards.
    pub(super) fn drain(&mut self) -> io::Result<Drain<T>> {
        let memory = Cursor::new(mem::take(&mut self.memory));
        let reader: Box<dyn Read> = match self.file.take() {
            Some(mut file) => {
                file.rewind()?;
                Box::new(BufReader::new(file).take(mem::take(&mut self.in_file)).chain(memory))
            }
            None => Box::new(memory),
        };
        Ok(Drain { reader, left: mem::take(&mut self.count), of: PhantomData })
    }
}

/// A file that nobody else can open, and that is gone with its handle.
fn nameless(folder: &Path) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    let path = folder.join(uuid::Uuid::new_v4().to_string());
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

/// What a spool held.
pub(super) struct Drain<T> {
    reader: Box<dyn Read>,
    left: u64,
    of: PhantomData<T>,
}

impl<T> fmt::Debug for Drain<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<T: Kept> Iterator for Drain<T> {
    type Item = io::Result<T>;

    fn next(&mut self) -> Option<io::Result<T>> {
        self.left = self.left.checked_sub(1)?;
        Some(T::read(&mut self.reader))
    }
}

/// The members of [`Refused`] but for the text, which need not be UTF-8.
#[derive(Serialize, Deserialize)]
struct Words {
    feed: u32,
    record: u64,
    entry: ErrorEntry,
    note: Option<String>,
}

impl Kept for Item {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Header(feed, line) => {
                out.push(0);
                out.extend(feed.to_le_bytes());
                put(out, line);
            }
            Self::Refused(refused) => {
                let Refused { ordinal, entry, text, note } = &**refused;
                let words =
                    Words { feed: ordinal.feed(), record: ordinal.record(), entry: entry.clone(), note: note.clone() };
                let words = serde_json::to_vec(&words).expect("texts and numbers have no failing serializer");
                out.push(1 + u8::from(text.is_some()));
                put(out, &words);
                if let Some(text) = text {
                    put(out, text);
                }
            }
        }
    }

    fn read(from: &mut dyn Read) -> io::Result<Self> {
        match get::<1>(from)? {
            [0] => Ok(Self::Header(u32::from_le_bytes(get(from)?), take(from)?)),
            [kind] => {
                let Words { feed, record, entry, note } = serde_json::from_slice(&take(from)?)?;
                let text = if kind == 2 { Some(take(from)?) } else { None };
                Ok(Self::Refused(Box::new(Refused { ordinal: Ordinal::new(feed, record), entry, text, note })))
            }
        }
    }
}

impl Kept for Violation {
    fn write(&self, out: &mut Vec<u8>) {
        let (kind, ordinal, quad) = match self {
            Self::MissingEnd { ordinal, edge } => (0, ordinal, edge),
            Self::EdgeIdTaken { ordinal, edge } => (1, ordinal, edge),
            Self::SingleValue { ordinal, quad } => (2, ordinal, quad),
        };
        out.push(kind);
        out.extend(ordinal.feed().to_le_bytes());
        out.extend(ordinal.record().to_le_bytes());
        for id in [quad.s, quad.p, quad.o, quad.g] {
            out.extend(id.to_be_bytes());
        }
    }

    fn read(from: &mut dyn Read) -> io::Result<Self> {
        let [kind] = get::<1>(from)?;
        let ordinal = Ordinal::new(u32::from_le_bytes(get(from)?), u64::from_le_bytes(get(from)?));
        let mut id = || TermId::from_be_bytes(get(from)?).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData));
        let quad = Quad::new(id()?, id()?, id()?, id()?);
        Ok(match kind {
            0 => Self::MissingEnd { ordinal, edge: quad },
            1 => Self::EdgeIdTaken { ordinal, edge: quad },
            _ => Self::SingleValue { ordinal, quad },
        })
    }
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u64).to_le_bytes());
    out.extend(bytes);
}

fn get<const N: usize>(from: &mut dyn Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn take(from: &mut dyn Read) -> io::Result<Vec<u8>> {
    let length = u64::from_le_bytes(get(from)?);
    let mut bytes = Vec::new();
    from.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::jobs::ErrorCode;

    fn item() -> impl Strategy<Value = Item> {
        let bytes = || prop::collection::vec(any::<u8>(), 0..40);
        let refused = (any::<u16>(), any::<u32>(), ".*", prop::option::of(bytes()), prop::option::of(".*"));
        let refused = refused.prop_map(|(feed, record, message, text, note)| {
            let (ordinal, record) = (Ordinal::new(u32::from(feed), u64::from(record)), u64::from(record));
            let entry = ErrorEntry::whole(ErrorCode::ParsingError, message, "file");
            Item::Refused(Box::new(Refused { ordinal, entry: ErrorEntry { record, ..entry }, text, note }))
        });
        prop_oneof![(any::<u32>(), bytes()).prop_map(|(feed, line)| Item::Header(feed, line)), refused]
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(items in prop::collection::vec(item(), 0..20)) {
            let mut spool = Spool::new(PathBuf::from("/nowhere"));
            for _ in 0..2 {
                items.iter().try_for_each(|item| spool.push(item)).expect("it fits into memory");
                let drained: Vec<Item> = spool.drain().expect("memory").map(|item| item.expect("memory")).collect();
                prop_assert_eq!(&drained, &items);
                prop_assert_eq!((spool.count(), spool.bytes()), (0, 0));
            }
        }
    }

    #[test]
    fn what_is_much_goes_to_a_file_without_a_name() {
        let folder = tempfile::tempdir().expect("a directory");
        let mut spool = Spool::new(folder.path().join("made"));
        let id = |number: u128| TermId::new(model::Tag::VertexInline, number);
        let violation = |number: u64| {
            let quad = Quad::new(id(number.into()), TermId::LABEL, id(7), TermId::DEFAULT_GRAPH);
            let ordinal = Ordinal::new(3, number);
            match number % 3 {
                0 => Violation::MissingEnd { ordinal, edge: quad },
                1 => Violation::EdgeIdTaken { ordinal, edge: quad },
                _ => Violation::SingleValue { ordinal, quad },
            }
        };
        let many = 40_000;
        (1..=many).try_for_each(|number| spool.push(&violation(number))).expect("there is room");
        assert!(spool.bytes() > 2 * IN_MEMORY as u64 && spool.memory.len() <= IN_MEMORY);
        assert_eq!(fs::read_dir(folder.path().join("made")).expect("a directory").count(), 0);
        let drained = spool.drain().expect("a file");
        assert!(drained.map(|violation| violation.expect("a file")).eq((1..=many).map(violation)));
    }
}
