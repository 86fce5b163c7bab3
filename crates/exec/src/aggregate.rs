//! Aggregates: one value out of many, fed one by one.
//!
//! Nulls do not count. An aggregate of nothing is null, but `count` and `sum` are 0 and `collect` is an empty list.
//! Smallest and largest are those of [`crate::order`], whatever the types. A sum of integers stays one, and is refused
//! only if the whole of it does not fit into 64 bits.
//!
//! **Source**: openCypher 9, "Aggregating functions"; TCK Aggregation1 to Aggregation8.

use crate::limits::check_list;
use crate::{EvalError, Result, Value, arithmetic, order};

mod spread;
mod total;

use spread::{Percentile, Spread};
use total::Total;

/// Which value is made of many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// How many there are.
    Count,
    /// Their sum: of numbers, or of durations.
    Sum,
    /// Their mean, a float or a duration.
    Average,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The list of them.
    Collect,
    /// The standard deviation of a sample.
    StDev,
    /// The standard deviation of a population.
    StDevP,
    /// A percentile, interpolated between its two neighbours.
    PercentileCont,
    /// The value nearest to a percentile.
    PercentileDisc,
}

impl Function {
    /// As a query calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "count()",
            Self::Sum => "sum()",
            Self::Average => "avg()",
            Self::Min => "min()",
            Self::Max => "max()",
            Self::Collect => "collect()",
            Self::StDev => "stDev()",
            Self::StDevP => "stDevP()",
            Self::PercentileCont => "percentileCont()",
            Self::PercentileDisc => "percentileDisc()",
        }
    }
}

/// An aggregate in the making.
#[derive(Clone, Debug)]
pub struct Accumulator {
    function: Function,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Count(i64),
    Total(Total),
    Extreme(Option<Value>),
    Collect(Vec<Value>),
    Spread(Spread),
    Percentile(Percentile),
}

impl Accumulator {
    /// An aggregate of nothing yet. `percentile` is the second argument of the two functions that take one.
    ///
    /// # Errors
    ///
    /// [`EvalError::NumberOutOfRange`] for a percentile that is not from 0 to 1, [`EvalError::ArgumentType`] for one that
    /// is no number.
    pub fn new(function: Function, percentile: Option<&Value>) -> Result<Self> {
        let state = match function {
            Function::Count => State::Count(0),
            Function::Sum | Function::Average => State::Total(Total::default()),
            Function::Min | Function::Max => State::Extreme(None),
            Function::Collect => State::Collect(Vec::new()),
            Function::StDev | Function::StDevP => State::Spread(Spread::default()),
            Function::PercentileCont | Function::PercentileDisc => {
                State::Percentile(Percentile::new(function.name(), percentile.unwrap_or(&Value::Null))?)
            }
        };
        Ok(Self { function, state })
    }

    /// Takes a value in; says about how many bytes more it holds then.
    ///
    /// # Errors
    ///
    /// [`EvalError::ArgumentType`] for what the function does not take, [`EvalError::TooLarge`],
    /// [`EvalError::TemporalOverflow`].
    pub fn add(&mut self, value: &Value) -> Result<usize> {
        if value.is_null() {
            return Ok(0);
        }
        let operation = self.function.name();
        match &mut self.state {
            State::Count(count) => *count += 1,
            State::Total(total) => total.add(operation, value)?,
            State::Extreme(extreme) => {
                let wanted =
                    if self.function == Function::Min { order::compare } else { |a: &_, b: &_| order::compare(b, a) };
                if extreme.as_ref().is_none_or(|extreme| wanted(value, extreme).is_lt()) {
                    let before = extreme.replace(value.clone()).map_or(0, |before| before.bytes());
                    return Ok(value.bytes().saturating_sub(before));
                }
            }
            State::Collect(items) => {
                check_list(operation, items.len() + 1)?;
                items.push(value.clone());
                return Ok(value.bytes());
            }
            State::Spread(spread) => spread.add(number(operation, value)?),
            State::Percentile(percentile) => {
                percentile.add(operation, value)?;
                return Ok(value.bytes());
            }
        }
        Ok(0)
    }

    /// The value.
    ///
    /// # Errors
    ///
    /// [`EvalError::SumOverflow`], [`EvalError::TooDeep`] of a list.
    pub fn finish(self) -> Result {
        match self.state {
            State::Count(count) => Ok(count.into()),
            State::Total(total) if self.function == Function::Sum => total.sum(self.function.name()),
            State::Total(total) => total.average(),
            State::Extreme(extreme) => Ok(extreme.unwrap_or(Value::Null)),
            State::Collect(items) => Value::list(items),
            State::Spread(spread) => Ok(spread.deviation(self.function == Function::StDevP).into()),
            State::Percentile(percentile) => Ok(percentile.finish(self.function == Function::PercentileCont)),
        }
    }
}

/// The number as a float.
fn number(operation: &'static str, value: &Value) -> Result<f64> {
    arithmetic::float(value).ok_or_else(|| EvalError::argument(operation, "numbers", value.kind()))
}

#[cfg(test)]
mod tests;
