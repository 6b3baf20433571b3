//! The archive as a table: it finds the archiver's objects, and its results are as protected as the archive.

use pipegen_contract::archive_line::FIELDS;
use pipegen_contract::object_key;
use serde_json::{Value, json};

use super::{breach, holds, notices};

const TABLE: &str = "resource/aws_glue_catalog_table/archive";
const WORKGROUP: &str = "resource/aws_athena_workgroup/queries/configuration";

/// Columns are the fields of a line, and a partition is the hour in an object's key.
fn table(main: &Value) -> Vec<String> {
    let table = &main["resource"]["aws_glue_catalog_table"]["archive"];
    let columns = table["storage_descriptor"]["columns"].as_array().into_iter().flatten();
    let columns: Vec<_> = columns.map(|column| column["name"].as_str().unwrap_or_default()).collect();
    let mut wrong = Vec::new();
    if columns != FIELDS.map(|(name, _)| name) {
        wrong.push(format!("the table's columns are {columns:?}"));
    }
    let parameters = &table["parameters"];
    let date = |key: &str| parameters[format!("projection.dt.{key}")].as_str().unwrap_or_default().to_owned();
    if (date("type").as_str(), date("format").as_str(), date("interval.unit").as_str())
        != ("date", "yyyy/MM/dd/HH", "HOURS")
        || parameters["projection.enabled"] != "true"
        || table["partition_keys"][0]["name"] != "dt"
    {
        wrong.push("no hour is a partition".to_owned());
    }
    let location = "s3://${aws_s3_bucket.archive.bucket}/";
    let key = object_key::batch(object_key::ARCHIVE, "$${dt}", "shard", "1", "2", "hash");
    let template = parameters["storage.location.template"].as_str().unwrap_or_default();
    if !format!("{location}{key}").starts_with(&format!("{template}/")) {
        wrong.push(format!("partitions lie in `{template}`, objects elsewhere"));
    }
    let retention =
        main["resource"]["aws_s3_bucket_lifecycle_configuration"]["archive"]["rule"][0].pointer("/expiration/days");
    let oldest = date("range").strip_prefix("NOW-").and_then(|rest| rest.strip_suffix("DAYS,NOW")?.parse::<u64>().ok());
    if oldest.is_none_or(|oldest| retention.and_then(Value::as_u64).is_none_or(|kept| oldest <= kept)) {
        wrong.push("the oldest objects are in no partition".to_owned());
    }
    wrong
}

/// Results are encrypted, are stored in our own bucket, and cost a bounded amount, whatever a client sets.
fn workgroup(main: &Value) -> Vec<String> {
    let configuration = &main["resource"]["aws_athena_workgroup"]["queries"]["configuration"];
    let result = &configuration["result_configuration"];
    let fine = configuration["enforce_workgroup_configuration"] == true
        && configuration["bytes_scanned_cutoff_per_query"].as_u64().is_some_and(|bytes| bytes <= 1 << 40)
        && result["encryption_configuration"]
            == json!({ "encryption_option": "SSE_KMS", "kms_key_arn": "${aws_kms_key.main.arn}" })
        && result["output_location"] == "s3://${aws_s3_bucket.query_results.bucket}/"
        && result["expected_bucket_owner"] == "${data.aws_caller_identity.current.account_id}";
    if fine { Vec::new() } else { vec![format!("the workgroup is {configuration}")] }
}

#[test]
fn the_table_finds_every_object() {
    holds(table);
    notices(vec![
        breach(table, &format!("{TABLE}/parameters/storage.location.template"), json!("s3://elsewhere/$${dt}")),
        breach(table, &format!("{TABLE}/parameters/projection.dt.format"), json!("yyyy/MM/dd")),
        breach(table, &format!("{TABLE}/parameters/projection.dt.range"), json!("NOW-1096DAYS,NOW")),
        breach(table, &format!("{TABLE}/storage_descriptor/columns/0/name"), json!("shard_id")),
    ]);
}

#[test]
fn answers_are_closed_and_bounded() {
    holds(workgroup);
    notices(vec![
        breach(workgroup, &format!("{WORKGROUP}/enforce_workgroup_configuration"), json!(false)),
        breach(workgroup, &format!("{WORKGROUP}/bytes_scanned_cutoff_per_query"), Value::Null),
        breach(workgroup, &format!("{WORKGROUP}/result_configuration/encryption_configuration"), Value::Null),
        breach(workgroup, &format!("{WORKGROUP}/result_configuration/output_location"), json!("s3://elsewhere/")),
    ]);
}
