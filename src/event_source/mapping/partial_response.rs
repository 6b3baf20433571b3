//! Reads a function's response about its batch (`ReportBatchItemFailures`).

use serde_json::Value;

use super::batch::QueuedRecord;
use crate::lambda_host::InvocationOutcome;

/// The result of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BatchResult {
    /// Every record was processed.
    Complete,
    /// The records before this position were processed; it and everything after it comes again.
    Checkpoint(usize),
    /// No record counts as processed.
    Failed,
}

/// Reads an outcome by Lambda's rules for streams.
///
/// Success: a null or empty response, or a null, missing or empty list. Complete failure: an identifier that is empty,
/// null, missing or of no record in the batch, and a response of another form. Otherwise the lowest reported record is
/// the checkpoint. Lambda finds it by sequence number; in files of records these may fall and repeat, so here it is the
/// first position in the batch with one of the reported numbers.
pub(super) fn batch_result(outcome: &InvocationOutcome, batch: &[QueuedRecord]) -> BatchResult {
    match outcome {
        InvocationOutcome::Failed => BatchResult::Failed,
        InvocationOutcome::Answered(response) if response.is_empty() => BatchResult::Complete,
        InvocationOutcome::Answered(response) => match serde_json::from_slice(response) {
            Ok(Value::Null) => BatchResult::Complete,
            Ok(Value::Object(response)) => match response.get("batchItemFailures") {
                None | Some(Value::Null) => BatchResult::Complete,
                Some(Value::Array(failures)) => lowest(failures, batch),
                Some(_) => BatchResult::Failed,
            },
            Ok(_) | Err(_) => BatchResult::Failed,
        },
    }
}

fn lowest(failures: &[Value], batch: &[QueuedRecord]) -> BatchResult {
    let mut lowest = BatchResult::Complete;
    for failure in failures {
        let position = failure
            .get("itemIdentifier")
            .and_then(Value::as_str)
            .and_then(|number| batch.iter().position(|queued| queued.record.sequence_number() == number));
        lowest = match (position, lowest) {
            (None, _) => return BatchResult::Failed,
            (Some(position), BatchResult::Checkpoint(other)) => BatchResult::Checkpoint(position.min(other)),
            (Some(position), _) => BatchResult::Checkpoint(position),
        };
    }
    lowest
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event_source::mapping::tests::record;

    fn queued(number: &str) -> QueuedRecord {
        QueuedRecord {
            record: record("s", "k", number).into(),
            picked_up: Duration::ZERO,
            size: 0,
            position: 0,
            acknowledged: None,
        }
    }

    /// A batch with falling and repeated sequence numbers.
    fn read(answer: &str) -> BatchResult {
        let batch = ["30", "10", "20", "10"].map(queued);
        batch_result(&InvocationOutcome::Answered(answer.as_bytes().to_vec()), &batch)
    }

    #[test]
    fn nothing_reported_is_success() {
        for answer in ["", "null", "{}", r#"{"batchItemFailures":null}"#, r#"{"batchItemFailures":[]}"#, " { } "] {
            assert_eq!(read(answer), BatchResult::Complete, "{answer}");
        }
    }

    #[test]
    fn the_lowest_position_is_the_checkpoint() {
        for (identifiers, position) in
            [(&["30"][..], 0), (&["10"], 1), (&["20"], 2), (&["20", "10"], 1), (&["10", "30", "20"], 0)]
        {
            let failures: Vec<_> =
                identifiers.iter().map(|number| serde_json::json!({"itemIdentifier": number})).collect();
            let answer = serde_json::json!({"batchItemFailures": failures}).to_string();
            assert_eq!(read(&answer), BatchResult::Checkpoint(position), "{answer}");
        }
    }

    #[test]
    fn an_identifier_that_names_no_record_fails_the_batch() {
        for failure in [
            r#"{"itemIdentifier":""}"#,
            r#"{"itemIdentifier":null}"#,
            r#"{"itemIdentifier":10}"#,
            r#"{"item":"10"}"#,
            "{}",
            "\"10\"",
            "null",
            r#"{"itemIdentifier":"99"}"#,
        ] {
            assert_eq!(read(&format!(r#"{{"batchItemFailures":[{failure}]}}"#)), BatchResult::Failed, "{failure}");
            let with_a_good_one = format!(r#"{{"batchItemFailures":[{{"itemIdentifier":"20"}},{failure}]}}"#);
            assert_eq!(read(&with_a_good_one), BatchResult::Failed, "{with_a_good_one}");
        }
    }

    #[test]
    fn another_form_fails_the_batch() {
        for answer in ["[]", "\"ok\"", "7", "true", "{", r#"{"batchItemFailures":{}}"#, r#"{"batchItemFailures":"10"}"#]
        {
            assert_eq!(read(answer), BatchResult::Failed, "{answer}");
        }
    }

    #[test]
    fn an_error_fails_the_batch() {
        assert_eq!(batch_result(&InvocationOutcome::Failed, &[queued("1")]), BatchResult::Failed);
    }
}
