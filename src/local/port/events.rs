//! `POST /events`: events by the HTTP binding of `CloudEvents`, in every mode of it.
//!
//! The stream takes everything, as Kinesis does. The response says of each event where it is on the stream and, if so,
//! that the processor will reject it: the events are checked with the processor's own parser.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Json, Response};
use chrono::{DateTime, TimeDelta, Utc};
use pipegen_event::http_binding::{self, Content, Header, Refusal};
use pipegen_event::{Decoded, Event, Rejection, Supplier, check_sender};
use serde_json::{Value, json};

use super::Portal;
use super::problem::Problem;
use crate::records::{DATA_LIMIT, partition_key};
use crate::stream::{NewRecord, OpenStream, Placed};

/// The largest body, in bytes: as much as `PutRecords` takes.
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// The rules that the stack's settings add to the format.
#[derive(Clone, Debug)]
pub struct EventRules {
    /// The longest time that an event may be older than its arrival.
    pub horizon: TimeDelta,
    /// The suppliers that may send, if they are listed.
    pub suppliers: Option<BTreeSet<Supplier>>,
}

/// A record that is to be put on the stream, and what the processor will say of the events in it.
#[derive(Debug, PartialEq, Eq)]
struct CheckedRecord {
    data: Vec<u8>,
    verdicts: Vec<Result<(), Rejection>>,
}

/// Puts the events of a request on the stream.
pub(super) async fn put(State(portal): State<Arc<Portal>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        let detail = format!("a request has at most {BODY_LIMIT} bytes: send the events in several");
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).into_response();
    };
    let headers: Vec<_> = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    match records(&headers, &body, Utc::now(), &portal.rules) {
        Ok(records) => (StatusCode::ACCEPTED, Json(put_all(records, &portal.kinesis.stream))).into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// Takes the request apart into records, and checks the events in them.
fn records(
    headers: &[Header<'_>],
    body: &[u8],
    now: DateTime<Utc>,
    rules: &EventRules,
) -> Result<Vec<CheckedRecord>, Problem> {
    let content = http_binding::read(headers, body)?;
    // What is sent as one event is one record, whatever is in it: as on the stream.
    if let Content::Event(text) = content {
        if text.trim_ascii().is_empty() {
            return Err(Problem::new(StatusCode::BAD_REQUEST, "the body is empty"));
        }
        if text.len() > DATA_LIMIT {
            let detail = format!("a record has at most {DATA_LIMIT} bytes");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        let decoded = pipegen_event::decode(&text, now, rules.horizon).into_iter();
        let verdicts = decoded.map(|decoded| rules.verdict(decoded.outcome)).collect();
        return Ok(vec![CheckedRecord { data: text.into_owned(), verdicts }]);
    }
    let decoded = content.decode(now, rules.horizon)?;
    let records = decoded.into_iter().map(|Decoded { text, outcome, .. }| CheckedRecord {
        data: text.to_vec(),
        verdicts: vec![rules.verdict(outcome)],
    });
    Ok(records.collect())
}

impl From<Refusal> for Problem {
    fn from(Refusal { kind, detail }: Refusal) -> Self {
        Self::new(StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::BAD_REQUEST), detail)
    }
}

impl EventRules {
    /// Says what the processor will say of an event, as far as it can be known without the catalog.
    fn verdict(&self, outcome: Result<Event, Rejection>) -> Result<(), Rejection> {
        check_sender(&outcome?, self.suppliers.as_ref())
    }
}

/// Puts the records on the stream, and makes the response: an entry for each event.
fn put_all(records: Vec<CheckedRecord>, stream: &OpenStream) -> Value {
    let (mut entries, mut rejected, mut failed) = (Vec::new(), 0, 0);
    for CheckedRecord { data, verdicts } in records {
        let placed = place(data, stream);
        for verdict in verdicts {
            let mut entry = match &placed {
                Ok(Placed { shard, sequence_number }) => json!({"shard": shard, "sequence_number": sequence_number}),
                Err(error) => json!({"error": error}),
            };
            failed += u64::from(placed.is_err());
            if let Err(Rejection { reason, detail }) = verdict {
                rejected += 1;
                entry["reason"] = reason.as_str().into();
                entry["detail"] = detail.into();
            }
            entries.push(entry);
        }
    }
    json!({"failed": failed, "rejected": rejected, "events": entries})
}

fn place(data: Vec<u8>, stream: &OpenStream) -> Result<Placed, String> {
    let partition_key = partition_key(&data);
    if partition_key.len() + data.len() > DATA_LIMIT {
        return Err(format!("the event is too large for a record, which has at most {DATA_LIMIT} bytes"));
    }
    stream.put(NewRecord { partition_key, explicit_hash_key: None, data }).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
