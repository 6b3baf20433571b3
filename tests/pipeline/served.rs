//! Events that are sent to a served run come out of every end of the pipeline, also while parts of it fail.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::model::expected::Expected;
use crate::records::lines;
use crate::run::objects;
use crate::run::results::{PreparedRun, RunResults};
use crate::run::served::{ServedRun, event};

#[test]
fn what_is_sent_is_in_the_catalog_the_archive_and_the_quarantine() -> Result<()> {
    let mut run = ServedRun::start_kept()?;
    let good = event("1", "85123A", "stock.counted", &json!({"quantity": 42}));
    let bad = event("2", "85123A", "stock.counted", &json!({"quantity": "42"}));
    let answer = run.send(&json!([good, bad]))?;
    assert_eq!((&answer["failed"], &answer["rejected"]), (&json!(0), &json!(1)), "{answer}");

    run.wait_until("the product is visible", |run| Ok(run.reader.get("85123A")?.body.contains(r#""available":42"#)))?;
    // Otherwise the archiver would collect records for five minutes.
    assert_eq!(run.press("/archive/write", &[])?, 403, "without the header");
    run.wait_until("the archiver has both", |run| Ok(run.status()?["archive"]["waiting"] == 2))?;
    assert_eq!(run.press("/archive/write", &[("x-pipegen", "1")])?, 202);
    run.wait_until("an object is archived", |run| Ok(run.status()?["archive"]["records"] == 2))?;
    run.wait_until("the rejection is shown", |run| Ok(run.status()?["rejections"] != json!([])))?;
    let status = run.status()?;
    let rejection = &status["rejections"][0];
    assert_eq!(rejection["reason"], "invalid_data", "as the response has said");
    assert_eq!(
        (&rejection["detail"], &rejection["sequence_number"]),
        (&answer["events"][1]["detail"], &answer["events"][1]["sequence_number"])
    );
    assert_eq!(rejection["event"], bad.to_string());
    assert_eq!(status["events"]["rejected_by_reason"], json!({"invalid_data": 1}));
    let key = status["archive"]["last"][0]["key"].as_str().context("a key")?.to_owned();
    assert!(key.starts_with("archive/v1/"), "{key}");

    let events = run.events(2)?;
    assert!(events.iter().all(|(name, _)| name == "state"), "{events:?}");
    let [(_, first), (_, second)] = &events[..] else { panic!("two") };
    assert_eq!((&first["events"]["applied"], &first["stream"]["records_per_second"]), (&json!(1), &Value::Null));
    assert_eq!(second["stream"]["records_per_second"], json!(0.0), "a rate needs a moment before");

    let (output, summary) = run.end()?;
    assert_eq!((&summary["records"], &summary["archive"]["records"]), (&json!(2), &json!(2)), "{summary}");
    let archived = objects::lines(&output.path("data/objects/s3-archive-000000000000-staging"), "archive/v1/")?;
    let archived: Vec<_> = archived.into_iter().map(|line| (line.sequence_number, line.event)).collect();
    let number = |index: usize| answer["events"][index]["sequence_number"].as_str().unwrap_or_default().to_owned();
    let sent = [(number(0), good.to_string().into_bytes()), (number(1), bad.to_string().into_bytes())];
    assert!(sent.iter().all(|sent| archived.contains(sent)) && archived.len() == 2, "{archived:?}");
    Ok(())
}

#[test]
fn what_is_sent_while_a_part_fails_is_there_afterwards() -> Result<()> {
    let mut run = ServedRun::start()?;
    assert_eq!(run.begin_fault("redis", &[])?, 403, "without the header");
    let header = ("x-pipegen", "1");
    assert_eq!(run.begin_fault("redis", &[header, ("origin", "http://example.com")])?, 403);
    assert_eq!(run.begin_fault("moon", &[header])?, 404);
    // Stock that is counted by one shows each event that is lost, and each that is applied twice.
    let mut sent = 0;
    for target in ["redis", "postgresql", "s3", "functions"] {
        assert_eq!(run.begin_fault(target, &[header])?, 202, "{target}");
        assert_eq!(run.begin_fault(target, &[header])?, 409, "{target} fails already");
        let fails = |run: &ServedRun| -> Result<bool> {
            let faults = run.status()?["faults"].clone();
            let fault = faults.as_array().into_iter().flatten().find(|fault| fault["target"] == target).cloned();
            Ok(fault.is_some_and(|fault| !fault["seconds_left"].is_null()))
        };
        assert!(fails(&run)?, "{target} is shown to fail");
        while fails(&run)? {
            sent += 1;
            let adjusted = event(&sent.to_string(), "85123A", "stock.adjusted", &json!({"delta": 1}));
            run.send(&json!([adjusted]))?;
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }
    run.wait_until("all events are applied", |run| {
        let answer = run.reader.get("85123A")?;
        Ok(answer.status == 200 && answer.body.contains(&format!(r#""available":{sent},"#)))
    })?;
    assert_eq!(run.status()?["stream"]["discarded"], json!(0));
    assert!(run.status()?["stream"]["retries"].as_u64() > Some(0), "no batch has met a fault");
    let (_, summary) = run.end()?;
    assert_eq!((&summary["records"], &summary["archive"]["records"]), (&json!(sent), &json!(sent)), "{summary}");
    Ok(())
}

/// The faults of the command line, against the model.
#[test]
fn planned_faults_change_nothing_in_the_result() -> Result<()> {
    let lines = lines()?;
    let expected = Expected::of(&lines)?;
    let prepared = PreparedRun::new(&expected)?.edit(|local| {
        // The records take about six seconds.
        let local = local.records(&lines)?.option("--rate", lines.len().div_ceil(6).to_string());
        Ok(local.option("--fault", "postgresql@1s+2s").option("--fault", "functions@500ms+5s"))
    })?;
    let (cache, running) = prepared.start()?;
    let results = RunResults::after(cache, running.wait()?.succeeded()?)?;
    assert!(results.count("retries") > 0, "no batch has met a fault: {}", results.summary());
    let said = &results.finished().stderr;
    assert!(said.contains("fault: functions is over") && !said.contains("events are not counted"), "{said}");
    let counted = (results.count("events"), results.rejected());
    let all = (u64::try_from(expected.events)?, u64::try_from(expected.rejections.len())?);
    assert_eq!(counted, all, "{}", results.summary());
    results.check(&expected)
}
