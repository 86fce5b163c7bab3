//! What was said of a data set's statistics: one record each, beside the manifest.

use model::Dataset;
use serde::{Deserialize, Serialize};

use crate::engine::{Space, Write};
use crate::shared::Shared;
use crate::{Error, Result};

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Settings {
    /// Whether statistics are computed unasked.
    pub(super) auto_compute: bool,
    /// The last commit when they were deleted, and no refresh was asked for since.
    pub(super) deleted_at: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { auto_compute: true, deleted_at: None }
    }
}

impl Settings {
    /// As they were left.
    pub(super) fn read(shared: &Shared, dataset: Dataset) -> Result<Self> {
        let Some(text) = shared.engine.get(Space::Meta, &key(dataset))? else { return Ok(Self::default()) };
        serde_json::from_slice(&text).map_err(|error| {
            Error::corrupt(&shared.directory.join("engine"), format!("the settings of statistics: {error}"))
        })
    }

    /// The write that keeps them.
    pub(super) fn write(self, dataset: Dataset) -> Write {
        let value = serde_json::to_vec(&self).expect("a flag and a number have no failing serializer");
        Write { space: Space::Meta, key: key(dataset), value: Some(value) }
    }
}

fn key(dataset: Dataset) -> Vec<u8> {
    format!("statistics/{}", dataset.name()).into_bytes()
}
