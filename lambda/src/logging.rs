//! Logging as JSON lines on standard output, which Lambda sends to CloudWatch Logs.

use std::error::Error;
use std::panic;

use lambda_runtime::tracing::error;
use lambda_runtime::tracing::subscriber::filter::LevelFilter;
use lambda_runtime::tracing::subscriber::fmt;

/// Starts logging, at the level that Lambda sets (`AWS_LAMBDA_LOG_LEVEL`, `INFO` without it).
///
/// Lines carry an RFC 3339 `timestamp`: without one, Lambda takes every line of a JSON log for level INFO.
pub fn start() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .with_max_level(level.unwrap_or(LevelFilter::INFO))
        .with_writer(std::io::stdout)
        .init();
    // A panic's message may repeat what was being decoded, so only the location is logged.
    panic::set_hook(Box::new(|info| {
        error!(place = info.location().map(ToString::to_string), "panicked");
    }));
}

/// Returns an error and its causes in one line. A cause that its error's message ends with is not repeated.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        if !line.ends_with(&message) {
            line = format!("{line}: {message}");
        }
        cause = error.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_cause_is_named_once() {
        // As the driver does it, whose errors repeat the server's message.
        let server = io::Error::other("permission denied");
        let driver = sqlx::Error::Io(server);
        assert_eq!(driver.to_string(), "error communicating with database: permission denied");
        assert_eq!(chain(&driver), "error communicating with database: permission denied");
        let silent = sqlx::Error::Configuration("no host".into());
        assert_eq!(chain(&silent), "error with configuration: no host");
    }
}
