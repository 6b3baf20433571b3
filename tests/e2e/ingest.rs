//! Events that a supplier sends to the URL of `ingest`, signed as its role.

use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::client::{Client, HttpResponse};
use crate::records::Record;

/// Sends the records' events in one request, as the suppliers' guide does it: with curl. Each must be accepted, in order.
pub(crate) async fn accepts(url: &str, records: &[Record]) -> Result<()> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--max-time", "60", "--aws-sigv4", "aws:amz:us-east-1:lambda"])
        .args(["--user", "acme:local", "--header", "Content-Type: application/cloudevents-batch+json"])
        .args(["--data-binary", "@-", &format!("{url}events")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut curl = curl.spawn().context("curl")?;
    let mut body = curl.stdin.take().context("a pipe")?;
    body.write_all(batch(records)?.as_bytes()).await?;
    drop(body);
    let output = curl.wait_with_output().await?;
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let events = answer["events"].as_array().map(Vec::as_slice).unwrap_or_default();
    let accepted = events.iter().filter(|event| event["sequence_number"].is_string()).count();
    ensure!(
        output.status.success() && accepted == records.len() && answer["failed"] == 0,
        "{}: {}",
        output.status,
        String::from_utf8_lossy(&output.stdout)
    );
    Ok(())
}

/// Sends the same without a signature, and as another supplier: nothing is accepted.
pub(crate) async fn refuses_others(client: &Client, url: &str, records: &[Record]) -> Result<()> {
    let events = batch(records)?;
    for signer in [None, Some("other"), Some("nobody")] {
        let answer = send(client, url, signer, &events).await?;
        ensure!(answer.status == 403 && !answer.body.contains("sequence_number"), "{signer:?}: {answer:?}");
    }
    Ok(())
}

/// Returns the records' events as a batch, each as its record has it.
fn batch(records: &[Record]) -> Result<String> {
    let events: Vec<_> = records.iter().map(|record| std::str::from_utf8(&record.data)).collect::<Result<_, _>>()?;
    Ok(format!("[{}]", events.join(",")))
}

/// Posts a batch. A supplier's name and the word `local` are its key at `pipegen local`.
async fn send(client: &Client, url: &str, signer: Option<&str>, events: &str) -> Result<HttpResponse> {
    let request = json!({
        "method": "POST",
        "url": format!("{url}events"),
        "headers": {"Content-Type": "application/cloudevents-batch+json"},
        "body": events,
        "signer": signer.map(|supplier| json!({"key": supplier, "secret": "local"})),
    });
    client.request(&request).await.context("the URL of ingest")
}
