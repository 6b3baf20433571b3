//! The applied stack in use: records go in at the stream and come out of the catalog, the archive and the quarantine.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::Utc;
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::account::Call;
use crate::local::Local;
use crate::logins;
use crate::records::{self, Record};
use crate::state::State;
use crate::world::World;

/// How long the stack may take to show what was put on the stream. It takes a second or two.
const LONGEST: Duration = Duration::from_mins(1);

/// Uses everything that the stack is there for.
pub(crate) async fn use_it(world: &World, state: &State) -> Result<()> {
    let local = world.local().await?;
    let first = records::first(Utc::now());
    put(world, state, &first).await?;
    shows(world, records::views(0)).await?;
    serves(world, &local).await?;

    runs_its_schedules(world).await?;
    rotates(world).await?;
    let second = records::second(Utc::now());
    put(world, state, &second).await?;
    shows(world, records::views(1)).await?;
    is_refreshed(&local, &records::views(1)[0]).await?;

    let summary = local.stop().await?;
    ensure!(summary["discarded"] == 0 && summary["archive"]["discarded"] == 0, "records were given up: {summary}");
    let failed =
        summary["errors_by_function"].as_object().is_none_or(|errors| errors.values().any(|count| *count != 0));
    ensure!(!failed, "functions failed: {summary}");
    let put: Vec<_> = first.into_iter().chain(second).collect();
    keeps_every_record(world, state, put).await?;
    quarantines_garbage(world, state).await
}

async fn put(world: &World, state: &State, records: &[Record]) -> Result<()> {
    let stream = state.attribute("aws_kinesis_stream.events", "name")?;
    let entry = |Record { partition_key, data }: &Record| json!({"PartitionKey": partition_key, "Data": bytes(data)});
    let call = |records: &[Record]| Call {
        service: "kinesis",
        operation: "put_records",
        parameters: json!({"StreamName": stream, "Records": records.iter().map(entry).collect::<Vec<_>>()}),
        query: "FailedRecordCount",
    };
    let failed = world.account.call(&records.chunks(400).map(call).collect::<Vec<_>>()).await?;
    ensure!(failed.iter().all(|count| *count == 0), "records were not taken: {failed:?}");
    Ok(())
}

/// Waits until the database shows these views and no others.
async fn shows(world: &World, expected: Vec<Value>) -> Result<()> {
    let deadline = Instant::now() + LONGEST;
    loop {
        let mut lines = Vec::new();
        let write = &mut |line: &str| {
            lines.push(line.to_owned());
            Ok(())
        };
        pipegen_store::export(&world.servers.database_url, write).await?;
        let shown = lines.iter().map(|line| Ok(without_version(serde_json::from_str(line)?)));
        let shown: Vec<Value> = shown.collect::<Result<_>>()?;
        if shown == expected {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "expected: {expected:#?}\nshown: {shown:#?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A view without its version and time.
fn without_version(mut view: Value) -> Value {
    for field in ["version", "updated_at"] {
        view.as_object_mut().and_then(|view| view.remove(field));
    }
    view
}

/// The catalog answers, first from the database, then from the cache.
async fn serves(world: &World, local: &Local) -> Result<()> {
    let sku = records::sku(0);
    let first = local.get(&sku).await?;
    let view = without_version(first.body.clone());
    ensure!(view == records::views(0)[0], "the catalog answers {view}");
    let second = local.get(&sku).await?;
    ensure!(second.body == first.body && second.head.contains("x-cache: hit"), "not from the cache: {second:?}");
    let mut redis = redis::Client::open(world.servers.cache_url.as_str())?.get_multiplexed_async_connection().await?;
    let entry: String = redis::cmd("HGET").arg(format!("product:{sku}")).arg("view").query_async(&mut redis).await?;
    ensure!(serde_json::from_str::<Value>(&entry)? == first.body, "the cache holds {entry}");
    Ok(())
}

/// Waits until the cache holds this view: it is told after the database.
async fn is_refreshed(local: &Local, expected: &Value) -> Result<()> {
    let deadline = Instant::now() + LONGEST;
    loop {
        let answer = local.get(&records::sku(0)).await?;
        ensure!(answer.head.contains("x-cache: hit"), "not from the cache: {answer:?}");
        if without_version(answer.body.clone()) == *expected {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "not refreshed: {answer:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// No schedule fires in an emulated account, so their targets are called as they are kept there.
async fn runs_its_schedules(world: &World) -> Result<()> {
    let schedules = "Schedules[].{Name: Name, GroupName: GroupName}";
    let schedules = world.account.call_one("scheduler", "list_schedules", json!({}), schedules).await?;
    let schedules = schedules.as_array().filter(|schedules| !schedules.is_empty()).context("there are schedules")?;
    for schedule in schedules {
        let target = world.account.call_one("scheduler", "get_schedule", schedule.clone(), "Target").await?;
        let invocation = json!({"FunctionName": target["Arn"], "Payload": target["Input"].as_str().unwrap_or("{}")});
        let query = "{status: StatusCode, error: FunctionError, payload: Payload}";
        let answer = world.account.call_one("lambda", "invoke", invocation, query).await?;
        ensure!(answer["status"] == 200 && answer["error"].is_null(), "{schedule}: {answer}");
    }
    Ok(())
}

/// Every login is renewed by the account's own rotation, and the secret then holds another that works.
async fn rotates(world: &World) -> Result<()> {
    let before = logins::all(&world.account).await?;
    for (secret, login) in before.iter().filter(|(_, login)| login.is_a_functions()) {
        world.account.call_one("secretsmanager", "rotate_secret", json!({"SecretId": secret}), "ARN").await?;
        login.works(world).await.with_context(|| format!("the login that {secret} held before"))?;
    }
    let after = logins::all(&world.account).await?;
    for (secret, login) in &after {
        login.works(world).await.with_context(|| format!("the login in {secret}"))?;
        ensure!(login.is_a_functions() == (before[secret] != *login), "{secret} holds {}", login.username);
    }
    Ok(())
}

/// The archive holds every record, byte for byte.
async fn keeps_every_record(world: &World, state: &State, mut put: Vec<Record>) -> Result<()> {
    let mut kept = BTreeMap::new();
    for line in lines(world, state, "aws_s3_bucket.archive", "archive/v1/").await? {
        let text = |name: &str| line[name].as_str().map(str::to_owned);
        let data = match text("event") {
            Some(event) => event.into_bytes(),
            None => BASE64_STANDARD.decode(text("event_base64").context("an event")?)?,
        };
        let record = Record { partition_key: text("partition_key").context("a key")?, data };
        kept.insert((text("shard"), text("sequence_number")), record);
    }
    let mut kept: Vec<_> = kept.into_values().collect();
    kept.sort();
    put.sort();
    ensure!(kept == put, "of {} records {} are in the archive", put.len(), kept.len());
    Ok(())
}

/// The quarantine holds every event that had to be rejected, with its reason.
async fn quarantines_garbage(world: &World, state: &State) -> Result<()> {
    let (mut seen, mut rejections) = (BTreeSet::new(), BTreeMap::new());
    for line in lines(world, state, "aws_s3_bucket.quarantine", "rejected/v1/").await? {
        let reason = line["reason"].as_str().context("a reason")?.to_owned();
        if seen.insert([&line["shard"], &line["sequence_number"], &line["index"]].map(Value::to_string)) {
            *rejections.entry(reason).or_default() += 1;
        }
    }
    ensure!(rejections == records::rejections(), "rejected: {rejections:?}");
    Ok(())
}

/// The lines of all gzip'd objects in a bucket below a prefix.
async fn lines(world: &World, state: &State, bucket: &str, prefix: &str) -> Result<Vec<Value>> {
    let bucket = state.attribute(bucket, "bucket")?;
    let listed = json!({"Bucket": bucket, "Prefix": prefix});
    let keys = world.account.call_one("s3", "list_objects_v2", listed, "Contents[].Key").await?;
    let keys: Vec<String> = serde_json::from_value(keys).context("the bucket has objects")?;
    let get = |key: &String| Call {
        service: "s3",
        operation: "get_object",
        parameters: json!({"Bucket": bucket, "Key": key}),
        query: "Body",
    };
    let mut lines = Vec::new();
    for body in world.account.call(&keys.iter().map(get).collect::<Vec<_>>()).await? {
        let mut text = String::new();
        let body = BASE64_STANDARD.decode(body["base64"].as_str().context("an object has a body")?)?;
        GzDecoder::new(body.as_slice()).read_to_string(&mut text)?;
        for line in text.lines() {
            lines.push(serde_json::from_str(line)?);
        }
    }
    Ok(lines)
}

/// Bytes as calls take them.
fn bytes(data: &[u8]) -> Value {
    json!({"base64": BASE64_STANDARD.encode(data)})
}
