//! The terms of one batch, resolved together.

use model::{Term, TermId};
use store::Snapshot;

use super::ExportError;

/// Terms by id.
#[derive(Debug, Default)]
pub(super) struct Terms {
    ids: Vec<TermId>,
    terms: Vec<Term>,
}

impl Terms {
    /// Resolves the ids, each once.
    pub(super) fn resolve(
        &mut self,
        snapshot: &Snapshot,
        ids: impl Iterator<Item = TermId>,
    ) -> Result<(), ExportError> {
        self.ids.clear();
        self.ids.extend(ids);
        self.ids.sort_unstable();
        self.ids.dedup();
        self.terms = snapshot.resolve_many(&self.ids)?;
        Ok(())
    }

    /// The term of an id that was among those to resolve.
    pub(super) fn get(&self, id: TermId) -> &Term {
        let index = self.ids.binary_search(&id).ok();
        index.and_then(|index| self.terms.get(index)).expect("the batch's ids were resolved")
    }
}
