//! Strings by example.

use super::{
    Match, index_of, join, left, matches, replace, reverse, right, size, split, substring, to_lower, to_upper, trim,
    trim_left, trim_right,
};
use crate::limits::MAX_STRING_BYTES;
use crate::value::tests::list;
use crate::{Result, Value};

fn shown(result: Result) -> String {
    result.map_or_else(|error| error.names().1.to_owned(), |value| value.to_string())
}

#[test]
fn parts_are_cut_by_characters() {
    for (result, expected) in [
        (substring(&"0123456789".into(), &1.into(), None), "'123456789'"),
        (substring(&"hällo".into(), &1.into(), Some(&2.into())), "'äl'"),
        (substring(&"abc".into(), &5.into(), Some(&2.into())), "''"),
        (substring(&"abc".into(), &(-1).into(), None), "NegativeIntegerArgument"),
        (substring(&"abc".into(), &0.into(), Some(&Value::Null)), "null"),
        (left(&"hällo".into(), &2.into()), "'hä'"),
        (left(&"ab".into(), &9.into()), "'ab'"),
        (right(&"hällo".into(), &4.into()), "'ällo'"),
        (right(&"ab".into(), &9.into()), "'ab'"),
        (right(&"ab".into(), &0.into()), "''"),
        (reverse(&"raksO".into()), "'Oskar'"),
        (reverse(&list([1.into(), 2.into()])), "[2, 1]"),
        (size(&"hällo".into()), "5"),
        (size(&1.into()), "InvalidArgumentType"),
    ] {
        assert_eq!(shown(result), expected);
    }
}

#[test]
fn texts_are_changed_whole() {
    for (result, expected) in [
        (to_lower(&"ÄB".into()), "'äb'"),
        (to_upper(&"straße".into()), "'STRASSE'"),
        (trim(&" \t a b\n".into()), "'a b'"),
        (trim_left(&" a ".into()), "'a '"),
        (trim_right(&" a ".into()), "' a'"),
        (to_upper(&1.into()), "InvalidArgumentType"),
        (to_upper(&Value::Null), "null"),
        (replace(&"aXbX".into(), &"X".into(), &"--".into()), "'a--b--'"),
        (replace(&"ab".into(), &"".into(), &"-".into()), "'-a-b-'"),
        (split(&"one1two".into(), &"1".into()), "['one', 'two']"),
        (split(&"a,b;c".into(), &list([",".into(), ";".into()])), "['a', 'b', 'c']"),
        (split(&"äb".into(), &"".into()), "['ä', 'b']"),
        (split(&"".into(), &"".into()), "['']"),
        (split(&"".into(), &",".into()), "['']"),
        (split(&"a".into(), &Value::Null), "null"),
        (join(&list(["a".into(), Value::Null, "b".into()]), &", ".into()), "'a, b'"),
        (join(&list([1.into()]), &",".into()), "InvalidArgumentType"),
    ] {
        assert_eq!(shown(result), expected);
    }
}

#[test]
fn a_search_counts_characters_and_keeps_to_its_range() {
    for (from, to, expected) in
        [(None, None, "1"), (Some(2), None, "4"), (Some(2), Some(4), "-1"), (Some(2), Some(-1), "4")]
    {
        let (from, to) = (from.map(Value::Integer), to.map(Value::Integer));
        assert_eq!(shown(index_of(&"häxxä".into(), &"ä".into(), from.as_ref(), to.as_ref())), expected);
    }
}

#[test]
fn predicates_are_unknown_for_what_is_no_string() {
    let ask = |question, part: Value| matches(question, &"ABCDEF".into(), &part);
    assert_eq!(ask(Match::StartsWith, "AB".into()), Some(true));
    assert_eq!(ask(Match::EndsWith, "EF".into()), Some(true));
    assert_eq!(ask(Match::Contains, "CD".into()), Some(true));
    assert_eq!(ask(Match::Contains, "".into()), Some(true));
    assert_eq!(ask(Match::Contains, "cd".into()), Some(false));
    assert_eq!(ask(Match::Contains, Value::Null), None);
    assert_eq!(ask(Match::Contains, 1.into()), None);
}

#[test]
fn a_small_text_makes_no_huge_one() {
    let text: Value = "a".repeat(100_000).into();
    let error = replace(&text, &"a".into(), &text).unwrap_err();
    assert_eq!(error.to_string(), format!("replace() would make a string of more bytes than {MAX_STRING_BYTES}"));
}
