//! Aggregates by example.

use super::{Accumulator, Function};
use crate::temporal::Duration;
use crate::value::tests::list;
use crate::{Result, Value};

fn of(function: Function, values: impl IntoIterator<Item = Value>) -> String {
    computed(function, None, values)
}

fn computed(function: Function, percentile: Option<f64>, values: impl IntoIterator<Item = Value>) -> String {
    let run = || -> Result {
        let mut accumulator = Accumulator::new(function, percentile.map(Value::Float).as_ref())?;
        values.into_iter().try_for_each(|value| accumulator.add(&value).map(drop))?;
        accumulator.finish()
    };
    run().map_or_else(|error| error.names().1.to_owned(), |value| value.to_string())
}

fn mixed() -> [Value; 6] {
    [1.into(), "a".into(), Value::Null, list([1.into(), 2.into()]), 0.2.into(), "b".into()]
}

#[test]
fn nulls_do_not_count() {
    assert_eq!(of(Function::Count, mixed()), "5");
    assert_eq!(of(Function::Collect, mixed()), "[1, 'a', [1, 2], 0.2, 'b']");
    assert_eq!(of(Function::Sum, [1.into(), Value::Null, 2.into()]), "3");
    assert_eq!(of(Function::Average, [1.into(), Value::Null, 2.into()]), "1.5");
}

#[test]
fn of_nothing_there_is_nothing_or_none() {
    for (function, expected) in [
        (Function::Count, "0"),
        (Function::Sum, "0"),
        (Function::Average, "null"),
        (Function::Min, "null"),
        (Function::Max, "null"),
        (Function::Collect, "[]"),
        (Function::StDev, "0.0"),
    ] {
        assert_eq!(of(function, []), expected);
        assert_eq!(of(function, [Value::Null]), expected);
    }
    assert_eq!(computed(Function::PercentileDisc, Some(0.5), []), "null");
}

#[test]
fn the_smallest_and_the_largest_are_found_among_all_types() {
    assert_eq!(of(Function::Min, mixed()), "[1, 2]");
    assert_eq!(of(Function::Max, mixed()), "1");
    let lists = || [list([1.into()]), list([2.into()]), list([2.into(), 1.into()])];
    assert_eq!(of(Function::Max, lists()), "[2, 1]");
    assert_eq!(of(Function::Min, lists()), "[1]");
}

#[test]
fn sums_stay_integers_and_only_the_whole_can_be_too_large() {
    let max = || Value::from(i64::MAX);
    assert_eq!(of(Function::Sum, [max(), 1.into(), (-1).into()]), "9223372036854775807");
    assert_eq!(of(Function::Sum, [max(), 1.into()]), "IntegerOverflow");
    assert_eq!(of(Function::Sum, [1.into(), 0.5.into()]), "1.5");
    assert_eq!(of(Function::Sum, ["a".into()]), "InvalidArgumentType");
    let durations = || ["P1DT1S", "P2D"].map(|text| Value::from(Duration::parse(text).unwrap()));
    assert_eq!(of(Function::Sum, durations()), "'P3DT1S'");
    assert_eq!(of(Function::Average, durations()), "'P1DT12H0.5S'");
    assert_eq!(of(Function::Sum, [1.into(), durations()[0].clone()]), "InvalidArgumentType");
}

#[test]
fn spread_is_of_a_sample_or_of_all() {
    let values = || [2, 4, 4, 4, 5, 5, 7, 9].map(Value::from);
    assert_eq!(of(Function::StDevP, values()), "2.0");
    assert_eq!(of(Function::StDev, values()), "2.138089935299395");
    assert_eq!(of(Function::StDev, [5.into()]), "0.0");
}

#[test]
fn percentiles_are_members_or_lie_between_them() {
    for (share, member, between) in
        [(0.0, "10", "10.0"), (0.3, "10", "16.0"), (0.5, "20", "20.0"), (0.75, "30", "25.0"), (1.0, "30", "30.0")]
    {
        let values = || [30, 10, 20].map(Value::from);
        assert_eq!(computed(Function::PercentileDisc, Some(share), values()), member);
        assert_eq!(computed(Function::PercentileCont, Some(share), values()), between);
    }
    assert_eq!(computed(Function::PercentileCont, Some(1.1), []), "NumberOutOfRange");
    assert_eq!(computed(Function::PercentileCont, None, []), "InvalidArgumentType");
}
