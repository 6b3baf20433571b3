//! Lambda's limits for a package, in bytes.

/// The largest zip that Lambda takes without a bucket in between.
pub const LARGEST_ZIP: usize = 50 * 1024 * 1024;

/// The largest bootstrap that Lambda unpacks.
pub const LARGEST_UNPACKED: usize = 262_144_000;
