//! How fast a transaction goes that looks at what it wrote after each write, as a MERGE a row does:
//! `cargo run --profile fast -p halimede-store --example transaction_rate -- WRITES`.
//!
//! Prints seconds. For profiles, not for records.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "an example that measures")]

use std::time::Instant;

use model::{Dataset, Quad, TermRef};
use store::{Options, Store};

fn main() {
    let writes: u64 = std::env::args().nth(1).map_or(20_000, |number| number.parse().unwrap());
    let directory = tempfile::tempdir_in(".").unwrap();
    let store = Store::open(directory.path(), Options { disk_floor: 0, ..Options::default() }).unwrap();
    for looking in [false, true] {
        let start = Instant::now();
        let mut transaction = store.begin(Dataset::Pg);
        for i in 0..writes {
            let name = format!("a-vertex-whose-id-is-hashed-{looking}-{i}");
            let (s, p, o) = (TermRef::Vertex(&name), TermRef::Label, TermRef::String("Label"));
            assert!(transaction.insert(s, p, o, TermRef::DefaultGraph).unwrap());
            if looking {
                let [s, p, o] = [s, p, o].map(|term| transaction.encode(term));
                assert!(transaction.snapshot().contains(&Quad::in_default_graph(s, p, o)).unwrap());
            }
        }
        let written = start.elapsed();
        transaction.commit().unwrap();
        println!("looking {looking}: {writes} writes in {written:?}, committed after {:?}", start.elapsed());
    }
}
