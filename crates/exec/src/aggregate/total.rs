//! Sums and means of numbers, or of durations.

use crate::temporal::Duration;
use crate::{EvalError, Result, Value};

/// A sum, and of how many.
#[derive(Clone, Debug, Default)]
pub(super) struct Total {
    count: i64,
    sum: Sum,
}

#[derive(Clone, Debug)]
enum Sum {
    /// Wider than what is added, so that only the whole of it can be too large.
    Integers(i128),
    Floats(f64),
    Durations(Duration),
}

impl Default for Sum {
    fn default() -> Self {
        Self::Integers(0)
    }
}

impl Total {
    pub(super) fn add(&mut self, operation: &'static str, value: &Value) -> Result<()> {
        self.sum = match (&self.sum, value) {
            // 2^63 values of 64 bits fit.
            (Sum::Integers(sum), Value::Integer(value)) => Sum::Integers(sum + i128::from(*value)),
            (Sum::Integers(sum), Value::Float(value)) => Sum::Floats(*sum as f64 + value),
            (Sum::Floats(sum), Value::Integer(value)) => Sum::Floats(sum + *value as f64),
            (Sum::Floats(sum), Value::Float(value)) => Sum::Floats(sum + value),
            (Sum::Durations(sum), Value::Duration(value)) => Sum::Durations(sum.plus(value)?),
            (Sum::Integers(_), Value::Duration(value)) if self.count == 0 => Sum::Durations(**value),
            (Sum::Durations(_), other) => {
                return Err(EvalError::argument(operation, "durations beside durations", other.kind()));
            }
            (_, other) => return Err(EvalError::argument(operation, "numbers, or durations alone", other.kind())),
        };
        self.count += 1;
        Ok(())
    }

    pub(super) fn sum(self, operation: &'static str) -> Result {
        match self.sum {
            Sum::Integers(sum) => {
                i64::try_from(sum).map(Value::Integer).map_err(|_| EvalError::SumOverflow { operation })
            }
            Sum::Floats(sum) => Ok(sum.into()),
            Sum::Durations(sum) => Ok(sum.into()),
        }
    }

    pub(super) fn average(self) -> Result {
        match self.sum {
            _ if self.count == 0 => Ok(Value::Null),
            Sum::Integers(sum) => Ok((sum as f64 / self.count as f64).into()),
            Sum::Floats(sum) => Ok((sum / self.count as f64).into()),
            Sum::Durations(sum) => sum.divided(&self.count.into()).map(Value::from),
        }
    }
}
