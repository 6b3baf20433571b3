//! Every kind of damage is seen by `verify`, and nothing else is.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use pipegen::archive::folder::Folder;
use pipegen::archive::source::Source;
use pipegen::archive::time_range::TimeRange;
use pipegen::archive::verify::report::{Problem, ProblemKind, Summary};
use pipegen::archive::verify::verify;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::kept::{Kept, Record, event, record, write};

/// Ten records; the eighth is an array whose second event is rejected, the ninth is no text.
fn records() -> Vec<Record> {
    (0..10)
        .map(|number| match number {
            7 => record(7, format!("[{}, {{\"bad\": 1}} ]", event("acme", "7"))),
            8 => record(8, &b"\xff\xfe"[..]),
            _ => record(number, event("acme", &number.to_string())),
        })
        .collect()
}

/// A sound archive, with an overlap and a quarantine.
fn sound() -> (Kept, Vec<String>) {
    let (kept, records) = (Kept::new(), records());
    let mut keys = kept.archive(&records[..6]);
    keys.extend(kept.archive(&records[4..]));
    kept.reject(&[
        (&records[7], 1, b"{\"bad\": 1}", "invalid_event", "specversion: is missing"),
        (&records[8], 0, b"\xff\xfe", "invalid_json", "not UTF-8"),
    ]);
    (kept, keys)
}

/// A change, and the problem that it makes.
type Case<F> = (F, ProblemKind);

/// Returns another key than that of an object.
type Rename = fn(&str) -> String;

/// The day after.
fn now() -> DateTime<Utc> {
    "2020-11-24T00:00:00Z".parse().unwrap()
}

async fn verified(kept: &Kept) -> (Summary, Vec<Problem>) {
    verified_at(kept, now()).await
}

async fn verified_at(kept: &Kept, now: DateTime<Utc>) -> (Summary, Vec<Problem>) {
    let archive = Source::Folder(Folder::with_archive(kept.path()).unwrap());
    let quarantine = Folder::with_quarantine(kept.path()).unwrap().map(Source::Folder);
    let mut problems = Vec::new();
    let tell = |problem: &Problem| {
        problems.push(problem.clone());
        Ok(())
    };
    let summary = verify(&archive, quarantine.as_ref(), &TimeRange::default(), now, tell).await.unwrap();
    assert_eq!(summary.problems, problems.len() as u64);
    (summary, problems)
}

/// Returns the problems, each as kind, object and line.
async fn problems(kept: &Kept) -> Vec<(ProblemKind, String, Option<u64>)> {
    verified(kept).await.1.into_iter().map(|problem| (problem.problem, problem.key, problem.line)).collect()
}

fn text(root: &Path, key: &str) -> String {
    let mut text = String::new();
    GzDecoder::new(&fs::read(root.join(key)).unwrap()[..]).read_to_string(&mut text).unwrap();
    text
}

fn compressed(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Replaces an object's lines; with `sealed` its key gets the hash of the new ones, as somebody would who knows how.
fn rewrite(kept: &Kept, key: &str, sealed: bool, change: impl Fn(&mut Vec<String>)) -> String {
    let root = kept.archive_root();
    let mut lines: Vec<String> = text(&root, key).lines().map(str::to_owned).collect();
    change(&mut lines);
    let text = lines.join("\n") + "\n";
    fs::remove_file(root.join(key)).unwrap();
    let key = if sealed {
        let [a, b, c, d, ..] = Sha256::digest(&text).0;
        let hash = u32::from_be_bytes([a, b, c, d]);
        format!("{}-{hash:08x}.jsonl.gz", key.rsplit_once('-').unwrap().0)
    } else {
        key.to_owned()
    };
    write(&root, &key, &compressed(&text));
    key
}

/// Changes a field of a line.
fn set(line: &mut String, field: &str, value: Value) {
    let mut fields: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
    fields.insert(field.to_owned(), value);
    *line = serde_json::to_string(&fields).unwrap();
}

#[tokio::test]
async fn a_sound_archive_has_no_problem() {
    let (kept, _) = sound();
    let (summary, problems) = verified(&kept).await;
    assert_eq!(problems, []);
    let quarantine = summary.quarantine.unwrap();
    assert_eq!((summary.archive.objects, summary.archive.lines, summary.archive.repeated), (2, 12, 2));
    assert_eq!((quarantine.objects, quarantine.lines, quarantine.repeated), (1, 2, 0));
    // The same batch of the processor again, cut differently.
    kept.reject(&[(&records()[7], 1, b"{\"bad\": 1}", "invalid_event", "specversion: is missing")]);
    let (summary, problems) = verified(&kept).await;
    assert_eq!((problems, summary.quarantine.unwrap().repeated), (vec![], 1));
}

#[tokio::test]
async fn every_flipped_byte_is_seen() {
    let (kept, keys) = sound();
    let path = kept.archive_root().join(&keys[0]);
    let bytes = fs::read(&path).unwrap();
    let sound_text = text(&kept.archive_root(), &keys[0]);
    let mut harmless = 0;
    // Gzip ignores some of its header: a flag for text, the time, the level and the system that wrote it.
    for place in (0..bytes.len()).filter(|place| !(3..10).contains(place)) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        // A reference to an earlier copy of the same text may become one to another copy: nothing is damaged then.
        let mut text = Vec::new();
        let read = GzDecoder::new(&damaged[..]).read_to_end(&mut text);
        let is_harmless = read.is_ok() && text == sound_text.as_bytes();
        fs::write(&path, &damaged).unwrap();
        let found = problems(&kept).await;
        assert_eq!(found.iter().all(|(_, key, _)| *key != keys[0]), is_harmless, "byte {place}: {found:?}");
        harmless += usize::from(is_harmless);
    }
    assert!(harmless < bytes.len() / 20, "{harmless} of {} bytes", bytes.len());
    for damaged in [&bytes[..bytes.len() - 1], &[&bytes[..], b"\0"].concat(), &[&bytes[..], &bytes[..]].concat(), b""] {
        fs::write(&path, damaged).unwrap();
        let found = problems(&kept).await;
        assert!(found.contains(&(ProblemKind::Compression, keys[0].clone(), None)), "{found:?}");
    }
}

#[tokio::test]
async fn a_key_that_says_something_else_is_seen() {
    let rename = |change: Rename| {
        let (kept, keys) = sound();
        let (root, new) = (kept.archive_root(), change(&keys[0]));
        write(&root, &new, &fs::read(root.join(&keys[0])).unwrap());
        fs::remove_file(root.join(&keys[0])).unwrap();
        (kept, new)
    };
    let cases: [Case<Rename>; 6] = [
        (|key| key.replace(key.rsplit_once('-').unwrap().1, "00000000.jsonl.gz"), ProblemKind::ContentHash),
        (|key| key.replace("000000000000-4", "000000000001-4"), ProblemKind::Range),
        (|key| key.replace("000000000005-", "000000000006-"), ProblemKind::Range),
        (|key| key.replace("/05/", "/06/"), ProblemKind::Hour),
        (|key| key.replace("shardId-000000000000", "shardId-000000000001"), ProblemKind::Shard),
        (|key| key.replace(".jsonl.gz", ".gz"), ProblemKind::Key),
    ];
    for (change, kind) in cases {
        let (kept, key) = rename(change);
        let found = problems(&kept).await;
        let of_kind: Vec<_> = found.iter().filter(|(found, ..)| *found == kind).collect();
        assert_eq!(of_kind.len(), 1, "{kind:?}: {found:?}");
        assert_eq!(of_kind[0].1, key);
    }
}

#[tokio::test]
async fn a_changed_line_is_seen() {
    let changes: [fn(&mut Vec<String>); 5] = [
        |lines| drop(lines.remove(2)),
        |lines| lines.swap(1, 2),
        |lines| lines.push(lines[0].clone()),
        |lines| set(&mut lines[2], "partition_key", json!("other")),
        |lines| lines[2].insert(1, ' '),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let (kept, keys) = sound();
        let key = rewrite(&kept, &keys[0], false, change);
        assert_eq!(problems(&kept).await, [(ProblemKind::ContentHash, key, None)], "change {number}");
    }
}

/// Even if the hash in the key was made to fit.
#[tokio::test]
async fn a_line_that_is_not_of_the_contract_is_seen() {
    let changes: [Case<fn(&mut String)>; 8] = [
        (|line| line.push(','), ProblemKind::Line),
        (|line| *line = line.replace("\"event_base64\":null", "\"event_base64\":\"/w==\""), ProblemKind::Line),
        (|line| *line = line.replace(",\"event_base64\":null", ""), ProblemKind::Line),
        (|line| set(line, "more", json!(1)), ProblemKind::Line),
        (|line| set(line, "arrived_at", json!("yesterday")), ProblemKind::Line),
        (|line| set(line, "sequence_number", json!("x")), ProblemKind::Line),
        (|line| set(line, "shard", json!("other")), ProblemKind::Shard),
        (|line| set(line, "arrived_at", json!("2020-11-23T06:00:00.000000Z")), ProblemKind::Hour),
    ];
    for (number, (change, kind)) in changes.into_iter().enumerate() {
        let (kept, keys) = sound();
        let key = rewrite(&kept, &keys[0], true, |lines| change(&mut lines[2]));
        assert_eq!(problems(&kept).await, [(kind, key, Some(3))], "change {number}");
    }
}

#[tokio::test]
async fn overlapping_objects_that_differ_are_seen() {
    let (kept, keys) = sound();
    // Lines 5 and 6 of the first object are 1 and 2 of the second.
    rewrite(&kept, &keys[0], true, |lines| set(&mut lines[4], "event", json!("{}")));
    assert_eq!(problems(&kept).await, [(ProblemKind::Overlap, keys[1].clone(), Some(1))]);
    // An object may hold a record twice, but not with different content.
    let (kept, keys) = sound();
    let key = rewrite(&kept, &keys[0], true, |lines| lines.push(lines[1].clone()));
    assert_eq!(problems(&kept).await, []);
    let key = rewrite(&kept, &key, true, |lines| set(&mut lines[6], "event", json!("{}")));
    assert_eq!(problems(&kept).await, [(ProblemKind::Overlap, key, Some(7))]);
    // An object that reaches over several others.
    let records = records();
    let kept = Kept::new();
    kept.archive([&records[0], &records[9]]);
    let middle = kept.archive(&records[2..5]);
    let mut other = records[9].clone();
    other.data = b"{}".to_vec();
    let last = kept.archive([&records[6], &other]);
    assert_eq!(problems(&kept).await, [(ProblemKind::Overlap, last[0].clone(), Some(2))], "{middle:?}");
}

#[tokio::test]
async fn a_rejected_event_must_be_in_the_archive() {
    let records = records();
    // A record that is not there, in an hour that is; then in an hour that is not.
    for number in [11, 4000] {
        let (kept, _) = sound();
        let stray = record(number, "{}");
        let key = kept.reject(&[(&stray, 0, b"{}", "invalid_event", "x")])[0].clone();
        assert_eq!(problems(&kept).await, [(ProblemKind::NotArchived, key, Some(1))]);
    }
    // Not the bytes of that event; an index that the record does not have.
    for (index, bytes) in [(1, &b"{\"bad\": 2}"[..]), (0, b"{\"bad\": 1}"), (2, b"{\"bad\": 1}")] {
        let (kept, _) = sound();
        let key = kept.reject(&[(&records[7], index, bytes, "invalid_event", "x")])[0].clone();
        let found = problems(&kept).await;
        assert!(
            found.iter().all(|(kind, ..)| matches!(kind, ProblemKind::NotInRecord | ProblemKind::Overlap)),
            "{found:?}"
        );
        assert!(found.contains(&(ProblemKind::NotInRecord, key, Some(1))), "{found:?}");
    }
    // An object of the archive that is missing as a whole.
    let (kept, keys) = sound();
    fs::remove_file(kept.archive_root().join(&keys[1])).unwrap();
    let (_, found) = verified(&kept).await;
    assert_eq!(
        found.iter().map(|problem| (problem.problem, problem.line, problem.lines)).collect::<Vec<_>>(),
        [(ProblemKind::NotArchived, Some(1), 2)]
    );
}

/// Records that the archiver could not archive are in the batches that Lambda discarded for it.
#[tokio::test]
async fn a_batch_that_was_discarded_for_the_archiver_counts_as_archived() {
    for (function, is_archived) in [("lambda-archiver-staging", true), ("lambda-processor-staging", false)] {
        let (kept, _) = sound();
        let stray = record(4000, "{}");
        kept.reject(&[(&stray, 0, b"{}", "invalid_event", "x")]);
        let event = json!({"Records": [{"eventID": format!("{}:{}", stray.shard, stray.sequence_number), "kinesis": {
            "approximateArrivalTimestamp": 1_606_107_600.0, "data": "e30=", "partitionKey": "acme/1", "sequenceNumber": stray.sequence_number}}]});
        let document = json!({"requestContext": {"functionArn": format!("arn:aws:lambda:us-east-1:111122223333:function:{function}"),
            "condition": "RetryAttemptsExhausted"}, "payload": event.to_string()});
        write(
            &kept.quarantine_root(),
            "aws/lambda/id/shardId-000000000000/2020/11/30/x",
            document.to_string().as_bytes(),
        );
        assert_eq!(problems(&kept).await.is_empty(), is_archived, "{function}");
    }
}

/// The archiver collects for some minutes, so the newest rejections come before their records.
#[tokio::test]
async fn what_was_just_rejected_may_not_be_archived_yet() {
    let (kept, _) = sound();
    let stray = record(3000, "{}");
    kept.reject(&[(&stray, 0, b"{}", "invalid_event", "x")]);
    let (summary, problems) = verified_at(&kept, stray.arrived_at + TimeDelta::minutes(14)).await;
    assert_eq!((summary.not_archived_yet, problems), (1, vec![]));
    let (summary, problems) = verified_at(&kept, stray.arrived_at + TimeDelta::minutes(15)).await;
    assert_eq!((summary.not_archived_yet, problems.len()), (0, 1));
}
