//! The cost of the archive once it is full.

use pipegen_contract::env::ARCHIVE_BUCKET;
use pipegen_contract::role::Role;
use serde_json::Value;

use super::line_item::LineItem;
use super::load::{DAYS, GB, HOURS, Workload};
use super::measured::{ARCHIVED_BYTES, LEAST_COLD_BYTES};
use super::prices::{Price, S3_GLACIER_IR, S3_PUT, S3_STANDARD, S3_TO_GLACIER_IR};
use crate::config::Settings;
use crate::terraform::declared::{Declared, references};

/// The only colder storage class that has a price. Objects that move to another one are counted as if they stayed,
/// which costs more.
const COLD_CLASS: &str = "GLACIER_IR";

/// The archive of a stack at the peak.
pub(super) struct Archive {
    /// Objects that are put in a month.
    pub(super) objects: f64,
    /// Bytes that are put in a month.
    bytes: f64,
    /// Days until an object is gone.
    days: f64,
    /// Days until an object moves to the colder class, if it does.
    warm_days: Option<f64>,
}

impl Archive {
    /// Finds the archive that the archiver fills, if there is one.
    pub(super) fn of(stack: &Declared, settings: &Settings, workloads: &[Workload<'_>], updates: f64) -> Option<Self> {
        let archiver = workloads.iter().find(|workload| workload.role == Role::Archiver)?;
        let variable = &archiver.function.body["environment"]["variables"][ARCHIVE_BUCKET];
        let bucket = stack.referred(variable, "aws_s3_bucket")?.address();
        // A batch that spans the turn of an hour is two objects.
        let objects = archiver.invocations + archiver.concurrency * HOURS;
        let bytes = updates * f64::from(ARCHIVED_BYTES);
        let lifecycles = stack.of("aws_s3_bucket_lifecycle_configuration");
        let own = lifecycles.filter(|lifecycle| references(&lifecycle.body["bucket"]).contains(&bucket));
        let rules: Vec<_> = own.flat_map(|lifecycle| list(&lifecycle.body["rule"])).collect();
        let days = rules.iter().filter_map(|rule| rule["expiration"]["days"].as_f64()).reduce(f64::min);
        let days = days.unwrap_or_else(|| settings.archive_retention_days.into());
        let warm_days = rules.iter().find_map(|rule| warm_days(rule, bytes / objects));
        Some(Self { objects, bytes, days, warm_days })
    }

    pub(super) fn lines(&self) -> Vec<LineItem> {
        let size = self.bytes / self.objects;
        let basis =
            format!("the archiver's batches and one more at the turn of each hour, {:.0} KB each", size / 1000.0);
        let put = LineItem::new(S3_PUT, self.objects, basis);
        let Some(warm_days) = self.warm_days else {
            return vec![put, self.stored(S3_STANDARD, size, 0.0, self.days)];
        };
        vec![
            put,
            self.stored(S3_STANDARD, size, 0.0, warm_days),
            LineItem::new(S3_TO_GLACIER_IR, self.objects, format!("each object after {warm_days} days")),
            self.stored(S3_GLACIER_IR, size.max(LEAST_COLD_BYTES.into()), warm_days, self.days),
        ]
    }

    /// Returns the line of a storage class that holds all objects between two ages, each billed as `size` bytes.
    fn stored(&self, storage: Price, size: f64, since: f64, until: f64) -> LineItem {
        let bytes = self.objects * size / DAYS * (until - since);
        let size = size / 1000.0;
        let basis =
            format!("{ARCHIVED_BYTES} bytes an update, objects of {size:.0} KB from day {since} to day {until}");
        LineItem::new(storage, bytes / GB, basis)
    }
}

/// Returns the days after which a rule moves objects of so many bytes, if it does.
fn warm_days(rule: &Value, bytes: f64) -> Option<f64> {
    let filter = &rule["filter"];
    let least = filter["object_size_greater_than"].as_f64().or(filter["and"]["object_size_greater_than"].as_f64());
    let moves = list(&rule["transition"]).into_iter().find(|transition| transition["storage_class"] == COLD_CLASS)?;
    let days = moves["days"].as_f64();
    days.filter(|_| least.is_none_or(|least| bytes > least))
}

/// Returns a block as a list; it may be one object or a list of them.
fn list(block: &Value) -> Vec<&Value> {
    match block {
        Value::Null => Vec::new(),
        Value::Array(blocks) => blocks.iter().collect(),
        one => vec![one],
    }
}
