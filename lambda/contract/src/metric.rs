//! The metrics that the functions write (in `CloudWatch`'s embedded metric format) and that the alarms and the
//! dashboard read. Each is charged monthly, so there are few; everything else is a field of a log line.

/// A metric's name and its unit, as `CloudWatch` spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Unique in the namespace.
    pub name: &'static str,
    /// `Count`, `Milliseconds` or `Seconds`.
    pub unit: &'static str,
}

const fn metric(name: &'static str, unit: &'static str) -> Metric {
    Metric { name, unit }
}

/// Events that changed the catalog.
pub const APPLIED: Metric = metric("Applied", "Count");
/// Rejected events: the total, and by the dimension [`REASON`].
pub const REJECTED: Metric = metric("Rejected", "Count");
/// Time from a batch's first arrival until its changes are visible.
pub const VISIBLE_LAG: Metric = metric("VisibleLag", "Milliseconds");
/// The longest time that any product has waited for its cache entry to be refreshed.
pub const PENDING_AGE: Metric = metric("PendingRefreshAge", "Seconds");
/// Requests to `ingest` that one supplier signed and that have events of another one, and requests of other callers.
pub const FORBIDDEN: Metric = metric("Forbidden", "Count");

/// Every metric.
pub const ALL: [Metric; 5] = [APPLIED, REJECTED, VISIBLE_LAG, PENDING_AGE, FORBIDDEN];

/// The dimension of [`REJECTED`]: the reason's identifier.
pub const REASON: &str = "Reason";
