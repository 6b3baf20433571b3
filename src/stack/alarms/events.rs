//! Alarms about events: they arrive, are understood, and are stored.

use pipegen_contract::metric;

use super::alarm::{Alarm, Measure, MissingData, Part, Threshold, Watched, log_group};
use crate::config::ARCHIVE_WINDOW_SECONDS;
use crate::stack::build::Build;
use crate::stack::functions::LambdaFunction;
use crate::stack::metrics::Series;
use crate::stack::names::{
    ARCHIVER_LATE, ARCHIVER_UNDELIVERED, EVENTS_REJECTED, FunctionNames, Name, PROCESSOR_LATE, PROCESSOR_UNDELIVERED,
    STREAM_THROTTLED, STREAM_UNREAD,
};
use crate::stack::triggers::record_age_seconds;
use crate::stack::units::SECONDS_PER_HOUR;

/// The age at which a record is late for the processor. Usually it is a second old.
const LATE_SECONDS: u32 = 120;

/// The number of batching windows that a batch of the archiver may take.
const LATE_WINDOWS: u32 = 3;

/// The share of the planned events, as one in so many, above which rejections set off the alarm.
const REJECTED_ONE_IN: u32 = 100;

/// So many rejections are not worth an alarm, however few events are planned for.
const FEW_REJECTIONS: u32 = 10;

pub(super) fn table(build: &Build<'_>, watched: &Watched<'_>) -> Vec<Alarm> {
    vec![
        throttled_suppliers(watched),
        unread(watched),
        late(build, watched.processor),
        unarchived(build, watched.archiver),
        undelivered(build, watched.processor, PROCESSOR_UNDELIVERED),
        undelivered(build, watched.archiver, ARCHIVER_UNDELIVERED),
        rejected(build),
    ]
}

fn throttled_suppliers(watched: &Watched<'_>) -> Alarm {
    Alarm {
        name: STREAM_THROTTLED,
        part: Part::Suppliers,
        meaning: "The stream refuses records because a shard takes no more of them; suppliers send them again, so updates come late. \
                  First see on the dashboard whether all of it is too much (raise `peak_updates_per_minute`) or one partition key \
                  is (talk to that supplier)."
            .into(),
        measure: Measure::One(Series::of_stream(watched.stream, "WriteProvisionedThroughputExceeded", "Sum")),
        threshold: Threshold::Above(0),
        period: 300,
        // A burst that retries absorb is not worth an alarm.
        periods: (2, 3),
        missing_data: MissingData::NotBreaching,
    }
}

/// A function that does not run reports nothing: it is never late and never fails, and Lambda's metrics of a function
/// (`Invocations`, `IteratorAge`) have no values either where no events arrive. Kinesis' metrics of `GetRecords` do:
/// Lambda polls each shard about once a second, whether or not there are records, so no value at all means that nothing
/// reads the stream.
///
/// `m0 * 0` is a zero wherever the stream is read. Added to a function's invocations it replaces missing values; `FILL`
/// does not help, because it does not fill a series without a single value, which is what a function that never ran
/// has.
fn unread(watched: &Watched<'_>) -> Alarm {
    Alarm {
        name: STREAM_UNREAD,
        part: Part::Stream,
        meaning: "Nobody has read the stream for half an hour, or records are read and one of the two functions that they are for has not run. \
                  First see whether the event source mappings are enabled and what their `LastProcessingResult` says: the \
                  function's role, the key or the stream may be out of reach. Just after the first apply it may only mean \
                  that reading has not begun."
            .into(),
        measure: Measure::Expression(
            "IF(m0 > 0 AND MIN([SUM([m1, m0 * 0]), SUM([m2, m0 * 0])]) == 0, 1, 0)",
            vec![
                Series::of_stream(watched.stream, "GetRecords.Records", "Sum"),
                Series::of_function(watched.processor, "Invocations", "Sum"),
                Series::of_function(watched.archiver, "Invocations", "Sum"),
            ],
        ),
        threshold: Threshold::Above(0),
        // What is read in a period's last minutes may be handed over in the next one, but then the next one has a run.
        period: 900,
        periods: (2, 2),
        missing_data: MissingData::Breaching,
    }
}

fn late(build: &Build<'_>, function: &LambdaFunction) -> Alarm {
    Alarm {
        name: PROCESSOR_LATE,
        part: Part::Processor,
        meaning: format!(
            "The processor is more than {} minutes behind, so shoppers see old stock. First see whether database or cache have an \
             alarm too; else `{}` says why batches fail or how long each stage takes. After {} hours whole batches go to the \
             quarantine, from where they must be sent again: raise `stream_retention_hours` in time.",
            LATE_SECONDS / 60,
            log_group(build, function),
            record_age_seconds(build) / SECONDS_PER_HOUR
        ),
        measure: Measure::One(Series::of_function(function, "IteratorAge", "Maximum")),
        threshold: Threshold::Above(u64::from(LATE_SECONDS) * 1000),
        period: 60,
        periods: (3, 5),
        missing_data: MissingData::NotBreaching,
    }
}

/// Lambda counts the age of a batch's last record, which is up to a window old when all is well.
fn unarchived(build: &Build<'_>, function: &LambdaFunction) -> Alarm {
    let seconds = ARCHIVE_WINDOW_SECONDS * LATE_WINDOWS;
    Alarm {
        name: ARCHIVER_LATE,
        part: Part::Archive,
        meaning: format!(
            "Records have waited for the archive for more than {} minutes. They are safe on the stream for {} hours. First see in `{}` why \
             they cannot be stored: the bucket's policy, the key, or the way to S3.",
            seconds / 60,
            build.settings.stream_retention_hours,
            log_group(build, function)
        ),
        measure: Measure::One(Series::of_function(function, "IteratorAge", "Maximum")),
        threshold: Threshold::Above(u64::from(seconds) * 1000),
        period: 300,
        periods: (1, 1),
        missing_data: MissingData::NotBreaching,
    }
}

/// The only case in which a record can be lost.
fn undelivered(build: &Build<'_>, function: &LambdaFunction, name: Name) -> Alarm {
    let role = function.role.handler();
    Alarm {
        name,
        part: Part::Quarantine,
        meaning: format!(
            "Lambda gave up on a batch of {role} and could not put it into the quarantine either. It stays on the stream for a quarter of \
             an hour at least. First read it from there by the shard's iterator; then see which right the role `{}` has lost.",
            build.names.of(FunctionNames::of(function.role).role)
        ),
        measure: Measure::One(Series::of_function(function, "DestinationDeliveryFailures", "Sum")),
        threshold: Threshold::Above(0),
        period: 60,
        periods: (1, 1),
        missing_data: MissingData::NotBreaching,
    }
}

fn rejected(build: &Build<'_>) -> Alarm {
    let planned = build.settings.peak_updates_per_minute * 5;
    let tolerated = (planned / REJECTED_ONE_IN).max(FEW_REJECTIONS);
    Alarm {
        name: EVENTS_REJECTED,
        part: Part::Quarantine,
        meaning: format!(
            "More than {tolerated} events were rejected within 5 minutes. Nothing else waits for them. First see on the dashboard for which \
             reason; the objects under `rejected/` in the quarantine name the field and the supplier."
        ),
        measure: Measure::One(Series::own(build, metric::REJECTED, "Sum")),
        threshold: Threshold::Above(tolerated.into()),
        period: 300,
        periods: (1, 1),
        missing_data: MissingData::NotBreaching,
    }
}
