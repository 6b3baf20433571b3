//! Seconds and bytes.

pub(super) const SECONDS_PER_HOUR: u32 = 60 * 60;
pub(super) const SECONDS_PER_DAY: u32 = 24 * SECONDS_PER_HOUR;

pub(super) const KIB: u32 = 1 << 10;
pub(super) const MIB: u64 = 1 << 20;
pub(super) const GIB: u64 = 1 << 30;
