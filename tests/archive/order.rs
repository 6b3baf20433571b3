//! Records come in order and once, however objects overlap.

use pipegen::archive::folder::Folder;
use pipegen::archive::line::{Kind, Line};
use pipegen::archive::merged::each_line;
use pipegen::archive::source::Source;
use pipegen::archive::time_range::TimeRange;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::kept::{Kept, Record, record};

fn read(kept: &Kept, range: TimeRange, at_most: usize) -> Vec<String> {
    let archive = Source::Folder(Folder::with_archive(kept.path()).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut lines = Vec::new();
    let pass_on = async |_: &str, line: &str| {
        lines.push(line.to_owned());
        Ok(lines.len() < at_most)
    };
    runtime.block_on(each_line(&archive, Kind::Archive, &range, |_: &Line<'_>| true, pass_on)).unwrap();
    lines
}

fn lines<'a>(records: impl IntoIterator<Item = &'a Record>) -> Vec<String> {
    records.into_iter().map(Record::line).collect()
}

/// Batches of any records, in any order, that overlap in any way: what comes out is each record once, in order.
#[test]
fn any_batches_give_each_record_once_in_order() {
    // Some hours, and numbers that grow in length.
    let all: Vec<Record> = (0..60)
        .map(|number| {
            let mut record = record(number * 200, number.to_string());
            record.sequence_number = (number * 7).to_string();
            record.shard = if number % 5 == 0 { "a" } else { "a-b" };
            record
        })
        .collect();
    let batches = prop::collection::vec(prop::collection::vec(0..all.len(), 1..12), 1..20);
    let mut runner = TestRunner::new(Config { cases: 64, ..Config::default() });
    runner
        .run(&batches, |batches| {
            let kept = Kept::new();
            for batch in &batches {
                // A batch is of one shard.
                for shard in ["a", "a-b"] {
                    kept.archive(batch.iter().map(|place| &all[*place]).filter(|record| record.shard == shard));
                }
            }
            let mut places: Vec<usize> = batches.concat();
            places.sort_by_key(|place| {
                (all[*place].arrived_at.timestamp() / 3600, format!("{}/", all[*place].shard), *place)
            });
            places.dedup();
            let expected = lines(places.iter().map(|place| &all[*place]));
            prop_assert_eq!(&read(&kept, TimeRange::default(), usize::MAX), &expected);
            prop_assert_eq!(&read(&kept, TimeRange::default(), 1), &expected[..1]);
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_range_is_exact_to_the_record() {
    let kept = Kept::new();
    let records: Vec<Record> = (0..20).map(|number| record(number * 600, "{}")).collect();
    kept.archive(&records);
    let range = |from, to| TimeRange::parse(Some(from), Some(to), chrono::Utc::now()).unwrap();
    assert_eq!(read(&kept, range("2020-11-23T05:10:00Z", "2020-11-23T06:10:00Z"), 99), lines(&records[1..7]));
    assert_eq!(read(&kept, range("2020-11-22", "2020-11-23"), 99), lines(&[]));
}
