//! `send --check`: what is good, what is refused, and how files may look.

use std::io::Write as _;
use std::process::Stdio;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::events::{count, count_at, counts, minutes_ago};
use crate::folder::{Folder, Run};

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn good_events_are_counted_and_nothing_is_sent() {
    let folder = Folder::new();
    folder.write("events.jsonl", counts(3));
    let run = folder.pipegen(["send", "--check", "events.jsonl"]).ended(0);
    assert!(run.stdout.contains("events that are good                 3\n"), "{}", run.stdout);
    assert_eq!(run.stderr, "");
    let run = folder.pipegen(["send", "--check", "--json", "events.jsonl"]).ended(0);
    let summary: Value = serde_json::from_str(&run.stdout).unwrap();
    let count = |name: &str| summary[name].as_u64().unwrap();
    assert_eq!((count("files"), count("lines"), count("events"), count("sent"), count("refused")), (1, 3, 3, 0, 0));
    assert_eq!(summary["stream"], Value::Null);
}

#[test]
fn what_is_refused_is_listed_with_its_place() {
    let folder = Folder::new();
    let old = count_at("OLD", &minutes_ago(8 * 24 * 60));
    let array = format!("[{}, {{\"specversion\": \"1.0\"}}]", count("A"));
    let lines = [&count("A"), "{nonsense", &count("B"), &old, &array, "", &count("C").replace("5}", "\"5\"}")];
    folder.write("events.jsonl", lines.join("\n"));
    let run = folder.pipegen(["send", "--check", "--rejects", "rejects.jsonl", "events.jsonl"]).ended(1).says(&[
        "events.jsonl:2: invalid_json: ",
        "events.jsonl:4: too_old: time: must not be more than 604800 s before",
        "events.jsonl:5: event 2 of the array: invalid_event: id: is missing",
        "events.jsonl:7: invalid_data: data.quantity: must be an integer",
    ]);
    assert!(run.stdout.contains("refused                              4\n"), "{}", run.stdout);
    assert!(run.stdout.contains("  too_old                            1\n"), "{}", run.stdout);
    let rejects: Vec<Value> =
        folder.read("rejects.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rejects.len(), 4);
    assert_eq!(
        (&rejects[0]["file"], &rejects[0]["line"], &rejects[0]["event"]),
        (&json!("events.jsonl"), &json!(2), &json!("{nonsense"))
    );
    assert_eq!(
        (&rejects[2]["line"], &rejects[2]["index"], &rejects[2]["reason"]),
        (&json!(5), &json!(1), &json!("invalid_event"))
    );
    assert_eq!(rejects[1]["event"], json!(old));
}

/// Nor does one stay from an earlier run.
#[test]
fn where_nothing_is_refused_no_file_is_left() {
    let folder = Folder::new();
    folder.write("events.jsonl", count("A"));
    folder.write("rejects.jsonl", "{}\n");
    folder.pipegen(["send", "--check", "--rejects", "rejects.jsonl", "events.jsonl"]).ended(0);
    assert!(!folder.path("rejects.jsonl").exists());
    folder.pipegen(["send", "--check", "--rejects", "/dev/null", "events.jsonl"]).ended(0);
    assert!(std::path::Path::new("/dev/null").exists());
}

#[test]
fn bytes_that_are_not_text_are_kept_in_base64() {
    let folder = Folder::new();
    folder.write("events.jsonl", b"{\"a\": \"\xff\"}\n");
    folder
        .pipegen(["send", "--check", "--rejects", "rejects.jsonl", "events.jsonl"])
        .ended(1)
        .says(&[":1: invalid_json"]);
    let reject: Value = serde_json::from_str(folder.read("rejects.jsonl").trim()).unwrap();
    assert_eq!((&reject["event"], &reject["event_base64"]), (&Value::Null, &json!("eyJhIjogIv8ifQ==")));
}

#[test]
fn the_list_is_shortened() {
    let folder = Folder::new();
    folder.write("events.jsonl", "{}\n".repeat(1000));
    let run =
        folder.pipegen(["send", "--check", "events.jsonl"]).ended(1).says(&["`--rejects FILE` writes all of them"]);
    assert_eq!(run.stderr.lines().count(), 21);
    assert!(run.stdout.contains("refused                          1 000\n"), "{}", run.stdout);
    folder.pipegen(["send", "--check", "--rejects", "all", "events.jsonl"]).ended(1);
    assert_eq!(folder.read("all").lines().count(), 1000);
}

#[test]
fn files_may_be_compressed_marked_or_of_several_lines() {
    let folder = Folder::new();
    let one = count("A");
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&one).unwrap()).unwrap();
    let many = format!("[\n{}\n]", vec![one.as_str(); 2500].join(",\n"));
    for (name, bytes, events) in [
        ("plain", counts(2).into_bytes(), 2),
        ("crlf", counts(2).replace('\n', "\r\n").into_bytes(), 2),
        ("mark", format!("\u{feff}{}", counts(2)).into_bytes(), 2),
        ("gzip", gzip(&counts(2)), 2),
        ("members", [gzip(&counts(2)), gzip(&counts(1))].concat(), 3),
        ("pretty", pretty.into_bytes(), 1),
        ("array", format!("[{one},{one}]").into_bytes(), 2),
        ("many", many.into_bytes(), 2500),
        ("empty", Vec::new(), 0),
        ("blank", b"\n\n".to_vec(), 0),
    ] {
        folder.write(name, bytes);
        let run = folder.pipegen(["send", "--check", "--json", name]);
        let summary: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{name}: {run:?}"));
        assert_eq!((&summary["events"], &summary["refused"]), (&json!(events), &json!(0)), "{name}: {run:?}");
    }
}

#[test]
fn standard_input_is_a_file() {
    let folder = Folder::new();
    let mut child = folder
        .command(["send", "--check", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("{}{{}}\n", counts(2)).as_bytes()).unwrap();
    Run::new(&child.wait_with_output().unwrap()).ended(1).says(&["-:3: invalid_event"]);
}

#[test]
fn what_would_be_sent_can_be_seen() {
    let folder = Folder::new();
    let (a, b) = (count("A"), count("B"));
    folder.write("events.jsonl", format!("{a}\n[{a}, {{}},\t{b}]\n"));
    let run = folder.pipegen(["send", "--check", "--print", "events.jsonl"]).ended(1).says(&["events that are good"]);
    assert_eq!(run.stdout, format!("{a}\n[{a},{b}]\n"));
}

#[test]
fn the_environment_s_settings_are_applied() {
    let folder = Folder::new();
    folder.write("events.jsonl", count_at("A", &minutes_ago(2 * 24 * 60)));
    folder.write("pipegen.toml", "[environments.short]\nhorizon_days = 1\n\n[environments.known.suppliers]\nbolt = \"arn:aws:iam::444455556666:root\"\n");
    folder.pipegen(["send", "--check", "events.jsonl"]).ended(0);
    folder.pipegen(["send", "--check", "--env", "short", "events.jsonl"]).ended(1).says(&["too_old"]);
    folder
        .pipegen(["send", "--check", "--env", "known", "events.jsonl"])
        .ended(1)
        .says(&["unknown_supplier", "`acme`"]);
}

#[test]
fn mistakes_are_found_before_anything_is_read() {
    let folder = Folder::new();
    folder.write("events.jsonl", counts(1));
    folder.write("stock.csv", "SKU;Stock\nA;1\n");
    let wrong = [
        (&["send"][..], "<FILE>"),
        (&["send", "--check", "nowhere.jsonl"], "cannot read nowhere.jsonl"),
        (&["send", "--check", "."], ". is a folder"),
        (&["send", "--check", "events.jsonl", "events.jsonl"], "events.jsonl is named twice"),
        (&["send", "--print", "events.jsonl"], "--check"),
        (&["send", "--check", "--env", "Not/Good", "events.jsonl"], "`Not/Good`"),
        (&["send", "--check", "stock.csv"], "its first line: SKU;Stock"),
        (&["send", "--check", "--rejects", "no/where", "events.jsonl"], "cannot write the refusals to no/where"),
    ];
    for (arguments, part) in wrong {
        folder.pipegen(arguments.iter().copied()).ended(2).says(&[part]);
    }
    // A file that ends in the middle of its compressed data is no usage error, but an error.
    let whole = gzip(&counts(1000));
    folder.write("cut.gz", &whole[..whole.len() / 2]);
    folder.pipegen(["send", "--check", "cut.gz"]).ended(1).says(&["error: cannot read cut.gz"]);
}
