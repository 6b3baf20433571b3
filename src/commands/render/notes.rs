//! What somebody should know about settings that are not wrong.

use crate::config::Config;
use crate::cost::Estimate;
use crate::cost::prices::LONG_RETENTION;

/// Hours after which Lambda gives up on a batch, however long the stream keeps it.
const LAMBDA_RETRIES_HOURS: u32 = 168;

/// What is to be said about an environment.
pub(super) fn notes(config: &Config, estimate: &Estimate) -> Vec<String> {
    let settings = &config.settings;
    let state = settings.backend.is_none().then(|| {
        "without `state_bucket` Terraform's state lies in the rendered folder, and only there: who loses it can neither change nor destroy \
         the stack"
            .to_owned()
    });
    let alarms = settings.alarm_email.is_none().then(|| {
        "without `alarm_email` nobody hears of alarms, unless somebody else subscribes to their topic".to_owned()
    });
    let without_connection = settings.catalog_concurrency.filter(|most| *most > settings.catalog_connections).map(|most| {
        format!(
            "of {most} requests that `catalog_concurrency` lets the catalog answer at the same time, {} have no connection to the database \
             (`catalog_connections`): what is not cached gets 503",
            most - settings.catalog_connections
        )
    });
    [state, alarms, without_connection, long_retention(config, estimate)].into_iter().flatten().collect()
}

/// Keeping records for longer than anything is tried again is worth a thought, and money.
fn long_retention(config: &Config, estimate: &Estimate) -> Option<String> {
    let hours = config.settings.stream_retention_hours;
    let rest = hours.checked_sub(LAMBDA_RETRIES_HOURS).filter(|rest| *rest > 0)?;
    let line = estimate.by_use.lines.iter().find(|line| line.item == LONG_RETENTION.name);
    let dollars = line.map_or(0.0, |line| line.sum);
    Some(format!(
        "`stream_retention_hours` = {hours}, but Lambda retries a batch for {LAMBDA_RETRIES_HOURS} hours (7 days) at most and then puts it into the \
         quarantine; the other {rest} cost ${dollars:.2} a month at the peak"
    ))
}
