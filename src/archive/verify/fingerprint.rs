//! Fingerprints that stand for texts: of 10⁹ texts, two different ones have the same with a chance below 10⁻²⁰.

use std::hash::{BuildHasher as _, RandomState};

/// A fingerprint.
pub(super) type Fingerprint = u128;

/// Makes fingerprints, by keys that are new in every run: nobody can prepare two texts with the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct Fingerprints {
    high: RandomState,
    low: RandomState,
}

impl Fingerprints {
    pub(super) fn of(&self, text: &[u8]) -> Fingerprint {
        (u128::from(self.high.hash_one(text)) << 64) | u128::from(self.low.hash_one(text))
    }
}
