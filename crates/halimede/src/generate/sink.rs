//! A file to write, compressed or not.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use bzip2::write::BzEncoder;
use flate2::write::GzEncoder;

use crate::error::{Error, Result};
use crate::flags::Compression;

/// Bytes gathered before they go to the file.
const BUFFER: usize = 1 << 18;

/// A file under way; complete only after [`Sink::finish`].
pub(super) struct Sink {
    path: PathBuf,
    encoder: Encoder,
}

enum Encoder {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Bzip2(BzEncoder<BufWriter<File>>),
}

impl Sink {
    /// Creates `path`, with the ending of the compression added, over any file that was there.
    pub(super) fn create(path: &Path, compression: Compression) -> Result<Self> {
        let mut path = path.as_os_str().to_owned();
        path.push(match compression {
            Compression::None => "",
            Compression::Gzip => ".gz",
            Compression::Bzip2 => ".bz2",
        });
        let path = PathBuf::from(path);
        let file =
            File::create(&path).map_err(|source| Error::Io { action: "cannot create", path: path.clone(), source })?;
        let file = BufWriter::with_capacity(BUFFER, file);
        // The fastest levels: these files are read once and thrown away.
        let encoder = match compression {
            Compression::None => Encoder::Plain(file),
            Compression::Gzip => Encoder::Gzip(GzEncoder::new(file, flate2::Compression::fast())),
            Compression::Bzip2 => Encoder::Bzip2(BzEncoder::new(file, bzip2::Compression::fast())),
        };
        Ok(Self { path, encoder })
    }

    /// Adds bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = match &mut self.encoder {
            Encoder::Plain(file) => file.write_all(bytes),
            Encoder::Gzip(encoder) => encoder.write_all(bytes),
            Encoder::Bzip2(encoder) => encoder.write_all(bytes),
        };
        written.map_err(|source| self.failed(source))
    }

    /// Ends the file; its size in bytes.
    pub(super) fn finish(self) -> Result<u64> {
        let Self { path, encoder } = self;
        let finish = || -> io::Result<u64> {
            let mut file = match encoder {
                Encoder::Plain(file) => file,
                Encoder::Gzip(encoder) => encoder.finish()?,
                Encoder::Bzip2(encoder) => encoder.finish()?,
            };
            file.flush()?;
            Ok(file.get_ref().metadata()?.len())
        };
        finish().map_err(|source| Error::Io { action: "cannot write", path, source })
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Io { action: "cannot write", path: self.path.clone(), source }
    }
}
