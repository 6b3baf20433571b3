//! Fills buckets with everything that makes them hard to remove: objects, older versions, delete markers, an unfinished
//! upload.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::client::{Call, Client};
use crate::state::State;

const DELETED: [&str; 2] = ["deleted", "a key with blanks & signs"];

/// Fills every bucket. Some deny deleting, so they get no delete markers.
pub(crate) async fn fill(client: &Client, state: &State, main: &Value) -> Result<()> {
    let buckets = main["resource"]["aws_s3_bucket"].as_object().context("there are buckets")?;
    for label in buckets.keys() {
        let bucket = state.attribute(&format!("aws_s3_bucket.{label}"), "bucket")?;
        let protected = denies_deleting(&main["resource"]["aws_s3_bucket_policy"][label])?;
        ensure!(protected || label != "archive", "everybody may delete from the archive");
        client.call(&objects(&bucket)).await.with_context(|| format!("filling {bucket}"))?;
        let deleted = client.call(&deletions(&bucket)).await;
        let refused = deleted.as_ref().is_err_and(|error| error.to_string().contains("Forbidden"));
        ensure!(if protected { refused } else { deleted.is_ok() }, "deleting from {bucket}: {deleted:?}");
        let counts = "[length(Versions[]), length(DeleteMarkers[] || `[]`)]";
        let counts = client.call_one("s3", "list_object_versions", json!({"Bucket": bucket}), counts).await?;
        let [versions, markers]: [usize; 2] = serde_json::from_value(counts)?;
        // Access logs and what the functions stored may be there as well.
        let enough = versions >= 5 && (protected || markers >= 2);
        ensure!(enough, "{bucket} has {versions} versions and {markers} markers");
    }
    Ok(())
}

/// Returns whether a rendered policy denies deleting to everybody.
fn denies_deleting(policy: &Value) -> Result<bool> {
    let policy: Value = serde_json::from_str(policy["policy"].as_str().context("a bucket has a policy")?)?;
    let statements = policy["Statement"].as_array().context("a policy has statements")?;
    let denies = |statement: &Value| statement["Effect"] == "Deny" && statement["Condition"].is_null();
    let deleting = |statement: &Value| statement["Action"].to_string().contains("\"s3:DeleteObject\"");
    Ok(statements.iter().any(|statement| denies(statement) && deleting(statement)))
}

fn objects(bucket: &str) -> Vec<Call> {
    let put = |key: &str, body: &str| call("put_object", json!({"Bucket": bucket, "Key": key, "Body": body}));
    vec![
        put("kept", "one version"),
        put("twice", "the first"),
        put("twice", "the second"),
        put(DELETED[0], "deleted"),
        put(DELETED[1], "deleted too"),
        call("create_multipart_upload", json!({"Bucket": bucket, "Key": "unfinished"})),
    ]
}

fn deletions(bucket: &str) -> Vec<Call> {
    DELETED.map(|key| call("delete_object", json!({"Bucket": bucket, "Key": key}))).into()
}

fn call(operation: &'static str, parameters: Value) -> Call {
    Call { service: "s3", operation, parameters, query: "@" }
}
