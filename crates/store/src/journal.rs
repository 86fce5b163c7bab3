//! The journal: a small durable key-value area where the loader keeps its jobs. Its writes can join a publish.

use std::sync::Arc;

use crate::Result;
use crate::engine::{Space, Write};
use crate::shared::Shared;

/// See the module. Clones share it.
#[derive(Clone, Debug)]
pub struct Journal {
    shared: Arc<Shared>,
}

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalWrite {
    /// Sets a key.
    Put {
        /// The key.
        key: Vec<u8>,
        /// Its value.
        value: Vec<u8>,
    },
    /// Removes a key.
    Delete {
        /// The key.
        key: Vec<u8>,
    },
}

impl JournalWrite {
    pub(crate) fn into_write(self) -> Write {
        match self {
            Self::Put { key, value } => Write { space: Space::Journal, key, value: Some(value) },
            Self::Delete { key } => Write { space: Space::Journal, key, value: None },
        }
    }
}

impl Journal {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The value of a key.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.shared.engine.get(Space::Journal, key)
    }

    /// All pairs whose key begins with `prefix`, in key order.
    pub fn scan(&self, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
        self.shared.engine.scan(Space::Journal, prefix)
    }

    /// One atomic batch, durable when it returns. Works on a full disk as long as there is ballast.
    pub fn write(&self, writes: Vec<JournalWrite>) -> Result<()> {
        let writes: Vec<_> = writes.into_iter().map(JournalWrite::into_write).collect();
        self.shared.engine.write(&writes)
    }
}
