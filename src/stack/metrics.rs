//! Where the functions' own metrics are counted (`pipegen_contract::metric`): a namespace, which is there once it is written to.

use super::Build;
use super::names::METRICS;

/// The namespace, for `PIPEGEN_METRIC_NAMESPACE` of every function that counts something, and for who reads the metrics.
pub(super) fn namespace(build: &Build<'_>) -> String {
    build.names.of(METRICS)
}
