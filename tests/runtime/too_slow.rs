//! A batch that is too slow as a whole, but not when bisected.

use std::time::{Duration, Instant};

use chrono::Utc;
use pipegen::event_source::mapping::{EventSourceMapping, MappingSettings, Step, event};
use pipegen::lambda_host::InvocationOutcome;
use pipegen::records::Record;
use pipegen_contract::role::Role;
use serde_json::json;

use super::functions::{count, process_batch, processor_on};
use super::test_catalog::TestCatalog;

const RECORDS: usize = 24;

/// Each row that is written takes 50 ms: 24 take 1.2 s, and 12 half of that.
const SLOW: &str = "
    create function sleep() returns trigger language plpgsql as
        $$ begin perform pg_sleep(0.05); return new; end $$;
    create trigger sleep before insert on offer for each row execute function sleep();
";

/// The function's time-out: one second of it is left for reporting.
const TIME: Duration = Duration::from_secs(2);

fn record(number: usize) -> Record {
    Record {
        shard: "shardId-000000000000".to_owned(),
        sequence_number: number.to_string(),
        partition_key: "acme".to_owned(),
        arrived_at: Utc::now(),
        data: count(&format!("sku {number}"), &number.to_string(), 1).to_string().into_bytes(),
    }
}

/// By the rules of the event source mapping as it is rendered.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_too_slow_as_a_whole_succeeds_when_bisected() {
    let catalog = TestCatalog::open().await;
    catalog.execute(SLOW).await;
    let resources = processor_on(&catalog.servers.database_url, &catalog.servers.cache_url);
    let deployment = catalog.deployment();
    let processor = deployment.function_of(Role::Processor).expect("there");
    let mapping = deployment.mappings.iter().find(|mapping| mapping.function == processor.arn).expect("there");
    let settings = MappingSettings::new(mapping, &processor.role_arn);
    let origin = settings.origin.clone();
    let mut mapping = EventSourceMapping::new(settings);
    let began = Instant::now();
    for number in 0..RECORDS {
        mapping.offer(record(number), began.elapsed()).expect("there is room");
    }
    mapping.end();
    let mut sizes = Vec::new();
    loop {
        match mapping.next(began.elapsed()) {
            Step::Invoke { lane, records } => {
                sizes.push(records.len());
                assert!(sizes.len() < 10, "it is retried whole for ever: {sizes:?}");
                let batch = serde_json::from_slice(&event(&records, &origin)).expect("JSON");
                let outcome = match process_batch(batch, TIME, &resources).await {
                    Ok(None) => InvocationOutcome::Answered(Vec::new()),
                    Ok(Some(first)) => {
                        let report = json!({"batchItemFailures": [{"itemIdentifier": first}]});
                        InvocationOutcome::Answered(report.to_string().into_bytes())
                    }
                    Err(error) => {
                        let diagnostic = error.diagnostic(Some(Role::Processor));
                        assert!(diagnostic.error_message.contains(&format!("{} records", records.len())));
                        assert_eq!(diagnostic.error_type, "Processor.BatchTooSlow");
                        InvocationOutcome::Failed
                    }
                };
                mapping.finished(lane, &outcome, began.elapsed());
            }
            Step::Wait(Some(until)) => tokio::time::sleep(until.saturating_sub(began.elapsed())).await,
            Step::Done => break,
            step => panic!("{step:?}"),
        }
    }
    assert_eq!(sizes, [RECORDS, RECORDS / 2, RECORDS / 2]);
    assert_eq!(catalog.number("select count(*) from offer").await, i64::try_from(RECORDS).expect("fits"));
    assert_eq!(mapping.statistics().discarded, 0);
    catalog.close().await;
}
