//! Counting tests by the closing lines of the runners that ran them.

use std::{fmt, ops::AddAssign};

/// How many tests passed, failed and were skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

impl Tally {
    /// What one line of output adds: the closing line of `cargo test`, nextest or pytest, or one of the three that
    /// node's runner prints (`# pass 3`, or `ℹ pass 3` on newer versions). `None` for every other line.
    pub(crate) fn of_line(line: &str) -> Option<Self> {
        // What stands further in is the output of a failed test, repeated by its runner.
        if let Some(counts) = line.strip_prefix("test result: ") {
            return Some(Self::of_counts(counts));
        }
        let line = line.trim();
        if line.starts_with("Summary [") && line.contains(" run: ") {
            return Some(Self::of_counts(line.split_once(" run: ")?.1));
        }
        if line.starts_with("==") && line.ends_with("==") && line.contains(" in ") {
            return Some(Self::of_counts(line.trim_matches('=')));
        }
        let node = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ "))?;
        let (word, count) = node.split_once(' ')?;
        let mut tally = Self::default();
        *match word {
            "pass" => &mut tally.passed,
            "fail" => &mut tally.failed,
            "skipped" => &mut tally.skipped,
            _ => return None,
        } = count.parse().ok()?;
        Some(tally)
    }

    /// Reads `12 passed; 1 failed` and the like: a number before each word that is known, whatever stands between.
    fn of_counts(text: &str) -> Self {
        let mut tally = Self::default();
        let mut number = None;
        for word in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
            if let Ok(count) = word.parse::<u64>() {
                number = Some(count);
                continue;
            }
            let count = number.take().unwrap_or(0);
            match word {
                "passed" | "xfailed" => tally.passed += count,
                "failed" | "error" | "errors" | "xpassed" => tally.failed += count,
                "skipped" | "ignored" => tally.skipped += count,
                _ => {}
            }
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn closing_lines_of_every_runner_are_counted() {
        let table = [
            (
                "test result: ok. 12 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.1s",
                (12, 1, 2),
            ),
            ("     Summary [   0.004s] 14 tests run: 12 passed (1 slow), 2 failed, 3 skipped", (12, 2, 3)),
            ("=================== 3 passed, 1 skipped in 2.31s ===================", (3, 0, 1)),
            ("=== 1 failed, 2 passed, 1 error in 62.10s (0:01:02) ===", (2, 2, 0)),
            ("# pass 7", (7, 0, 0)),
            ("ℹ fail 1", (0, 1, 0)),
            ("# skipped 2", (0, 0, 2)),
        ];
        for (line, (passed, failed, skipped)) in table {
            assert_eq!(Tally::of_line(line), Some(Tally { passed, failed, skipped }), "{line}");
        }
    }

    #[test]
    fn other_lines_are_not_counted() {
        for line in [
            "",
            "3 passed",
            "# Subtest: loads",
            "=== short test summary info ===",
            "# duration_ms 12.5",
            "    test result: FAILED. 0 passed; 1 failed",
        ] {
            assert_eq!(Tally::of_line(line), None, "{line}");
        }
    }
}
