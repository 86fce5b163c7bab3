//! What the data takes on disk, by data set and index order.

use model::Dataset;

use crate::Store;
use crate::blockfile::BlockFile;
use crate::order::Order;
use crate::shared::index;

/// Bytes on disk, and entries in them. An entry may be a deletion, or a quad that a newer file has too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Bytes.
    pub bytes: u64,
    /// Entries.
    pub entries: u64,
}

/// What files take, from their footers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StorageReport {
    /// Bytes of everything: live files, the engine with the commit log, files that are being written.
    pub total_bytes: u64,
    /// By data set and order: SPOG, POSG, OPSG, GSPO.
    pub orders: [[Stored; 4]; 2],
    /// The dictionaries of both data sets; an entry is a spelling.
    pub dictionaries: Stored,
}

impl StorageReport {
    /// What an order of a data set takes.
    pub const fn order(&self, dataset: Dataset, order: Order) -> Stored {
        self.orders[index(dataset)][order.index()]
    }
}

impl Store {
    /// What the data takes on disk. Reads nothing from it. Commits that are not folded into files yet are in the log alone.
    pub fn storage(&self) -> StorageReport {
        let usage = self.usage();
        let mut report = StorageReport {
            total_bytes: usage.disk_bytes + usage.temporary_bytes + usage.merging_bytes,
            ..StorageReport::default()
        };
        for dataset in Dataset::ALL {
            let snapshot = self.snapshot(dataset);
            for set in snapshot.layers().iter().filter_map(|layer| layer.disk()) {
                for segment in set.segments.iter().flatten() {
                    report.orders[index(dataset)][segment.order().index()].add(segment.file());
                }
                if let Some(dictionary) = &set.dictionary {
                    report.dictionaries.add(dictionary.file());
                }
            }
        }
        report
    }
}

impl Stored {
    fn add(&mut self, file: &BlockFile) {
        self.bytes += file.length();
        self.entries += file.entries();
    }
}
