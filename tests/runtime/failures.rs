//! The error types and messages of failed invocations.

use pipegen_contract::env;
use pipegen_contract::role::Role;
use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, Executor as _};

use super::bootstrap::{Change, Functions, answer, batch, failure, seconds};
use super::test_catalog::at;

/// Returns an event that a function of this role can read.
fn event(role: Role) -> Value {
    match role {
        Role::Processor | Role::Archiver => batch(&["{}".to_owned()]),
        Role::Catalog => json!({"version": "2.0", "rawPath": "/products/1", "rawQueryString": "", "headers": {},
            "requestContext": {"http": {"method": "GET", "path": "/products/1"}}, "isBase64Encoded": false}),
        Role::Ingest => json!({"version": "2.0", "rawPath": "/events", "rawQueryString": "", "headers": {},
            "requestContext": {"http": {"method": "POST", "path": "/events"}}, "isBase64Encoded": false}),
        Role::Maintain | Role::Migrate => json!({}),
        Role::Rotate => rotation("arn:aws:secretsmanager:us-east-1:000000000000:secret:none"),
    }
}

fn rotation(secret: &str) -> Value {
    json!({"SecretId": secret, "ClientRequestToken": "11111111-2222-3333-4444-555555555555", "Step": "createSecret"})
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_names_the_settings_that_are_missing() {
    let functions = Functions::open().await;
    for role in Role::ALL {
        let mut function = functions.backend.function(role).expect("there");
        function.variables.retain(|(name, _)| !name.starts_with("PIPEGEN_"));
        let failed = failure(&functions.run(function, &[]), &event(role)).await;
        assert_eq!(failed.error_type, "Settings.Invalid", "{role:?}: {failed:?}");
        assert!(failed.message.contains("PIPEGEN_") && failed.message.contains("is not set"), "{role:?}: {failed:?}");
    }
    functions.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_failure_has_a_type_that_can_be_searched_for() {
    let functions = Functions::migrated().await;
    let mut unknown = functions.backend.function(Role::Migrate).expect("there");
    unknown.handler = "bootstrap".to_owned();
    let failed = failure(&functions.run(unknown, &[]), &json!({})).await;
    assert_eq!(failed.error_type, "Settings.UnknownRole");
    assert!(failed.message.contains("the roles are: processor"), "{failed:?}");

    let no_secrets: Change<'_> = ("AWS_ENDPOINT_URL_SECRETS_MANAGER", Some("http://127.0.0.1:1"));
    let no_database: Change<'_> = (env::DATABASE_PORT, Some("1"));
    let no_such_database: Change<'_> = (env::DATABASE_NAME, Some("another"));
    for (role, change, expected) in [
        (Role::Migrate, no_secrets, "Migrate.SecretUnreachable"),
        (Role::Migrate, no_database, "Migrate.DatabaseUnreachable"),
        (Role::Migrate, no_such_database, "Migrate.DatabaseNotPrepared"),
        (Role::Maintain, no_secrets, "Maintain.SecretUnreachable"),
        (Role::Maintain, no_database, "Maintain.DatabaseUnreachable"),
        (Role::Maintain, no_such_database, "Maintain.DatabaseNotPrepared"),
        (Role::Rotate, no_secrets, "Rotate.SecretUnreachable"),
    ] {
        let mut function = functions.backend.function(role).expect("there");
        // Transient failures are retried for as long as there is time: not long, here.
        function.timeout = seconds(14);
        let failed = failure(&functions.run(function, &[change]), &event(role)).await;
        assert_eq!(failed.error_type, expected, "{failed:?}");
        assert!(!failed.message.is_empty());
    }

    let unknown_secret = failure(&functions.host(Role::Rotate, &[]), &event(Role::Rotate)).await;
    assert_eq!(unknown_secret.error_type, "Rotate.SecretUnusable", "{unknown_secret:?}");
    let unreadable = failure(&functions.host(Role::Rotate, &[]), &json!({})).await;
    assert_eq!(unreadable.error_type, "Rotate.EventUnreadable");
    functions.close().await;
}

/// The invocation fails long before the five minutes that `migrate` has.
#[tokio::test(flavor = "multi_thread")]
async fn migrate_does_not_retry_a_failure_that_is_not_transient() {
    let functions = Functions::open().await;
    let fails = async |changes: &[Change<'_>]| {
        let host = functions.host(Role::Migrate, changes);
        let event = json!({});
        let failed = tokio::time::timeout(seconds(60), failure(&host, &event)).await;
        failed.expect("it fails at once")
    };
    functions.catalog.execute("alter role pipegen password 'another'").await;
    let failed = fails(&[]).await;
    assert_eq!(failed.error_type, "Migrate.DatabaseLoginRefused", "{failed:?}");
    functions.close().await;
}

/// Events may hold every character of JSON, and an encoding with fewer would reject good events as the supplier's
/// fault.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_in_another_encoding_is_refused() {
    let functions = Functions::open().await;
    functions.catalog.execute("create database latin1 encoding 'LATIN1' template template0 locale 'C'").await;
    let failed = failure(&functions.host(Role::Migrate, &[(env::DATABASE_NAME, Some("latin1"))]), &json!({})).await;
    assert_eq!(failed.error_type, "Migrate.DatabaseUnfit");
    assert!(failed.message.contains("the database's encoding is LATIN1 and must be UTF8"), "{failed:?}");
    functions.close().await;
}

/// The tables are found with any search path of the database or of a login.
#[tokio::test(flavor = "multi_thread")]
async fn another_search_path_changes_nothing() {
    let functions = Functions::open().await;
    functions.catalog.execute("create schema other").await;
    functions.catalog.execute("create database elsewhere").await;
    functions.catalog.execute("alter database elsewhere set search_path = other, pg_catalog").await;
    functions.catalog.execute("alter role pipegen set search_path = other").await;
    let there: Change<'_> = (env::DATABASE_NAME, Some("elsewhere"));
    let migrated = answer(&functions.host(Role::Migrate, &[there]), &json!({})).await;
    assert_eq!(migrated["logins"], 3);
    functions.catalog.execute("alter role inventory_writer_a set search_path = nowhere").await;

    let text = json!({"specversion": "1.0", "id": "1", "source": "/suppliers/acme", "subject": "S1",
        "type": "com.retailtech.stock.counted.v1", "time": chrono::Utc::now().to_rfc3339(), "data": {"quantity": 4}});
    let processor = functions.host(Role::Processor, &[there]);
    let answer = answer(&processor, &batch(&[text.to_string()])).await;
    assert_eq!(answer["batchItemFailures"], json!([]), "{:?}", functions.lines(Role::Processor));

    let url = functions.catalog.servers.database_url.replace("/inventory", "/elsewhere");
    let mut views = Vec::new();
    let write = &mut |line: &str| {
        views.push(line.to_owned());
        Ok(())
    };
    pipegen_store::export(&url, write).await.expect("exported");
    assert_eq!(views.len(), 1, "the export finds the tables, too");
    functions.close().await;
}

/// Only an operator can repair this: the invocation fails, and says what is missing.
#[tokio::test(flavor = "multi_thread")]
async fn a_missing_right_or_table_fails_the_invocation() {
    let functions = Functions::migrated().await;
    let text = json!({"specversion": "1.0", "id": "1", "source": "/suppliers/acme", "subject": "S1",
        "type": "com.retailtech.stock.counted.v1", "time": chrono::Utc::now().to_rfc3339(), "data": {"quantity": 4}});
    let processor = functions.host(Role::Processor, &[]);
    let mut admin = functions
        .catalog
        .servers
        .database_url
        .parse::<sqlx::postgres::PgConnectOptions>()
        .expect("a URL")
        .connect()
        .await
        .expect("connected");
    for (change, back, message) in [
        (
            "revoke insert on product from inventory_writer",
            "grant insert on product to inventory_writer",
            "permission denied for table product",
        ),
        (
            "alter table offer rename to offers",
            "alter table offers rename to offer",
            "relation \"offer\" does not exist",
        ),
    ] {
        admin.execute(change).await.expect("changed");
        let failed = failure(&processor, &batch(&[text.to_string()])).await;
        assert_eq!(failed.error_type, "Processor.DatabaseNotPrepared", "{failed:?}");
        assert!(failed.message.contains(message), "{failed:?}");
        admin.execute(back).await.expect("changed");
    }
    let answer = answer(&processor, &batch(&[text.to_string()])).await;
    assert_eq!(answer["batchItemFailures"], json!([]));
    functions.close().await;
}

/// `pipegen local` would retry for ever; it ends, and says why.
#[tokio::test(flavor = "multi_thread")]
async fn local_ends_at_a_failure_that_no_retry_repairs() {
    let functions = Functions::open().await;
    functions.catalog.execute("revoke insert on product from inventory_writer").await;
    // The connection to a given database is in plain text.
    functions
        .catalog
        .execute(
            "do $$ begin
                 execute format('copy (select %L) to %L', 'host all all 127.0.0.1/32 scram-sha-256', current_setting('hba_file'));
                 perform pg_reload_conf();
             end $$",
        )
        .await;
    let folder = tempfile::tempdir().expect("a folder");
    let records = folder.path().join("records.jsonl");
    let record = json!({"shard": "shardId-000000000000", "sequence_number": "1", "partition_key": "acme",
        "arrived_at": at(1).to_rfc3339(), "data": json!({"specversion": "1.0", "id": "1", "source": "/suppliers/acme",
        "subject": "S1", "type": "com.retailtech.stock.counted.v1", "time": at(1).to_rfc3339(), "data": {"quantity": 4}})
        .to_string()});
    std::fs::write(&records, format!("{record}\n")).expect("written");
    let local = tokio::process::Command::new(env!("CARGO_BIN_EXE_pipegen"))
        .arg("local")
        .arg("--records")
        .arg(&records)
        .args(["--database-url", &functions.catalog.servers.database_url])
        .arg("--bootstrap")
        .arg(&functions.backend.bootstrap)
        .env("TMPDIR", folder.path())
        .kill_on_drop(true)
        .output();
    let ended = tokio::time::timeout(seconds(120), local).await.expect("it ends").expect("started");
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("Processor.DatabaseNotPrepared"), "{stderr}");
    assert!(stderr.contains("permission denied for table product"), "{stderr}");
    functions.close().await;
}
