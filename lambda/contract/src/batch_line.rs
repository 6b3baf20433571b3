//! The JSON log line that the processor writes for each batch: an object with `message` = [`MESSAGE`] and the fields
//! below.

/// Value of `message`.
pub const MESSAGE: &str = "batch";
/// Number of records in the batch.
pub const RECORDS: &str = "records";
/// Number of events in the batch, including the rejected ones.
pub const EVENTS: &str = "events";
/// Number of events that changed the catalog.
pub const APPLIED: &str = "applied";
/// Number of events that something newer had already superseded.
pub const STALE: &str = "stale";
/// Number of events that had already been applied.
pub const DUPLICATE: &str = "duplicate";
/// Rejected events: an object from reason to count.
pub const REJECTED: &str = "rejected";
/// Number of cache entries that were refreshed.
pub const REFRESHED: &str = "refreshed";
/// Number of products whose cache entry could not be refreshed.
pub const PENDING: &str = "pending";
/// Milliseconds from the batch's first arrival until its changes were visible.
pub const LAG: &str = "lag_milliseconds";
/// Milliseconds by stage: an object with the [names](Stage::name) of the stages.
pub const MILLISECONDS: &str = "milliseconds";

/// A stage of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Decode,
    Apply,
    Refresh,
    Quarantine,
}

impl Stage {
    /// The stages in order.
    pub const ALL: [Self; 4] = [Self::Decode, Self::Apply, Self::Refresh, Self::Quarantine];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Apply => "apply",
            Self::Refresh => "refresh",
            Self::Quarantine => "quarantine",
        }
    }
}
