//! The archive's transition to a colder storage class, if it saves money. Pure.
//!
//! The colder class is Glacier Instant Retrieval: the coldest that is read at once, so that Athena finds everything.
//! Moving an object costs, a small one is billed as if it were larger, and reading costs $0.03 a GB, which is why the
//! first month stays where reading is free.

use std::fmt;

use serde::Serialize;

use super::units::KIB;
use crate::config::{ARCHIVE_BATCH, ARCHIVE_WINDOW_SECONDS, Settings, Sizing};
use crate::cost::measured::{ARCHIVED_BYTES, LARGEST_PAYLOAD_BYTES, LEAST_COLD_BYTES, PAYLOAD_BYTES};
use crate::cost::prices::{S3_GLACIER_IR, S3_STANDARD, S3_TO_GLACIER_IR};

/// Dollars for moving an object to the colder class.
const MOVE: f64 = S3_TO_GLACIER_IR.dollars / S3_TO_GLACIER_IR.size;

/// The least size that an object there is billed as, in KiB.
const LEAST_BILLED_KIB: u32 = LEAST_COLD_BYTES / KIB;

/// No object is larger than a batch.
const LARGEST_KIB: u32 = LARGEST_PAYLOAD_BYTES / KIB;

const KIB_IN_GIB: f64 = 1024.0 * 1024.0;
const DAYS_IN_MONTH: f64 = 365.25 / 12.0;

/// Days after which an object moves.
pub(super) const WARM_DAYS: u32 = 30;

/// The most records of a batch.
const RECORDS_IN_PAYLOAD: u32 = LARGEST_PAYLOAD_BYTES / PAYLOAD_BYTES;

/// The decision about the archive's objects that are [`WARM_DAYS`] old, and its sums.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ColdStorage {
    /// An object's size at the peak, in KiB.
    pub object_kib: u32,
    /// The size from which on moving an object saves money, in KiB.
    pub worthwhile_kib: u32,
    /// Dollars a month for the storage of a whole archive, had it been at the peak all the time.
    pub standard_dollars: f64,
    /// The same with its objects moved, if they are large enough to be moved.
    pub dollars: f64,
}

impl ColdStorage {
    /// Does the sum for these settings.
    pub fn of(settings: &Settings, sizing: Sizing) -> Self {
        let days = settings.archive_retention_days;
        let in_window = (settings.peak_updates_per_minute * (ARCHIVE_WINDOW_SECONDS / 60)).div_ceil(sizing.shards);
        let records = in_window.min(ARCHIVE_BATCH).min(RECORDS_IN_PAYLOAD);
        let object_kib = (records * ARCHIVED_BYTES).div_ceil(KIB);
        let objects = f64::from(settings.peak_updates_per_minute) / f64::from(records) * 60.0 * 24.0 * DAYS_IN_MONTH;
        let standard_dollars = objects * in_standard(object_kib, days);
        let worthwhile_kib = worthwhile_kib(days);
        let stays = Self { object_kib, worthwhile_kib, standard_dollars, dollars: standard_dollars };
        if stays.moves() {
            let object = in_standard(object_kib, WARM_DAYS) + moved(object_kib, days.saturating_sub(WARM_DAYS));
            Self { dollars: objects * object, ..stays }
        } else {
            stays
        }
    }

    /// Returns whether objects are large enough to move.
    pub fn moves(&self) -> bool {
        self.object_kib >= self.worthwhile_kib
    }
}

impl fmt::Display for ColdStorage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { object_kib, worthwhile_kib, standard_dollars, dollars } = self;
        if self.moves() {
            write!(
                formatter,
                "objects of {worthwhile_kib} KiB and more (about {object_kib} KiB at the peak) move to Glacier Instant Retrieval \
                 after {WARM_DAYS} days: ${dollars:.2} instead of ${standard_dollars:.2} a month once the archive is full"
            )
        } else {
            write!(
                formatter,
                "objects stay in S3 Standard: they have about {object_kib} KiB at the peak, and moving one of less than \
                 {worthwhile_kib} KiB costs more than it saves"
            )
        }
    }
}

/// Returns the size of the smallest object that is cheaper moved than left.
fn worthwhile_kib(retention_days: u32) -> u32 {
    let days = retention_days.saturating_sub(WARM_DAYS);
    let is_cheaper = |kib: &u32| moved(*kib, days) < in_standard(*kib, days);
    (1..=LARGEST_KIB).find(is_cheaper).unwrap_or(u32::MAX)
}

/// Returns the dollars for an object for so many days in S3 Standard.
fn in_standard(kib: u32, days: u32) -> f64 {
    f64::from(kib) / KIB_IN_GIB * S3_STANDARD.dollars * f64::from(days) / DAYS_IN_MONTH
}

/// Returns the dollars for moving an object, and for so many days in the colder class.
fn moved(kib: u32, days: u32) -> f64 {
    MOVE + f64::from(kib.max(LEAST_BILLED_KIB)) / KIB_IN_GIB * S3_GLACIER_IR.dollars * f64::from(days) / DAYS_IN_MONTH
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, load};

    fn at(peak: u32) -> ColdStorage {
        let mut settings = load(None, Ok(Environment::parse("test").unwrap())).unwrap().settings;
        settings.peak_updates_per_minute = peak;
        ColdStorage::of(&settings, Sizing::for_peak(peak))
    }

    /// By hand: 5000 records × 52 bytes; 128 KiB × 0.004 / 0.023 and the price of moving over 35 months; 76 GiB for
    /// $0.023.
    #[test]
    fn the_sum_is_right_for_a_thousand_updates_a_minute() {
        let sum = at(1000);
        assert_eq!((sum.object_kib, sum.worthwhile_kib), (254, 49));
        assert!((sum.standard_dollars - 1.76).abs() < 0.02, "{sum:?}");
        assert!((sum.dollars - 0.52).abs() < 0.02, "{sum:?}");
        assert!(sum.moves());
    }

    #[test]
    fn small_objects_stay_where_they_are() {
        let sum = at(100);
        assert!(!sum.moves(), "{sum:?}");
        assert!((sum.dollars - sum.standard_dollars).abs() < f64::EPSILON);
        assert!(sum.to_string().contains("stay in S3 Standard"), "{sum}");
    }

    #[test]
    fn the_largest_peak_stays_within_a_payload() {
        assert_eq!(at(1_000_000).object_kib, (RECORDS_IN_PAYLOAD * ARCHIVED_BYTES).div_ceil(KIB));
    }
}
