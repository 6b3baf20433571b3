//! Low-stock limits, which `migrate` sets, and crossings of them, which `maintain` tells: each once, wherever a run dies.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use axum::Router;
use axum::http::StatusCode;
use lambda_runtime::LambdaEvent;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pipegen::lambda_host::{FunctionPool, InvocationOutcome};
use pipegen::session::listener::Listener;
use pipegen_contract::role::Role;
use pipegen_lambda::failure::FailureKind;
use pipegen_lambda::objects::S3;
use pipegen_lambda::resources::MaintainResources;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use super::bootstrap::{Functions, answer, bucket_name, failure, process};
use super::functions::{aws, context, maintenance_on};
use super::proxy::Proxy;

/// A crossing that is open for long enough.
const CROSSED: &str = "insert into crossing (sku, version, crossed_at, crossings, is_low, available, quantity) values
    ('A/1', 7, '2026-11-23T05:00:00.0005Z', 3, true, 4, 5)";
const KEY: &str = "crossings/v1/2026/11/23/05/low/A%2F1-7.json";
const TOLD: &str = r#"{"sku":"A/1","is_low":true,"available":4,"limit":5,"version":7,"crossed_at":"2026-11-23T05:00:00.000500Z","crossings":3}"#;

/// The statement of a batch in which the product crosses back.
const CROSSES_BACK: &str =
    "insert into crossing (sku, version, crossed_at, is_low, available, quantity) values ('A/1', 8, now(), false, 6, 5)
     on conflict (sku) where closed_at is null do update
     set crossings = crossing.crossings + 1, is_low = excluded.is_low, available = excluded.available";

/// Lets the time pass for which crossings stay open.
const TIME_PASSES: &str = "update crossing set crossed_at = '2026-11-23T06:00:00Z' where closed_at is null";

const COUNT: &str = "select count(*) from crossing";
const CLOSED: &str = "select count(*) from crossing where closed_at is not null";

/// Returns the content of every object below a folder by its key.
fn objects(root: &Path) -> BTreeMap<String, String> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let key = path.strip_prefix(root).expect("below").to_str().expect("text").to_owned();
                found.insert(key, std::fs::read_to_string(&path).expect("text"));
            }
        }
    }
    found
}

fn told(functions: &Functions) -> BTreeMap<String, String> {
    objects(&functions.bucket("crossings"))
}

/// Returns `maintain` in this process, on a database and an S3 at these URLs.
fn maintain_on(functions: &Functions, database: &str, s3: &str) -> MaintainResources {
    let key = &functions.backend.credentials;
    let credentials = Credentials::new(&*key.key_id, &*key.secret_key, key.session_token.clone(), None, "test");
    let aws = aws(s3).into_builder().credentials_provider(SharedCredentialsProvider::new(credentials)).build();
    let mut resources = maintenance_on(database, &functions.catalog.servers.cache_url);
    resources.settings.crossings_bucket = bucket_name("crossings");
    resources.s3 = S3::new(&aws);
    resources
}

/// Does a run of `maintain`, and returns how many crossings it has told.
async fn tell(maintain: &FunctionPool) -> Value {
    answer(maintain, &json!({})).await["crossings"].clone()
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..1000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never comes true that {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crossing_leaves_after_a_minute() {
    let functions = Functions::migrated().await;
    let maintain = functions.host(Role::Maintain, &[]);
    functions
        .catalog
        .execute(
            "insert into crossing (sku, version, crossed_at, is_low, available, quantity)
             values ('old', 1, now() - interval '61 seconds', false, 9, 5), ('young', 1, now() - interval '30 seconds', true, 1, 5)",
        )
        .await;
    assert_eq!(tell(&maintain).await, 1);
    let told = told(&functions);
    let keys: Vec<_> = told.keys().map(|key| key.rsplit_once('/').expect("a hour").1).collect();
    assert_eq!(keys, ["old-1.json"]);
    let told: Value = serde_json::from_str(told.values().next().expect("one")).expect("JSON");
    assert_eq!((&told["is_low"], &told["crossings"]), (&json!(false), &json!(1)));
    assert_eq!(functions.catalog.number("select count(*) from crossing where sku = 'young'").await, 1);
    assert_eq!(functions.catalog.number(CLOSED).await, 0);
    functions.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_crossings_than_one_round_takes_leave_in_one_run() {
    let functions = Functions::migrated().await;
    let maintain = functions.host(Role::Maintain, &[]);
    functions
        .catalog
        .execute(
            "insert into crossing (sku, version, crossed_at, is_low, available, quantity)
             select number::text, 1, now() - interval '2 minutes', true, 1, 5 from generate_series(1, 501) as number",
        )
        .await;
    assert_eq!(tell(&maintain).await, 501);
    assert_eq!((told(&functions).len(), functions.catalog.number(COUNT).await), (501, 0));
    functions.close().await;
}

/// `maintain` waits for no batch, and no batch for it longer than a statement takes.
#[tokio::test(flavor = "multi_thread")]
async fn a_crossing_that_a_batch_changes_is_left_to_the_next_run() {
    let functions = Functions::migrated().await;
    let maintain = functions.host(Role::Maintain, &[]);
    functions.catalog.execute(CROSSED).await;
    let mut batch = PgConnection::connect(&functions.catalog.servers.database_url).await.expect("connected");
    let mut transaction = batch.begin().await.expect("begun");
    sqlx::raw_sql(CROSSES_BACK).execute(&mut *transaction).await.expect("crossed");
    assert_eq!(tell(&maintain).await, 0);
    transaction.commit().await.expect("committed");
    assert_eq!(tell(&maintain).await, 1);
    let told: Value = serde_json::from_str(told(&functions).values().next().expect("one")).expect("JSON");
    assert_eq!((&told["crossings"], &told["version"], &told["is_low"]), (&json!(4), &json!(7), &json!(false)));
    functions.close().await;
}

/// A run dies before each of its steps, and after S3 has stored the object. Then the product crosses back.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_dies_on_the_way_is_completed_by_the_next() {
    let functions = Functions::migrated().await;
    let maintain = functions.host(Role::Maintain, &[]);
    let (database, s3) = (&functions.catalog.servers.database_url, &functions.backend.s3);
    for (what, is_closed, is_stored) in [
        ("update crossing set closed_at", 0, 0),
        ("select sku, version, crossed_at", 1, 0),
        ("PUT /", 1, 0),
        ("PUT / is answered", 1, 1),
        ("delete from crossing", 1, 1),
    ] {
        functions.catalog.execute(CROSSED).await;
        let (to_database, to_s3) = (Proxy::before(database).await, Proxy::before(s3).await);
        let resources = maintain_on(&functions, &to_database.url, &to_s3.url);
        if what == "PUT / is answered" {
            to_s3.hold_from("PUT /");
        } else {
            to_database.hang_from(what);
            to_s3.hang_from(what);
        }
        let event = LambdaEvent::new(json!({}), context(Duration::from_secs(20)));
        let reached = async {
            if what == "PUT / is answered" {
                to_s3.holding().await;
            } else {
                until(what, || to_database.heard(what) + to_s3.heard(what) > 0).await;
            }
        };
        tokio::select! {
            ended = pipegen_lambda::maintain::handle(event, &resources) => panic!("it has ended before {what}: {ended:?}"),
            () = reached => {}
        }
        let left = (functions.catalog.number(CLOSED).await, told(&functions).len());
        assert_eq!(left, (is_closed, is_stored), "dead before {what}");

        functions.catalog.execute(CROSSES_BACK).await;
        functions.catalog.execute(TIME_PASSES).await;
        let again: BTreeMap<_, _> = told(&functions).into_iter().collect();
        assert!(again.values().all(|content| content == TOLD), "{again:?}");
        if is_closed == 0 {
            // It was not closed, so both are one.
            assert_eq!(tell(&maintain).await, 1, "dead before {what}");
            let told = told(&functions);
            assert!(
                told.contains_key("crossings/v1/2026/11/23/06/recovered/A%2F1-7.json") && told.len() == 1,
                "{told:?}"
            );
        } else {
            assert_eq!(tell(&maintain).await, 2, "dead before {what}");
            let told = told(&functions);
            assert_eq!((told.get(KEY).map(String::as_str), told.len()), (Some(TOLD), 2), "dead before {what}");
            assert!(told.contains_key("crossings/v1/2026/11/23/06/recovered/A%2F1-8.json"), "{told:?}");
        }
        assert_eq!(functions.catalog.number(COUNT).await, 0);
        std::fs::remove_dir_all(functions.bucket("crossings").join("crossings")).expect("emptied");
    }
    functions.close().await;
}

/// Signals reach the real process, whose open request S3 has already carried out.
#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_is_killed_while_it_tells_tells_nothing_twice() {
    let functions = Functions::migrated().await;
    functions.catalog.execute(CROSSED).await;
    let to_s3 = Proxy::before(&functions.backend.s3).await;
    to_s3.hold_from("PUT /");
    let maintain = functions.host(Role::Maintain, &[("AWS_ENDPOINT_URL_S3", Some(&to_s3.url))]);
    let killed = async {
        to_s3.holding().await;
        let pid = process(&maintain).file_name().and_then(|name| name.to_str()?.parse().ok()).expect("a process id");
        kill(Pid::from_raw(pid), Signal::SIGKILL).expect("killed");
    };
    let (invocation, ()) = tokio::join!(maintain.invoke("{}".into()), killed);
    assert_eq!(invocation.expect("a host").outcome, InvocationOutcome::Failed);
    assert_eq!(functions.catalog.number(CLOSED).await, 1);
    to_s3.release();
    assert_eq!(tell(&maintain).await, 1);
    assert_eq!(told(&functions), BTreeMap::from([(KEY.to_owned(), TOLD.to_owned())]));
    assert_eq!(functions.catalog.number(COUNT).await, 0);
    functions.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_s3_all_else_is_done_and_then_the_run_fails() {
    let functions = Functions::migrated().await;
    functions.catalog.execute(CROSSED).await;
    functions
        .catalog
        .execute(
            "insert into pending_refresh (sku, version) values ('1', 1);
             insert into change (transaction, changed_at, skus) values (1, now() - interval '8 days', '{}');
             insert into ledger (sku, supplier, id, occurred_at, delta, applied_at)
             values ('1', 'acme', '1', now() - interval '90 days', 1, now() - interval '99 days')",
        )
        .await;
    let without = functions.host(Role::Maintain, &[("AWS_ENDPOINT_URL_S3", Some("http://127.0.0.1:1"))]);
    let failed = failure(&without, &json!({})).await;
    assert_eq!(failed.error_type, "Maintain.ObjectNotStored", "{failed:?}");
    assert!(failed.message.starts_with(&format!("S3: could not store {KEY}: ")), "{failed:?}");
    let lines = functions.lines(Role::Maintain);
    let line = lines.iter().find(|line| line["message"] == "maintained").expect("a run's line");
    let done = ["drained", "pruned", "pruned_changes", "crossings"].map(|field| line[field].as_u64());
    assert_eq!(done, [Some(1), Some(1), Some(1), Some(0)]);
    assert_eq!((functions.catalog.number(CLOSED).await, told(&functions).len()), (1, 0));

    assert_eq!(tell(&functions.host(Role::Maintain, &[])).await, 1);
    assert_eq!(told(&functions), BTreeMap::from([(KEY.to_owned(), TOLD.to_owned())]));
    functions.close().await;
}

/// Nobody knows whether the other upload of the key succeeds.
/// A key that S3 takes can be too long for the name of a file.
#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_refused_does_not_hold_up_others() {
    let functions = Functions::migrated().await;
    functions
        .catalog
        .execute(
            "insert into crossing (sku, version, crossed_at, is_low, available, quantity)
             select sku, 7, '2026-11-23T05:00:00Z', true, 4, 5 from unnest(array[repeat(chr(252), 64), 'B', 'C']) as sku",
        )
        .await;
    let maintain = functions.host(Role::Maintain, &[]);
    for _ in 0..2 {
        let failed = failure(&maintain, &json!({})).await;
        assert_eq!(failed.error_type, "Maintain.ObjectNotStored", "{failed:?}");
        assert_eq!(told(&functions).len(), 2);
        assert_eq!(functions.catalog.number(COUNT).await, 1, "the refused one stays");
    }
    functions.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_conflicts_is_not_told() {
    const CONFLICT: &str = "<Error><Code>ConditionalRequestConflict</Code><Message>again</Message></Error>";
    let functions = Functions::migrated().await;
    functions.catalog.execute(CROSSED).await;
    let listener = Listener::open(0).expect("a port");
    let resources = maintain_on(&functions, &functions.catalog.servers.database_url, &listener.url());
    let _server =
        listener.serve(Router::new().fallback(|| async { (StatusCode::CONFLICT, CONFLICT) })).expect("served");
    let event = LambdaEvent::new(json!({}), context(Duration::from_secs(20)));
    let failed = pipegen_lambda::maintain::handle(event, &resources).await.expect_err("a conflict");
    assert_eq!(failed.kind, FailureKind::ObjectNotStored);
    assert_eq!(functions.catalog.number(CLOSED).await, 1);
    functions.close().await;
}

/// A product whose limit is set twice has the later one, and one whose limit is gone has none.
#[tokio::test(flavor = "multi_thread")]
async fn the_limits_are_those_of_the_last_input() {
    let functions = Functions::open().await;
    let migrate = functions.host(Role::Migrate, &[]);
    let limits = async || -> Vec<(String, String, i64)> {
        let mut admin = PgConnection::connect(&functions.catalog.servers.database_url).await.expect("connected");
        let query = "select kind, name, quantity from low_stock_limit order by kind, name";
        sqlx::query_as(query).fetch_all(&mut admin).await.expect("limits")
    };
    let row = |kind: &str, name: &str, quantity| (kind.to_owned(), name.to_owned(), quantity);

    let input = json!({"low_stock": {"default": 5, "sku": {"A": 10, "B": 0}, "category": {"A": 3}}});
    assert_eq!(answer(&migrate, &input).await["limits"], 4);
    let four = [row("category", "A", 3), row("default", "", 5), row("sku", "A", 10), row("sku", "B", 0)];
    assert_eq!(limits().await, four);
    assert_eq!(answer(&migrate, &input).await["limits"], 4);
    assert_eq!(limits().await, four);

    for (bad, why) in [
        (json!({"low_stock": {"sku": {" A": 10}}}), "the input: low_stock: the SKU ` A` must have 1 to 64 characters"),
        (json!({"low_stock": {"skus": {}}}), "the input: unknown field `skus`"),
    ] {
        let failed = failure(&migrate, &bad).await;
        assert_eq!(failed.error_type, "Migrate.EventUnreadable", "{failed:?}");
        assert!(failed.message.starts_with(why), "{failed:?}");
    }
    assert_eq!(limits().await, four, "what is refused changes nothing");

    assert_eq!(answer(&migrate, &json!({"low_stock": {"sku": {"A": 11, "C": 1}}})).await["limits"], 2);
    assert_eq!(limits().await, [row("sku", "A", 11), row("sku", "C", 1)]);
    assert_eq!(answer(&migrate, &json!({})).await["limits"], 0);
    assert_eq!(limits().await, []);
    functions.close().await;
}
