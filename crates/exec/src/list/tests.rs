//! Lists by example.

use super::{head, index, intersection, is_empty, last, range, slice, sort, sort_by, subtract, tail, to_set};
use crate::value::tests::{list, map};
use crate::{Result, Value};

fn shown(result: Result) -> String {
    result.map_or_else(|error| error.names().1.to_owned(), |value| value.to_string())
}

#[test]
fn a_range_holds_both_its_ends() {
    for (start, end, step, expected) in [
        (0, 3, None, "[0, 1, 2, 3]"),
        (0, -1, None, "[]"),
        (10, -10, Some(-3), "[10, 7, 4, 1, -2, -5, -8]"),
        (0, 1, Some(-1), "[]"),
        (0, 0, Some(-1), "[0]"),
        (i64::MAX, i64::MIN, Some(i64::MIN), "[9223372036854775807, -1]"),
        (i64::MAX - 1, i64::MAX, Some(2), "[9223372036854775806]"),
        (2, 8, Some(0), "NumberOutOfRange"),
        (0, i64::MAX, None, "TooLarge"),
    ] {
        let step = step.map(Value::Integer);
        assert_eq!(shown(range(&start.into(), &end.into(), step.as_ref())), expected, "{start} to {end}");
    }
    let error = range(&0.0.into(), &1.into(), None).unwrap_err();
    assert_eq!((error.names().0.name(), error.names().1), ("ArgumentError", "InvalidArgumentType"));
}

#[test]
fn positions_count_from_either_end() {
    let letters = list(["a".into(), "b".into(), "c".into()]);
    for (at, expected) in
        [(0, "'a'"), (2, "'c'"), (3, "null"), (-1, "'c'"), (-3, "'a'"), (-4, "null"), (i64::MIN, "null")]
    {
        assert_eq!(shown(index(&letters, &at.into())), expected);
    }
    assert_eq!(shown(index(&letters, &Value::Null)), "null");
    assert_eq!(shown(index(&letters, &4.7.into())), "InvalidArgumentType");
    assert_eq!(shown(index(&"abc".into(), &0.into())), "InvalidArgumentType");
    assert_eq!(shown(index(&map([("a", 1.into())]), &"a".into())), "1");
    assert_eq!(shown(index(&map([("a", 1.into())]), &"A".into())), "null");
    assert_eq!(shown(index(&map([]), &0.into())), "MapElementAccessByNonString");
}

#[test]
fn slices_stay_within_the_list() {
    let numbers = list([1.into(), 2.into(), 3.into()]);
    for (from, to, expected) in [
        (Some(Value::from(1)), Some(Value::from(3)), "[2, 3]"),
        (Some(1.into()), None, "[2, 3]"),
        (None, Some(2.into()), "[1, 2]"),
        (Some(0.into()), Some(0.into()), "[]"),
        (Some(3.into()), Some(1.into()), "[]"),
        (Some((-5).into()), Some(5.into()), "[1, 2, 3]"),
        (Some((-2).into()), None, "[2, 3]"),
        (None, Some((-1).into()), "[1, 2]"),
        (Some(Value::Null), Some(3.into()), "null"),
        (None, Some(Value::Null), "null"),
        (Some("1".into()), None, "InvalidArgumentType"),
    ] {
        assert_eq!(shown(slice(&numbers, from.as_ref(), to.as_ref())), expected);
    }
}

#[test]
fn the_ends_of_an_empty_list_are_null() {
    let (none, some) = (list([]), list([1.into(), 2.into()]));
    for (result, expected) in [
        (head(&some), "1"),
        (head(&none), "null"),
        (last(&some), "2"),
        (last(&none), "null"),
        (tail(&some), "[2]"),
        (tail(&none), "[]"),
        (tail(&Value::Null), "null"),
        (is_empty(&none), "true"),
        (is_empty(&some), "false"),
        (head(&1.into()), "InvalidArgumentType"),
    ] {
        assert_eq!(shown(result), expected);
    }
}

#[test]
fn sets_keep_what_came_first() {
    let many = list([1.into(), 2.into(), 1.0.into(), Value::Null, 2.into(), Value::Null]);
    let few = list([2.into(), Value::Null, 5.into()]);
    assert_eq!(shown(to_set(&many)), "[1, 2, null]");
    assert_eq!(shown(subtract(&many, &few)), "[1]");
    assert_eq!(shown(intersection(&many, &few)), "[2, null]");
    assert_eq!(shown(sort(&many, false)), "[1, 1.0, 2, 2, null, null]");
    assert_eq!(shown(subtract(&many, &Value::Null)), "null");
    let maps = list([map([("a", 1.into())]), map([("a", 3.into())]), map([("b", 2.into())])]);
    let by_a = |descending| sort_by("sort", &maps, &[descending], |item| Ok(vec![crate::map::member(item, "a")?]));
    assert_eq!(shown(by_a(false)), "[{a: 1}, {a: 3}, {b: 2}]");
    assert_eq!(shown(by_a(true)), "[{b: 2}, {a: 3}, {a: 1}]");
}
