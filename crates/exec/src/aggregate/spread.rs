//! How far numbers spread: standard deviations and percentiles.

use super::number;
use crate::limits::check_list;
use crate::{EvalError, Result, Value, order};

/// Count, mean and sum of squared distances from it, by Welford's method, which does not cancel out.
#[derive(Clone, Debug, Default)]
pub(super) struct Spread {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Spread {
    pub(super) fn add(&mut self, x: f64) {
        self.count += 1.0;
        let distance = x - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (x - self.mean);
    }

    /// The standard deviation; of fewer than two numbers it is 0.
    pub(super) fn deviation(&self, of_population: bool) -> f64 {
        if self.count < 2.0 {
            return 0.0;
        }
        (self.squares / (self.count - if of_population { 0.0 } else { 1.0 })).sqrt()
    }
}

/// Numbers to be sorted, and which of them is asked for.
#[derive(Clone, Debug)]
pub(super) struct Percentile {
    /// From 0 to 1.
    share: f64,
    numbers: Vec<Value>,
}

impl Percentile {
    pub(super) fn new(operation: &'static str, share: &Value) -> Result<Self> {
        let found = number(operation, share)?;
        if !(0.0..=1.0).contains(&found) {
            return Err(EvalError::NumberOutOfRange {
                operation,
                argument: "the percentile",
                expected: "from 0.0 to 1.0",
                found: share.to_string(),
            });
        }
        Ok(Self { share: found, numbers: Vec::new() })
    }

    pub(super) fn add(&mut self, operation: &'static str, value: &Value) -> Result<()> {
        number(operation, value)?;
        check_list(operation, self.numbers.len() + 1)?;
        self.numbers.push(value.clone());
        Ok(())
    }

    pub(super) fn finish(mut self, interpolated: bool) -> Value {
        self.numbers.sort_by(order::compare);
        let Some(last) = self.numbers.len().checked_sub(1) else {
            return Value::Null;
        };
        let at = |place: usize| &self.numbers[place.min(last)];
        if !interpolated {
            // The first that at least so large a share is not above.
            let rank = (self.share * self.numbers.len() as f64).ceil() as usize;
            return at(rank.saturating_sub(1)).clone();
        }
        let place = self.share * last as f64;
        let below = place.floor();
        let float = |value: &Value| number("percentileCont()", value).expect("only numbers were taken in");
        let (lower, upper) = (float(at(below as usize)), float(at(below as usize + 1)));
        // Twice the same infinity has no difference.
        let weight = place - below;
        Value::Float(if weight == 0.0 { lower } else { lower * (1.0 - weight) + upper * weight })
    }
}
