//! The manifest: one value in the engine that names every live file. What it does not name does not exist.

use model::{Dataset, HashKey};
use serde::{Deserialize, Serialize};

use crate::layer::SetRecord;

/// Its key in [`crate::engine::Space::Meta`].
pub(crate) const KEY: &[u8] = b"manifest";

/// See the module. Kept as JSON: it is small, written once a publish, and an operator can read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) format: u32,
    /// The secret of term hashing, 32 hex digits.
    hash_key: String,
    /// The last commit number given out before this was written.
    pub(crate) commit: u64,
    pub(crate) pg: Vec<SetRecord>,
    pub(crate) rdf: Vec<SetRecord>,
    /// Sets that only their owner sees.
    #[serde(default)]
    pub(crate) staged: Vec<StagedRecord>,
    /// Commits over which layers are not merged.
    #[serde(default)]
    pub(crate) fences: Vec<Fence>,
}

/// A commit that stays the last one of its layer as long as a load goes on which has to know what was there before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fence {
    /// The load's id.
    pub(crate) owner: String,
    /// `pg` or `rdf`.
    pub(crate) dataset: String,
    pub(crate) commit: u64,
}

/// A staged layer: it belongs to one load or transaction, and becomes visible or vanishes with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StagedRecord {
    /// The load's id, or a transaction's name.
    pub(crate) owner: String,
    /// `pg` or `rdf`.
    pub(crate) dataset: String,
    /// Its files; it covers no commits yet, and names the last one that it was made on top of.
    pub(crate) set: SetRecord,
}

impl Manifest {
    pub(crate) fn new(hash_key: &HashKey) -> Self {
        let hash_key = format!("{:032x}", u128::from_be_bytes(*hash_key.as_bytes()));
        Self {
            format: crate::blockfile::FORMAT,
            hash_key,
            commit: 0,
            pg: Vec::new(),
            rdf: Vec::new(),
            staged: Vec::new(),
            fences: Vec::new(),
        }
    }

    /// The secret, or `None` if the manifest is damaged.
    pub(crate) fn hash_key(&self) -> Option<HashKey> {
        let number = u128::from_str_radix(&self.hash_key, 16).ok()?;
        (self.hash_key.len() == 32).then(|| HashKey::new(number.to_be_bytes()))
    }

    pub(crate) fn sets(&self, dataset: Dataset) -> &[SetRecord] {
        match dataset {
            Dataset::Pg => &self.pg,
            Dataset::Rdf => &self.rdf,
        }
    }

    pub(crate) fn sets_mut(&mut self, dataset: Dataset) -> &mut Vec<SetRecord> {
        match dataset {
            Dataset::Pg => &mut self.pg,
            Dataset::Rdf => &mut self.rdf,
        }
    }
}
