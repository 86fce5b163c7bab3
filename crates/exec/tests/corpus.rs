//! What the fuzz targets of values found, and what they begin with, as an ordinary test.

use std::fs;
use std::path::Path;

#[path = "../../../fuzz/src/values.rs"]
#[expect(unreachable_pub, reason = "the fuzz crate exports them")]
mod values;

#[test]
fn properties_hold_for_the_corpus() {
    for (name, property) in values::VALUES {
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
