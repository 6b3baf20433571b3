//! The faults of a request as a whole.

use core::fmt;

/// The refusal of a request as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub kind: RefusalKind,
    /// Names the fault and its rule, in lower case and without a full stop. Of the request it holds only names of headers
    /// and media types (shortened, in ASCII).
    pub detail: String,
}

/// The kind of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// The headers or the body are not what they say.
    Malformed,
    /// The body has too many bytes or events.
    TooLarge,
    /// The headers name a format, a charset or an encoding that is not taken.
    UnsupportedMediaType,
}

impl RefusalKind {
    /// Returns the HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
        }
    }
}

impl Refusal {
    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        Self { kind: RefusalKind::Malformed, detail: detail.into() }
    }

    pub(super) fn too_large(detail: impl Into<String>) -> Self {
        Self { kind: RefusalKind::TooLarge, detail: detail.into() }
    }

    pub(super) fn unsupported(detail: impl Into<String>) -> Self {
        Self { kind: RefusalKind::UnsupportedMediaType, detail: detail.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.detail)
    }
}

impl core::error::Error for Refusal {}
