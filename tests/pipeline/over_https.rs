//! Suppliers' events over HTTPS, sent with curl to the URL of `ingest` of a served run.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use pipegen::servers::free_port;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::records::lines;
use crate::run::export::Export;
use crate::run::local::LocalCommand;
use crate::run::served::{ServedRun, event};

const STRUCTURED: &str = "Content-Type: application/cloudevents+json";
const BATCH: &str = "Content-Type: application/cloudevents-batch+json";

/// A served run with the URL of `ingest`, and a folder for what is sent.
struct Door {
    run: ServedRun,
    port: u16,
    folder: TempDir,
}

impl Door {
    fn open(edit: impl FnOnce(LocalCommand) -> LocalCommand) -> Result<Self> {
        let port = free_port()?;
        let run = ServedRun::start_with(|local| edit(local.option("--ingest-port", port.to_string())))?;
        Ok(Self { run, port, folder: tempfile::tempdir()? })
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Sends a body with curl, and returns the status and the answer.
    fn curl(&self, options: &[&str], body: &[u8]) -> Result<(u16, String)> {
        fs::write(self.folder.path().join("body"), body)?;
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--max-time", "60", "--write-out", "\n%{http_code}"]);
        command.args(options).args(["--data-binary", "@body", &format!("{}events", self.url())]);
        let output = command.current_dir(self.folder.path()).stdin(Stdio::null()).output().context("curl")?;
        ensure!(output.status.success(), "curl: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout)?;
        let (answer, status) = text.rsplit_once('\n').context("a status")?;
        Ok((status.parse()?, answer.to_owned()))
    }

    /// Sends a body that this supplier signs.
    fn send(&self, supplier: &str, headers: &[&str], body: &[u8]) -> Result<(u16, Value)> {
        let user = format!("{supplier}:local");
        let mut options = vec!["--aws-sigv4", "aws:amz:us-east-1:lambda", "--user", &user];
        options.extend(headers.iter().flat_map(|header| ["-H", header]));
        let (status, answer) = self.curl(&options, body)?;
        Ok((status, serde_json::from_str(&answer).unwrap_or(Value::String(answer))))
    }
}

fn gzip(body: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body)?;
    Ok(encoder.finish()?)
}

#[test]
fn each_answer_is_the_one_that_the_guide_promises() -> Result<()> {
    let mut door = Door::open(|local| local)?;
    let good = event("1", "85123A", "stock.counted", &json!({"quantity": 42}));
    let one = good.to_string();
    let bad = event("2", "85123A", "stock.counted", &json!({"quantity": "42"}));
    let batch = json!([good, bad]).to_string();

    let (status, answer) = door.send("acme", &[STRUCTURED], one.as_bytes())?;
    assert_eq!((status, &answer["accepted"]), (202, &json!(1)), "{answer}");
    for (headers, body) in [
        (&[BATCH][..], batch.clone().into_bytes()),
        (&["Content-Type: application/json"], batch.clone().into_bytes()),
        (&[BATCH, "Content-Encoding: gzip"], gzip(batch.as_bytes())?),
    ] {
        let (status, answer) = door.send("acme", headers, &body)?;
        assert_eq!((status, &answer["accepted"], &answer["rejected"]), (202, &json!(1), &json!(1)), "{answer}");
        assert_eq!(answer["events"][1]["reason"], "invalid_data");
    }
    let time = format!("ce-time: {}", good["time"].as_str().context("a time")?);
    let binary = [
        "Content-Type: application/json",
        "ce-specversion: 1.0",
        "ce-id: 7",
        "ce-source: /suppliers/acme",
        "ce-type: com.retailtech.stock.counted.v1",
        "ce-subject: BANK%20CHARGES",
        &time,
    ];
    assert_eq!(door.send("acme", &binary, br#"{"quantity": 3}"#)?.0, 202);

    let problem = |answer: &Value| answer["type"].as_str().unwrap_or_default().rsplit('/').next().map(str::to_owned);
    let large = vec![b' '; 6 * 1024 * 1024];
    let many = format!("[{}]", vec!["7"; 1001].join(","));
    for (supplier, headers, body, status, name) in [
        ("globex", &[STRUCTURED][..], one.as_bytes(), 403, "another-supplier"),
        ("acme", &[STRUCTURED], b"{", 400, "malformed-request"),
        ("acme", &[BATCH], b"{}", 400, "malformed-request"),
        ("acme", &[BATCH, "Content-Encoding: gzip"], b"[]", 400, "malformed-request"),
        ("acme", &["Content-Type: text/csv"], b"a,b", 415, "unsupported-media-type"),
        (
            "acme",
            &["Content-Type: application/json", "Content-Encoding: gzip"],
            &gzip(b"[]")?,
            415,
            "unsupported-media-type",
        ),
        ("acme", &[BATCH, "Content-Encoding: br"], b"[]", 415, "unsupported-media-type"),
        ("acme", &[BATCH], many.as_bytes(), 413, "request-too-large"),
        (
            "acme",
            &[BATCH, "Content-Encoding: gzip"],
            &gzip(&vec![b' '; 16 * 1024 * 1024 + 1])?,
            413,
            "request-too-large",
        ),
    ] {
        let (answered, answer) = door.send(supplier, headers, body)?;
        assert_eq!((answered, problem(&answer).as_deref()), (status, Some(name)), "{answer}");
    }
    // Lambda's own answers.
    assert_eq!(door.send("acme", &[BATCH], &large)?, (413, json!("Request Too Large")));
    let (status, answer) = door.curl(&["-H", STRUCTURED], one.as_bytes())?;
    assert!(status == 403 && answer.contains("Forbidden"), "{answer}");
    let wrong = ["--aws-sigv4", "aws:amz:us-east-1:lambda", "--user", "acme:wrong", "-H", STRUCTURED];
    let (status, answer) = door.curl(&wrong, one.as_bytes())?;
    assert!(status == 403 && answer.contains("does not match"), "{answer}");

    door.run.wait_until("what was accepted is visible", |run| {
        let sold = |sku: &str, count: u32| -> Result<bool> {
            Ok(run.reader.get(sku)?.body.contains(&format!("\"available\":{count}")))
        };
        Ok(sold("85123A", 42)? && sold("BANK CHARGES", 3)?)
    })?;
    let (_, summary) = door.run.end()?;
    assert_eq!((&summary["records"], &summary["outcomes"]["applied"]), (&json!(5), &json!(2)), "{summary}");
    assert_eq!(summary["rejected"], json!({}), "nothing that is rejected gets so far: {summary}");
    Ok(())
}

/// The guide's commands, as printed.
#[test]
fn the_guide_s_examples_run() -> Result<()> {
    let door = Door::open(|local| local)?;
    let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/SUPPLIERS.md"))?;
    let (_, section) = guide.split_once("\n## Over HTTPS").context("the section")?;
    let section = section.split_once("\n## ").context("its end")?.0;
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let section = section.replace("2026-11-27T05:00:00Z", &now).replace("http://127.0.0.1:8081/", &door.url());
    let blocks = section.split("\n```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    let (files, commands): (Vec<_>, Vec<_>) =
        blocks.filter(|(words, _)| *words != "text").partition(|(words, _)| *words != "sh");
    for (words, text) in files {
        let (_, name) = words.split_once(' ').context("a file's name")?;
        fs::write(door.folder.path().join(name), text)?;
    }
    let (_, exports) = commands.first().context("what is exported")?;
    assert_eq!(commands.len(), 4);
    for (_, command) in &commands[1..] {
        let script = format!("{exports}\n{command}");
        let output = Command::new("/bin/sh").args(["-ec", &script]).current_dir(door.folder.path()).output()?;
        let answer: Value = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("{command}: {}", String::from_utf8_lossy(&output.stderr)))?;
        assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(1), &json!(0)), "{command}: {answer}");
    }
    door.run.end()?;
    Ok(())
}

/// A day of sales of many suppliers, as if it had just passed.
struct Day {
    /// Lines of a records file.
    lines: Vec<String>,
    /// The texts of the events by supplier.
    events: BTreeMap<String, Vec<String>>,
}

impl Day {
    fn just_passed() -> Result<Self> {
        let mut records = lines()?.iter().map(|line| serde_json::from_str(line)).collect::<Result<Vec<Value>, _>>()?;
        let begin = time(&records.first().context("no record")?["arrived_at"])?;
        records.retain(|record| time(&record["arrived_at"]).is_ok_and(|time| time < begin + TimeDelta::days(1)));
        let last = records.iter().map(|record| time(&record["arrived_at"])).collect::<Result<Vec<_>>>()?;
        let by = Utc::now() - TimeDelta::minutes(1) - last.into_iter().max().context("no record")?;
        let mut day = Self { lines: Vec::new(), events: BTreeMap::new() };
        for mut record in records {
            // Some records are not JSON on purpose: no request could hold them.
            let Ok(mut data) = serde_json::from_str::<Value>(record["data"].as_str().unwrap_or_default()) else {
                continue;
            };
            let events = match &mut data {
                Value::Array(events) => &mut events[..],
                event => std::slice::from_mut(event),
            };
            let suppliers: Vec<_> = events.iter().map(supplier).collect();
            let arrived_at = time(&record["arrived_at"])?;
            if suppliers.iter().any(Option::is_none) || events.iter().any(|event| depends_on_arrival(event, arrived_at))
            {
                continue;
            }
            for (event, supplier) in events.iter_mut().zip(suppliers.into_iter().flatten()) {
                later(&mut event["time"], by).ok();
                day.events.entry(supplier).or_default().push(event.to_string());
            }
            record["data"] = data.to_string().into();
            later(&mut record["arrived_at"], by)?;
            day.lines.push(record.to_string());
        }
        Ok(day)
    }
}

/// Tells whether an event may be too old, or of the future, at one hour of the day and not at another: over HTTPS all of
/// them arrive now.
fn depends_on_arrival(event: &Value, arrived_at: DateTime<Utc>) -> bool {
    let Ok(time) = time(&event["time"]) else { return false };
    let (age, week) = (arrived_at - time, TimeDelta::days(7));
    (age < -TimeDelta::minutes(5) && age > -TimeDelta::days(2)) || (age - week).abs() < TimeDelta::days(2)
}

fn time(text: &Value) -> Result<DateTime<Utc>> {
    Ok(text.as_str().context("a time")?.parse()?)
}

fn later(text: &mut Value, by: TimeDelta) -> Result<()> {
    *text = (time(text)? + by).to_rfc3339_opts(SecondsFormat::Micros, true).into();
    Ok(())
}

fn supplier(event: &Value) -> Option<String> {
    event["source"].as_str()?.strip_prefix("/suppliers/").map(str::to_owned)
}

#[test]
fn a_day_of_sales_gives_the_same_catalog_as_through_the_stream() -> Result<()> {
    let day = Day::just_passed()?;
    let count: usize = day.events.values().map(Vec::len).sum();
    assert!(count > 2000 && day.events.len() > 5, "{count} events of {} suppliers", day.events.len());

    let local = LocalCommand::new()?.records(&day.lines)?;
    let export = local.path("export.jsonl");
    let through_stream = local.option("--export", &export).start()?.wait()?.succeeded()?;
    let expected = Export::read(&export)?;
    let stream_summary: Value = serde_json::from_str(&through_stream.stdout)?;

    let door = Door::open(|local| {
        let export = local.path("export.jsonl");
        local.option("--export", export)
    })?;
    let (mut accepted, mut rejected) = (0, BTreeMap::<String, u64>::new());
    for (supplier, events) in &day.events {
        for (number, batch) in events.chunks(300).enumerate() {
            let body = format!("[{}]", batch.join(","));
            let (headers, body) = match number % 2 {
                0 => (&[BATCH][..], body.into_bytes()),
                _ => (&[BATCH, "Content-Encoding: gzip"][..], gzip(body.as_bytes())?),
            };
            let (status, answer) = door.send(supplier, headers, &body)?;
            assert_eq!((status, answer["events"].as_array().map(Vec::len)), (202, Some(batch.len())), "{answer}");
            accepted += answer["accepted"].as_u64().context("a count")?;
            for reason in answer["events"].as_array().into_iter().flatten().filter_map(|entry| entry["reason"].as_str())
            {
                *rejected.entry(reason.to_owned()).or_default() += 1;
            }
        }
    }
    let (output, summary) = door.run.end()?;
    assert_eq!((&summary["records"], &summary["rejected"]), (&json!(accepted), &json!({})), "{summary}");
    assert_eq!(json!(rejected), stream_summary["rejected"], "the same events, for the same reasons");
    let exported = Export::read(&output.path("export.jsonl"))?;
    assert!(exported.len() == expected.len() && exported.len() > 500, "{} and {}", exported.len(), expected.len());
    for sku in expected.skus() {
        assert_eq!(exported.content(sku), expected.content(sku), "{sku}");
    }
    Ok(())
}
