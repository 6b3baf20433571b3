//! `pipegen rejected` on a folder.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::kept::{Kept, Record, Run, event, record, write};

const DETAIL: &str = "data.quantity: must be an integer";

fn bad(supplier: &str, sku: &str) -> String {
    event(supplier, sku).replace("\"quantity\":7", "\"quantity\":\"7\"")
}

/// Three rejections, of which one is in two objects, and a batch that Lambda discarded.
fn kept() -> (Kept, Vec<Record>) {
    let kept = Kept::new();
    let array = format!("[{},{}]", event("acme", "1"), bad("acme", "2"));
    let records =
        vec![record(0, array), record(1, bad("globex", "3")), record(4000, event("initech", "4")), record(2, "\u{1}")];
    kept.archive(&records[..2]);
    let (first, second) = (bad("acme", "2"), bad("globex", "3"));
    let twice = (&records[1], 0, second.as_bytes(), "invalid_data", DETAIL);
    kept.reject(&[(&records[0], 1, first.as_bytes(), "invalid_data", DETAIL), twice]);
    kept.reject(&[twice]);
    kept.reject(&[(&records[2], 0, &records[2].data, "unknown_supplier", "source: is not known")]);
    let event = json!({"Records": [{"eventID": "shardId-000000000001:77", "kinesis": {"approximateArrivalTimestamp": 1_606_117_600.5,
        "data": "//4=", "partitionKey": "acme/ü", "sequenceNumber": "77"}}]});
    let document = json!({"requestContext": {"functionArn": "arn:aws:lambda:us-east-1:111122223333:function:lambda-processor-staging",
        "condition": "RecordAgeExceeded"}, "payload": event.to_string()});
    write(&kept.quarantine_root(), "aws/lambda/id/shardId-000000000001/2020/11/30/x", document.to_string().as_bytes());
    (kept, records)
}

fn json_lines(run: &Run) -> Vec<Value> {
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn rejections_are_grouped_by_reason_and_detail() {
    let (kept, _) = kept();
    let groups = json_lines(&kept.pipegen(&["rejected", "list", "--json"]).succeeded());
    let short: Vec<_> = groups.iter().map(|group| (&group["reason"], &group["events"], &group["detail"])).collect();
    assert_eq!(
        short,
        [
            (&json!("invalid_data"), &json!(2), &json!(DETAIL)),
            (&json!("discarded"), &json!(1), &json!("lambda-processor-staging: RecordAgeExceeded")),
            (&json!("unknown_supplier"), &json!(1), &json!("source: is not known")),
        ]
    );
    assert_eq!(groups[0]["first"], "2020-11-23T05:00:00.000000Z");
    assert_eq!(groups[0]["last"], "2020-11-23T05:00:01.000000Z");
    assert!(groups[0]["example"].as_str().unwrap().starts_with("rejected/v1/2020/11/23/05/"));
    let table = kept.pipegen(&["rejected", "list", "--supplier", "globex"]).succeeded().stdout;
    let rows: Vec<Vec<_>> =
        table.lines().map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()).collect();
    assert_eq!(rows[0], ["REASON", "EVENTS", "FIRST", "LAST", "DETAIL", "EXAMPLE"]);
    assert_eq!(rows[1][..5], ["invalid_data", "1", "2020-11-23T05:00:01Z", "2020-11-23T05:00:01Z", DETAIL]);
    assert_eq!(rows.len(), 2);
}

#[test]
fn events_are_shown_in_full_as_lines_that_local_plays() {
    let (kept, records) = kept();
    let run = kept.pipegen(&["rejected", "show"]).succeeded();
    let lines = json_lines(&run);
    assert_eq!(lines.len(), 4);
    assert_eq!((&lines[0]["event"], &lines[0]["index"]), (&json!(bad("acme", "2")), &json!(1)));
    assert_eq!(lines[1]["sequence_number"], records[1].sequence_number.as_str());
    assert_eq!((&lines[3]["partition_key"], &lines[3]["event_base64"]), (&json!("acme/ü"), &json!("//4=")));
    assert_eq!(lines[3]["arrived_at"], "2020-11-23T07:46:40.500000Z");
    let file = kept.path().join("shown.jsonl");
    std::fs::write(&file, &run.stdout).unwrap();
    let played: Vec<_> =
        pipegen::records::RecordSource::open(Some(&file)).unwrap().records().map(Result::unwrap).collect();
    assert_eq!(played.len(), 4);
    assert_eq!((&*played[0].partition_key, &*played[3].partition_key), ("acme/2", "acme/ü"));
    assert_eq!(played[3].data, b"\xff\xfe");

    for (arguments, expected) in [
        (&["--reason", "discarded"][..], 1),
        (&["--reason", "invalid_data"], 2),
        (&["--sku", "2"], 1),
        (&["--from", "2020-11-23T06:00:00Z", "--to", "2020-11-23T07:00:00Z"], 1),
        (&["--reason", "discarded", "--supplier", "acme"], 0),
    ] {
        let run = kept.pipegen(&[&["rejected", "show"], arguments].concat()).succeeded();
        assert_eq!(json_lines(&run).len(), expected, "{arguments:?}");
    }
}

#[test]
fn a_dry_run_of_a_redrive_says_what_would_be_put_and_what_not() {
    let (kept, records) = kept();
    let run = kept.pipegen(&["rejected", "redrive", "--to-env", "staging", "--dry-run"]);
    assert_eq!(run.code, 1, "two are still wrong: {run:?}");
    let sent = json_lines(&run);
    assert_eq!(sent.len(), 2);
    assert_eq!((&sent[0]["reason"], &sent[0]["partition_key"]), (&json!("unknown_supplier"), &json!("initech/4")));
    assert_eq!((&sent[1]["reason"], &sent[1]["partition_key"]), (&json!("discarded"), &json!("acme/ü")));
    assert_eq!(sent[0]["put"], Value::Null);
    let left_out = format!("left out: {} {}, event 1: invalid_data: ", records[0].shard, records[0].sequence_number);
    assert!(
        run.stderr.contains(&left_out) && run.stderr.contains("2 would be put on the stream, 2 left out"),
        "{run:?}"
    );
}

#[test]
fn mended_events_come_from_a_file_or_from_standard_input() {
    let (kept, _) = kept();
    let shown = kept.pipegen(&["rejected", "show", "--reason", "invalid_data"]).succeeded().stdout;
    let mended = shown.replace(r#"\"quantity\":\"7\""#, r#"\"quantity\":7"#) + &event("hooli", "9") + "\n";
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipegen"));
    let arguments = ["rejected", "redrive", "--edited", "-", "--to-env", "staging", "--dry-run"];
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(mended.as_bytes()).unwrap();
    let run = Run::new(&child.wait_with_output().unwrap()).succeeded();
    let keys: Vec<_> = json_lines(&run).iter().map(|sent| sent["partition_key"].as_str().unwrap().to_owned()).collect();
    assert_eq!(keys, ["acme/2", "globex/3", "hooli/9"]);
    assert!(!run.stdout.contains("reason"), "an edited event has none: {}", run.stdout);
}

#[test]
fn what_was_typed_wrong_or_finds_nothing_is_told() {
    let (kept, _) = kept();
    for (arguments, expected) in [
        (&["rejected", "list", "--reason", "bad"][..], "invalid_data"),
        (&["rejected", "redrive", "--dry-run"], "--to-env"),
        (&["rejected", "redrive", "--edited", "x", "--to-env", "staging"], "cannot be used with"),
    ] {
        let run = kept.pipegen(arguments);
        assert_eq!((run.code, &*run.stdout), (2, ""), "{run:?}");
        assert!(run.stderr.contains(expected), "{run:?}");
    }
    for command in ["list", "show"] {
        let run = kept.pipegen(&["rejected", command, "--to", "2020-01-01"]).succeeded();
        assert_eq!((&*run.stdout, &*run.stderr), ("", "nothing in the quarantine matches\n"));
    }
    let nothing = Kept::new();
    let run = nothing.pipegen(&["rejected", "list"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("there is no quarantine in"), "{run:?}");
}
