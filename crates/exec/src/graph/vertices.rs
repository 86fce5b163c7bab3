//! All nodes, or those with a label: ascending, each once.
//!
//! The nodes of one label are a run of POSG. All nodes are the runs of all labels, merged: who has several labels is in
//! several runs.

use model::TermId;
use store::{Columns, Order, Pattern, Scan, Snapshot};

use crate::context::Context;
use crate::fault::Result;

/// See the module. Gives some hundreds at a time.
pub(crate) struct Vertices {
    runs: Vec<Run>,
}

struct Run {
    scan: Scan,
    ids: Vec<TermId>,
}

impl Vertices {
    /// Those with a label.
    pub(crate) fn labelled(context: &Context<'_>, label: TermId) -> Self {
        Self { runs: vec![Run::new(&context.snapshot(), label, context)] }
    }

    /// All of them.
    pub(crate) fn all(context: &Context<'_>) -> Result<Self> {
        let snapshot = context.snapshot();
        let run = |label: store::Result<TermId>| Ok(Run::new(&snapshot, label?, context));
        Ok(Self { runs: snapshot.objects(TermId::LABEL).map(run).collect::<Result<_>>()? })
    }

    /// The next ones, at least one; `None` behind the last.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<TermId>>> {
        for run in &mut self.runs {
            run.fill()?;
        }
        self.runs.retain(|run| !run.ids.is_empty());
        match &mut self.runs[..] {
            [] => Ok(None),
            [only] => Ok(Some(std::mem::take(&mut only.ids))),
            runs => {
                // What is not above the first end of what is at hand is all there.
                let Some(bound) = runs.iter().filter_map(|run| run.ids.last().copied()).min() else { return Ok(None) };
                let mut ids = Vec::new();
                for run in runs {
                    let below = run.ids.partition_point(|id| *id <= bound);
                    ids.extend(run.ids.drain(..below));
                }
                ids.sort_unstable();
                ids.dedup();
                Ok(Some(ids))
            }
        }
    }
}

impl Run {
    fn new(snapshot: &Snapshot, label: TermId, context: &Context<'_>) -> Self {
        let pattern = Pattern { p: Some(TermId::LABEL), o: Some(label), ..Pattern::ALL };
        let scan = snapshot.scan_columns(pattern, Order::Posg, Columns::S).until(&context.cancel);
        Self { scan, ids: Vec::new() }
    }

    fn fill(&mut self) -> Result {
        if self.ids.is_empty()
            && let Some(batch) = self.scan.next()
        {
            self.ids = batch?.s;
        }
        Ok(())
    }
}
