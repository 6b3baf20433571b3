//! Crossings of low-stock limits: each leaves the database as an object in S3.
//!
//! A crossing is closed, so that it changes no more; its object is stored; it is deleted. Whoever dies in between has left
//! a closed crossing, of which the next run makes the same object under the same key.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pipegen_contract::object_key;
use pipegen_store::Crossing;
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use super::ROUNDS;
use crate::failure::{Failure, FailureKind};
use crate::objects::{Object, store};
use crate::resources::MaintainResources;

/// The time for which a crossing stays open: what flaps within it is told as one.
const OPEN: TimeDelta = TimeDelta::minutes(1);

/// The most crossings of one round.
const LIMIT: i64 = 500;

/// All but the unreserved characters of RFC 3986: keys hold nothing that a path, a shell or a log would change.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The content of an object.
#[derive(Serialize)]
struct Told<'a> {
    sku: &'a str,
    is_low: bool,
    available: i64,
    limit: i64,
    version: i64,
    crossed_at: String,
    crossings: i32,
}

/// Tells the crossings that have been open for long enough, and those that a former run has closed. Counts each that has
/// left.
///
/// # Errors
/// If the database or S3 fails, or does not answer in time. What has not left does so in a later run.
pub(super) async fn tell_some(
    resources: &MaintainResources,
    stop_at: Instant,
    told: &mut usize,
) -> Result<(), Failure> {
    for _ in 0..ROUNDS {
        if Instant::now() >= stop_at {
            break;
        }
        resources.database.run(async |store| store.close_crossings(OPEN, LIMIT).await).await?;
        let closed = resources.database.run(async |store| store.closed_crossings(LIMIT).await).await?;
        let (stored, result) = store_some(resources, stop_at, &closed).await;
        if !stored.is_empty() {
            resources.database.run(async |store| store.delete_crossings(&stored).await).await?;
            *told += stored.len();
        }
        result?;
        if i64::try_from(closed.len()).is_ok_and(|count| count < LIMIT) {
            break;
        }
    }
    Ok(())
}

/// Stores the objects of these crossings one after the other for as long as there is time, and returns those that are
/// stored, with the first failure. One that S3 refuses does not hold up the others.
async fn store_some(
    resources: &MaintainResources,
    stop_at: Instant,
    crossings: &[Crossing],
) -> (Vec<Crossing>, Result<(), Failure>) {
    let (mut stored, mut failure) = (Vec::with_capacity(crossings.len()), None);
    for crossing in crossings {
        if Instant::now() >= stop_at {
            break;
        }
        let put = store(&resources.s3, &resources.settings.crossings_bucket, object(crossing));
        let (error, is_of_the_object) = match timeout_at(stop_at, put).await {
            Ok(Ok(())) => {
                stored.push(crossing.clone());
                continue;
            }
            Ok(Err(error)) => {
                let is_of_the_object = error.is_of_the_object();
                (error.into(), is_of_the_object)
            }
            Err(_) => (Failure::new(FailureKind::ObjectNotStored, "S3: it did not answer in time"), false),
        };
        failure.get_or_insert(error);
        if !is_of_the_object {
            break;
        }
    }
    (stored, failure.map_or(Ok(()), Err))
}

fn object(crossing: &Crossing) -> Object {
    let Crossing { sku, version, crossed_at, crossings, is_low, available, quantity } = crossing;
    let told = Told {
        sku,
        is_low: *is_low,
        available: *available,
        limit: *quantity,
        version: *version,
        crossed_at: crossed_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        crossings: *crossings,
    };
    let body = serde_json::to_vec(&told).expect("text and numbers are always JSON");
    Object { key: key(sku, *version, *crossed_at, *is_low), body: body.into(), content_type: "application/json" }
}

fn key(sku: &str, version: i64, crossed_at: DateTime<Utc>, is_low: bool) -> String {
    let hour = crossed_at.format("%Y/%m/%d/%H").to_string();
    object_key::crossing(&hour, is_low, &utf8_percent_encode(sku, ENCODED).to_string(), version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_of_its_hour_and_sku() {
        let crossed_at = DateTime::from_timestamp_micros(1_795_410_000_000_000).unwrap();
        let keys = ["85123A", "A/B ä%", "../.."].map(|sku| key(sku, 7, crossed_at, sku == "85123A"));
        assert_eq!(
            keys,
            [
                "crossings/v1/2026/11/23/05/low/85123A-7.json",
                "crossings/v1/2026/11/23/05/recovered/A%2FB%20%C3%A4%25-7.json",
                "crossings/v1/2026/11/23/05/recovered/..%2F..-7.json",
            ]
        );
    }

    /// A repeated crossing must give the same bytes.
    #[test]
    fn an_object_says_what_has_happened() {
        let crossing = Crossing {
            sku: "A \"B\"".to_owned(),
            version: 7,
            crossed_at: DateTime::from_timestamp_micros(1_795_410_000_000_500).unwrap(),
            crossings: 3,
            is_low: true,
            available: 4,
            quantity: 5,
        };
        let text = r#"{"sku":"A \"B\"","is_low":true,"available":4,"limit":5,"version":7,"crossed_at":"2026-11-23T05:00:00.000500Z","crossings":3}"#;
        assert_eq!(object(&crossing).body, text);
    }
}
