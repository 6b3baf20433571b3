//! The roles `processor` and `maintain` of the real bootstrap: quarantine, suppliers, pruning and metrics.

use chrono::TimeDelta;
use pipegen_contract::{env, metric, role::Role};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use super::bootstrap::{Functions, answer, batch};
use super::test_catalog::{adjusted, at};

fn counted(supplier: &str) -> String {
    json!({"specversion": "1.0", "id": "1", "source": format!("/suppliers/{supplier}"), "subject": "S1",
        "type": "com.retailtech.stock.counted.v1", "time": chrono::Utc::now().to_rfc3339(), "data": {"quantity": 4}})
    .to_string()
}

/// Without the retry, the rejected event would be lost without a trace.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_rejections_cannot_be_stored_is_retried() {
    let functions = Functions::migrated().await;
    let event = batch(&[counted("acme"), "not JSON".to_owned()]);
    let broken = functions.host(Role::Processor, &[("AWS_ENDPOINT_URL_S3", Some("http://127.0.0.1:1"))]);
    assert_eq!(answer(&broken, &event).await["batchItemFailures"], json!([{"itemIdentifier": "0"}]));
    let whole = functions.host(Role::Processor, &[]);
    assert_eq!(answer(&whole, &event).await["batchItemFailures"], json!([]));
    assert!(functions.quarantine().join("rejected/v1").is_dir());
    functions.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_events_of_the_listed_suppliers_are_accepted() {
    let functions = Functions::migrated().await;
    let restricted = functions.host(Role::Processor, &[(env::SUPPLIERS, Some("acme,globex"))]);
    let event = batch(&[counted("acme"), counted("initech"), counted("globex")]);
    assert_eq!(answer(&restricted, &event).await["batchItemFailures"], json!([]));
    let suppliers = |views: &[Value]| -> Vec<Value> {
        views[0]["offers"].as_array().expect("a list").iter().map(|offer| offer["supplier"].clone()).collect()
    };
    assert_eq!(suppliers(&functions.catalog.shown().await), ["acme", "globex"]);
    let lines = functions.lines(Role::Processor);
    let line = lines.iter().find(|line| line["message"] == "batch").expect("a batch's line");
    assert_eq!(line["rejected"], json!({"unknown_supplier": 1}));

    answer(&functions.host(Role::Processor, &[]), &event).await;
    assert_eq!(suppliers(&functions.catalog.shown().await), ["acme", "globex", "initech"]);
    functions.close().await;
}

fn probe(supplier: &str, sku: &str) -> [String; 2] {
    let event = |kind: &str, data: Value| {
        json!({"specversion": "1.0", "id": kind, "source": format!("/suppliers/{supplier}"), "subject": sku,
            "type": format!("com.retailtech.{kind}.v1"), "time": chrono::Utc::now().to_rfc3339(), "data": data})
        .to_string()
    };
    [event("stock.counted", json!({"quantity": 4})), event("product.described", json!({"title": "A probe"}))]
}

/// Probes go through like everybody's events, and keep to SKUs of their own.
#[tokio::test(flavor = "multi_thread")]
async fn probes_are_accepted_and_touch_nothing_else() {
    let functions = Functions::migrated().await;
    let restricted = functions.host(Role::Processor, &[(env::SUPPLIERS, Some("acme"))]);
    let events = [
        probe("pipegen-probe", "pipegen-probe-1"),
        probe("pipegen-probe", "S1"),
        probe("acme", "pipegen-probe-1"),
        probe("acme", "S2"),
    ];
    assert_eq!(answer(&restricted, &batch(&events.concat())).await["batchItemFailures"], json!([]));
    let shown = functions.catalog.shown().await;
    let skus: Vec<_> = shown.iter().map(|view| (&view["sku"], view["offers"].as_array().map(Vec::len))).collect();
    assert_eq!(skus, [(&json!("S2"), Some(1)), (&json!("pipegen-probe-1"), Some(1))]);
    let lines = functions.lines(Role::Processor);
    let line = lines.iter().find(|line| line["message"] == "batch").expect("a batch's line");
    assert_eq!(line["rejected"], json!({"unknown_supplier": 4}));
    functions.close().await;
}

/// An operator who looks twice finds a probe's product for ten minutes; then nothing is left of it, and all else is.
#[tokio::test(flavor = "multi_thread")]
async fn maintain_removes_what_probes_have_left() {
    let functions = Functions::migrated().await;
    let events = [
        probe("pipegen-probe", "pipegen-probe-old"),
        probe("pipegen-probe", "pipegen-probe-new"),
        probe("acme", "pipegen-probf"),
    ];
    answer(&functions.host(Role::Processor, &[]), &batch(&events.concat())).await;
    functions
        .catalog
        .execute(
            "update product set updated_at = now() - interval '11 minutes' where sku <> 'pipegen-probe-new';
             insert into pending_refresh (sku, version) values ('pipegen-probe-old', 1) on conflict do nothing",
        )
        .await;
    assert_eq!(answer(&functions.host(Role::Maintain, &[]), &json!({})).await["probes"], 1);
    let kept = ["pipegen-probe-new", "pipegen-probf"];
    let shown = functions.catalog.shown().await;
    assert_eq!(shown.iter().map(|view| &view["sku"]).collect::<Vec<_>>(), kept);
    for (rows, count) in [
        ("select count(*) from product", 2),
        ("select count(*) from offer", 2),
        ("select count(*) from description", 2),
        ("select count(*) from pending_refresh", 0),
    ] {
        assert_eq!(functions.catalog.number(rows).await, count, "{rows}");
    }
    functions.close().await;
}

/// A row is pruned once no copy of its event can still be on its way, and no sooner.
#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_is_pruned_after_horizon_and_retention() {
    let functions = Functions::migrated().await;
    let events: Vec<_> = (0..4).map(|number| adjusted("1", &number.to_string(), number, 1)).collect();
    functions.catalog.store.apply(&events.iter().collect::<Vec<_>>()).await.expect("applied");
    functions
        .catalog
        .execute(
            "update ledger set applied_at = now() - case id
                 when '0' then interval '8 days 65 minutes'
                 when '1' then interval '8 days 55 minutes'
                 when '2' then interval '7 days 65 minutes'
                 else interval '65 minutes' end",
        )
        .await;
    let week_and_day = [(env::HORIZON_SECONDS, Some("604800")), (env::STREAM_RETENTION_SECONDS, Some("86400"))];
    let maintain = functions.host(Role::Maintain, &week_and_day);
    assert_eq!(answer(&maintain, &json!({})).await["pruned"], 1);
    assert_eq!(functions.catalog.number("select min(id::bigint) from ledger").await, 1);
    let floor = "select extract(epoch from occurred_at)::bigint from ledger_floor";
    assert_eq!(functions.catalog.number(floor).await, at(0).timestamp());
    assert_eq!(functions.catalog.shown().await[0]["available"], 4);
    functions.close().await;
}

/// A reader of the changes feed may stay away for a week. By the newest row that it may have been told it knows that its
/// place is of this database.
#[tokio::test(flavor = "multi_thread")]
async fn the_changes_feed_is_pruned_after_a_week_but_for_its_newest_row() {
    let functions = Functions::migrated().await;
    let maintain = functions.host(Role::Maintain, &[]);
    functions
        .catalog
        .execute(
            "insert into change (transaction, changed_at, skus)
             select number, now() - interval '7 days' - interval '1 minute' * (6 - number), '{}'
             from generate_series(1, 10) as number",
        )
        .await;
    let (age, count) = (TimeDelta::days(7), "select count(*) from change");
    assert_eq!(functions.catalog.store.prune_changes(age, 4).await.expect("pruned"), 4, "a bounded number");
    assert_eq!(answer(&maintain, &json!({})).await["pruned_changes"], 2);
    assert_eq!(functions.catalog.number("select min(transaction) from change").await, 7);
    assert_eq!(functions.catalog.number(count).await, 5, "four that are too young, and that of the migration");

    // A dump that was restored here brings rows of transactions that are still to come.
    functions.catalog.execute("insert into change (transaction, changed_at, skus) values (1e15, now(), '{}')").await;
    assert_eq!(answer(&maintain, &json!({})).await["pruned_changes"], 0);
    assert_eq!(functions.catalog.number("select count(*) from change where transaction >= 1e15").await, 0);

    // As long as an older transaction runs, readers are not told of a later one.
    functions.catalog.execute("update change set changed_at = now() - interval '8 days'").await;
    let mut older = PgConnection::connect(&functions.catalog.servers.database_url).await.expect("connected");
    sqlx::raw_sql("begin; select pg_current_xact_id()").execute(&mut older).await.expect("begun");
    functions.catalog.execute("insert into change (changed_at, skus) values (now() - interval '8 days', '{}')").await;
    assert_eq!(answer(&maintain, &json!({})).await["pruned_changes"], 4);
    assert_eq!(functions.catalog.number(count).await, 2, "the newest, and the newest before the older transaction");
    sqlx::raw_sql("rollback").execute(&mut older).await.expect("ended");
    assert_eq!(answer(&maintain, &json!({})).await["pruned_changes"], 1);
    assert_eq!(functions.catalog.number(count).await, 1);
    functions.close().await;
}

/// CloudWatch ignores the metrics of a line without a namespace.
#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_counted_in_the_stack_s_namespace() {
    let functions = Functions::migrated().await;
    let namespace = [(env::METRIC_NAMESPACE, Some("metrics-inventory-test"))];
    answer(&functions.host(Role::Processor, &namespace), &batch(&[counted("acme"), "not JSON".to_owned()])).await;
    answer(&functions.host(Role::Maintain, &namespace), &json!({})).await;
    let unsigned = json!({"rawPath": "/events", "requestContext": {"http": {"method": "POST"}}});
    answer(&functions.host(Role::Ingest, &namespace), &unsigned).await;
    let mut counted: Vec<Value> = Vec::new();
    for line in [Role::Processor, Role::Maintain, Role::Ingest].into_iter().flat_map(|role| functions.lines(role)) {
        for directive in line["_aws"]["CloudWatchMetrics"].as_array().into_iter().flatten() {
            assert_eq!(directive["Namespace"], "metrics-inventory-test", "{line}");
            counted
                .extend(directive["Metrics"].as_array().expect("a list").iter().map(|metric| metric["Name"].clone()));
        }
    }
    for metric in metric::ALL {
        assert!(counted.iter().any(|name| name == metric.name), "{} is not counted: {counted:?}", metric.name);
    }
    functions.close().await;
}
