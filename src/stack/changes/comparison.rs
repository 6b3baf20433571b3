//! Two rendered files side by side.

use serde_json::{Map, Value};

/// The earlier and the new `main.tf.json`.
pub(super) struct Comparison<'a> {
    pub(super) earlier: &'a Value,
    pub(super) new: &'a Value,
}

/// A resource that is in both files.
pub(super) struct ResourcePair<'a> {
    pub(super) label: &'a str,
    pub(super) earlier: &'a Value,
    pub(super) new: &'a Value,
}

impl<'a> Comparison<'a> {
    /// The resources of a type that are in both files.
    pub(super) fn pairs(&self, kind: &str) -> impl Iterator<Item = ResourcePair<'a>> {
        let of = |file: &'a Value| -> Option<&'a Map<String, Value>> { file.get("resource")?.get(kind)?.as_object() };
        let (earlier, new) = (of(self.earlier), of(self.new));
        new.into_iter()
            .flatten()
            .filter_map(move |(label, new)| Some(ResourcePair { label, earlier: earlier?.get(label)?, new }))
    }
}

impl<'a> ResourcePair<'a> {
    /// The earlier and the new value of a number, if it has changed.
    pub(super) fn number(&self, attribute: &str) -> Option<(u64, u64)> {
        let of = |body: &Value| body.get(attribute)?.as_u64();
        changed(of(self.earlier)?, of(self.new)?)
    }

    /// The earlier and the new value of a text, if it has changed.
    pub(super) fn text(&self, attribute: &str) -> Option<(&'a str, &'a str)> {
        let of = |body: &'a Value| body.get(attribute)?.as_str();
        changed(of(self.earlier)?, of(self.new)?)
    }

    /// Returns whether Terraform creates the new one under another name before it removes the earlier one, which is in
    /// use until then.
    pub(super) fn is_created_before_destroy(&self) -> bool {
        let lifecycle = self.new.get("lifecycle").and_then(|lifecycle| lifecycle.get("create_before_destroy"));
        lifecycle.and_then(Value::as_bool) == Some(true) && self.text("name").is_some()
    }
}

/// The numbers of a version, most significant first.
pub(super) fn numbers(version: &str) -> Option<Vec<u32>> {
    version.split('.').map(|number| number.parse().ok()).collect()
}

fn changed<T: PartialEq>(earlier: T, new: T) -> Option<(T, T)> {
    (earlier != new).then_some((earlier, new))
}
