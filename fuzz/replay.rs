//! The corpus of the fuzz targets, replayed: the tests of the crates include this file.

use std::fs;
use std::path::Path;

/// What must hold of every input.
type Property = fn(&[u8]);

/// Holds each property against every file in its folder of the corpus.
pub(crate) fn replay(properties: &[(&str, Property)]) {
    for (name, property) in properties {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
        let mut files: Vec<_> = fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|file| file.expect("it can be listed").path())
            .collect();
        files.sort();
        assert!(!files.is_empty(), "{} is empty", folder.display());
        for file in files {
            let input = fs::read(&file).expect("it was listed");
            eprintln!("{}", file.display()); // the last one named is the one that fails
            property(&input);
        }
    }
}
