//! The response to a request whose events were taken (pure).

use serde::Serialize;

use super::events::{RequestEvents, Verdict};
use crate::stream::{Place, Put};
use crate::url::UrlResponse;

/// The seconds after which a supplier should send again what is not on the stream: a shard that throttles takes more in
/// the next second.
const RETRY_AFTER: &str = "2";

/// The response's body.
#[derive(Serialize)]
struct Answer<'a> {
    accepted: usize,
    rejected: usize,
    failed: usize,
    /// One for each event, in order.
    events: Vec<Entry<'a>>,
}

/// The fate of an event.
#[derive(Serialize)]
#[serde(untagged)]
enum Entry<'a> {
    Accepted(&'a Place),
    Rejected { reason: &'static str, detail: &'a str },
    Failed { error: &'a str, retryable: bool },
}

/// Makes the response: 202, or 503 if some events are not on the stream and should be sent again.
pub(super) fn response(events: &RequestEvents<'_>, placed: &[Put]) -> UrlResponse {
    let entries: Vec<_> = events.verdicts.iter().map(|verdict| Entry::of(verdict, placed)).collect();
    let (accepted, failed) = (placed.iter().filter(|put| put.is_ok()).count(), failed(placed));
    let answer = Answer { accepted, rejected: events.verdicts.len() - placed.len(), failed, events: entries };
    let body = serde_json::to_string(&answer).expect("text and numbers are always JSON");
    let headers = [("content-type", "application/json"), ("cache-control", "no-store")];
    if failed == 0 {
        return UrlResponse::new(202, &headers, Some(body));
    }
    UrlResponse::new(503, &headers, Some(body)).with_header("retry-after", RETRY_AFTER)
}

/// Returns the number of records that are not on the stream.
pub(super) fn failed(placed: &[Put]) -> usize {
    placed.iter().filter(|put| put.is_err()).count()
}

impl<'a> Entry<'a> {
    fn of(verdict: &'a Verdict, placed: &'a [Put]) -> Self {
        match verdict {
            Verdict::Rejected(rejection) => {
                Self::Rejected { reason: rejection.reason.as_str(), detail: &rejection.detail }
            }
            Verdict::Accepted(index) => match &placed[*index] {
                Ok(place) => Self::Accepted(place),
                Err(code) => Self::Failed { error: code, retryable: true },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use pipegen_event::{Reason, Rejection};
    use serde_json::{Value, json};

    use super::*;

    fn answer(response: &UrlResponse) -> Value {
        serde_json::from_str(response.body.as_deref().unwrap()).unwrap()
    }

    #[test]
    fn each_event_has_its_entry_in_order() {
        let rejected = Verdict::Rejected(Rejection::new(Reason::InvalidData, "data: is missing"));
        let verdicts = vec![Verdict::Accepted(0), rejected, Verdict::Accepted(1)];
        let events = RequestEvents { verdicts, records: Vec::new() };
        let place = |number: &str| Ok(Place { shard: "shard".to_owned(), sequence_number: number.to_owned() });
        let response_to = |placed: [Put; 2]| response(&events, &placed);

        let all = response_to([place("1"), place("2")]);
        let [first, second] = ["1", "2"].map(|number| json!({"shard": "shard", "sequence_number": number}));
        let told = json!({"reason": "invalid_data", "detail": "data: is missing"});
        let expected = json!({"accepted": 2, "rejected": 1, "failed": 0, "events": [first, told, second]});
        assert_eq!((all.status_code, answer(&all), all.headers.get("retry-after")), (202, expected, None));

        let some = response_to([Err("Timeout".to_owned()), place("2")]);
        let failed = json!({"error": "Timeout", "retryable": true});
        let expected = json!({"accepted": 1, "rejected": 1, "failed": 1, "events": [failed, told, second]});
        assert_eq!((some.status_code, answer(&some)), (503, expected));
        assert_eq!(some.headers["retry-after"], "2");
    }

    #[test]
    fn no_event_is_an_answer_too() {
        let response = response(&RequestEvents::default(), &[]);
        assert_eq!(answer(&response), json!({"accepted": 0, "rejected": 0, "failed": 0, "events": []}));
        assert_eq!((response.status_code, &*response.headers["cache-control"]), (202, "no-store"));
    }
}
