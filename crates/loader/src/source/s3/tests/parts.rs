//! Large objects: in parts, side by side, in order, and never of two versions.

use std::sync::atomic::AtomicUsize;

use super::*;

const MIB: usize = 1 << 20;

/// Bytes that tell where they are.
fn text(length: usize) -> Vec<u8> {
    (0..length.div_ceil(4) as u32).flat_map(u32::to_be_bytes).take(length).collect()
}

/// What a store sends for a request of an object.
fn object(text: &[u8], request: &server::Request) -> Answer {
    match request.range() {
        None => Answer::ok(text),
        Some(range) => {
            let sent = format!("bytes {}-{}/{}", range.start, range.end - 1, text.len());
            Answer::status(206, &text[range]).header("Content-Range", &sent)
        }
    }
    .header("ETag", "\"e\"")
}

fn store(text: &[u8]) -> Server {
    let text = text.to_vec();
    Server::start(move |request| object(&text, request))
}

/// The ranges that were asked for, in order of their bytes.
fn asked(server: &Server) -> Vec<Option<(usize, usize)>> {
    let requests = server.requests();
    assert!(requests.iter().all(|request| request.header("if-match") == Some("\"e\"")), "{requests:?}");
    let mut ranges: Vec<_> =
        requests.iter().map(|request| request.range().map(|range| (range.start, range.end))).collect();
    ranges.sort_unstable();
    ranges
}

#[test]
fn an_object_is_one_request_if_it_is_small_and_one_for_each_part_if_it_is_large() {
    let runtime = Runtime::new().unwrap();
    for (length, parts) in [
        (0, vec![None]),
        (2 * MIB, vec![None]),
        (2 * MIB + 1, vec![Some((0, 2 * MIB)), Some((2 * MIB, 2 * MIB + 1))]),
        (
            4 * MIB + 9,
            vec![Some((0, 2 * MIB)), Some((2 * MIB, 3 * MIB)), Some((3 * MIB, 4 * MIB)), Some((4 * MIB, 4 * MIB + 9))],
        ),
    ] {
        let text = text(length);
        let server = store(&text);
        let found = read(&open(&runtime, &server.endpoint()), &feed(length as u64)).unwrap();
        assert!(found == text, "{} of {length} bytes, or in the wrong order", found.len());
        assert_eq!(asked(&server), parts);
    }
}

#[test]
fn only_what_is_asked_for_of_the_beginning_is_read() {
    let text = text(5 * MIB);
    let server = store(&text);
    let runtime = Runtime::new().unwrap();
    let mut bytes = Vec::new();
    let opened = open(&runtime, &server.endpoint());
    opened.read_until(&feed(5 << 20), 100, &CancelToken::new(), Arc::default()).read_to_end(&mut bytes).unwrap();
    assert!(bytes == text[..100]);
    assert_eq!(asked(&server), [Some((0, 100))]);
}

/// Before anybody reads there is one part; then four at most, and the next only when one is through.
#[test]
fn parts_under_way_are_bounded() {
    let text = text(12 * MIB);
    let (whole, open_now, most) = (text.clone(), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, highest) = (Arc::clone(&open_now), Arc::clone(&most));
    let server = Server::start(move |request| {
        highest.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        object(&whole, request)
    });
    let runtime = Runtime::new().unwrap();
    let mut reader = open(&runtime, &server.endpoint()).read(&feed(12 << 20), &CancelToken::new(), Arc::default());
    let mut seen = vec![0; MIB];
    reader.read_exact(&mut seen).unwrap();
    assert_eq!(asked(&server), [Some((0, 2 * MIB))], "a look at the head asks for no more");
    for mebibyte in 1..12 {
        reader.read_exact(&mut seen).unwrap();
        assert!(seen == text[mebibyte * MIB..(mebibyte + 1) * MIB]);
        let requests = asked(&server).len();
        assert!(requests <= mebibyte + 5, "{requests} parts were asked for by MiB {mebibyte}");
    }
    assert_eq!(asked(&server).len(), 11);
    assert!(most.load(Ordering::SeqCst) > 1);
}

/// The first answers of each range break off, are refused, or are garbled; all that arrives is the object.
#[test]
fn each_part_is_mended_alone() {
    let text = text(7 * MIB + 77);
    let whole = text.clone();
    let server = Server::start(move |request| match request.number % 5 {
        0 | 3 => object(&whole, request).cut_at(100_000 + request.number),
        1 => Answer::status(503, error("SlowDown")),
        _ => object(&whole, request),
    });
    let runtime = Runtime::new().unwrap();
    let patient = Timing { tries: 50, ..QUICK };
    let opened = open_with(&runtime, config(&server.endpoint()), patient);
    let found = read(&opened, &feed(text.len() as u64)).unwrap();
    assert!(found == text, "{} bytes, or in the wrong order", found.len());
    assert!(asked(&server).len() > 10);
}

/// A change in the middle is found by the store, or by us where the store does not look.
#[test]
fn an_object_that_changes_between_its_parts_is_not_read_on() {
    type Change = fn(&[u8], &server::Request) -> Answer;
    let runtime = Runtime::new().unwrap();
    let changes: [(&str, Change); 4] = [
        ("412", |_, _| Answer::status(412, error("PreconditionFailed"))),
        ("404", |_, _| Answer::status(404, error("NoSuchKey"))),
        ("another ETag", |text, request| {
            let range = request.range().unwrap();
            let sent = format!("bytes {}-{}/{}", range.start, range.end - 1, text.len());
            Answer::status(206, &text[range]).header("Content-Range", &sent).header("ETag", "\"other\"")
        }),
        ("another size", |text, request| {
            let range = request.range().unwrap();
            let sent = format!("bytes {}-{}/{}", range.start, range.end - 1, text.len() + 1);
            Answer::status(206, &text[range]).header("Content-Range", &sent)
        }),
    ];
    for (name, change) in changes {
        let text = text(6 * MIB);
        let server = Server::start(move |request| match request.range() {
            Some(range) if range.start >= 4 * MIB => change(&text, request),
            _ => object(&text, request),
        });
        let told = read(&open(&runtime, &server.endpoint()), &feed(6 << 20)).unwrap_err();
        assert!(matches!(told, ReadError::ModifiedOrDeleted(_)), "{name}: {told}");
    }
}

#[test]
fn a_range_that_was_not_asked_for_is_no_part() {
    let runtime = Runtime::new().unwrap();
    for (name, sent) in [("all of it", None), ("another", Some("bytes 0-9/3145728")), ("nonsense", Some("pages 1-2"))] {
        let server = Server::start(move |_| match sent {
            None => Answer::ok(vec![b'x'; 3 * MIB]),
            Some(sent) => Answer::status(206, "0123456789").header("Content-Range", sent),
        });
        let opened = open(&runtime, &server.endpoint());
        let mut skipped = opened.read(&feed(3 << 20), &CancelToken::new(), Arc::default());
        let told = skipped.read_to_end(&mut Vec::new()).map(|_| ()).map_err(|error| ReadError::of(&error).cloned());
        assert!(matches!(told, Err(Some(ReadError::Failed(_)))), "{name}: {told:?}");
    }
}

#[test]
fn a_stall_is_left_and_mended() {
    let text = text(100_000);
    let whole = text.clone();
    let server = Server::start(move |request| match request.number {
        0 => object(&whole, request).stall_at(40_000),
        1 => object(&whole, request).stall_at(0),
        _ => object(&whole, request),
    });
    let runtime = Runtime::new().unwrap();
    let impatient = Timing { idle: Duration::from_millis(200), ..QUICK };
    let found = read(&open_with(&runtime, config(&server.endpoint()), impatient), &feed(100_000)).unwrap();
    assert!(found == text);
    assert_eq!(asked(&server).len(), 3);
}
