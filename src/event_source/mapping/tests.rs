//! The rules one by one. Time is in milliseconds since the start.

use chrono::DateTime;
use pipegen_contract::payload::LARGEST_PAYLOAD;

use super::*;
use crate::records::Record;

/// A record with two bytes of data.
pub(super) fn record(shard: &str, key: &str, number: &str) -> Record {
    Record {
        shard: shard.to_owned(),
        sequence_number: number.to_owned(),
        partition_key: key.to_owned(),
        arrived_at: DateTime::from_timestamp_micros(1_545_084_650_987_001).expect("in range"),
        data: b"{}".to_vec(),
    }
}

fn settings() -> MappingSettings {
    MappingSettings {
        batch_size: 8,
        window: ms(0),
        parallelization: 1,
        maximum_age: None,
        ..MappingSettings::default()
    }
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A mapping with records 0, 1, 2 … of one key, picked up at 0, and the input at its end.
fn filled(settings: MappingSettings, records: usize) -> EventSourceMapping {
    let mut mapping = EventSourceMapping::new(settings);
    for number in 0..records {
        mapping.offer(record("s", "k", &number.to_string()), ms(0)).expect("room");
    }
    mapping.end();
    mapping
}

/// The numbers of the batch that is invoked now.
fn invoked(mapping: &mut EventSourceMapping, now: u64) -> (LaneId, Vec<usize>) {
    match mapping.next(ms(now)) {
        Step::Invoke { lane, records } => (lane, numbers(&records)),
        other => panic!("an invocation at {now}, not {other:?}"),
    }
}

fn discarded(mapping: &mut EventSourceMapping, now: u64) -> (Vec<usize>, Condition, u32) {
    match mapping.next(ms(now)) {
        Step::Discard { discarded, .. } => (numbers(&discarded.records), discarded.condition, discarded.invocations),
        other => panic!("a discarded batch at {now}, not {other:?}"),
    }
}

fn waits(mapping: &mut EventSourceMapping, now: u64) -> Option<u64> {
    match mapping.next(ms(now)) {
        Step::Wait(until) => until.map(|until| u64::try_from(until.as_millis()).expect("soon")),
        other => panic!("a wait at {now}, not {other:?}"),
    }
}

fn numbers(records: &[Arc<EncodedRecord>]) -> Vec<usize> {
    records.iter().map(|record| record.sequence_number().parse().expect("a number")).collect()
}

fn done() -> InvocationOutcome {
    InvocationOutcome::Answered(b"null".to_vec())
}

fn from(number: usize) -> InvocationOutcome {
    InvocationOutcome::Answered(format!(r#"{{"batchItemFailures":[{{"itemIdentifier":"{number}"}}]}}"#).into_bytes())
}

#[test]
fn batches_follow_one_another() {
    let mut mapping = filled(settings(), 20);
    for expected in [0..8, 8..16, 16..20] {
        let (lane, batch) = invoked(&mut mapping, 0);
        assert_eq!(batch, expected.collect::<Vec<_>>());
        assert_eq!(waits(&mut mapping, 0), None, "one invocation in flight");
        assert!(mapping.finished(lane, &done(), ms(0)));
    }
    assert!(matches!(mapping.next(ms(0)), Step::Done));
    assert_eq!(mapping.statistics(), Statistics { delivered: 20, invocations: 3, ..Statistics::default() });
}

#[test]
fn a_batch_waits_for_its_window() {
    let mut mapping = EventSourceMapping::new(MappingSettings { window: ms(1000), ..settings() });
    mapping.offer(record("s", "k", "0"), ms(100)).expect("room");
    mapping.offer(record("s", "k", "1"), ms(900)).expect("room");
    assert_eq!(waits(&mut mapping, 900), Some(1100), "from the pickup of the first");
    assert_eq!(invoked(&mut mapping, 1100).1, [0, 1]);
}

#[test]
fn an_input_that_goes_on_after_its_end_has_windows_again() {
    let mut mapping = EventSourceMapping::new(MappingSettings { window: ms(1000), ..settings() });
    mapping.offer(record("s", "k", "0"), ms(100)).expect("room");
    mapping.end();
    let (lane, _) = invoked(&mut mapping, 200);
    assert_eq!(mapping.oldest(), Some(ms(100)), "it is in flight");
    mapping.finished(lane, &done(), ms(300));
    assert!(matches!(mapping.next(ms(300)), Step::Done));
    assert_eq!(mapping.oldest(), None);
    mapping.resume();
    assert_eq!(waits(&mut mapping, 300), None);
    mapping.offer(record("s", "k", "1"), ms(400)).expect("room");
    mapping.offer(record("s", "k", "2"), ms(500)).expect("room");
    assert_eq!((waits(&mut mapping, 500), mapping.oldest()), (Some(1400), Some(ms(400))));
    assert_eq!(invoked(&mut mapping, 1400).1, [1, 2]);
}

#[test]
fn a_full_batch_and_the_end_wait_for_nothing() {
    let mut mapping = EventSourceMapping::new(MappingSettings { window: ms(1000), batch_size: 2, ..settings() });
    for number in ["0", "1", "2"] {
        mapping.offer(record("s", "k", number), ms(0)).expect("room");
    }
    let (lane, batch) = invoked(&mut mapping, 0);
    assert_eq!(batch, [0, 1]);
    mapping.finished(lane, &done(), ms(0));
    assert_eq!(waits(&mut mapping, 0), Some(1000));
    mapping.end();
    assert_eq!(invoked(&mut mapping, 0).1, [2]);
}

#[test]
fn an_open_input_is_never_done() {
    let mut mapping = EventSourceMapping::new(settings());
    assert_eq!(waits(&mut mapping, 0), None);
    mapping.end();
    assert!(matches!(mapping.next(ms(0)), Step::Done));
}

#[test]
fn a_batch_stays_within_the_payload_limit() {
    let mut mapping = EventSourceMapping::new(MappingSettings { window: ms(1000), ..settings() });
    for number in 0..6 {
        let mut record = record("s", "k", &number.to_string());
        record.data = vec![b'x'; 1024 * 1024];
        mapping.offer(record, ms(0)).expect("room");
    }
    let Step::Invoke { records, .. } = mapping.next(ms(0)) else { panic!("full by bytes") };
    assert_eq!(records.len(), 4, "base64 makes 1.4 MB of each");
    assert!(event(&records, &settings().origin).len() <= LARGEST_PAYLOAD);
}

#[test]
fn a_record_beyond_the_limit_goes_alone() {
    let mut mapping = EventSourceMapping::new(MappingSettings { payload_limit: 10, ..settings() });
    mapping.offer(record("s", "k", "0"), ms(0)).expect("room");
    mapping.offer(record("s", "k", "1"), ms(0)).expect("room");
    assert_eq!(invoked(&mut mapping, 0).1, [0]);
}

#[test]
fn keys_run_side_by_side_and_each_in_order() {
    let mut mapping = EventSourceMapping::new(MappingSettings { parallelization: 4, batch_size: 1, ..settings() });
    for number in 0..32 {
        mapping.offer(record("s", &format!("key {number}"), &number.to_string()), ms(0)).expect("room");
    }
    let mut lanes = Vec::new();
    while let Step::Invoke { lane, records } = mapping.next(ms(0)) {
        lanes.push((lane, records[0].partition_key().to_owned()));
    }
    assert_eq!(lanes.len(), 4, "every lane has one in flight: {lanes:?}");
}

#[test]
fn shards_do_not_wait_for_each_other() {
    let mut mapping = EventSourceMapping::new(settings());
    mapping.offer(record("a", "k", "0"), ms(0)).expect("room");
    mapping.offer(record("b", "k", "1"), ms(0)).expect("room");
    let (first, _) = invoked(&mut mapping, 0);
    let (second, batch) = invoked(&mut mapping, 0);
    assert_eq!(batch, [1]);
    assert_ne!(first, second);
}

#[test]
fn a_full_shard_takes_no_more_and_others_do() {
    let mut mapping = EventSourceMapping::new(MappingSettings { lookahead: 1000, ..settings() });
    mapping.offer(record("a", "k", "0"), ms(0)).expect("room");
    mapping.offer(record("a", "k", "1"), ms(0)).expect("room");
    let back = mapping.offer(record("a", "k", "2"), ms(0)).expect_err("full");
    assert_eq!(back.sequence_number(), "2");
    mapping.offer(record("b", "k", "3"), ms(0)).expect("room in the other");
    invoked(&mut mapping, 0);
    mapping.offer(back, ms(0)).expect("room again, what is in flight does not count");
}

#[test]
fn a_partial_response_brings_back_everything_from_the_lowest() {
    for bisect in [false, true] {
        let mut mapping = filled(MappingSettings { bisect, ..settings() }, 8);
        let (lane, _) = invoked(&mut mapping, 0);
        let both = br#"{"batchItemFailures":[{"itemIdentifier":"6"},{"itemIdentifier":"3"}]}"#.to_vec();
        assert!(!mapping.finished(lane, &InvocationOutcome::Answered(both), ms(0)));
        assert_eq!(mapping.statistics().delivered, 3);
        let now = if bisect { 0 } else { 100 };
        assert_eq!(invoked(&mut mapping, now).1, [3, 4, 5, 6, 7]);
        let counted = mapping.statistics();
        assert_eq!((counted.bisections, counted.retries), if bisect { (1, 0) } else { (0, 1) });
    }
}

#[test]
fn a_report_of_the_first_record_retries_the_whole_batch() {
    let mut mapping = filled(settings(), 8);
    for (now, wait) in [(0, 100), (100, 300), (300, 700), (700, 1500)] {
        let (lane, batch) = invoked(&mut mapping, now);
        assert_eq!(batch.len(), 8);
        mapping.finished(lane, &from(0), ms(now));
        assert_eq!(waits(&mut mapping, now), Some(wait), "waits double");
    }
    let (lane, _) = invoked(&mut mapping, 1500);
    mapping.finished(lane, &from(1), ms(1500));
    let (lane, _) = invoked(&mut mapping, 1500);
    mapping.finished(lane, &from(1), ms(1500));
    assert_eq!(waits(&mut mapping, 1500), Some(1600), "progress starts the waits anew");
}

#[test]
fn repeated_numbers_checkpoint_at_the_first_position() {
    let mut mapping = EventSourceMapping::new(settings());
    for number in ["5", "9", "2", "9"] {
        mapping.offer(record("s", "k", number), ms(0)).expect("room");
    }
    let (lane, _) = invoked(&mut mapping, 0);
    mapping.finished(lane, &from(9), ms(0));
    assert_eq!(invoked(&mut mapping, 0).1, [9, 2, 9]);
}

#[test]
fn a_function_error_bisects_the_batch_in_order() {
    let mut mapping = filled(settings(), 5);
    let mut seen = Vec::new();
    // Record 1 is poison for the function.
    for _ in 0..6 {
        let (lane, batch) = invoked(&mut mapping, 0);
        let outcome = if batch.contains(&1) { InvocationOutcome::Failed } else { done() };
        seen.push(batch);
        mapping.finished(lane, &outcome, ms(0));
        if seen.last() == Some(&vec![1]) {
            break;
        }
    }
    assert_eq!(seen, [vec![0, 1, 2, 3, 4], vec![0, 1, 2], vec![0, 1], vec![0], vec![1]]);
    assert_eq!(waits(&mut mapping, 0), Some(100), "a single record is retried, and what follows it waits");
    assert_eq!(mapping.statistics().retries, 1);
}

#[test]
fn without_bisect_a_function_error_retries_the_batch() {
    let mut mapping = filled(MappingSettings { bisect: false, ..settings() }, 5);
    let (lane, batch) = invoked(&mut mapping, 0);
    mapping.finished(lane, &InvocationOutcome::Failed, ms(0));
    assert_eq!(waits(&mut mapping, 0), Some(100));
    assert_eq!(invoked(&mut mapping, 100).1, batch);
}

#[test]
fn used_up_retries_discard_the_batch_and_the_lane_moves_on() {
    let mut mapping =
        filled(MappingSettings { bisect: false, maximum_retries: Some(1), batch_size: 4, ..settings() }, 6);
    let (lane, _) = invoked(&mut mapping, 0);
    mapping.finished(lane, &from(1), ms(0));
    let (lane, _) = invoked(&mut mapping, 100);
    mapping.finished(lane, &InvocationOutcome::Failed, ms(100));
    assert_eq!(discarded(&mut mapping, 100), (vec![1, 2, 3], Condition::RetryAttemptsExhausted, 2));
    assert_eq!(invoked(&mut mapping, 100).1, [4, 5]);
    assert_eq!(mapping.statistics().discarded, 3);
}

#[test]
fn bisecting_uses_up_no_retry() {
    let mut mapping = filled(MappingSettings { maximum_retries: Some(0), ..settings() }, 4);
    let mut processed = Vec::new();
    let mut discarded_numbers = Vec::new();
    loop {
        match mapping.next(ms(0)) {
            Step::Invoke { lane, records } => {
                let batch = numbers(&records);
                let outcome = if batch.contains(&2) { InvocationOutcome::Failed } else { done() };
                if outcome == done() {
                    processed.extend(batch);
                }
                mapping.finished(lane, &outcome, ms(0));
            }
            Step::Discard { discarded, .. } => discarded_numbers.extend(numbers(&discarded.records)),
            Step::Wait(until) => panic!("waits until {until:?}"),
            Step::Done => break,
        }
    }
    assert_eq!((processed, discarded_numbers), (vec![0, 1, 3], vec![2]), "only the poison record is discarded");
}

#[test]
fn an_aged_record_is_discarded_and_younger_ones_are_not() {
    let mut mapping = EventSourceMapping::new(MappingSettings { maximum_age: Some(ms(1000)), ..settings() });
    mapping.offer(record("s", "k", "0"), ms(0)).expect("room");
    mapping.offer(record("s", "k", "1"), ms(500)).expect("room");
    let (lane, _) = invoked(&mut mapping, 500);
    mapping.finished(lane, &from(0), ms(950));
    assert_eq!(waits(&mut mapping, 950), Some(1050));
    assert_eq!(discarded(&mut mapping, 1050), (vec![0], Condition::RecordAgeExceeded, 1));
    assert_eq!(invoked(&mut mapping, 1050).1, [1]);
}

#[test]
fn a_record_that_waited_too_long_is_never_invoked() {
    let mut mapping = filled(MappingSettings { maximum_age: Some(ms(1000)), batch_size: 1, ..settings() }, 2);
    let (lane, _) = invoked(&mut mapping, 0);
    mapping.finished(lane, &done(), ms(1000));
    assert_eq!(discarded(&mut mapping, 1000), (vec![1], Condition::RecordAgeExceeded, 0));
    assert!(matches!(mapping.next(ms(1000)), Step::Done));
}

#[test]
#[should_panic(expected = "only an invoked lane")]
fn an_outcome_without_invocation_is_a_mistake() {
    let mut mapping = filled(settings(), 1);
    let (lane, _) = invoked(&mut mapping, 0);
    mapping.finished(lane, &done(), ms(0));
    mapping.finished(lane, &done(), ms(0));
}

#[test]
fn parts_keep_the_retries_used_so_far() {
    let mut mapping = filled(MappingSettings { maximum_retries: Some(1), batch_size: 2, ..settings() }, 2);
    let (lane, _) = invoked(&mut mapping, 0);
    mapping.finished(lane, &from(0), ms(0));
    let (lane, _) = invoked(&mut mapping, 100);
    mapping.finished(lane, &InvocationOutcome::Failed, ms(100));
    let (lane, batch) = invoked(&mut mapping, 100);
    assert_eq!(batch, [0]);
    mapping.finished(lane, &InvocationOutcome::Failed, ms(100));
    assert_eq!(discarded(&mut mapping, 100), (vec![0], Condition::RetryAttemptsExhausted, 3));
    let (lane, _) = invoked(&mut mapping, 100);
    mapping.finished(lane, &InvocationOutcome::Failed, ms(100));
    assert_eq!(discarded(&mut mapping, 100), (vec![1], Condition::RetryAttemptsExhausted, 3));
}
