//! Properties of the readers of values: any text may be a parameter or a literal of the store.

use exec::temporal::construct::{Type, construct};
use exec::temporal::{Duration, Instant, between, component};
use exec::term::{from_term, to_term};
use exec::{Value, convert};

/// A property: panics if the input breaks it.
pub type ValueProperty = fn(&[u8]);

/// All of them by the name of their fuzz target and corpus folder; the tests of `exec` replay their corpus.
pub const VALUES: [(&str, ValueProperty); 2] = [("temporal", temporal), ("literal_term", literal_term)];

const TYPES: [Type; 5] = [Type::Date, Type::LocalTime, Type::Time, Type::LocalDateTime, Type::DateTime];

/// What is read as a moment or a duration is written as a text that is read as the same; and what lies between two
/// moments has an answer.
pub fn temporal(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let now = Instant::new(1_700_000_000, 0).expect("in range");
    let moments: Vec<Value> = TYPES.iter().filter_map(|of| construct(*of, &text.into(), now).ok()).collect();
    for (at, value) in moments.iter().enumerate() {
        let of = TYPES.iter().find(|of| construct(**of, value, now).is_ok_and(|again| again.kind() == value.kind()));
        let again = construct(*of.expect("its own type"), &convert::to_string(value).expect("it has a text"), now);
        assert_eq!(again.as_ref(), Ok(value));
        for other in &moments[at..] {
            assert!(between::in_seconds(value, other).is_ok());
            assert!(between::between(value, other).is_ok());
        }
        for name in ["year", "week", "weekYear", "hour", "nanosecond", "offset", "epochMillis"] {
            assert!(component::component(value, name).is_some());
        }
    }
    if let Ok(duration) = Duration::parse(text) {
        assert_eq!(Duration::parse(&duration.to_string()), Ok(duration));
    }
}

/// A literal of any datatype is some value; if that can be a property, it comes back. First line: the datatype.
pub fn literal_term(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let (datatype, lexical) = text.split_once('\n').unwrap_or(("", text));
    let value = from_term(&model::Value::literal(lexical, datatype));
    if let Some(term) = to_term(&value) {
        let back = from_term(&term);
        assert_eq!((back.kind(), &back), (value.kind(), &value));
    }
}
