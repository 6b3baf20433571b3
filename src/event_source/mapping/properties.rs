//! Properties that hold for all records, settings and outcomes: each record is delivered or discarded once, and each
//! key's in order.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::tests::record;
use super::*;

/// The fake function's reaction to a batch.
#[derive(Clone, Copy, Debug)]
enum Reaction {
    Succeed,
    Fail,
    Report(usize),
    Nonsense,
}

fn reaction() -> impl Strategy<Value = Reaction> {
    prop_oneof![
        3 => Just(Reaction::Succeed),
        2 => Just(Reaction::Fail),
        3 => (0..16_usize).prop_map(Reaction::Report),
        1 => Just(Reaction::Nonsense),
    ]
}

fn settings() -> impl Strategy<Value = MappingSettings> {
    (
        1..12_usize,
        0..50_u64,
        1..4_usize,
        any::<bool>(),
        proptest::option::of(0..4_u32),
        proptest::option::of(50..3000_u64),
        500..6000_usize,
    )
        .prop_map(|(batch_size, window, parallelization, bisect, maximum_retries, age, bytes)| MappingSettings {
            batch_size,
            window: Duration::from_millis(window),
            parallelization,
            bisect,
            maximum_retries,
            maximum_age: age.map(Duration::from_millis),
            payload_limit: bytes,
            lookahead: bytes,
            ..MappingSettings::default()
        })
}

/// Generates shard, key and sequence number of each record; the numbers fall and repeat.
fn records() -> impl Strategy<Value = Vec<(u8, u8, u8)>> {
    proptest::collection::vec((0..3_u8, 0..6_u8, 0..20_u8), 0..60)
}

/// A run of the mapping against a script of reactions, and the assertions on the way.
struct Run {
    mapping: EventSourceMapping,
    now: Duration,
    /// The end of each record, by its position in the input, which is also its data.
    ends: BTreeMap<usize, &'static str>,
    in_flight: Vec<(LaneId, Vec<Arc<EncodedRecord>>)>,
    /// The positions of each key's ended records, in the order of their ends.
    by_key: BTreeMap<(String, String), Vec<usize>>,
}

fn position(record: &EncodedRecord) -> usize {
    std::str::from_utf8(&record.data()).expect("digits").parse().expect("a position")
}

impl Run {
    fn end(&mut self, records: &[Arc<EncodedRecord>], how: &'static str) {
        for record in records {
            assert_eq!(self.ends.insert(position(record), how), None, "record {} ends twice", position(record));
            let key = (record.shard().to_owned(), record.partition_key().to_owned());
            self.by_key.entry(key).or_default().push(position(record));
        }
    }

    fn invoke(&mut self, lane: LaneId, records: Vec<Arc<EncodedRecord>>, settings: &MappingSettings) {
        assert!((1..=settings.batch_size).contains(&records.len()));
        assert!(records.len() == 1 || event(&records, &settings.origin).len() <= settings.payload_limit);
        assert!(records.iter().all(|record| record.shard() == records[0].shard()), "a batch is of one shard");
        assert!(records.iter().all(|record| !self.ends.contains_key(&position(record))), "an ended record comes again");
        assert!(self.in_flight.iter().all(|(other, _)| *other != lane), "two in flight in one lane");
        let keys: BTreeSet<_> = records.iter().map(|record| (record.shard(), record.partition_key())).collect();
        let others = self.in_flight.iter().flat_map(|(_, records)| records);
        assert!(
            others.into_iter().all(|record| !keys.contains(&(record.shard(), record.partition_key()))),
            "a key twice at once"
        );
        self.in_flight.push((lane, records));
    }

    /// Finishes one invocation as the fake function reacts, and checks how many records were delivered.
    fn finish(&mut self, which: usize, reaction: Reaction) {
        let (lane, records) = self.in_flight.swap_remove(which % self.in_flight.len());
        let (outcome, delivered) = match reaction {
            Reaction::Succeed => (InvocationOutcome::Answered(b"{}".to_vec()), records.len()),
            Reaction::Fail => (InvocationOutcome::Failed, 0),
            Reaction::Nonsense => (InvocationOutcome::Answered(b"nonsense".to_vec()), 0),
            Reaction::Report(position) => {
                let number = records[position % records.len()].sequence_number();
                let first = records.iter().position(|record| record.sequence_number() == number).expect("it is there");
                (
                    InvocationOutcome::Answered(
                        format!(r#"{{"batchItemFailures":[{{"itemIdentifier":"{number}"}}]}}"#).into_bytes(),
                    ),
                    first,
                )
            }
        };
        let before = self.mapping.statistics().delivered;
        let complete = self.mapping.finished(lane, &outcome, self.now);
        assert_eq!(complete, delivered == records.len());
        assert_eq!(self.mapping.statistics().delivered - before, delivered as u64);
        self.end(&records[..delivered], "delivered");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn every_record_ends_once_and_in_its_keys_order(
        records in records(),
        settings in settings(),
        script in proptest::collection::vec((any::<usize>(), reaction(), 0..40_u64), 1..40),
    ) {
        let total = records.len();
        let mut offers = records.into_iter().enumerate().map(|(position, (shard, key, number))| {
            let mut record = record(&format!("shard-{shard}"), &format!("key-{key}"), &number.to_string());
            record.data = position.to_string().into_bytes();
            Arc::<EncodedRecord>::from(record)
        }).peekable();
        let mut run = Run {
            mapping: EventSourceMapping::new(settings.clone()),
            now: Duration::ZERO,
            ends: BTreeMap::new(),
            in_flight: Vec::new(),
            by_key: BTreeMap::new(),
        };
        // After one pass the script only succeeds, or endless retries would never end.
        let mut script = script.into_iter();
        let mut held_back = None;
        for round in 0.. {
            prop_assert!(round < 20_000, "no end: {:?}", run.mapping);
            if let Some(record) = held_back.take().or_else(|| offers.next())
                && let Err(back) = run.mapping.offer(record, run.now) {
                held_back = Some(back);
            }
            if held_back.is_none() && offers.peek().is_none() {
                run.mapping.end();
            }
            match run.mapping.next(run.now) {
                Step::Invoke { lane, records } => run.invoke(lane, records, &settings),
                Step::Discard { discarded, .. } => {
                    prop_assert!(!discarded.records.is_empty());
                    run.end(&discarded.records, discarded.condition.name());
                }
                Step::Wait(until) => {
                    let (which, reaction, pause) = script.next().unwrap_or((0, Reaction::Succeed, 1));
                    run.now += Duration::from_millis(pause);
                    if run.in_flight.is_empty() {
                        prop_assert!(until.is_some() || held_back.is_some() || offers.peek().is_some(), "waits for nothing");
                        run.now = run.now.max(until.unwrap_or_default());
                    } else {

                        run.finish(which, reaction);
                    }
                }
                Step::Done => break,
            }
        }
        prop_assert!(run.in_flight.is_empty());
        prop_assert_eq!(run.ends.len(), total, "every record comes to an end");
        for (key, positions) in &run.by_key {
            prop_assert!(positions.is_sorted(), "{:?} ended in the order {:?}", key, positions);
        }
        let counted = run.mapping.statistics();
        prop_assert_eq!(counted.delivered + counted.discarded, total as u64);
        if settings.maximum_retries.is_none() && settings.maximum_age.is_none() {
            prop_assert_eq!(counted.discarded, 0);
        }
    }
}
