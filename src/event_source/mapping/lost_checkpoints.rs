//! Lost checkpoints and resharding: every key's order holds through both, and no record is counted twice.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::tests::record;
use super::*;

fn settings() -> MappingSettings {
    MappingSettings { batch_size: 4, parallelization: 1, maximum_age: None, ..MappingSettings::default() }
}

fn done() -> InvocationOutcome {
    InvocationOutcome::Answered(Vec::new())
}

fn invoke(mapping: &mut EventSourceMapping) -> (LaneId, Vec<Arc<EncodedRecord>>) {
    match mapping.next(Duration::ZERO) {
        Step::Invoke { lane, records } => (lane, records),
        other => panic!("an invocation, not {other:?}"),
    }
}

fn numbers(records: &[Arc<EncodedRecord>]) -> Vec<u32> {
    records.iter().map(|record| record.sequence_number().parse().expect("a number")).collect()
}

/// Acknowledges until nothing is left; returns the numbers of each batch.
fn acknowledge_all(mapping: &mut EventSourceMapping) -> Vec<Vec<u32>> {
    let mut batches = Vec::new();
    while let Step::Invoke { lane, records } = mapping.next(Duration::ZERO) {
        batches.push(numbers(&records));
        mapping.finished(lane, &done(), Duration::ZERO);
    }
    batches
}

fn offer(mapping: &mut EventSourceMapping, shard: &str, key: &str, number: u32) {
    mapping.offer(record(shard, key, &number.to_string()), Duration::ZERO).expect("room");
}

#[test]
fn what_was_acknowledged_comes_again_in_order_in_other_batches_and_counts_once() {
    let mut mapping = EventSourceMapping::new(MappingSettings { batch_size: 8, ..settings() });
    for number in 0..30 {
        offer(&mut mapping, "s", &format!("key {}", number % 7), number);
    }
    mapping.end();
    let before = acknowledge_all(&mut mapping);
    assert_eq!((&before[0], before.len()), (&(0..8).collect(), 4));
    mapping.redeliver();
    let again = acknowledge_all(&mut mapping);
    let mut all = again.concat();
    for key in 0..7 {
        let of_key: Vec<_> = all.iter().filter(|number| *number % 7 == key).collect();
        assert!(of_key.is_sorted(), "{again:?}");
    }
    all.sort_unstable();
    assert_eq!(all, (0..30).collect::<Vec<_>>());
    let fewer = again.iter().filter(|batch| {
        before.iter().any(|old| old[0] == batch[0] && old.last() == batch.last() && old.len() > batch.len())
    });
    assert_ne!(fewer.count(), 0, "none has the ends of an old batch and lacks some between: {again:?}");
    assert!(matches!(mapping.next(Duration::ZERO), Step::Done));
    let counted = mapping.statistics();
    assert_eq!((counted.delivered, counted.redelivered), (30, 30));
}

#[test]
fn a_shard_goes_back_when_nothing_of_it_is_in_flight() {
    let mut mapping = EventSourceMapping::new(settings());
    for number in 0..8 {
        offer(&mut mapping, "s", "k", number);
    }
    let (lane, first) = invoke(&mut mapping);
    assert!(mapping.finished(lane, &done(), Duration::ZERO), "its counts are new");
    let (lane, second) = invoke(&mut mapping);
    mapping.redeliver();
    assert!(matches!(mapping.next(Duration::ZERO), Step::Wait(None)));
    mapping.finished(lane, &InvocationOutcome::Failed, Duration::ZERO);
    let (lane, again) = invoke(&mut mapping);
    assert_eq!(again, first, "what was not acknowledged is not in one batch with what comes again");
    assert!(!mapping.finished(lane, &done(), Duration::ZERO), "its counts are known");
    let (lane, rest) = invoke(&mut mapping);
    assert_eq!(rest, second);
    assert!(mapping.finished(lane, &done(), Duration::ZERO));
    assert_eq!((mapping.statistics().delivered, mapping.statistics().redelivered), (8, 4));
}

#[test]
fn only_the_last_records_are_kept() {
    let mut mapping = EventSourceMapping::new(MappingSettings { batch_size: 300, ..settings() });
    for number in 0..2500 {
        offer(&mut mapping, "s", "k", number);
        acknowledge_all(&mut mapping);
    }
    mapping.redeliver();
    assert_eq!(acknowledge_all(&mut mapping).concat(), (1500..2500).collect::<Vec<_>>());
}

#[test]
fn children_wait_until_their_parent_is_processed_and_then_it_does_not_come_again() {
    let lineage = Arc::new(Lineage::default());
    let mut mapping = EventSourceMapping::new(settings()).with_lineage(Arc::clone(&lineage));
    offer(&mut mapping, "other", "k", 10);
    acknowledge_all(&mut mapping);
    offer(&mut mapping, "other", "k", 11);
    offer(&mut mapping, "parent", "k", 0);
    // The child between them never has a record.
    lineage.add("child".to_owned(), vec!["parent".to_owned()]);
    lineage.add("grandchild".to_owned(), vec!["child".to_owned(), "other".to_owned()]);
    offer(&mut mapping, "grandchild", "k", 1);
    let (other, _) = invoke(&mut mapping);
    let (parent, _) = invoke(&mut mapping);
    assert!(matches!(mapping.next(Duration::ZERO), Step::Wait(None)));
    mapping.finished(parent, &done(), Duration::ZERO);
    assert!(matches!(mapping.next(Duration::ZERO), Step::Wait(None)), "the other parent is in flight");
    mapping.redeliver();
    mapping.finished(other, &done(), Duration::ZERO);
    assert_eq!(acknowledge_all(&mut mapping).concat(), [10, 11, 1], "the child follows what comes again");
    mapping.redeliver();
    assert_eq!(acknowledge_all(&mut mapping), [[1]], "its parents have ended");
}

/// The shard of a key's record at this time: the shard is split, and the children are merged.
fn shard_of(key: u8, time: usize) -> &'static str {
    match (time, key % 2) {
        (0, _) => "0",
        (1, 0) => "1",
        (1, _) => "2",
        _ => "3",
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_key_goes_back_only_with_the_checkpoint_and_skips_nothing(
        times in proptest::collection::vec(proptest::collection::vec(0..6_u8, 0..30), 3),
        (batch_size, parallelization, bisect) in (1..9_usize, 1..4_usize, any::<bool>()),
        script in proptest::collection::vec((any::<usize>(), 0..6_u8), 1..60),
    ) {
        let lineage = Arc::new(Lineage::default());
        for (child, parents) in [("1", &["0"][..]), ("2", &["0"]), ("3", &["1", "2"])] {
            lineage.add(child.to_owned(), parents.iter().map(|&parent| parent.to_owned()).collect());
        }
        let settings = MappingSettings { batch_size, parallelization, bisect, ..settings() };
        let mut mapping = EventSourceMapping::new(settings).with_lineage(lineage);
        let records = times.iter().enumerate().flat_map(|(time, keys)| keys.iter().map(move |&key| (time, key)));
        // Each key's records are numbered.
        let mut last = BTreeMap::<u8, u32>::new();
        let mut offers = records.map(|(time, key)| {
            let number = last.entry(key).or_default();
            *number += 1;
            record(shard_of(key, time), &key.to_string(), &number.to_string())
        }).collect::<Vec<_>>().into_iter();
        let total = offers.len();
        let mut script = script.into_iter();
        let (mut now, mut losses) = (Duration::ZERO, 0);
        let mut in_flight: Vec<(LaneId, Vec<Arc<EncodedRecord>>)> = Vec::new();
        let mut acknowledged = BTreeMap::<String, Vec<u32>>::new();
        for round in 0.. {
            prop_assert!(round < 20_000, "no end: {mapping:?}");
            match offers.next() {
                Some(record) => mapping.offer(record, now).expect("room"),
                None => mapping.end(),
            }
            match mapping.next(now) {
                Step::Invoke { lane, records } => {
                    let busy: BTreeSet<_> =
                        in_flight.iter().flat_map(|(_, records)| records).map(|record| record.partition_key()).collect();
                    prop_assert!(records.iter().all(|record| !busy.contains(record.partition_key())), "a key twice at once");
                    in_flight.push((lane, records));
                }
                Step::Wait(until) if in_flight.is_empty() => now = now.max(until.unwrap_or(now)) + Duration::from_millis(1),
                Step::Wait(_) => {
                    let (which, action) = script.next().unwrap_or((0, 0));
                    if action == 5 {
                        losses += 1;
                        mapping.redeliver();
                    }
                    let (lane, records) = in_flight.swap_remove(which % in_flight.len());
                    let (outcome, delivered) = match action {
                        1 => (InvocationOutcome::Failed, 0),
                        2 => {
                            let last = records.last().expect("one").sequence_number();
                            let delivered = records.iter().position(|record| record.sequence_number() == last);
                            let report = format!(r#"{{"batchItemFailures":[{{"itemIdentifier":"{last}"}}]}}"#);
                            (InvocationOutcome::Answered(report.into_bytes()), delivered.expect("it is there"))
                        }
                        _ => (done(), records.len()),
                    };
                    mapping.finished(lane, &outcome, now);
                    for record in &records[..delivered] {
                        let number = record.sequence_number().parse().expect("a number");
                        acknowledged.entry(record.partition_key().to_owned()).or_default().push(number);
                    }
                }
                Step::Discard { .. } => prop_assert!(false, "nothing is discarded"),
                Step::Done => break,
            }
        }
        for (key, numbers) in &acknowledged {
            prop_assert_eq!(numbers.first(), Some(&1), "of key {}", key);
            let back = numbers.windows(2).filter(|pair| pair[1] <= pair[0]).count();
            prop_assert!(back <= losses, "{} goes back {} times: {:?}", key, back, numbers);
            prop_assert!(numbers.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{} skips: {:?}", key, numbers);
        }
        let counted = mapping.statistics();
        prop_assert_eq!((counted.delivered, counted.discarded), (total as u64, 0));
        let all: usize = acknowledged.values().map(Vec::len).sum();
        prop_assert_eq!(counted.redelivered, (all - total) as u64);
    }
}
