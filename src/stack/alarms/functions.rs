//! Alarms about functions: they run and answer.

use pipegen_contract::metric;
use pipegen_contract::role::Role;

use super::alarm::{Alarm, Measure, MissingData, Part, Threshold, Watched, log_group};
use crate::stack::build::Build;
use crate::stack::functions::LambdaFunction;
use crate::stack::metrics::Series;
use crate::stack::names::{
    CATALOG_ERRORS, FUNCTIONS_THROTTLED, FunctionNames, PROCESSOR_ERRORS, REFRESHES_PENDING, ROTATE_ERRORS,
};

/// So many 5xx answers within 5 minutes are a burst that readers' retries absorb.
const FEW_FAILED_ANSWERS: u64 = 10;

/// The time for which a refresh may be pending. `maintain` tries each minute, and entries of the cache expire after
/// their time to live.
const PENDING_SECONDS: u64 = 600;

/// Returns these alarms. `migrate` has none: it runs during an apply, and fails it.
pub(super) fn table(build: &Build<'_>, watched: &Watched<'_>) -> Vec<Alarm> {
    vec![
        errors(build, watched.processor),
        throttled(watched),
        unanswered(build, watched.catalog),
        pending(build),
        unrotated(build, watched.rotate),
    ]
}

/// Invocations that ended without an answer; a batch that was reported for a retry is not one of them. The archiver has
/// no such alarm: it is late as soon as its invocations fail, and loses nothing before.
fn errors(build: &Build<'_>, function: &LambdaFunction) -> Alarm {
    Alarm {
        name: PROCESSOR_ERRORS,
        part: Part::Processor,
        meaning: format!(
            "Invocations of the processor ended without an answer: a crash, too little memory, or the time ran out. First see the last lines of \
             those invocations in `{}`.",
            log_group(build, function)
        ),
        measure: Measure::One(Series::of_function(function, "Errors", "Sum")),
        threshold: Threshold::Above(0),
        period: 300,
        periods: (2, 3),
        missing_data: MissingData::NotBreaching,
    }
}

/// Throttled functions whose delay is felt at once: shoppers see old stock, readers get 429. The archiver runs every
/// five minutes and is late long before anything is lost, `maintain` leaves refreshes pending, and the others fail
/// their callers: each of these has its own alarm.
fn throttled(watched: &Watched<'_>) -> Alarm {
    Alarm {
        name: FUNCTIONS_THROTTLED,
        part: Part::Processor,
        meaning: "The processor or the catalog is refused invocations because all that may run at once already do. Batches wait, readers get \
                  429. First see on the dashboard which of them; then whether another function of the account runs that often, or \
                  `catalog_concurrency` is too low; else ask AWS for a higher quota of concurrent executions (a new account has 10)."
            .into(),
        measure: Measure::Sum(
            [watched.processor, watched.catalog].map(|function| Series::of_function(function, "Throttles", "Sum")).into(),
        ),
        threshold: Threshold::Above(0),
        period: 300,
        periods: (2, 3),
        missing_data: MissingData::NotBreaching,
    }
}

/// 5xx answers of the catalog, which always answers, also with an error. The URL also counts the answers that Lambda
/// gives for it.
fn unanswered(build: &Build<'_>, function: &LambdaFunction) -> Alarm {
    Alarm {
        name: CATALOG_ERRORS,
        part: Part::Catalog,
        meaning: format!(
            "Readers got more than {FEW_FAILED_ANSWERS} answers of the kind 5xx within 5 minutes. First see whether the database has an alarm: \
             without it only what is cached is answered. Else `{}` says why; 503 with `Retry-After` means that every connection of \
             `catalog_connections` is taken.",
            log_group(build, function)
        ),
        measure: Measure::One(Series::of_function(function, "Url5xxCount", "Sum")),
        threshold: Threshold::Above(FEW_FAILED_ANSWERS),
        period: 300,
        periods: (2, 3),
        missing_data: MissingData::NotBreaching,
    }
}

/// The age of the oldest pending refresh, which `maintain` reports each minute. A run that fails reports nothing, so it
/// needs no alarm of its own.
fn pending(build: &Build<'_>) -> Alarm {
    Alarm {
        name: REFRESHES_PENDING,
        part: Part::Cache,
        meaning: format!(
            "The cache has not been told of a change for more than {} minutes, so readers may have been seeing old stock; or `maintain` does \
             not run, and the ledger grows. First see whether the cache has an alarm; else `{}` says what stops it, and the schedule \
             whether it is on.",
            PENDING_SECONDS / 60,
            build.names.of(FunctionNames::of(Role::Maintain).logs)
        ),
        measure: Measure::One(Series::own(build, metric::PENDING_AGE, "Maximum")),
        threshold: Threshold::Above(PENDING_SECONDS),
        period: 300,
        periods: (2, 2),
        missing_data: MissingData::Missing,
    }
}

fn unrotated(build: &Build<'_>, function: &LambdaFunction) -> Alarm {
    Alarm {
        name: ROTATE_ERRORS,
        part: Part::Database,
        meaning: format!(
            "A password of the database could not be renewed. Nothing fails for it: the present one stays good, and Secrets Manager tries \
             again. First see in `{}` which step failed.",
            log_group(build, function)
        ),
        measure: Measure::One(Series::of_function(function, "Errors", "Sum")),
        threshold: Threshold::Above(0),
        period: 300,
        periods: (1, 1),
        missing_data: MissingData::NotBreaching,
    }
}
