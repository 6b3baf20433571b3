//! Alarms about functions: they run and answer.

use pipegen_contract::metric;
use pipegen_contract::role::Role;

use super::alarm::{Alarm, Measure, MissingData, Part, Threshold, Watched, log_group};
use crate::stack::build::Build;
use crate::stack::functions::LambdaFunction;
use crate::stack::metrics::Series;
use crate::stack::names::{
    CATALOG_ERRORS, FUNCTIONS_THROTTLED, FunctionNames, INGEST_ERRORS, INGEST_FORBIDDEN, PROCESSOR_ERRORS,
    REFRESHES_PENDING, ROTATE_ERRORS,
};

/// So many 5xx answers within 5 minutes are a burst that callers' retries absorb.
const FEW_FAILED_ANSWERS: u64 = 10;

/// The time for which a refresh may be pending. `maintain` tries each minute, and entries of the cache expire after
/// their time to live.
const PENDING_SECONDS: u64 = 600;

/// Returns these alarms. `migrate` has none: it runs during an apply, and fails it.
pub(super) fn table(build: &Build<'_>, watched: &Watched<'_>) -> Vec<Alarm> {
    vec![
        refused(build, watched.ingest),
        forbidden(build, watched.ingest),
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

/// 5xx answers of `ingest`, which answers 503 with an error of each event that the stream did not take.
fn refused(build: &Build<'_>, function: &LambdaFunction) -> Alarm {
    Alarm {
        name: INGEST_ERRORS,
        part: Part::Suppliers,
        meaning: format!(
            "Suppliers got more than {FEW_FAILED_ANSWERS} answers of the kind 5xx within 5 minutes from `ingest`. They send again what was not \
             accepted, so nothing is lost but time. First see whether the stream has an alarm: 503 with `Retry-After` means that it \
             is throttled. Else `{}` says why.",
            log_group(build, function)
        ),
        measure: Measure::One(Series::of_function(function, "Url5xxCount", "Sum")),
        threshold: Threshold::Above(FEW_FAILED_ANSWERS),
        period: 300,
        periods: (2, 3),
        missing_data: MissingData::NotBreaching,
    }
}

/// Requests to `ingest` in the name of another supplier: a mistake in its settings, or credentials in the wrong hands.
fn forbidden(build: &Build<'_>, function: &LambdaFunction) -> Alarm {
    Alarm {
        name: INGEST_FORBIDDEN,
        part: Part::Suppliers,
        meaning: format!(
            "A caller of `ingest` sent another supplier's events. None of them is on the stream. First see in `{}` who called, and whose \
             events they are: a client with the wrong `source` or the wrong role, or credentials in the wrong hands.",
            log_group(build, function)
        ),
        measure: Measure::One(Series::own(build, metric::FORBIDDEN, "Sum")),
        threshold: Threshold::Above(0),
        period: 300,
        periods: (1, 1),
        missing_data: MissingData::NotBreaching,
    }
}

/// Throttled functions whose delay is felt at once: suppliers and readers get 429, shoppers see old stock. The archiver runs every
/// five minutes and is late long before anything is lost, `maintain` leaves refreshes pending, and the others fail
/// their callers: each of these has its own alarm.
fn throttled(watched: &Watched<'_>) -> Alarm {
    Alarm {
        name: FUNCTIONS_THROTTLED,
        part: Part::Processor,
        meaning: "`ingest`, the processor or the catalog is refused invocations because all that may run at once already do. Batches wait, \
                  suppliers and readers get 429. First see on the dashboard which of them; then whether another function of the account runs that often, or \
                  `catalog_concurrency` is too low; else ask AWS for a higher quota of concurrent executions (a new account has 10)."
            .into(),
        measure: Measure::Sum(
            [watched.ingest, watched.processor, watched.catalog].map(|function| Series::of_function(function, "Throttles", "Sum")).into(),
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
