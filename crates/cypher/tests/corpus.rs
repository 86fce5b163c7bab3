//! What the fuzz target found, and what it begins with, as an ordinary test.

use std::fs;
use std::path::Path;

#[path = "../../../fuzz/src/queries.rs"]
#[expect(unreachable_pub, reason = "the fuzz crate exports it")]
mod queries;

#[test]
fn the_property_holds_for_the_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/cypher");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|file| file.expect("it can be listed").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    for file in files {
        eprintln!("{}", file.display()); // the last one named is the one that fails
        queries::cypher(&fs::read(&file).expect("it was listed"));
    }
}
