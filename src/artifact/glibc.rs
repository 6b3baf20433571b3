//! Versions of glibc, the C library that a bootstrap is linked with.

use std::fmt;

/// A version of glibc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GlibcVersion {
    major: u32,
    minor: u32,
}

/// The glibc of `provided.al2023`: the newest that a bootstrap may need, and the one that cross-compiled bootstraps are
/// linked for.
pub const PROVIDED_GLIBC: GlibcVersion = GlibcVersion { major: 2, minor: 34 };

impl GlibcVersion {
    /// Parses a symbol version such as `GLIBC_2.34` or `GLIBC_2.2.5`; `None` for those of other libraries and glibc's
    /// private ones.
    pub(super) fn from_symbol_version(text: &str) -> Option<Self> {
        let mut numbers = text.strip_prefix("GLIBC_")?.split('.').map(str::parse);
        Some(Self { major: numbers.next()?.ok()?, minor: numbers.next().and_then(Result::ok).unwrap_or(0) })
    }
}

impl fmt::Display for GlibcVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}
