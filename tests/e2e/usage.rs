//! The applied stack in use, where an emulated account needs help, or lets itself be looked into.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::logins;
use crate::proof::without_version;
use crate::records;
use crate::world::World;

/// The database shows these views and no others.
pub(crate) async fn database_shows(world: &World, expected: &[Value]) -> Result<()> {
    let mut lines = Vec::new();
    let write = &mut |line: &str| {
        lines.push(line.to_owned());
        Ok(())
    };
    pipegen_store::export(&world.servers.database_url, write).await?;
    let shown = lines.iter().map(|line| Ok(without_version(serde_json::from_str(line)?)));
    let shown: Vec<Value> = shown.collect::<Result<_>>()?;
    ensure!(shown == expected, "expected: {expected:#?}\nin the database: {shown:#?}");
    Ok(())
}

/// Redis holds the view of the first product.
pub(crate) async fn redis_holds(world: &World, expected: &Value) -> Result<()> {
    let mut redis = redis::Client::open(world.servers.cache_url.as_str())?.get_multiplexed_async_connection().await?;
    let key = format!("product:{}", records::sku(0));
    let entry: String = redis::cmd("HGET").arg(key).arg("view").query_async(&mut redis).await?;
    let view = without_version(serde_json::from_str(&entry)?);
    ensure!(view == *expected, "the cache holds {entry}");
    Ok(())
}

/// No schedule fires in an emulated account, so their targets are called as they are kept there.
pub(crate) async fn run_schedules(world: &World) -> Result<()> {
    let schedules = "Schedules[].{Name: Name, GroupName: GroupName}";
    let schedules = world.account.client.call_one("scheduler", "list_schedules", json!({}), schedules).await?;
    let schedules = schedules.as_array().filter(|schedules| !schedules.is_empty()).context("there are schedules")?;
    for schedule in schedules {
        let target = world.account.client.call_one("scheduler", "get_schedule", schedule.clone(), "Target").await?;
        let invocation = json!({"FunctionName": target["Arn"], "Payload": target["Input"].as_str().unwrap_or("{}")});
        let query = "{status: StatusCode, error: FunctionError, payload: Payload}";
        let answer = world.account.client.call_one("lambda", "invoke", invocation, query).await?;
        ensure!(answer["status"] == 200 && answer["error"].is_null(), "{schedule}: {answer}");
    }
    Ok(())
}

/// Every login is renewed by the account's own rotation, and the secret then holds another that works.
pub(crate) async fn rotate_logins(world: &World) -> Result<()> {
    let before = logins::all(&world.account.client).await?;
    for (secret, login) in before.iter().filter(|(_, login)| login.is_a_functions()) {
        world.account.client.call_one("secretsmanager", "rotate_secret", json!({"SecretId": secret}), "ARN").await?;
        login.works(world).await.with_context(|| format!("the login that {secret} held before"))?;
    }
    let after = logins::all(&world.account.client).await?;
    for (secret, login) in &after {
        login.works(world).await.with_context(|| format!("the login in {secret}"))?;
        ensure!(login.is_a_functions() == (before[secret] != *login), "{secret} holds {}", login.username);
    }
    Ok(())
}
