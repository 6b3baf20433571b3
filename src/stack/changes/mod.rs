//! Changes between the stack that was rendered before and the one that replaces it: those that AWS cannot make in one
//! apply, and those that cost data or time. Pure: compares the texts of two `main.tf.json`, whichever version of
//! pipegen wrote the earlier one.
//!
//! - `stack_change`: a change and its consequence
//! - `comparison`: two rendered files side by side
//! - `database`: storage, version and class of the instance
//! - `stream`: shards and retention
//! - `network`: its range
//! - `cache`: its engine
//! - `retention`: the retention of buckets
//! - `suppliers`: their rights

use serde_json::Value;

mod cache;
mod comparison;
mod database;
mod network;
mod retention;
mod stack_change;
mod stream;
mod suppliers;

use comparison::Comparison;
pub use stack_change::StackChange;

/// Compares two `main.tf.json`. Returns `None` if the earlier one is not JSON; resources that are not ours are ignored.
pub fn between(earlier: &[u8], new: &str) -> Option<Vec<StackChange>> {
    if earlier == new.as_bytes() {
        return Some(Vec::new());
    }
    let earlier: Value = serde_json::from_slice(earlier).ok()?;
    let new: Value = serde_json::from_str(new).ok()?;
    let comparison = Comparison { earlier: &earlier, new: &new };
    let parts =
        [database::changes, stream::changes, network::changes, cache::changes, retention::changes, suppliers::changes];
    Some(parts.into_iter().flat_map(|changes| changes(&comparison)).collect())
}

#[cfg(test)]
mod tests;
