//! The steps of a proof: an environment is applied, used, planned again and destroyed in an AWS account.
//! `scripts/proof` runs them in a real account, `scripts/e2e` in an emulated one.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::Utc;
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::client::{Call, Client, HttpResponse};
use crate::product_view::without_version;
use crate::records::{self, Record};
use crate::report::Report;
use crate::state::State;
use crate::sweep::Inventory;
use crate::terraform::Stack;

/// Time between two attempts of [`eventually`].
const PAUSE: Duration = Duration::from_millis(500);

/// Service-linked roles, which AWS creates once in an account, as they are listed.
const SERVICE_ROLE: &str = "iam list_roles: AWSServiceRoleFor";

/// An account in which a proof runs, with the steps that differ between a real and an emulated one.
pub(crate) trait ProofAccount {
    /// The longest time until records on the stream are visible everywhere: the archive's window is five minutes.
    const VISIBLE_WITHIN: Duration;
    /// The longest time that destroyed resources may still be listed.
    const GONE_WITHIN: Duration;

    /// Prepares the first apply.
    async fn before_apply(&self, _stack: &Stack) -> Result<()> {
        Ok(())
    }

    /// Checks the applied stack.
    async fn applied(&self, _state: &State) -> Result<()> {
        Ok(())
    }

    /// Makes the stack run, and returns the URL of its catalog.
    async fn catalog_url(&self, state: &State) -> Result<String>;

    /// Sends records, one event each. Without another way they are put on the stream.
    async fn send(&self, client: &Client, state: &State, records: &[Record]) -> Result<()> {
        put(client, state, records).await
    }

    /// Checks the stack in use.
    async fn in_use(&self) -> Result<()>;

    /// Finishes the records on the stream, where that takes less time than waiting.
    async fn finish(&self, _state: &State) -> Result<()> {
        Ok(())
    }

    /// Checks the stack after the second plan.
    async fn planned(&self, _stack: &Stack) -> Result<()> {
        Ok(())
    }

    /// Prepares the destroy.
    async fn before_destroy(&self, _stack: &Stack, _state: &State) -> Result<()> {
        Ok(())
    }

    /// Resolves when the proof is interrupted. The stack is then destroyed.
    async fn interrupted(&self) {
        std::future::pending::<()>().await;
    }
}

/// Runs all steps on the rendered stack. Whether they succeed or not, the stack is destroyed and its remains are
/// searched for.
pub(crate) async fn prove<A: ProofAccount>(
    client: &Client,
    stack: &Stack,
    account: &A,
    report: &mut Report,
) -> Result<()> {
    let before = report.step("list the resources of the account", Inventory::take(client)).await?;
    report.step("terraform init", async { account.before_apply(stack).await.and(stack.init().await) }).await?;
    report.start_billing();
    let outcome = tokio::select! {
        outcome = apply_and_use(client, stack, account, report, &before) => outcome,
        () = account.interrupted() => report.step("the other steps are skipped", async { bail!("interrupted") }).await,
    };
    stack.stop_running().await;
    let state = stack.state().await;
    let destroyed = report.step("terraform destroy", stack.destroy()).await;
    let swept = report.step("sweep: nothing is left", is_gone::<A>(client, &before, state.as_ref().ok())).await;
    outcome.and(destroyed).and(swept)
}

async fn apply_and_use<A: ProofAccount>(
    client: &Client,
    stack: &Stack,
    account: &A,
    report: &mut Report,
    before: &Inventory,
) -> Result<()> {
    report.step("terraform apply, with migrate and the first rotations", stack.apply()).await?;
    let state = stack.state().await?;
    let shown = async { Inventory::take(client).await?.shows_the_stack(before) };
    report
        .step("everything that was applied is listed", async { shown.await.and(account.applied(&state).await) })
        .await?;

    let url = account.catalog_url(&state).await?;
    let first = records::first(Utc::now());
    report.step("events are put on the stream", put(client, &state, &first)).await?;
    report.step("the catalog shows them", shows(client, &url, &records::views(0), A::VISIBLE_WITHIN)).await?;
    report.step("the cache answers", is_cached(client, &url, &records::views(0)[0], A::VISIBLE_WITHIN)).await?;
    report.step("schedules and rotations", account.in_use()).await?;
    let second = records::second(Utc::now());
    report.step("more events are sent", account.send(client, &state, &second)).await?;
    report.step("the cache shows them", is_cached(client, &url, &records::views(1)[0], A::VISIBLE_WITHIN)).await?;
    report.step("the catalog shows them all", shows(client, &url, &records::views(1), A::VISIBLE_WITHIN)).await?;

    account.finish(&state).await?;
    let put: Vec<_> = first.into_iter().chain(second).collect();
    let archive = async { eventually(A::VISIBLE_WITHIN, || keeps_every_record(client, &state, &put)).await };
    report.step("the archive keeps every record, byte for byte", archive).await?;
    let quarantine = async { eventually(A::VISIBLE_WITHIN, || quarantines_garbage(client, &state)).await };
    report.step("the quarantine keeps rejected events, with their reason", quarantine).await?;

    let plan = async {
        let changes = stack.plan().await?;
        ensure!(changes.is_empty(), "a second plan changes {changes:#?}");
        Ok(())
    };
    report.step("terraform plan: no changes", plan).await?;
    report
        .step("another setting, and full buckets", async {
            account.planned(stack).await?;
            account.before_destroy(stack, &state).await
        })
        .await
}

async fn put(client: &Client, state: &State, records: &[Record]) -> Result<()> {
    let stream = state.attribute("aws_kinesis_stream.events", "name")?;
    let entry = |Record { partition_key, data }: &Record| json!({"PartitionKey": partition_key, "Data": {"base64": BASE64_STANDARD.encode(data)}});
    let call = |records: &[Record]| Call {
        service: "kinesis",
        operation: "put_records",
        parameters: json!({"StreamName": stream, "Records": records.iter().map(entry).collect::<Vec<_>>()}),
        query: "FailedRecordCount",
    };
    let failed = client.call(&records.chunks(400).map(call).collect::<Vec<_>>()).await?;
    ensure!(failed.iter().all(|count| *count == 0), "records were not accepted: {failed:?}");
    Ok(())
}

/// Waits until the catalog shows these views.
async fn shows(client: &Client, url: &str, expected: &[Value], longest: Duration) -> Result<()> {
    let skus: Vec<_> = expected.iter().map(|view| format!("sku={}", encoded(view))).collect();
    let url = format!("{url}products?{}", skus.join("&"));
    eventually(longest, async || {
        let answer = get(client, &url).await?;
        let products = answer["products"].as_array().context("a response lists products")?;
        let shown: Option<Vec<_>> = products.iter().cloned().map(without_version).collect();
        ensure!(shown.as_deref() == Some(expected), "expected: {expected:#?}\nshown: {answer:#}");
        Ok(())
    })
    .await
}

/// Waits until this view comes out of the cache, which is refreshed after the commit.
async fn is_cached(client: &Client, url: &str, expected: &Value, longest: Duration) -> Result<()> {
    let url = format!("{url}products/{}", encoded(expected));
    eventually(longest, async || {
        let response = client.get(&url).await?;
        ensure!(response.status == 200 && response.headers["x-cache"] == "hit", "not from the cache: {response:?}");
        let view = without_version(serde_json::from_str(&response.body)?);
        ensure!(view.as_ref() == Some(expected), "expected {expected:#}\nthe cache answers {}", response.body);
        Ok(())
    })
    .await
}

async fn get(client: &Client, url: &str) -> Result<Value> {
    let HttpResponse { status, body, .. } = client.get(url).await?;
    ensure!(status == 200, "the catalog answers {status}: {body}");
    Ok(serde_json::from_str(&body)?)
}

/// Returns the view's SKU, encoded for a URL.
fn encoded(view: &Value) -> String {
    view["sku"].as_str().unwrap_or_default().replace(' ', "%20")
}

/// Retries a check until it succeeds, and returns its last error if that takes too long.
async fn eventually(longest: Duration, holds: impl AsyncFn() -> Result<()>) -> Result<()> {
    let deadline = Instant::now() + longest;
    loop {
        match holds().await {
            Err(error) if Instant::now() >= deadline => return Err(error),
            Err(_) => tokio::time::sleep(PAUSE).await,
            Ok(()) => return Ok(()),
        }
    }
}

/// Checks that the archive holds every record, byte for byte.
async fn keeps_every_record(client: &Client, state: &State, put: &[Record]) -> Result<()> {
    let mut kept = BTreeMap::new();
    for line in lines(client, state, "aws_s3_bucket.archive", "archive/v1/").await? {
        let text = |name: &str| line[name].as_str().map(str::to_owned);
        let data = match text("event") {
            Some(event) => event.into_bytes(),
            None => BASE64_STANDARD.decode(text("event_base64").context("an event")?)?,
        };
        let record = Record { partition_key: text("partition_key").context("a key")?, data };
        kept.insert((text("shard"), text("sequence_number")), record);
    }
    let mut kept: Vec<_> = kept.values().collect();
    let mut put: Vec<_> = put.iter().collect();
    kept.sort();
    put.sort();
    ensure!(kept == put, "of {} records {} are in the archive", put.len(), kept.len());
    Ok(())
}

/// Checks that the quarantine holds every rejected event, with its reason.
async fn quarantines_garbage(client: &Client, state: &State) -> Result<()> {
    let (mut seen, mut rejections) = (BTreeSet::new(), BTreeMap::new());
    for line in lines(client, state, "aws_s3_bucket.quarantine", "rejected/v1/").await? {
        let reason = line["reason"].as_str().context("a reason")?.to_owned();
        if seen.insert([&line["shard"], &line["sequence_number"], &line["index"]].map(Value::to_string)) {
            *rejections.entry(reason).or_default() += 1;
        }
    }
    ensure!(rejections == records::rejections(), "rejected: {rejections:?}");
    Ok(())
}

/// Returns the lines of all gzip'd objects in a bucket below a prefix.
async fn lines(client: &Client, state: &State, bucket: &str, prefix: &str) -> Result<Vec<Value>> {
    let bucket = state.attribute(bucket, "bucket")?;
    let listed = json!({"Bucket": bucket, "Prefix": prefix});
    let keys = client.call_one("s3", "list_objects_v2", listed, "Contents[].Key").await?;
    let keys: Vec<String> = serde_json::from_value(keys).context("the bucket has objects")?;
    let get = |key: &String| Call {
        service: "s3",
        operation: "get_object",
        parameters: json!({"Bucket": bucket, "Key": key}),
        query: "Body",
    };
    let mut lines = Vec::new();
    for body in client.call(&keys.iter().map(get).collect::<Vec<_>>()).await? {
        let mut text = String::new();
        let body = BASE64_STANDARD.decode(body["base64"].as_str().context("an object has a body")?)?;
        GzDecoder::new(body.as_slice()).read_to_string(&mut text)?;
        for line in text.lines() {
            lines.push(serde_json::from_str(line)?);
        }
    }
    Ok(lines)
}

/// Checks that nothing is left of the stack, except what AWS itself cannot remove at once.
async fn is_gone<A: ProofAccount>(client: &Client, before: &Inventory, state: Option<&State>) -> Result<()> {
    let key = state.and_then(|state| {
        let attribute = |name| state.attribute("aws_kms_key.main", name).ok();
        attribute("key_id").zip(attribute("arn"))
    });
    let mut pending = Vec::new();
    if let Some((id, arn)) = key {
        let status = client.call_one("kms", "describe_key", json!({"KeyId": id}), "KeyMetadata.KeyState").await?;
        ensure!(status == "PendingDeletion", "the key is {status}");
        // A key is listed until its last day, with its tags.
        pending = vec![format!("kms list_keys: {id}"), format!("resourcegroupstaggingapi get_resources: {arn}")];
    }
    eventually(A::GONE_WITHIN, async || {
        let after = Inventory::take(client).await?;
        let mut left = after.since(before);
        left.retain(|name| !name.starts_with(SERVICE_ROLE) && !pending.iter().any(|key| key == name));
        ensure!(left.is_empty(), "created since the proof began, and still there:\n  {}", left.join("\n  "));
        Ok(())
    })
    .await
}
