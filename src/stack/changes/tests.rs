use serde_json::{Map, json};

use super::*;

fn file(kind: &str, body: Value) -> Value {
    let labels = Map::from_iter([("main".to_owned(), body)]);
    json!({ "resource": { kind: labels } })
}

/// Returns the only change that is found.
#[track_caller]
fn one(kind: &str, earlier: Value, new: Value) -> StackChange {
    let mut found = between(file(kind, earlier).to_string().as_bytes(), &file(kind, new).to_string()).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[track_caller]
fn refused(kind: &str, earlier: Value, new: Value, words: &[&str]) {
    let change = one(kind, earlier, new);
    assert!(change.is_refused, "{change:?}");
    has(&change, words);
}

#[track_caller]
fn warned(kind: &str, earlier: Value, new: Value, words: &[&str]) {
    let change = one(kind, earlier, new);
    assert!(!change.is_refused, "{change:?}");
    has(&change, words);
}

#[track_caller]
fn has(change: &StackChange, words: &[&str]) {
    let text = format!("{}\n{}", change.message, change.help);
    for word in words {
        assert!(text.contains(word), "`{word}` is missing in\n{text}");
    }
}

#[track_caller]
fn fine(kind: &str, earlier: Value, new: Value) {
    let found = between(file(kind, earlier).to_string().as_bytes(), &file(kind, new).to_string());
    assert_eq!(found, Some(Vec::new()));
}

#[test]
fn storage_never_shrinks() {
    let of = |size: u32| json!({ "allocated_storage": size });
    refused("aws_db_instance", of(50), of(20), &["from 50 to 20 GiB", "`database_storage_gb = 50` or more"]);
    fine("aws_db_instance", of(20), of(50));
    fine("aws_db_instance", of(20), of(20));
}

#[test]
fn a_major_version_goes_up_and_only_when_rds_may() {
    let of = |version: &str| json!({ "identifier": "rds-catalog-x", "engine_version": version });
    refused("aws_db_instance", of("17"), of("16"), &["back from PostgreSQL 17 to 16", "`database_version` to 17"]);
    refused(
        "aws_db_instance",
        of("16"),
        of("18"),
        &[
            "--db-instance-identifier rds-catalog-x --engine-version 18",
            "default.postgres18",
            "--allow-major-version-upgrade",
        ],
    );
    let allowed = json!({ "engine_version": "17", "allow_major_version_upgrade": true });
    warned("aws_db_instance", of("16"), allowed, &["16 becomes 17", "cannot go back", "snapshot"]);
    let whole = |version: u32, name: &str, ahead: bool| {
        json!({ "resource": {
            "aws_db_instance": { "main": { "engine_version": version.to_string(), "allow_major_version_upgrade": true } },
            "aws_db_parameter_group": { "main": {
                "name": name, "family": format!("postgres{version}"), "lifecycle": { "create_before_destroy": ahead },
            } },
        } })
    };
    for (name, ahead, is_refused) in [("b", true, false), ("a", true, true), ("b", false, true)] {
        let found = between(whole(16, "a", true).to_string().as_bytes(), &whole(17, name, ahead).to_string()).unwrap();
        assert_eq!(found.iter().map(|change| change.is_refused).collect::<Vec<_>>(), [is_refused], "{name} {ahead}");
    }
    fine("aws_db_instance", of("16.1"), of("16.4"));
    fine("aws_db_instance", of("${a.b.c}"), of("16"));
}

#[test]
fn another_class_is_an_outage() {
    let of = |class: &str| json!({ "instance_class": class });
    warned("aws_db_instance", of("db.t4g.micro"), of("db.m7g.large"), &["db.t4g.micro to db.m7g.large", "unavailable"]);
}

#[test]
fn shards_change_step_by_step() {
    let of = |shards: u32| json!({ "shard_count": shards });
    refused(
        "aws_kinesis_stream",
        of(1),
        of(7),
        &[
            "from 1 to 7 shards",
            "`peak_updates_per_minute = 60000` (2 shards), then `peak_updates_per_minute = 120000` (4 shards)",
            "(7)",
        ],
    );
    refused(
        "aws_kinesis_stream",
        of(7),
        of(3),
        &["from 7 to 3 shards", "`peak_updates_per_minute = 120000` (4 shards)", "(3)"],
    );
    fine("aws_kinesis_stream", of(1), of(2));
    fine("aws_kinesis_stream", of(7), of(4));
}

#[test]
fn a_shorter_retention_loses_what_is_older() {
    let of = |hours: u32| json!({ "retention_period": hours });
    warned("aws_kinesis_stream", of(168), of(24), &["24 h instead of 168 h", "lost"]);
    fine("aws_kinesis_stream", of(24), of(168));

    let of = |days: u32| json!({ "rule": [{ "expiration": { "days": days } }, { "id": "leftovers" }] });
    warned(
        "aws_s3_bucket_lifecycle_configuration",
        of(2000),
        of(1096),
        &["`main`", "1096 days instead of 2000", "for good"],
    );
    fine("aws_s3_bucket_lifecycle_configuration", of(1096), of(2000));
}

#[test]
fn the_network_stays() {
    let of = |range: &str| json!({ "cidr_block": range });
    refused(
        "aws_vpc",
        of("10.64.0.0/20"),
        of("10.65.0.0/20"),
        &["10.64.0.0/20 to 10.65.0.0/20", "another environment"],
    );
}

#[test]
fn another_cache_is_recreated() {
    let of = |family: &str| json!({ "family": family });
    let words = ["redis7 to valkey8", "-replace=aws_elasticache_replication_group.main"];
    warned("aws_elasticache_parameter_group", of("redis7"), of("valkey8"), &words);
    let of = |name: &str, family: &str| json!({ "name": name, "family": family, "lifecycle": { "create_before_destroy": true } });
    fine("aws_elasticache_parameter_group", of("a", "redis7"), of("b", "valkey8"));
    warned("aws_elasticache_parameter_group", of("a", "redis7"), of("a", "valkey8"), &words);

    let of = |engine: &str, version: &str| json!({ "engine": engine, "engine_version": version });
    let kind = "aws_elasticache_replication_group";
    warned(kind, of("redis", "7.1"), of("valkey", "8.0"), &["from redis to valkey", "cannot go back"]);
    warned(kind, of("valkey", "8.0"), of("redis", "7.1"), &["recreated to go from valkey to redis", "begins empty"]);
    warned(kind, of("valkey", "10.1"), of("valkey", "9.1"), &["recreated to go back from version 10.1 to 9.1"]);
    fine(kind, of("valkey", "9.1"), of("valkey", "10.1"));
}

#[test]
fn resources_that_are_not_ours_are_ignored() {
    let new = file("aws_vpc", json!({ "cidr_block": "10.64.0.0/20" })).to_string();
    assert_eq!(between(b"", &new), None);
    assert_eq!(between(b"{\"resource\": ", &new), None);
    assert_eq!(between(b"\xff\xfe", &new), None);
    for foreign in [
        "null",
        "[]",
        "{}",
        r#"{"resource": []}"#,
        r#"{"resource": [{"aws_vpc": {"main": {"cidr_block": "10.0.0.0/16"}}}]}"#,
        r#"{"resource": {"aws_vpc": []}}"#,
        r#"{"resource": {"aws_vpc": {"main": []}}}"#,
        r#"{"resource": {"aws_vpc": {"other": {"cidr_block": "10.0.0.0/16"}}}}"#,
        r#"{"resource": {"aws_vpc": {"main": {"cidr_block": 7}}}}"#,
    ] {
        assert_eq!(between(foreign.as_bytes(), &new), Some(Vec::new()), "{foreign}");
    }
    assert_eq!(between(new.as_bytes(), &new), Some(Vec::new()));
}

#[test]
fn a_stream_that_closes_to_suppliers_is_told() {
    let of = |label: &str, actions: &str| {
        let policy = format!("{{\"Statement\":[{{\"Action\":[{actions}]}}]}}");
        json!({ "resource": { "aws_iam_role_policy": { label: { "policy": policy } } } }).to_string()
    };
    let (open, closed) = (r#""lambda:InvokeFunctionUrl","kinesis:PutRecords""#, r#""lambda:InvokeFunctionUrl""#);
    let told = |label, earlier, new| between(of(label, earlier).as_bytes(), &of(label, new)).unwrap();
    let [change] = &told("supplier_acme_work", open, closed)[..] else { panic!("one change") };
    assert!(!change.is_refused);
    has(change, &["`supplier_acme`", "from the apply on", "`terraform output ingest_url`"]);
    assert_eq!(told("supplier_acme_work", closed, open), []);
    assert_eq!(told("supplier_acme_work", open, open), []);
    assert_eq!(told("ingest_work", open, closed), []);
}
