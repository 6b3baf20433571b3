//! Puts records on a stream: as many in a request as it takes, and just those again that the stream did not take.

use std::time::Duration;

use anyhow::ensure;
use aws_sdk_kinesis::Client;

use super::put_request::{FailedRequest, Placed, REQUEST_BYTES, REQUEST_RECORDS, put};

/// The attempts in a row of which none brings a record onto the stream, and the pause after the first of them, which
/// doubles up to the last one.
const FRUITLESS_ATTEMPTS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A record that is to be put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingRecord {
    pub partition_key: String,
    pub data: Vec<u8>,
}

/// Records on their way to a stream, request by request.
#[derive(Debug)]
pub struct StreamWriter {
    client: Client,
    stream: String,
    waiting: Vec<OutgoingRecord>,
    waiting_bytes: usize,
}

impl StreamWriter {
    pub fn new(client: Client, stream: String) -> Self {
        Self { client, stream, waiting: Vec::new(), waiting_bytes: 0 }
    }

    /// Adds a record. If a request is full by now, it is sent; then the places of its records are returned, in order.
    pub async fn add(&mut self, record: OutgoingRecord) -> anyhow::Result<Vec<Placed>> {
        let bytes = record.data.len() + record.partition_key.len();
        let is_full = self.waiting.len() == REQUEST_RECORDS || self.waiting_bytes + bytes > REQUEST_BYTES;
        let placed = if is_full { self.flush().await? } else { Vec::new() };
        self.waiting_bytes += bytes;
        self.waiting.push(record);
        Ok(placed)
    }

    /// Sends what waits, and returns the places, in order.
    pub async fn flush(&mut self) -> anyhow::Result<Vec<Placed>> {
        self.waiting_bytes = 0;
        let records = std::mem::take(&mut self.waiting);
        let mut places: Vec<Option<Placed>> = vec![None; records.len()];
        let (mut fruitless, mut pause) = (0, PAUSE);
        loop {
            let open: Vec<usize> = (0..records.len()).filter(|index| places[*index].is_none()).collect();
            if open.is_empty() {
                return Ok(places.into_iter().flatten().collect());
            }
            if fruitless > 0 {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            let refused = self.request(&records, &open, &mut places).await?;
            let is_fruitless = open.iter().all(|index| places[*index].is_none());
            (fruitless, pause) =
                if is_fruitless { (fruitless + 1, pause) } else { (u32::from(refused.is_some()), PAUSE) };
            ensure!(
                fruitless < FRUITLESS_ATTEMPTS,
                "the stream {} takes no records now ({})",
                self.stream,
                refused.unwrap_or_default()
            );
        }
    }

    /// Sends the open records once, and notes the places of those that were taken. Returns why another one was not.
    async fn request(
        &self,
        records: &[OutgoingRecord],
        open: &[usize],
        places: &mut [Option<Placed>],
    ) -> anyhow::Result<Option<String>> {
        let sent = open.iter().map(|index| &records[*index]);
        let sent = sent.map(|OutgoingRecord { partition_key, data }| (partition_key.as_str(), data.as_slice()));
        let results = match put(&self.client, &self.stream, sent).await {
            Ok(results) => results,
            Err(FailedRequest { failure, is_transient: true }) => return Ok(Some(failure.to_string())),
            Err(failed) => return Err(failed.failure.into()),
        };
        let mut refused = None;
        for (index, result) in open.iter().zip(results) {
            match result {
                Ok(place) => places[*index] = Some(place),
                Err(code) => refused = Some(code),
            }
        }
        Ok(refused)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::extract::{DefaultBodyLimit, State};
    use axum::http::StatusCode;
    use axum::{Json, Router};
    use parking_lot::Mutex;
    use serde_json::{Value, json};

    use super::*;
    use crate::aws::Account;
    use crate::config::Environment;
    use crate::session::listener::Listener;

    /// The partition keys of each request.
    type Requests = Arc<Mutex<Vec<Vec<String>>>>;

    /// Answers like a stream that refuses each record the first time if its key begins with `busy`, and everything if
    /// one begins with `denied`.
    async fn answer(State(requests): State<Requests>, body: String) -> (StatusCode, Json<Value>) {
        let request: Value = serde_json::from_str(&body).unwrap();
        let keys: Vec<String> = request["Records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|record| record["PartitionKey"].as_str().unwrap().to_owned())
            .collect();
        let seen: Vec<String> = requests.lock().iter().flatten().cloned().collect();
        requests.lock().push(keys.clone());
        if keys.iter().any(|key| key.starts_with("denied")) {
            return (StatusCode::BAD_REQUEST, Json(json!({"__type": "AccessDeniedException", "message": "no"})));
        }
        let results: Vec<_> = keys
            .iter()
            .map(|key| {
                if key.starts_with("busy") && !seen.contains(key) {
                    json!({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow down"})
                } else {
                    json!({"ShardId": "shardId-000000000000", "SequenceNumber": format!("7{}", key.len())})
                }
            })
            .collect();
        (StatusCode::OK, Json(json!({"FailedRecordCount": 0, "Records": results})))
    }

    async fn writer(requests: &Requests) -> (StreamWriter, crate::session::listener::Server) {
        let listener = Listener::open(0).unwrap();
        let account = Account::new(&Environment::parse("staging").unwrap(), Some(&listener.url())).await.unwrap();
        let router = Router::new().fallback(answer).with_state(Arc::clone(requests));
        let server = listener.serve(router.layer(DefaultBodyLimit::disable())).unwrap();
        (StreamWriter::new(account.kinesis(), account.stream()), server)
    }

    fn record(key: &str) -> OutgoingRecord {
        OutgoingRecord { partition_key: key.to_owned(), data: b"{}".to_vec() }
    }

    #[tokio::test]
    async fn only_what_was_refused_is_sent_again() {
        let requests = Requests::default();
        let (mut writer, _server) = writer(&requests).await;
        for key in ["a", "busy-1", "bb", "busy-22"] {
            assert_eq!(writer.add(record(key)).await.unwrap(), []);
        }
        let numbers: Vec<_> = writer.flush().await.unwrap().into_iter().map(|placed| placed.sequence_number).collect();
        assert_eq!(numbers, ["71", "76", "72", "77"], "the places are in the records' order");
        assert_eq!(*requests.lock(), [vec!["a", "busy-1", "bb", "busy-22"], vec!["busy-1", "busy-22"]]);
        assert_eq!(writer.flush().await.unwrap(), []);
    }

    #[tokio::test]
    async fn a_request_is_not_larger_than_allowed() {
        let requests = Requests::default();
        let (mut writer, _server) = writer(&requests).await;
        let mut places = Vec::new();
        for number in 0..1001 {
            places.extend(writer.add(record(&number.to_string())).await.unwrap());
        }
        for key in ["large-1", "large-2"] {
            let large = OutgoingRecord { partition_key: key.to_owned(), data: vec![b' '; 3 * 1024 * 1024] };
            places.extend(writer.add(large).await.unwrap());
        }
        places.extend(writer.flush().await.unwrap());
        assert_eq!(places.len(), 1003);
        assert_eq!(requests.lock().iter().map(Vec::len).collect::<Vec<_>>(), [500, 500, 2, 1]);
    }

    #[tokio::test]
    async fn a_denied_request_is_not_repeated() {
        let requests = Requests::default();
        let (mut writer, _server) = writer(&requests).await;
        writer.add(record("denied")).await.unwrap();
        let error = writer.flush().await.unwrap_err().to_string();
        assert!(error.contains("kinesis:PutRecords on kinesis-inventory-staging: permission was denied"), "{error}");
        assert_eq!(requests.lock().len(), 1);
    }
}
