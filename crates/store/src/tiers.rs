//! Which neighbouring sets to merge, by their sizes.
//!
//! From old to new each size should be at least [`GROWTH`] times all that is newer: then sets are few and an entry is
//! copied a logarithmic number of times. What breaks that is merged, as a whole and not two by two. Sets that a larger,
//! newer one covers are merged among themselves first, so that small ones do not make a large one be copied.

use std::ops::Range;

/// How much larger than all newer sets together a set must be to be left alone.
const GROWTH: u64 = 2;

/// Neighbours to merge: sizes are given from old to new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice(Range<usize>);

impl Choice {
    pub(crate) fn range(&self) -> Range<usize> {
        self.0.clone()
    }

    /// What is written for each set less.
    pub(crate) fn cost(&self, sizes: &[u64]) -> f64 {
        sizes[self.range()].iter().sum::<u64>() as f64 / (self.0.len() - 1) as f64
    }
}

/// The best neighbours to merge, at most `fan_in`; `None` if there are not two.
pub(crate) fn due(sizes: &[u64], fan_in: usize) -> Option<Choice> {
    let last = sizes.len();
    let choices = (2..=last).filter_map(|end| {
        let (start, sum) = reach(sizes, end, 2);
        let covered = end == last || sizes[end] > sum;
        covered.then(|| narrow(sizes, start..end, fan_in))
    });
    choices.min_by(|a, b| a.cost(sizes).total_cmp(&b.cost(sizes)))
}

/// The best neighbours to merge, at most `fan_in`, among those that break the rule; `None` if none do.
pub(crate) fn alike(sizes: &[u64], fan_in: usize) -> Option<Choice> {
    let choices = (2..=sizes.len()).filter_map(|end| {
        let (start, _) = reach(sizes, end, 1);
        (end - start > 1).then(|| narrow(sizes, start..end, fan_in))
    });
    choices.min_by(|a, b| a.cost(sizes).total_cmp(&b.cost(sizes)))
}

/// Where the neighbours begin that end there and break the rule, or `least` of them; and their sum.
fn reach(sizes: &[u64], end: usize, least: usize) -> (usize, u64) {
    let (mut start, mut sum) = (end - 1, sizes[end - 1]);
    while start > 0 && (end - start < least || sizes[start - 1] < sum.saturating_mul(GROWTH)) {
        start -= 1;
        sum = sum.saturating_add(sizes[start]);
    }
    (start, sum)
}

/// All of them, or the cheapest `fan_in` neighbours; `None` if there are not two.
pub(crate) fn all(sizes: &[u64], fan_in: usize) -> Option<Choice> {
    (sizes.len() > 1).then(|| narrow(sizes, 0..sizes.len(), fan_in))
}

/// The cheapest `fan_in` neighbours of a range; of equals the oldest.
fn narrow(sizes: &[u64], range: Range<usize>, fan_in: usize) -> Choice {
    if range.len() <= fan_in {
        return Choice(range);
    }
    let starts = range.start..=range.end - fan_in;
    let sum = |start: usize| sizes[start..start + fan_in].iter().sum::<u64>();
    let start = starts.min_by_key(|start| sum(*start)).unwrap_or(range.start);
    Choice(start..start + fan_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries written for each that arrived, when sets of size one arrive on top of `base`, more than `limit` are
    /// merged, and at the end there are at most four.
    fn amplification(base: Option<u64>, arrivals: u64, limit: usize) -> f64 {
        let mut sizes: Vec<u64> = base.into_iter().collect();
        let mut written = 0;
        let mut tidy = |sizes: &mut Vec<u64>, limit: usize| {
            while sizes.len() > limit {
                let range = due(sizes, 32).unwrap().range();
                assert!(range.len() > 1 && range.len() <= 32);
                let sum = sizes[range.clone()].iter().sum();
                written += sum;
                sizes.splice(range, [sum]);
            }
        };
        for _ in 0..arrivals {
            sizes.push(1);
            tidy(&mut sizes, limit);
        }
        tidy(&mut sizes, 4);
        assert_eq!(sizes.iter().sum::<u64>(), arrivals + base.unwrap_or(0));
        written as f64 / arrivals as f64
    }

    #[test]
    fn an_entry_is_copied_a_logarithmic_number_of_times() {
        for arrivals in [1, 4, 5, 40, 100, 1000, 3000] {
            let logarithm = (arrivals as f64).log2().max(1.0);
            for base in [None, Some(10 * arrivals)] {
                let busy = amplification(base, arrivals, 16);
                assert!(busy <= 1.0 + logarithm / 2.0, "{arrivals} on {base:?}: {busy}");
                // Four sets and no more are kept at the price of a fourth root.
                let quiet = amplification(base, arrivals, 4);
                assert!(quiet <= 2.0 + 5.0 * (arrivals as f64).powf(0.35), "{arrivals} on {base:?}: {quiet}");
            }
        }
    }

    #[test]
    fn equals_are_merged_at_once() {
        assert_eq!(due(&[1; 20], 32), Some(Choice(0..20)));
        assert_eq!(due(&[1; 40], 32), Some(Choice(0..32)));
        assert_eq!(due(&[1000, 1, 1, 1, 1], 32), Some(Choice(1..5)));
        assert_eq!(due(&[7], 32), None);
    }

    #[test]
    fn at_leisure_only_sets_of_like_sizes_are_merged() {
        assert_eq!(alike(&[10, 12, 13], 32), Some(Choice(0..3)));
        assert_eq!(alike(&[100, 1], 32), None);
        assert_eq!(alike(&[100, 3, 2], 32), Some(Choice(1..3)));
        assert_eq!(alike(&[100, 60, 11], 32), Some(Choice(0..2)));
        assert_eq!(alike(&[7], 32), None);
        assert_eq!(alike(&[], 32), None);
    }

    #[test]
    fn at_leisure_an_entry_is_copied_a_logarithmic_number_of_times() {
        let (mut sizes, mut written) = (Vec::new(), 0);
        let arrivals = 1_000_u64;
        for _ in 0..arrivals {
            sizes.push(1);
            while let Some(choice) = alike(&sizes, 32) {
                let sum: u64 = sizes[choice.range()].iter().sum();
                written += sum;
                sizes.splice(choice.range(), [sum]);
            }
            assert!(sizes.windows(2).all(|pair| pair[0] >= GROWTH * pair[1]));
        }
        let logarithm = (arrivals as f64).log2();
        assert!(written as f64 / (arrivals as f64) < 2.0 * logarithm, "{written}");
        assert!((sizes.len() as f64) < logarithm, "{sizes:?}");
    }

    #[test]
    fn small_sets_do_not_make_a_large_one_be_copied() {
        assert_eq!(due(&[1, 1, 1, 1, 1_000_000], 32), Some(Choice(0..4)));
        assert_eq!(due(&[1_000_000, 1, 1, 1_000_000, 1], 32), Some(Choice(1..3)));
    }
}
