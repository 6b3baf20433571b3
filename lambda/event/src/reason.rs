//! Why an event was refused.

use core::fmt;

/// Why an event was refused; stable identifiers, in the quarantine and as a metric's dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Not UTF-8, not JSON, nested too deep, or a broken aggregate.
    InvalidJson,
    /// An attribute of the envelope is missing, wrong or there twice.
    InvalidEvent,
    /// No such event type.
    UnsupportedType,
    /// `data` is missing, wrong or has a name twice.
    InvalidData,
    /// Too much text, or too many events in an array.
    TooLarge,
    /// Happened too long before it arrived.
    TooOld,
    /// Happened after it arrived, by more than clocks may differ.
    FromFuture,
    /// The settings name the suppliers, and this one is not among them.
    UnknownSupplier,
    /// As many suppliers as may offer a SKU do so already. Which ones those are depends on who came first.
    TooManyOffers,
    /// A data error that only the database saw.
    RefusedByDatabase,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::InvalidJson,
        Self::InvalidEvent,
        Self::UnsupportedType,
        Self::InvalidData,
        Self::TooLarge,
        Self::TooOld,
        Self::FromFuture,
        Self::UnknownSupplier,
        Self::TooManyOffers,
        Self::RefusedByDatabase,
    ];

    /// The stable identifier.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::InvalidEvent => "invalid_event",
            Self::UnsupportedType => "unsupported_type",
            Self::InvalidData => "invalid_data",
            Self::TooLarge => "too_large",
            Self::TooOld => "too_old",
            Self::FromFuture => "from_future",
            Self::UnknownSupplier => "unknown_supplier",
            Self::TooManyOffers => "too_many_offers",
            Self::RefusedByDatabase => "refused_by_database",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A refused event: why, and what exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Why.
    pub reason: Reason,
    /// Names the field and what it must be, in lower case and without a final stop. Holds nothing of the event's
    /// content but, shortened and in ASCII, the name of a field that `data` does not know or of an attribute, and a
    /// SKU's invisible character by its number: it may be logged.
    pub detail: String,
}

impl Rejection {
    /// A rejection for this reason, with this detail.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.reason, self.detail)
    }
}

impl core::error::Error for Rejection {}
