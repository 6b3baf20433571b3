//! `POST /events`: events by the HTTP binding of `CloudEvents`, in structured and in batch mode.
//!
//! The stream takes everything, as Kinesis does. The response says of each event where it is on the stream and, if so,
//! that the processor will reject it: the events are checked with the processor's own parser.
//!
//! <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md>

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Json, Response};
use chrono::{DateTime, TimeDelta, Utc};
use pipegen_contract::probe;
use pipegen_event::{Decoded, Event, Reason, Rejection};
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
    pub suppliers: Option<Vec<String>>,
}

/// The content mode of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// The body is one record.
    Structured,
    /// The body is an array, whose elements become a record each.
    Batch,
    /// One of the former, as the body's first character tells.
    Either,
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
    let mode = match mode(&parts.headers) {
        Ok(mode) => mode,
        Err(problem) => return problem.into_response(),
    };
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        let detail = format!("a request has at most {BODY_LIMIT} bytes: send the events in several");
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).into_response();
    };
    match records(mode, &body, Utc::now(), &portal.rules) {
        Ok(records) => (StatusCode::ACCEPTED, Json(put_all(records, &portal.kinesis.stream))).into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// Reads the content mode from the headers.
fn mode(headers: &HeaderMap) -> Result<Mode, Problem> {
    let unsupported = |detail: String| Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = media_type.split(';').map(|part| part.trim().to_ascii_lowercase());
    let name = parts.next().unwrap_or_default();
    let charset = parts.find_map(|parameter| parameter.strip_prefix("charset=").map(|name| name.replace('"', "")));
    if let Some(charset) = charset.filter(|charset| charset != "utf-8") {
        return unsupported(format!("the events must be UTF-8, not {charset}"));
    }
    match &*name {
        "application/cloudevents+json" => Ok(Mode::Structured),
        "application/cloudevents-batch+json" => Ok(Mode::Batch),
        _ if headers.contains_key("ce-specversion") => {
            unsupported("events in binary mode are not taken: send the attributes and `data` as one JSON object".into())
        }
        "application/json" => Ok(Mode::Either),
        _ => unsupported(
            "the Content-Type must be application/cloudevents+json for one event, \
             application/cloudevents-batch+json for an array of events, or application/json for either"
                .into(),
        ),
    }
}

/// Takes the body apart into records, and checks the events in them.
fn records(mode: Mode, body: &[u8], now: DateTime<Utc>, rules: &EventRules) -> Result<Vec<CheckedRecord>, Problem> {
    if body.trim_ascii().is_empty() {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "the body is empty"));
    }
    let is_array = body.trim_ascii_start().starts_with(b"[");
    let decoded = pipegen_event::decode(body, now, rules.horizon);
    if mode == Mode::Structured || (mode == Mode::Either && !is_array) {
        if body.len() > DATA_LIMIT {
            let detail = format!("a record has at most {DATA_LIMIT} bytes");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        let verdicts = decoded.into_iter().map(|decoded| rules.verdict(decoded.outcome)).collect();
        return Ok(vec![CheckedRecord { data: body.to_vec(), verdicts }]);
    }
    if !is_array {
        return Err(Problem::new(StatusCode::BAD_REQUEST, "the body of a batch must be a JSON array of events"));
    }
    // A fault of the array itself leaves no events to put on the stream.
    if let [Decoded { text, outcome: Err(Rejection { reason, detail }), .. }] = &*decoded
        && text.len() == body.len()
    {
        let too_large = *reason == Reason::TooLarge;
        let status = if too_large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST };
        return Err(Problem::new(status, format!("the body is not a batch of events: {detail}")));
    }
    let records = decoded.into_iter().map(|Decoded { text, outcome, .. }| CheckedRecord {
        data: text.to_vec(),
        verdicts: vec![rules.verdict(outcome)],
    });
    Ok(records.collect())
}

impl EventRules {
    /// Says what the processor will say of an event, as far as it can be known without the catalog.
    fn verdict(&self, outcome: Result<Event, Rejection>) -> Result<(), Rejection> {
        let event = outcome?;
        let supplier = event.supplier.as_str();
        let reject = |detail| Err(Rejection::new(Reason::UnknownSupplier, detail));
        if !probe::may_send(supplier, event.sku.as_str()) {
            return reject("source: this supplier and a subject that begins with `pipegen-probe-` go only together");
        }
        match &self.suppliers {
            Some(suppliers) if supplier != probe::SUPPLIER && !suppliers.iter().any(|known| known == supplier) => {
                reject("source: the settings do not name this supplier")
            }
            _ => Ok(()),
        }
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
