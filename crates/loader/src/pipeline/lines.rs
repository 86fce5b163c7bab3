//! On which line a record begins, for errors that are found after the text is gone.
//!
//! Where every record of a block is one line, which is nearly always, a record's line follows from its number. Only
//! what is certain is told: in blocks with blank lines or line breaks in values, only the first record's line is.

/// The lines of one feed's records, since the last epoch.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Beginnings of runs of blocks with one common rule, in order.
    runs: Vec<Run>,
    /// Where the next block begins if the last one has a line for each record.
    last: Option<Start>,
}

#[derive(Clone, Copy, Debug)]
struct Start {
    record: u64,
    line: u64,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    start: Start,
    /// Whether each record up to the next run is one line.
    straight: bool,
}

impl Lines {
    /// A block, or the end of the feed, begins here. In order.
    pub(super) fn note(&mut self, record: u64, line: u64) {
        let start = Start { record, line };
        if let Some(last) = self.last {
            // Now the last block's end is known.
            let straight = line.checked_sub(last.line) == record.checked_sub(last.record);
            match self.runs.last() {
                // Straight runs join: the first one's rule holds for the next block too.
                Some(run) if run.straight && straight => {}
                _ => self.runs.push(Run { start: last, straight }),
            }
        }
        self.last = Some(start);
    }

    /// The line of a record, if it is known.
    pub(super) fn line(&self, record: u64) -> Option<u64> {
        let found = match self.last {
            // The end of this block is not known.
            Some(last) if record >= last.record => Run { start: last, straight: false },
            _ => *self.runs.get(self.runs.partition_point(|run| run.start.record <= record).checked_sub(1)?)?,
        };
        let into = record - found.start.record;
        (found.straight || into == 0).then_some(found.start.line + into)
    }

    /// Forgets all but what is needed to go on.
    pub(super) fn told(&mut self) {
        self.runs.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_certain_is_told() {
        let mut lines = Lines::default();
        lines.note(1, 2); // ten records on ten lines
        lines.note(11, 12); // ten records on twelve lines
        lines.note(21, 24); // five on five
        lines.note(26, 29); // five on five
        lines.note(31, 34); // not known
        for (record, line) in [
            (1, Some(2)),
            (10, Some(11)),
            (11, Some(12)),
            (12, None),
            (20, None),
            (21, Some(24)),
            (26, Some(29)),
            (30, Some(33)),
            (31, Some(34)),
            (32, None),
        ] {
            assert_eq!(lines.line(record), line, "record {record}");
        }
        assert_eq!(lines.runs.len(), 3);
        lines.told();
        assert_eq!((lines.line(1), lines.line(31)), (None, Some(34)));
    }
}
