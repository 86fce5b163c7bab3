//! What publishes, ends and cancels write into a job's record, without a job around it.

use proptest::prelude::*;

use super::super::error_log::ErrorCode;
use super::super::id::LoadId;
use super::super::record::SourceIdentity;
use super::super::state::JobState;
use super::*;
use crate::request::{Format, LoadRequest};

fn ledger(feeds: usize) -> Ledger {
    let source = "s3://bucket/prefix".to_owned();
    let identity = SourceIdentity { source: source.clone(), format: Format::Csv };
    let request = LoadRequest::new(source.clone(), Format::Csv);
    let mut ledger = Ledger::new(JobRecord::new(LoadId::random(), 1, source, identity, request));
    ledger.feeds = (0..feeds)
        .map(|feed| FeedRecord {
            uri: format!("s3://bucket/prefix/{feed}"),
            key: None,
            size: 1,
            etag: None,
            state: FeedState::NotStarted,
            cut_short: false,
            rejects: FeedRejects::default(),
            counters: Counters::default(),
            start_seconds: 0,
            elapsed_ms: 0,
        })
        .collect();
    ledger
}

fn loaded(records: u64) -> FeedCounts {
    FeedCounts { loaded: records, ..FeedCounts::default() }
}

fn states(ledger: &Ledger) -> Vec<FeedState> {
    ledger.feeds.iter().map(|feed| feed.state).collect()
}

#[test]
fn a_publish_changes_nothing_until_it_is_applied() {
    let mut ledger = ledger(2);
    ledger.feed_started(0, 7);
    let publication = Publication {
        loaded: BTreeMap::from([(0, loaded(5))]),
        ended: BTreeMap::from([(0, None)]),
        ..Publication::default()
    };
    let (change, writes) = ledger.publish(&publication);
    assert_eq!(ledger.record.totals, Counters::default());
    assert_eq!(states(&ledger), [FeedState::InProgress, FeedState::NotStarted]);
    assert_eq!(writes.len(), 2, "one chunk of feeds and the record");
    ledger.apply(change);
    assert_eq!(ledger.record.totals.records(), 5);
    assert_eq!(ledger.record.state, JobState::InProgress);
    assert_eq!(states(&ledger), [FeedState::Completed, FeedState::NotStarted]);
    assert_eq!(ledger.record.feeds, states(&ledger).into_iter().collect());
}

#[test]
fn what_follows_the_error_that_stops_a_load_was_not_started() {
    let mut ledger = ledger(4);
    (0..3).for_each(|feed| ledger.feed_started(feed, 7));
    let publication = Publication {
        loaded: BTreeMap::from([(0, loaded(2)), (1, loaded(3))]),
        errors: BTreeMap::from([(1, ErrorCounts { parsing: 1, ..ErrorCounts::default() })]),
        entries: vec![ErrorEntry::whole(ErrorCode::ParsingError, "x", "s3://bucket/prefix/1")],
        ended: BTreeMap::from([(0, None), (1, Some(FeedState::Failed))]),
        stopped_at: Some(1),
        position: Position::default(),
        last: true,
        ..Publication::default()
    };
    let (change, _) = ledger.publish(&publication);
    ledger.apply(change);
    assert_eq!(
        states(&ledger),
        [FeedState::Completed, FeedState::Failed, FeedState::NotStarted, FeedState::NotStarted]
    );
    assert_eq!(ledger.record.state, JobState::CancelledDueToErrors);
    assert_eq!((ledger.record.totals.records(), ledger.record.errors_logged), (6, 1));
}

/// An atomic load that an error stops: the error is counted and told, rows are not, and no feed is completed.
#[test]
fn what_is_taken_back_is_not_counted() {
    let mut ledger = ledger(4);
    (0..3).for_each(|feed| ledger.feed_started(feed, 7));
    let told = Publication {
        loaded: BTreeMap::from([(0, loaded(2)), (1, loaded(3))]),
        errors: BTreeMap::from([(1, ErrorCounts { insert: 1, ..ErrorCounts::default() })]),
        entries: vec![ErrorEntry::whole(ErrorCode::ParsingError, "x", "s3://bucket/prefix/1")],
        ended: BTreeMap::from([(0, None), (1, Some(FeedState::ModifiedOrDeleted))]),
        stopped_at: Some(1),
        position: Position::default(),
        last: true,
        ..Publication::default()
    };
    let (change, _) = ledger.end(Ending::Failed, &told);
    ledger.apply(change);
    assert_eq!(
        states(&ledger),
        [FeedState::CancelledDueToErrors, FeedState::ModifiedOrDeleted, FeedState::NotStarted, FeedState::NotStarted]
    );
    assert_eq!(ledger.record.state, JobState::Failed);
    assert_eq!(ledger.record.totals, Counters { insert_errors: 1, ..Counters::default() });
    assert_eq!(ledger.record.errors_logged, 1);
}

/// With errors within the tolerance a load ends well, and so do the files that were read to their end; what could not be
/// read is never tolerated.
#[test]
fn a_tolerance_is_of_rows_and_of_the_whole_job() {
    use FeedState as F;
    for (tolerance, cut_short, expected, state) in [
        (None, false, [F::Failed, F::Completed, F::Failed], JobState::Failed),
        (Some("3"), false, [F::Completed, F::Completed, F::Completed], JobState::Completed),
        (Some("2"), false, [F::Failed, F::Completed, F::Failed], JobState::Failed),
        (Some("30%"), false, [F::Completed, F::Completed, F::Completed], JobState::Completed),
        (Some("29.999999%"), false, [F::Failed, F::Completed, F::Failed], JobState::Failed),
        (Some("3"), true, [F::Completed, F::Completed, F::Failed], JobState::Failed),
    ] {
        let mut ledger = ledger(3);
        ledger.record.request.tolerance = tolerance.map(|text| text.parse().expect("a tolerance"));
        (0..3).for_each(|feed| ledger.feed_started(feed, 7));
        let errors = |count| ErrorCounts { parsing: count, ..ErrorCounts::default() };
        let early = Publication {
            loaded: BTreeMap::from([(0, loaded(3))]),
            errors: BTreeMap::from([(0, errors(2))]),
            ended: BTreeMap::from([(0, None)]),
            ..Publication::default()
        };
        let last = Publication {
            loaded: BTreeMap::from([(1, loaded(4))]),
            errors: BTreeMap::from([(2, errors(1))]),
            ended: BTreeMap::from([(1, None), (2, cut_short.then_some(F::Failed))]),
            last: true,
            ..Publication::default()
        };
        for publication in [early, last] {
            let (change, _) = ledger.publish(&publication);
            ledger.apply(change);
        }
        assert_eq!((states(&ledger), ledger.record.state), (expected.to_vec(), state), "{tolerance:?} {cut_short}");
        assert_eq!((ledger.record.totals.errors(), ledger.record.totals.records()), (3, 10));
    }
}

#[test]
fn each_ending_leaves_its_states() {
    use FeedState as F;
    for (ending, expected, state) in [
        (Ending::Cancelled, [F::Completed, F::CancelledByUser, F::CancelledByUser], JobState::CancelledByUser),
        (Ending::Fault, [F::Completed, F::UnexpectedError, F::NotStarted], JobState::UnexpectedError),
        (Ending::Failed, [F::Completed, F::Failed, F::NotStarted], JobState::Failed),
    ] {
        let mut ledger = ledger(3);
        ledger.feeds[0].state = F::Completed;
        ledger.feed_started(1, 7);
        let (change, _) = ledger.end(ending, &Publication::default());
        ledger.apply(change);
        assert_eq!((states(&ledger), ledger.record.state), (expected.to_vec(), state), "{ending:?}");
    }
}

proptest! {
    /// Whatever is published, in whatever pieces: the job's counters are the sums over its feeds, and the journal's
    /// feeds are the ledger's.
    #[test]
    fn sums_and_chunks_agree(
        feeds in 1..600_usize,
        publishes in prop::collection::vec(prop::collection::btree_map(0..600_u32, (0..9_u64, 0..3_u64), 0..20), 0..6),
    ) {
        let mut ledger = ledger(feeds);
        let mut journal = BTreeMap::new();
        let all: Vec<JournalWrite> = ledger
            .feeds
            .chunks(FEED_CHUNK)
            .enumerate()
            .map(|(chunk, feeds)| journal::put_feeds(ledger.record.id, chunk, feeds))
            .collect();
        let mut keep = |writes: Vec<JournalWrite>| {
            for write in writes {
                if let JournalWrite::Put { key, value } = write {
                    journal.insert(key, value);
                }
            }
        };
        keep(all);
        for publish in publishes {
            let there = |feed: &u32| (*feed as usize) < feeds;
            let counts = publish.iter().filter(|(feed, _)| there(feed));
            let counts = counts.map(|(feed, (records, _))| (*feed, loaded(*records)));
            let errors = publish.iter().filter(|(feed, _)| there(feed));
            let errors = errors.map(|(feed, (_, insert))| (*feed, ErrorCounts { insert: *insert, ..ErrorCounts::default() }));
            let publication = Publication { loaded: counts.collect(), errors: errors.collect(), ..Publication::default() };
            let (change, writes) = ledger.publish(&publication);
            keep(writes);
            ledger.apply(change);
        }
        let mut sum = Counters::default();
        ledger.feeds.iter().for_each(|feed| sum += feed.counters);
        prop_assert_eq!(ledger.record.totals, sum);
        let kept = journal.iter().filter(|(key, _)| key.starts_with(b"loader/feeds/"));
        let kept: Vec<FeedRecord> =
            kept.flat_map(|(_, value)| serde_json::from_slice::<Vec<FeedRecord>>(value).expect("feeds")).collect();
        prop_assert_eq!(kept, ledger.feeds);
    }
}
