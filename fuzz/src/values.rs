//! Properties of the readers of values: any text may be a parameter or a literal of the store.

use exec::temporal::construct::{Type, construct};
use exec::temporal::{Duration, Instant, between, component};
use exec::term::{from_term, to_term};
use exec::{Value, convert, geometry as shapes};

/// A property: panics if the input breaks it.
pub type ValueProperty = fn(&[u8]);

/// All of them by the name of their fuzz target and corpus folder; the tests of `exec` replay their corpus.
pub const VALUES: [(&str, ValueProperty); 3] =
    [("temporal", temporal), ("literal_term", literal_term), ("geometry", geometry)];

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

/// Two lines are two geometries, if they can be read. Each is written as a text that is read as the same, and every
/// question about them has an answer.
pub fn geometry(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let read = |line: &str| shapes::from_text(&line.into()).ok();
    let read: Vec<Value> = text.lines().take(2).filter_map(read).collect();
    let (Some(one), Some(other)) = (read.first(), read.last()) else { return };
    let again = shapes::from_text(&shapes::as_text(one).expect("it is one"));
    assert_eq!(again.as_ref(), Ok(one));
    for question in [shapes::equals, shapes::contains, shapes::intersects, shapes::distance, shapes::distance_spheroid]
    {
        assert!(question(one, other).is_ok());
    }
    assert!(shapes::envelope(one).is_ok());
    let _ = shapes::buffer(one, &1.5.into(), None); // it may be too large to be written
}
