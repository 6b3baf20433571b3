//! Output, exit codes, filters.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::kept::{Kept, Record, Run, event, record};

/// Twenty records over six hours, one of them an array of two suppliers' events, one no JSON.
fn records() -> Vec<Record> {
    (0..20)
        .map(|number| match number {
            5 => record(6000, format!("[{},\n{}]", event("acme", "85123A"), event("globex", "22423"))),
            6 => record(7200, "no JSON"),
            _ => record(number * 1200, event("acme", &number.to_string())),
        })
        .collect()
}

fn kept() -> (Kept, Vec<Record>) {
    let (kept, records) = (Kept::new(), records());
    kept.archive(&records[..12]);
    kept.archive(&records[8..]);
    (kept, records)
}

fn lines<'a>(records: impl IntoIterator<Item = &'a Record>) -> String {
    records.into_iter().map(|record| record.line() + "\n").collect()
}

#[test]
fn objects_are_listed_as_a_table_or_as_json() {
    let (kept, _) = kept();
    let table = kept
        .pipegen(&["archive", "list", "--from", "2020-11-23T06:30:00Z", "--to", "2020-11-23T07:00:00Z"])
        .succeeded();
    let rows: Vec<Vec<_>> = table.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows.len(), 2, "{table:?}");
    assert_eq!(rows[0], ["HOUR", "SHARD", "BYTES", "KEY"]);
    assert_eq!(rows[1][..2], ["2020-11-23T06:00:00Z", "shardId-000000000000"]);
    assert!(table.stderr.starts_with("1 object, "), "{table:?}");

    let json = kept.pipegen(&["archive", "list", "--json"]).succeeded();
    let objects: Vec<Value> = json.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), 8);
    assert_eq!(objects[1]["key"], rows[1][3]);
    assert_eq!(objects[1]["bytes"].to_string(), rows[1][2]);
}

/// Nothing but data is on standard output.
#[test]
fn what_finds_nothing_says_so() {
    let (kept, _) = kept();
    for (arguments, expected) in [
        (&["archive", "list", "--to", "2020-01-01"][..], "matches\n"),
        (&["archive", "list", "--from", "2030-01-01"], "may not be there yet\n"),
        (&["archive", "get", "--sku", "none", "--to", "2030-01-01"], "matches\n"),
        (&["archive", "get", "--sku", "none"], "may not be there yet\n"),
        (&["archive", "get", "--events", "--sku", "none"], "may not be there yet\n"),
    ] {
        let run = kept.pipegen(arguments).succeeded();
        let said = run.stderr.starts_with("nothing in the archive matches") && run.stderr.ends_with(expected);
        assert!(said && run.stdout.is_empty(), "{arguments:?}: {run:?}");
    }
}

#[test]
fn a_full_disk_is_named() {
    let (kept, _) = kept();
    for arguments in [&["archive", "get"], &["archive", "list"], &["archive", "verify"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let run = Run::new(&kept.command(arguments).stdout(full).output().unwrap());
        assert_eq!(run.code, 1);
        assert!(run.stderr.starts_with("error: cannot write to standard output: No space left on device"), "{run:?}");
    }
}

#[test]
fn records_are_printed_as_they_are_archived() {
    let (kept, records) = kept();
    assert_eq!(kept.pipegen(&["archive", "get"]).succeeded().stdout, lines(&records));
    let get = |arguments: &[&str]| kept.pipegen(&[&["archive", "get"], arguments].concat()).succeeded().stdout;
    assert_eq!(get(&["--sku", "85123A"]), lines([&records[5]]));
    assert_eq!(get(&["--supplier", "globex", "--type", "stock.counted.v1"]), lines([&records[5]]));
    assert_eq!(get(&["--supplier", "acme", "--sku", "22423"]), "", "no event has both");
    assert_eq!(get(&["--type", "price.changed"]), "");
    assert_eq!(get(&["--from", "2020-11-23T10:20:00Z"]), lines(&records[16..]));
}

#[test]
fn events_are_printed_one_a_line() {
    let (kept, _) = kept();
    let run =
        kept.pipegen(&["archive", "get", "--events", "--from", "2020-11-23T06:30:00Z", "--to", "2020-11-23T07:00:01Z"]);
    assert_eq!(run.stdout, format!("{}\n{}\n", event("acme", "85123A"), event("globex", "22423")));
    assert!(run.stderr.contains("1 record without JSON"), "{run:?}");
    let run = kept.pipegen(&["archive", "get", "--events", "--supplier", "globex"]).succeeded();
    assert_eq!(run.stdout, format!("{}\n", event("globex", "22423")));
}

#[test]
fn verify_counts_and_its_exit_code_tells() {
    let (kept, _) = kept();
    let run = kept.pipegen(&["archive", "verify"]).succeeded();
    assert!(!run.stdout.contains("repeat"), "nothing is there twice: {run:?}");
    assert!(run.stdout.contains("20 records in 8 objects") && run.stdout.ends_with("all is right\n"), "{run:?}");
    kept.reject(&[(&record(99, "{}"), 0, b"{}", "invalid_event", "x")]);
    let run = kept.pipegen(&["archive", "verify", "--json"]);
    assert_eq!(run.code, 1);
    let printed: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(printed.len(), 2);
    assert_eq!((&printed[0]["problem"], &printed[0]["line"]), (&json!("not_archived"), &json!(1)));
    assert_eq!((&printed[1]["archive"]["lines"], &printed[1]["problems"]), (&json!(21), &json!(1)));
    let run = kept.pipegen(&["archive", "verify"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains(", line 1: its record is not in the archive\n") && run.stdout.ends_with("1 problem\n"));
}

#[test]
fn what_was_typed_wrong_is_told_before_anything_is_read() {
    let (kept, _) = kept();
    for (arguments, expected) in [
        (&["archive", "get", "--from", "soon"][..], "`--from soon` is not a time"),
        (&["archive", "list", "--from", "1h", "--to", "2h"], "`--from` must be before `--to`"),
        (&["archive", "get", "--type", "counted"], "is none of the types: stock.counted, "),
        (&["archive", "list", "--env", "staging"], "cannot be used with"),
        (&["archive", "replay"], "--to-env"),
    ] {
        let run = kept.pipegen(arguments);
        assert_eq!((run.code, &*run.stdout), (2, ""), "{run:?}");
        assert!(run.stderr.contains(expected), "{run:?}");
    }
    let nowhere = Kept::new();
    std::fs::remove_dir_all(nowhere.archive_root()).unwrap();
    let run = nowhere.pipegen(&["archive", "list"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("there is no archive in"), "{run:?}");
}

#[test]
fn a_dry_run_of_a_replay_counts() {
    let (kept, _) = kept();
    let arguments = ["archive", "replay", "--to-env", "staging", "--dry-run", "--json", "--sku", "85123A"];
    let counts: Value = serde_json::from_str(&kept.pipegen(&arguments).succeeded().stdout).unwrap();
    assert_eq!((&counts["records"], &counts["dry_run"]), (&json!(1), &json!(true)));
}

/// `… | head` is no error, and ends the reading.
#[test]
fn a_reader_that_leaves_ends_the_command() {
    let kept = Kept::new();
    let records: Vec<Record> = (0..3000).map(|number| record(number, "x".repeat(1000))).collect();
    kept.archive(&records);
    let mut child = kept.command(&["archive", "get"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first.trim_end(), records[0].line());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

/// Damage stops the reading where it is, and names the object.
#[test]
fn a_damaged_object_is_named() {
    let (kept, records) = kept();
    let key = kept.archive(&[record(20 * 3600, "{}")])[0].clone();
    let path = kept.archive_root().join(&key);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 4]).unwrap();
    let run = kept.pipegen(&["archive", "get"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains(&format!("{key} cannot be read")), "{run:?}");
    assert!(!run.stdout.is_empty() && lines(&records).starts_with(&run.stdout), "{run:?}");
}
