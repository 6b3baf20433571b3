//! Checks of the applied stack in use that are possible, or necessary, in an emulated account only.

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pipegen_contract::object_key::CROSSINGS;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use crate::fixture::Fixture;
use crate::logins;
use crate::product_view::without_version;
use crate::records;
use crate::state::State;

/// Checks that the database holds these views and no others.
pub(crate) async fn database_shows(fixture: &Fixture, expected: &[Value]) -> Result<()> {
    let mut lines = Vec::new();
    let write = &mut |line: &str| {
        lines.push(line.to_owned());
        Ok(())
    };
    pipegen_store::export(&fixture.servers.database_url, write).await?;
    let shown = lines.iter().map(|line| Ok(without_version(serde_json::from_str(line)?)));
    let shown: Option<Vec<Value>> = shown.collect::<Result<_>>()?;
    ensure!(shown.as_deref() == Some(expected), "expected: {expected:#?}\nin the database: {lines:#?}");
    Ok(())
}

/// Checks that Redis holds the view of the first product.
pub(crate) async fn redis_holds(fixture: &Fixture, expected: &Value) -> Result<()> {
    let mut redis = redis::Client::open(fixture.servers.cache_url.as_str())?.get_multiplexed_async_connection().await?;
    let key = format!("product:{}", records::sku(0));
    let entry: String = redis::cmd("HGET").arg(key).arg("view").query_async(&mut redis).await?;
    let view = without_version(serde_json::from_str(&entry)?);
    ensure!(view.as_ref() == Some(expected), "the cache holds {entry}");
    Ok(())
}

/// Invokes the target of each schedule: none fires in an emulated account.
pub(crate) async fn run_schedules(fixture: &Fixture) -> Result<()> {
    let schedules = "Schedules[].{Name: Name, GroupName: GroupName}";
    let schedules = fixture.account.client.call_one("scheduler", "list_schedules", json!({}), schedules).await?;
    let schedules = schedules.as_array().filter(|schedules| !schedules.is_empty()).context("there are schedules")?;
    for schedule in schedules {
        let target = fixture.account.client.call_one("scheduler", "get_schedule", schedule.clone(), "Target").await?;
        let invocation = json!({"FunctionName": target["Arn"], "Payload": target["Input"].as_str().unwrap_or("{}")});
        let query = "{status: StatusCode, error: FunctionError, payload: Payload}";
        let answer = fixture.account.client.call_one("lambda", "invoke", invocation, query).await?;
        ensure!(answer["status"] == 200 && answer["error"].is_null(), "{schedule}: {answer}");
    }
    Ok(())
}

/// Checks that the first product, which crossed the limit, is told as an object, once the crossing has been open for a
/// minute. Others may have crossed it on their way to their first count, if that was not in one batch.
pub(crate) async fn tells_the_crossing(fixture: &Fixture, state: &State) -> Result<()> {
    let mut admin = PgConnection::connect(&fixture.servers.database_url).await?;
    let closed = "update crossing set crossed_at = crossed_at - interval '1 minute'";
    sqlx::query(closed).execute(&mut admin).await?;
    run_schedules(fixture).await?;
    let bucket = state.attribute("aws_s3_bucket.crossings", "bucket")?;
    let listed = json!({"Bucket": bucket, "Prefix": CROSSINGS});
    let keys = fixture.account.client.call_one("s3", "list_objects_v2", listed, "Contents[].Key").await?;
    let keys: Vec<String> = serde_json::from_value(keys).context("the bucket has objects")?;
    let own = format!("/{}-", records::sku(0).replace(' ', "%20"));
    let [key] = &keys.iter().filter(|key| key.contains(&own)).collect::<Vec<_>>()[..] else {
        bail!("one object of the first product is wanted: {keys:?}");
    };
    let body = json!({"Bucket": bucket, "Key": key});
    let body = fixture.account.client.call_one("s3", "get_object", body, "Body").await?;
    let body = BASE64_STANDARD.decode(body["base64"].as_str().context("an object has a body")?)?;
    let told: Value = serde_json::from_slice(&body)?;
    let what = json!([told["sku"], told["is_low"], told["available"], told["limit"]]);
    ensure!(what == json!([records::sku(0), false, 106, 105]) && key.contains("/recovered/"), "{key}: {told}");
    Ok(())
}

/// Rotates every login of a function, and checks that each secret then holds another one that works.
pub(crate) async fn rotate_logins(fixture: &Fixture) -> Result<()> {
    let before = logins::all(&fixture.account.client).await?;
    for (secret, login) in before.iter().filter(|(_, login)| login.is_a_functions()) {
        fixture.account.client.call_one("secretsmanager", "rotate_secret", json!({"SecretId": secret}), "ARN").await?;
        login.works(fixture).await.with_context(|| format!("the login that {secret} held before"))?;
    }
    let after = logins::all(&fixture.account.client).await?;
    for (secret, login) in &after {
        login.works(fixture).await.with_context(|| format!("the login in {secret}"))?;
        ensure!(login.is_a_functions() == (before[secret] != *login), "{secret} holds {}", login.username);
    }
    Ok(())
}
