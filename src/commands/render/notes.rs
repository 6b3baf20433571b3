//! Notes on settings that are valid but deserve a thought.

use crate::config::Config;
use crate::cost::Estimate;
use crate::cost::prices::LONG_RETENTION;

/// Hours after which Lambda discards a batch, however long the stream keeps it.
const LAMBDA_RETRIES_HOURS: u32 = 168;

/// Returns the notes on an environment.
pub(super) fn notes(config: &Config, estimate: &Estimate) -> Vec<String> {
    let settings = &config.settings;
    let state = settings.backend.is_none().then(|| {
        "without `state_bucket` Terraform's state is kept only in the rendered folder: without it the stack can neither be changed nor \
         destroyed"
            .to_owned()
    });
    let alarms = settings
        .alarm_email
        .is_none()
        .then(|| "without `alarm_email` alarms reach nobody, unless somebody subscribes to their topic".to_owned());
    let without_connection = settings.catalog_concurrency.filter(|most| *most > settings.catalog_connections).map(|most| {
        format!(
            "`catalog_concurrency` lets the catalog answer {most} requests at the same time, but {} of them have no connection to the database \
             (`catalog_connections`): what is not cached gets 503",
            most - settings.catalog_connections
        )
    });
    [state, alarms, without_connection, long_retention(config, estimate)].into_iter().flatten().collect()
}

/// Returns a note if the stream keeps records for longer than Lambda retries them, which costs money.
fn long_retention(config: &Config, estimate: &Estimate) -> Option<String> {
    let hours = config.settings.stream_retention_hours;
    let rest = hours.checked_sub(LAMBDA_RETRIES_HOURS).filter(|rest| *rest > 0)?;
    let line = estimate.by_use.lines.iter().find(|line| line.item == LONG_RETENTION.name);
    let dollars = line.map_or(0.0, |line| line.sum);
    Some(format!(
        "`stream_retention_hours` = {hours}, but Lambda retries a batch for {LAMBDA_RETRIES_HOURS} hours (7 days) at most and then writes it to the \
         quarantine; the other {rest} hours cost ${dollars:.2} a month at the peak"
    ))
}
