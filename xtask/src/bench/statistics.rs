//! Medians and percentiles of a few figures.

/// The value below which a share (0 to 1) of the figures lies: the nearest rank. 0 of none.
pub(super) fn percentile(figures: &[f64], share: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

/// The middle one; of an even number, the mean of the two in the middle. 0 of none.
pub(super) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        count if count % 2 == 1 => sorted[count / 2],
        count => f64::midpoint(sorted[count / 2 - 1], sorted[count / 2]),
    }
}

/// The largest; 0 of none.
pub(super) fn largest(figures: &[f64]) -> f64 {
    figures.iter().copied().fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks() {
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        // Numbers of one decimal place, so that they can be compared exactly.
        for (found, expected) in [
            (percentile(&hundred, 0.5), "50.0"),
            (percentile(&hundred, 0.99), "99.0"),
            (percentile(&hundred, 1.0), "100.0"),
            (percentile(&[7.0], 0.01), "7.0"),
            (percentile(&[], 0.5), "0.0"),
            (median(&hundred), "50.5"),
            (median(&[3.0, 1.0, 2.0]), "2.0"),
            (median(&[]), "0.0"),
            (largest(&[1.0, 3.0, 2.0]), "3.0"),
            (largest(&[]), "0.0"),
        ] {
            assert_eq!(format!("{found:?}"), expected);
        }
    }
}
