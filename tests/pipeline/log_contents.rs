//! Logs contain no event's content and no credential, even during faults.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use aws_sdk_secretsmanager::config::{BehaviorVersion, Credentials, Region};
use nix::unistd::Pid;
use pipegen::servers::free_port;
use serde_json::{Value, json};

use crate::run::local::LocalCommand;
use crate::run::postgresql;
use crate::run::processes::{variable, with_role};
use crate::run::reader::CatalogReader;

/// A word that every part of every record contains.
const MARKER: &str = "cormorant";
/// The time for the catalog's first response: the bootstrap may have to be built.
const START_TIMEOUT: Duration = Duration::from_mins(15);
/// The time in which every login is rotated, at one rotation a second.
const ROTATION_TIME: Duration = Duration::from_secs(6);
/// Texts that every signed token or password verifier contains, and nothing else.
const TOKENS: [&str; 3] = ["X-Amz-Signature", "x-amz-signature", "SCRAM-SHA-256$4096:"];

/// Builds records that are accepted, and records that are rejected for each of the reasons.
fn records() -> Vec<String> {
    let event = |changes: Value| {
        let mut event = json!({
            "specversion": "1.0", "id": MARKER, "source": format!("/suppliers/{MARKER}"), "subject": MARKER,
            "type": "com.retailtech.stock.counted.v1", "time": "2026-01-06T12:00:00Z", "data": {"quantity": 5},
        });
        event.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
        event.to_string()
    };
    let described = json!({"title": MARKER, "description": MARKER, "category": MARKER, "attributes": {MARKER: MARKER}});
    let data = [
        event(json!({})),
        event(json!({"type": "com.retailtech.product.described.v1", "data": described})),
        event(json!({"type": "com.retailtech.stock.adjusted.v1", "data": {"delta": 1, "reason": MARKER}})),
        event(json!({"source": MARKER})),
        event(json!({"type": MARKER})),
        event(json!({"data": {MARKER: MARKER}})),
        event(json!({"data": {"quantity": MARKER}})),
        event(json!({"time": "2025-01-06T12:00:00Z"})),
        event(json!({"time": "2026-01-06T13:00:00Z"})),
        event(json!({"padding": MARKER.repeat(40_000)})),
        format!("{{\"{MARKER}\": {MARKER}"),
        format!("\"{MARKER}\\ud800\""),
        MARKER.to_owned(),
    ];
    let line = |(number, data): (usize, &String)| {
        let line = json!({
            "shard": "shardId-000000000000", "sequence_number": (1000 + number).to_string(), "partition_key": MARKER,
            "arrived_at": "2026-01-06T12:00:01Z", "data": data,
        });
        format!("{line}\n")
    };
    data.iter().enumerate().map(line).collect()
}

#[test]
fn no_content_and_no_credential_is_in_any_log() -> Result<()> {
    let local = LocalCommand::new()?;
    let (data, port) = (local.path("data"), free_port()?);
    let local = local.option("--data", &data).option("--catalog-port", port.to_string()).option("--rotate-every", "1");
    let mut running = local.records_from_stdin().start()?;
    let mut pipe = running.pipe()?;
    let mut feed = || std::io::Write::write_all(&mut pipe, records().concat().as_bytes());
    let reader = CatalogReader::of(port);
    reader.wait_for_catalog(START_TIMEOUT)?;
    feed()?;
    reader.get(MARKER)?;
    thread::sleep(ROTATION_TIME);
    let secrets = credentials(running.pid(), &data)?;

    // Without a database every function logs errors.
    let postgresql = postgresql::stop(running.pid())?.restart()?;
    feed()?;
    reader.get(&format!("another {MARKER}"))?;
    thread::sleep(ROTATION_TIME);
    drop(pipe);
    let finished = running.wait()?.succeeded()?;
    drop(postgresql);

    let logs = logs(&data.join("logs"))?;
    ensure!(logs.len() >= 7, "too few logs: {:?}", logs.iter().map(|(name, _)| name).collect::<Vec<_>>());
    // The line with the run's endpoints shows a key that is valid for this run only.
    let stderr = finished.stderr.lines().filter(|line| !line.starts_with("Lambda and Secrets Manager: "));
    let stderr = ("stderr".to_owned(), stderr.collect::<Vec<_>>().join("\n"));
    for (name, text) in logs.iter().chain([&stderr]) {
        for secret in secrets.iter().map(String::as_str).chain([MARKER]).chain(TOKENS) {
            // The database's own log shows password verifiers, which do not reveal the passwords.
            let is_verifier = secret.starts_with("SCRAM") && name.starts_with("postgresql");
            let line = text.lines().find(|line| line.contains(secret) && !is_verifier);
            ensure!(line.is_none(), "{name} holds a secret: {line:?}");
        }
    }
    Ok(())
}

/// Returns every password in use, and the key that tokens are signed with.
fn credentials(run: Pid, data: &Path) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::from([fs::read_to_string(data.join("postgresql/password"))?]);
    let redis = fs::read_to_string(data.join("redis/redis.conf"))?;
    found.extend(redis.lines().filter_map(|line| line.strip_prefix("requirepass ")).map(str::to_owned));
    for role in ["processor", "catalog"] {
        let function = with_role(run, role)?.pop().with_context(|| format!("no {role} is running"))?;
        let setting = |name| variable(function.pid, name).with_context(|| format!("{role} has no {name}"));
        let keys =
            Credentials::new(setting("AWS_ACCESS_KEY_ID")?, setting("AWS_SECRET_ACCESS_KEY")?, None, None, "test");
        found.insert(keys.secret_access_key().to_owned());
        let (endpoint, arn) = (setting("AWS_ENDPOINT_URL_SECRETS_MANAGER")?, setting("PIPEGEN_DATABASE_SECRET_ARN")?);
        let login: Value = serde_json::from_str(&secret(keys, endpoint, arn)?)?;
        found.insert(login["password"].as_str().context("no password")?.to_owned());
    }
    ensure!(found.len() == 5 && found.iter().all(|secret| secret.len() > 8), "not five secrets: {}", found.len());
    Ok(found)
}

fn secret(keys: Credentials, endpoint: String, arn: String) -> Result<String> {
    let configuration = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(keys)
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let client = aws_sdk_secretsmanager::Client::from_conf(configuration);
    let asked = tokio::runtime::Runtime::new()?.block_on(client.get_secret_value().secret_id(arn).send())?;
    Ok(asked.secret_string().context("no value")?.to_owned())
}

/// Returns the name and text of every log.
fn logs(folder: &Path) -> Result<Vec<(String, String)>> {
    let entries = fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    let read = |entry: &fs::DirEntry| {
        let text = String::from_utf8_lossy(&fs::read(entry.path())?).into_owned();
        Ok((entry.file_name().to_string_lossy().into_owned(), text))
    };
    entries.iter().map(read).collect()
}
