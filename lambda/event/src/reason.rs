//! The reasons for rejections.

use core::fmt;

/// The reason for a rejection: a stable identifier, in the quarantine and as a metric's dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Not UTF-8, not JSON, nested too deep, or a broken aggregate.
    InvalidJson,
    /// An attribute of the envelope is missing, wrong or repeated.
    InvalidEvent,
    /// The event type does not exist.
    UnsupportedType,
    /// `data` is missing, wrong or has a repeated name.
    InvalidData,
    /// Too much text, or too many events in an array.
    TooLarge,
    /// The event happened too long before its arrival.
    TooOld,
    /// The event happened after its arrival, by more than clocks may differ.
    FromFuture,
    /// The settings name the suppliers, and this one is not among them.
    UnknownSupplier,
    /// The SKU has the maximum number of suppliers already: those whose events came first.
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

    /// Returns the stable identifier.
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

/// The rejection of an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct Rejection {
    pub reason: Reason,
    /// Names the field and its rule, in lower case and without a full stop. It may be logged: of the event's content it
    /// holds only the name of an unknown field or of an attribute (shortened, in ASCII), and the number of a SKU's
    /// invisible character.
    pub detail: String,
}

impl Rejection {
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}
