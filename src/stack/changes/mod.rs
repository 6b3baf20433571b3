//! Changes between the stack that was rendered before and the one that takes its place: those that AWS cannot make in one apply, and
//! those that cost data or time. Pure: compares the texts of two `main.tf.json`, whichever version of pipegen wrote the earlier one.
//!
//! - `database`: storage, version and class of the instance
//! - `stream`: shards and retention
//! - `network`: its range
//! - `cache`: its engine
//! - `retention`: how long buckets keep objects

use serde_json::{Map, Value};

mod cache;
mod database;
mod network;
mod retention;
mod stream;

/// A change that somebody should know of before it is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whether it cannot be applied as it is.
    pub is_refused: bool,
    /// What would happen.
    pub message: String,
    /// The way round, or what to see to before.
    pub help: String,
}

impl Change {
    fn refused(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { is_refused: true, message: message.into(), help: help.into() }
    }

    fn warned(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { is_refused: false, message: message.into(), help: help.into() }
    }
}

/// Compares two `main.tf.json`. Nothing if the earlier one is no JSON; of what is not ours in it nothing is said.
pub fn between(earlier: &[u8], new: &str) -> Option<Vec<Change>> {
    if earlier == new.as_bytes() {
        return Some(Vec::new());
    }
    let earlier: Value = serde_json::from_slice(earlier).ok()?;
    let new: Value = serde_json::from_str(new).ok()?;
    let both = Both { earlier: &earlier, new: &new };
    let parts = [database::changes, stream::changes, network::changes, cache::changes, retention::changes];
    Some(parts.into_iter().flat_map(|changes| changes(&both)).collect())
}

/// Two files.
struct Both<'a> {
    earlier: &'a Value,
    new: &'a Value,
}

/// A resource that is in both files.
struct Pair<'a> {
    label: &'a str,
    earlier: &'a Value,
    new: &'a Value,
}

impl<'a> Both<'a> {
    /// The resources of a type that are in both files.
    fn pairs(&self, kind: &str) -> impl Iterator<Item = Pair<'a>> {
        let of = |file: &'a Value| -> Option<&'a Map<String, Value>> { file.get("resource")?.get(kind)?.as_object() };
        let (earlier, new) = (of(self.earlier), of(self.new));
        new.into_iter()
            .flatten()
            .filter_map(move |(label, new)| Some(Pair { label, earlier: earlier?.get(label)?, new }))
    }
}

impl<'a> Pair<'a> {
    /// A number, if it has changed: before and from now on.
    fn number(&self, attribute: &str) -> Option<(u64, u64)> {
        let of = |body: &Value| body.get(attribute)?.as_u64();
        changed(of(self.earlier)?, of(self.new)?)
    }

    /// A text, if it has changed: before and from now on.
    fn text(&self, attribute: &str) -> Option<(&'a str, &'a str)> {
        let of = |body: &'a Value| body.get(attribute)?.as_str();
        changed(of(self.earlier)?, of(self.new)?)
    }

    /// Whether Terraform makes the new one under another name before it removes the earlier one, which is in use until then.
    fn makes_way(&self) -> bool {
        let lifecycle = self.new.get("lifecycle").and_then(|lifecycle| lifecycle.get("create_before_destroy"));
        lifecycle.and_then(Value::as_bool) == Some(true) && self.text("name").is_some()
    }
}

/// A version's numbers, most significant first.
fn numbers(version: &str) -> Option<Vec<u32>> {
    version.split('.').map(|number| number.parse().ok()).collect()
}

fn changed<T: PartialEq>(earlier: T, new: T) -> Option<(T, T)> {
    (earlier != new).then_some((earlier, new))
}

#[cfg(test)]
mod tests;
