//! Verification of the objects: they are whole, agree with each other, and hold all that was rejected.
//!
//! Each object by itself ([`object`]): checksum, compression, the hash and the range in its key, every line. Then the
//! objects of a shard's hour together: lines of overlapping objects are equal ([`overlaps`]), and what is in the
//! quarantine is in the archive ([`rejected`]). Lines are compared by hashes, so that no object has to stay in memory.
//!
//! One that is missing as a whole, of which nothing is in the quarantine, cannot be known from the others.
//! Sequence numbers have gaps of their own.

mod fingerprint;
mod object;
mod overlaps;
mod rejected;
pub mod report;
mod work;

pub use work::verify;
