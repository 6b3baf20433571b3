//! Execution environments that respond, fail, exit and hang.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::DateTime;
use pipegen::deployment::{Deployment, ServerAddresses};
use pipegen::emulators::s3::Buckets;
use pipegen::event_source::feed::{Feed, feed};
use pipegen::event_source::mapping::MappingSettings;
use pipegen::event_source::on_failure::{OnFailureDestination, Storage};
use pipegen::event_source::poller::Poller;
use pipegen::lambda_host::{FunctionPool, HostError, InvocationOutcome};
use pipegen::records::RecordSource;

use super::fixture::{HostFixture, eventually, processes_of};

/// Invokes the fake bootstrap, whose response is its process id.
async fn process(pool: &FunctionPool) -> String {
    let invocation = pool.invoke("{}".into()).await.expect("a result");
    let InvocationOutcome::Answered(answer) = invocation.outcome else { panic!("{invocation:?}") };
    String::from_utf8(answer).expect("text")
}

async fn failure(pool: &FunctionPool, event: &'static str) -> String {
    let invocation = pool.invoke(event.into()).await.expect("a result");
    assert_eq!(invocation.outcome, InvocationOutcome::Failed);
    invocation.failure.expect("a reason")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_is_reused_and_one_more_is_started_when_needed() {
    let fixture = HostFixture::new();
    let pool = fixture.host("migrate");
    let first = process(&pool).await;
    assert_eq!(process(&pool).await, first);
    let both = tokio::join!(pool.invoke(r#"{"do":"sleep"}"#.into()), pool.invoke(r#"{"do":"sleep"}"#.into()));
    assert_ne!(both.0.expect("a result").outcome, both.1.expect("a result").outcome, "two processes at once");
    fixture.close().await;
}

/// As in Lambda: work that a function has started and not awaited does not go on.
#[tokio::test(flavor = "multi_thread")]
async fn between_invocations_an_environment_is_frozen() {
    let fixture = HostFixture::new();
    let pool = fixture.host("migrate");
    let id = process(&pool).await;
    for _ in 0..2 {
        eventually("its freezing", || state_of(&id).starts_with('T'));
        assert_eq!(process(&pool).await, id, "it goes on with the next event");
    }
    assert!(failure(&pool, r#"{"do":"fail"}"#).await.contains("injected"));
    eventually("its freezing", || state_of(&id).starts_with('T'));
    let began = Instant::now();
    pool.close().await;
    assert!(began.elapsed() < Duration::from_secs(2), "it ends on the signal, without being killed");
    fixture.close().await;
}

/// Returns the state of a process in `ps`: `T` is stopped.
fn state_of(process: &str) -> String {
    let output = Command::new("ps").args(["-o", "stat=", "-p", process]).output().expect("the tests need ps");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn environment_variables_of_pipegen_are_not_passed_on() {
    let fixture = HostFixture::new();
    let pool = fixture.host("migrate");
    let invocation = pool.invoke(r#"{"do":"environment"}"#.into()).await.expect("a result");
    let InvocationOutcome::Answered(answer) = invocation.outcome else { panic!("{invocation:?}") };
    let names: Vec<String> = serde_json::from_slice(&answer).expect("names");
    for needed in [
        "_HANDLER",
        "A_SETTING",
        "AWS_ACCESS_KEY_ID",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_LOG_FORMAT",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_LEVEL",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
    ] {
        assert!(names.iter().any(|name| name == needed), "{needed} in {names:?}");
    }
    let known = |name: &&String| !name.starts_with("AWS_") && !["_HANDLER", "A_SETTING", "TZ"].contains(&name.as_str());
    assert_eq!(names.iter().find(known), None);
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_survives_a_reported_error() {
    let fixture = HostFixture::new();
    let pool = fixture.host("migrate");
    let first = process(&pool).await;
    assert!(failure(&pool, r#"{"do":"fail"}"#).await.contains("injected"));
    assert_eq!(process(&pool).await, first);
    assert_eq!(pool.errors(), 1);
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exit_is_a_function_error_and_a_new_process_is_started() {
    let fixture = HostFixture::new();
    let pool = fixture.host("migrate");
    let first = process(&pool).await;
    assert!(failure(&pool, r#"{"do":"die"}"#).await.contains("exit status: 9"));
    let second = process(&pool).await;
    assert_ne!(second, first);

    // A process that is killed while idle is not a function error.
    assert!(Command::new("kill").args(["-9", &second]).status().expect("kill").success());
    eventually("its end", || processes_of(fixture.folder.path()).is_empty());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_ne!(process(&pool).await, second);
    assert_eq!(pool.errors(), 1);
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_during_an_invocation_is_a_function_error() {
    let fixture = HostFixture::new();
    let pool = fixture.host("migrate");
    let first = process(&pool).await;
    let killer = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Command::new("kill").args(["-9", &first]).status().expect("kill")
    });
    assert!(failure(&pool, r#"{"do":"hang"}"#).await.contains("SIGKILL"));
    assert!(killer.await.expect("no panic").success());
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_kills() {
    let fixture = HostFixture::new();
    let pool = fixture.host("migrate");
    let begin = Instant::now();
    assert!(failure(&pool, r#"{"do":"hang"}"#).await.contains("timed out after 2.00 seconds"));
    assert!(begin.elapsed() < Duration::from_secs(4));
    assert_eq!(processes_of(fixture.folder.path()), Vec::<String>::new());
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_beyond_the_limit_is_a_function_error() {
    let fixture = HostFixture::new();
    let pool = fixture.host("migrate");
    assert!(failure(&pool, r#"{"do":"big"}"#).await.contains("ResponseSizeTooLarge"));
    process(&pool).await;
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bootstrap_that_does_not_start_is_an_error_with_its_last_lines() {
    let fixture = HostFixture::new();
    for (handler, reason, last_line) in
        [("dies", "exit status: 7", "failed on purpose"), ("init_error", "no settings", "it wrote nothing")]
    {
        let error = fixture.host(handler).invoke("{}".into()).await.expect_err("an error");
        let HostError::Start { .. } = error else { panic!("{error:?}") };
        let message = error.to_string();
        assert!(message.contains(reason) && message.contains(last_line), "{message}");
    }
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_process_is_started_after_the_shutdown_has_begun() {
    let fixture = HostFixture::new();
    let pool = fixture.host("migrate");
    process(&pool).await;
    fixture.supervisor.stop_all().await;
    assert!(matches!(pool.invoke("{}".into()).await, Err(HostError::Spawn { .. })));
    fixture.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bootstrap_that_cannot_run_is_an_error_at_once() {
    let fixture = HostFixture::new();
    let pool = fixture.host("migrate");
    let bootstrap = pool.function().bootstrap.clone();
    let own = std::fs::read(&bootstrap).expect("read");
    let (own_loader, own_machine): (&[u8], usize) = (b"/ld-linux", 18);
    let place = own.windows(own_loader.len()).position(|window| window == own_loader).expect("a loader's name");
    let mut of_another_loader = own.clone();
    of_another_loader[place..place + own_loader.len()].copy_from_slice(b"/ld-other");
    let mut of_another_machine = own;
    // RISC-V.
    of_another_machine[own_machine] = 243;
    for (bytes, words) in [
        (&b"no program"[..], "it is a file of an unknown format, not an ELF executable"),
        (b"", "it is an empty file"),
        (b"PK\x03\x04", "it is a zip archive"),
        (b"#!/no/such/shell -e\n", "its interpreter `/no/such/shell` does not exist on this machine"),
        (&of_another_loader, "/ld-other-"),
        (&of_another_machine, "it is for Linux on machine 243, this machine is linux on "),
    ] {
        std::fs::write(&bootstrap, bytes).expect("written");
        let error = pool.invoke("{}".into()).await.expect_err("an error");
        assert!(matches!(error, HostError::Spawn { .. }), "{error:?}");
        let message = error.to_string();
        assert!(message.contains(words) && message.contains("build one for this machine"), "{message}");
    }
    fixture.close().await;
}

/// The settings of this function's mapping in the staging stack.
fn mapping(handler: &str) -> MappingSettings {
    let addresses = ServerAddresses {
        database_host: "localhost".to_owned(),
        database_port: 5432,
        database_name: "inventory".to_owned(),
        cache_host: "localhost".to_owned(),
        cache_port: 6379,
    };
    let main = include_str!("../golden/staging.main.tf.json");
    let deployment = Deployment::from_rendered(main, &addresses).expect("it runs");
    let is_its = |arn: &str| deployment.functions[arn].handler == handler;
    let mapping = deployment.mappings.iter().find(|mapping| is_its(&mapping.function)).expect("one");
    MappingSettings::new(mapping, &deployment.functions[&mapping.function].role_arn)
}

/// Plays records: one makes the function fail, and the first one's batch is reported once although it was processed.
#[tokio::test(flavor = "multi_thread")]
async fn discarded_records_lie_in_the_bucket_and_the_rest_is_counted() {
    let fixture = HostFixture::new();
    let records = fixture.folder.path().join("records.jsonl");
    let line = |number: usize| {
        let data = match number {
            37 => "poison",
            0 => "once",
            _ => "fine",
        };
        let arrived_at = DateTime::from_timestamp(1_291_191_960, 0).expect("in range").to_rfc3339();
        serde_json::json!({
            "shard": "shardId-000000000000", "sequence_number": number.to_string(), "partition_key": "k",
            "arrived_at": arrived_at, "data": data,
        })
        .to_string()
    };
    std::fs::write(&records, (0..100).map(|number| line(number) + "\n").collect::<String>()).expect("written");

    let buckets = fixture.folder.path().join("objects");
    let objects = Arc::new(Buckets::open(buckets.clone(), &["bucket"]).expect("a folder"));
    let pools = ["processor", "archiver"].map(|handler| Arc::new(fixture.host(handler)));
    let consumer = |pool: &Arc<FunctionPool>, settings| Poller {
        pool: Arc::clone(pool),
        settings: MappingSettings { maximum_retries: Some(1), ..settings },
        on_failure: OnFailureDestination {
            storage: Storage::Local(Arc::clone(&objects)),
            bucket: "bucket".to_owned(),
            mapping: pool.function().name.clone(),
        },
        progress: None,
        status: Arc::default(),
    };
    let [processor, archiver] = &pools;
    let processing = consumer(processor, MappingSettings { batch_size: 64, ..mapping("processor") });
    let archiving = consumer(archiver, mapping("archiver"));
    let Feed { mut consumers, stopped } = feed(RecordSource::open(Some(&records)).expect("a file"), None, 2);
    let (for_archiver, for_processor) = (consumers.remove(1), consumers.remove(0));
    let (report, archiver_report) =
        tokio::try_join!(processing.consume(for_processor), archiving.consume(for_archiver)).expect("consumed");
    assert!(stopped.await.is_err(), "every line is a record");
    let (counted, tally) = (report.statistics, report.tally);
    assert_eq!((counted.delivered, counted.discarded, tally.events), (99, 1, 99));
    assert_eq!(tally.outcomes.applied, 99);
    assert!(processor.errors() >= 7, "bisected from 64 to 1: {}", processor.errors());
    assert_eq!(counted.retries, 2, "the reported batch and the poison record");
    let counted = archiver_report.statistics;
    assert_eq!((counted.delivered, counted.invocations, archiver.errors()), (100, 1, 0), "in one batch of its own");

    let found = Command::new("find").arg(buckets.join("bucket")).args(["-type", "f"]).output().expect("find");
    let found = String::from_utf8(found.stdout).expect("text");
    let object = std::fs::read(found.trim_end()).expect("one object");
    let object: serde_json::Value = serde_json::from_slice(&object).expect("JSON");
    assert_eq!(object["KinesisBatchInfo"]["startSequenceNumber"], "37");
    assert_eq!(object["responseContext"]["functionError"], "Unhandled");
    fixture.close().await;
}
