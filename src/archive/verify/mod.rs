//! Whether the objects hold what they should.
//!
//! Each object by itself ([`object`]): checksum, compression, the hash and the range in its key, every line. Then the
//! objects of a shard's hour together: lines of overlapping objects are equal ([`overlaps`]), and what is in the
//! quarantine is in the archive ([`rejected`]). Lines are compared by hashes, so that no object has to stay in memory.
//!
//! What cannot be known from the objects: whether one is missing as a whole of which nothing is in the quarantine.
//! Sequence numbers have gaps of their own.

mod fingerprint;
mod object;
mod overlaps;
mod rejected;
pub mod report;
mod work;

pub use work::verify;
