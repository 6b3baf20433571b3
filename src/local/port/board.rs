//! The state of a run, as the page shows it.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use flate2::read::MultiGzDecoder;
use parking_lot::Mutex;
use pipegen_contract::object_key;
use serde_json::{Value, json};

use crate::emulators::function_url::FunctionUrl;
use crate::emulators::s3::Buckets;
use crate::event_source::mapping::Statistics;
use crate::event_source::status::{MappingStatus, SharedStatus};
use crate::event_source::tally::{Outcomes, Tally};
use crate::local::faults::{FaultTarget, Faults};

/// The most rejected events that are shown.
const REJECTIONS: usize = 20;
/// The most characters of a rejected event that are shown.
const EVENT_CHARACTERS: usize = 600;
/// The most objects of the archive that are shown.
const OBJECTS: usize = 8;

/// The parts of a run whose state is shown.
pub struct Board {
    pub stream: String,
    pub processor: Arc<SharedStatus>,
    pub archiver: Arc<SharedStatus>,
    pub catalog: Option<Arc<FunctionUrl>>,
    pub buckets: Arc<Buckets>,
    pub archive_bucket: String,
    pub quarantine_bucket: String,
    pub faults: Arc<Faults>,
    /// The last rejections, with the number of objects when they were read.
    pub rejections: Mutex<(u64, Vec<Value>)>,
}

/// A moment, from which rates are counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    at: Instant,
    records: u64,
    events: u64,
}

impl Board {
    /// Returns the present state, with the rates since an earlier moment, and this moment.
    pub(super) fn state(&self, since: Option<Moment>) -> (Value, Moment) {
        let (processor, archiver) = (self.processor.read(), self.archiver.read());
        let MappingStatus { report, oldest, .. } = &processor;
        let Statistics { delivered, discarded, redelivered, retries, .. } = report.statistics;
        let Tally { events, outcomes, rejected, refreshed, pending, .. } = &report.tally;
        let Outcomes { applied, stale, duplicate } = outcomes;
        let now = Moment { at: Instant::now(), records: delivered, events: *events };
        let state = json!({
            "stream": {
                "name": self.stream,
                "records": delivered,
                "records_per_second": since.map(|since| since.rate(now, |moment| moment.records)),
                "waiting": processor.waiting(),
                "lag_seconds": oldest.map_or(0.0, |oldest| oldest.elapsed().as_secs_f64()),
                "retries": retries,
                "discarded": discarded,
                "redelivered": redelivered,
            },
            "events": {
                "total": events,
                "per_second": since.map(|since| since.rate(now, |moment| moment.events)),
                "applied": applied,
                "stale": stale,
                "duplicate": duplicate,
                "rejected": rejected.values().sum::<u64>(),
                "rejected_by_reason": rejected,
            },
            "cache": {
                "hits": self.count(|url| url.cache.hits.load(Ordering::Relaxed)),
                "misses": self.count(|url| url.cache.misses.load(Ordering::Relaxed)),
                "refreshed": refreshed,
                "refreshed_later": pending,
            },
            "archive": {
                "records": archiver.report.statistics.delivered,
                "waiting": archiver.waiting(),
                "objects": self.buckets.stored(&self.archive_bucket),
                "last": self.last_objects(),
            },
            "rejections": self.last_rejections(),
            "faults": FaultTarget::ALL.map(|target| json!({
                "target": target.name(),
                "possible": self.faults.is_possible(target),
                "seconds_left": self.faults.remaining(target).map(|left| left.as_secs_f64().ceil()),
            })),
        });
        (state, now)
    }

    fn count(&self, counter: impl Fn(&FunctionUrl) -> u64) -> u64 {
        self.catalog.as_deref().map(counter).unwrap_or_default()
    }

    fn last_objects(&self) -> Vec<Value> {
        let keys = self.buckets.newest(&self.archive_bucket).into_iter().take(OBJECTS);
        keys.map(|(key, size)| json!({"key": key, "bytes": size})).collect()
    }

    /// Returns the last rejections, newest first. They are read again when there are new objects.
    fn last_rejections(&self) -> Vec<Value> {
        let stored = self.buckets.stored(&self.quarantine_bucket);
        let mut known = self.rejections.lock();
        if known.0 != stored {
            *known = (stored, self.read_rejections());
        }
        known.1.clone()
    }

    fn read_rejections(&self) -> Vec<Value> {
        let mut shown = Vec::new();
        for (key, _) in self.buckets.newest(&self.quarantine_bucket) {
            if shown.len() >= REJECTIONS {
                break;
            }
            if key.starts_with(object_key::REJECTED)
                && let Ok(object) = self.buckets.get(&self.quarantine_bucket, &key)
            {
                shown.extend(last_lines(&object, REJECTIONS - shown.len()));
            }
        }
        shown
    }
}

/// Returns the last lines of a compressed object, the last one first.
fn last_lines(object: &[u8], number: usize) -> Vec<Value> {
    let mut last = VecDeque::new();
    for line in BufReader::new(MultiGzDecoder::new(object)).lines().map_while(Result::ok) {
        if last.len() == number {
            last.pop_back();
        }
        last.push_front(line);
    }
    last.iter().filter_map(|line| shortened(line)).collect()
}

/// Reads a line of the quarantine, and shortens the event.
fn shortened(line: &str) -> Option<Value> {
    let mut rejection: Value = serde_json::from_str(line).ok()?;
    for name in ["event", "event_base64"] {
        if let Some(text) = rejection[name].as_str()
            && text.chars().count() > EVENT_CHARACTERS
        {
            let beginning: String = text.chars().take(EVENT_CHARACTERS).collect();
            rejection[name] = format!("{beginning}…").into();
        }
    }
    Some(rejection)
}

impl Moment {
    /// Returns the rate of a count between two moments, a second.
    fn rate(self, later: Self, count: impl Fn(Self) -> u64) -> f64 {
        let seconds = later.at.duration_since(self.at).as_secs_f64();
        let counted = u32::try_from(count(later).saturating_sub(count(self))).unwrap_or(u32::MAX);
        if seconds > 0.0 { (f64::from(counted) / seconds * 10.0).round() / 10.0 } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::time::Duration;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn the_last_lines_are_shown_newest_first_and_shortened() {
        let mut object = GzEncoder::new(Vec::new(), Compression::fast());
        for number in 0..30 {
            let event = "é".repeat(if number == 29 { EVENT_CHARACTERS + 1 } else { number });
            writeln!(object, "{}", json!({"index": number, "event": event, "event_base64": null})).expect("written");
        }
        let lines = last_lines(&object.finish().expect("whole"), REJECTIONS);
        let numbers: Vec<_> = lines.iter().filter_map(|line| line["index"].as_u64()).collect();
        assert_eq!(numbers, (10..30).rev().collect::<Vec<_>>());
        let event = lines[0]["event"].as_str().expect("text");
        assert!(event.chars().count() == EVENT_CHARACTERS + 1 && event.ends_with('…'));
        assert_eq!(lines[1]["event"], "é".repeat(28));
        assert_eq!(last_lines(b"nonsense", REJECTIONS), Vec::<Value>::new());
    }

    #[test]
    fn rates_are_counted_between_two_moments() {
        let begin = Moment { at: Instant::now(), records: 100, events: 7 };
        let end = Moment { at: begin.at + Duration::from_millis(500), records: 350, events: 7 };
        assert_eq!(begin.rate(end, |moment| moment.records).to_string(), "500");
        assert_eq!(begin.rate(end, |moment| moment.events).to_string(), "0");
        assert_eq!(end.rate(end, |moment| moment.records).to_string(), "0", "no time has passed");
    }
}
