//! Terraform's state.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// Every resource's attributes by its address.
pub(crate) struct State(BTreeMap<String, Value>);

impl State {
    /// Parses the output of `terraform show -json`.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut shown: Value = serde_json::from_str(text)?;
        let mut resources = BTreeMap::new();
        let list = shown["values"]["root_module"]["resources"].as_array_mut().context("a state lists resources")?;
        for resource in list {
            let address = resource["address"].as_str().context("a resource has an address")?.to_owned();
            resources.insert(address, resource["values"].take());
        }
        Ok(Self(resources))
    }

    /// Returns an attribute that is text.
    pub(crate) fn attribute(&self, address: &str, name: &str) -> Result<String> {
        let value = self.0.get(address).and_then(|values| values.pointer(&pointer(name)));
        let text = value.and_then(Value::as_str).map(str::to_owned);
        text.with_context(|| format!("the state has no {address}.{name}"))
    }

    /// Resolves the expressions in a text of `main.tf.json`.
    pub(crate) fn resolve(&self, text: &str) -> Result<String> {
        let mut resolved = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (expression, after) =
                after.split_once('}').with_context(|| format!("`{text}` has an unclosed expression"))?;
            // The address of a data source has one more part.
            let parts = if expression.starts_with("data.") { 3 } else { 2 };
            let (end, _) = expression.match_indices('.').nth(parts - 1).with_context(|| format!("`{expression}`"))?;
            let (address, name) = expression.split_at(end);
            resolved += before;
            resolved += &self.attribute(address, name.trim_start_matches('.'))?;
            rest = after;
        }
        Ok(resolved + rest)
    }
}

/// Returns `a[0].b` as a JSON pointer.
fn pointer(name: &str) -> String {
    format!("/{}", name.replace('[', "/").replace(']', "").replace('.', "/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_resolved() {
        let state = r#"{"values": {"root_module": {"resources": [
            {"address": "data.aws_x.current", "values": {"id": "42"}},
            {"address": "aws_y.main", "values": {"arn": "arn:y", "parts": [{"name": "n"}]}}
        ]}}}"#;
        let state = State::parse(state).expect("a state");
        let resolved = state.resolve("${aws_y.main.arn}/${data.aws_x.current.id}:${aws_y.main.parts[0].name}/*");
        assert_eq!(resolved.expect("resolved"), "arn:y/42:n/*");
        assert!(state.resolve("${aws_y.main.other}").is_err());
        assert!(state.resolve("${aws_z.main.arn}").is_err());
    }
}
