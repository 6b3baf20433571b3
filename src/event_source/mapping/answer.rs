//! What a function's answer says about its batch (`ReportBatchItemFailures`).

use std::sync::Arc;

use serde_json::Value;

use crate::lambda_host::Outcome;
use crate::records::Record;

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All of it is done.
    Done,
    /// The records before this position are done; it and everything after it comes again.
    DoneBefore(usize),
    /// Nothing is done.
    Failed,
}

/// Reads an outcome by Lambda's rules for streams.
///
/// Success: a null or empty answer, or a null, missing or empty list. Complete failure: an identifier that is empty,
/// null, missing or of no record in the batch, and an answer of another form. Otherwise the lowest reported record is
/// where the batch comes again from. Lambda finds it by sequence number; played files may hold falling and repeated ones,
/// so here it is the first position in the batch with one of the reported numbers.
pub(super) fn verdict(outcome: &Outcome, records: &[Arc<Record>]) -> Verdict {
    match outcome {
        Outcome::Failed => Verdict::Failed,
        Outcome::Answered(answer) if answer.is_empty() => Verdict::Done,
        Outcome::Answered(answer) => match serde_json::from_slice(answer) {
            Ok(Value::Null) => Verdict::Done,
            Ok(Value::Object(answer)) => match answer.get("batchItemFailures") {
                None | Some(Value::Null) => Verdict::Done,
                Some(Value::Array(failures)) => lowest(failures, records),
                Some(_) => Verdict::Failed,
            },
            Ok(_) | Err(_) => Verdict::Failed,
        },
    }
}

fn lowest(failures: &[Value], records: &[Arc<Record>]) -> Verdict {
    let mut lowest = Verdict::Done;
    for failure in failures {
        let position = failure
            .get("itemIdentifier")
            .and_then(Value::as_str)
            .and_then(|number| records.iter().position(|record| record.sequence_number == number));
        lowest = match (position, lowest) {
            (None, _) => return Verdict::Failed,
            (Some(position), Verdict::DoneBefore(other)) => Verdict::DoneBefore(position.min(other)),
            (Some(position), _) => Verdict::DoneBefore(position),
        };
    }
    lowest
}

#[cfg(test)]
mod tests {
    use super::super::tests::record;
    use super::*;

    /// A batch with falling and repeated sequence numbers.
    fn judged(answer: &str) -> Verdict {
        let records: Vec<_> = ["30", "10", "20", "10"].map(|number| Arc::new(record("s", "k", number))).into();
        verdict(&Outcome::Answered(answer.as_bytes().to_vec()), &records)
    }

    #[test]
    fn nothing_reported_is_success() {
        for answer in ["", "null", "{}", r#"{"batchItemFailures":null}"#, r#"{"batchItemFailures":[]}"#, " { } "] {
            assert_eq!(judged(answer), Verdict::Done, "{answer}");
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
            assert_eq!(judged(&answer), Verdict::DoneBefore(position), "{answer}");
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
            assert_eq!(judged(&format!(r#"{{"batchItemFailures":[{failure}]}}"#)), Verdict::Failed, "{failure}");
            let with_a_good_one = format!(r#"{{"batchItemFailures":[{{"itemIdentifier":"20"}},{failure}]}}"#);
            assert_eq!(judged(&with_a_good_one), Verdict::Failed, "{with_a_good_one}");
        }
    }

    #[test]
    fn another_form_fails_the_batch() {
        for answer in ["[]", "\"ok\"", "7", "true", "{", r#"{"batchItemFailures":{}}"#, r#"{"batchItemFailures":"10"}"#]
        {
            assert_eq!(judged(answer), Verdict::Failed, "{answer}");
        }
    }

    #[test]
    fn an_error_fails_the_batch() {
        assert_eq!(verdict(&Outcome::Failed, &[Arc::new(record("s", "k", "1"))]), Verdict::Failed);
    }
}
