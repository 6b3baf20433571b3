//! Values of a rendered file's expressions.

use anyhow::{Context as _, bail, ensure};
use serde_json::{Map, Value};

use super::ServerAddresses;
use crate::terraform::declared::{Declared, Resource};

/// The most expressions that may lead from one to the next. A rendered file has three at most; a circle would have no
/// end.
const DEPTH: usize = 16;

/// Replaces expressions by their values: those that AWS computes, and those that the file declares. Any other is an
/// error.
pub(super) struct Resolver<'a> {
    declared: &'a Declared,
    addresses: &'a ServerAddresses,
    region: &'a str,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(declared: &'a Declared, addresses: &'a ServerAddresses) -> anyhow::Result<Self> {
        let region = declared.provider("aws")["region"].as_str().context("provider.aws has no region")?;
        Ok(Self { declared, addresses, region })
    }

    /// Returns these attributes of a resource, as far as it has them.
    pub(super) fn attributes(&self, resource: &Resource, names: &[&str]) -> anyhow::Result<Map<String, Value>> {
        let computed = self.addresses.computed(resource, self.region);
        let mut attributes = Map::new();
        for name in names {
            if let Some(value) = computed.get(*name).or_else(|| resource.body.get(*name)) {
                attributes.insert((*name).to_owned(), self.value(value, 0)?);
            }
        }
        Ok(attributes)
    }

    fn value(&self, value: &Value, depth: usize) -> anyhow::Result<Value> {
        Ok(match value {
            Value::String(text) => self.text(text, depth)?.into(),
            Value::Array(values) => values.iter().map(|value| self.value(value, depth)).collect::<Result<_, _>>()?,
            Value::Object(entries) => {
                let entries = entries.iter().map(|(name, value)| Ok((name.clone(), self.value(value, depth)?)));
                Value::Object(entries.collect::<anyhow::Result<_>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        })
    }

    /// A text without its expressions and escapes.
    fn text(&self, text: &str, depth: usize) -> anyhow::Result<String> {
        let mut resolved = String::new();
        let mut rest = text;
        while let Some(start) = rest.find(['$', '%']) {
            let (before, from) = rest.split_at(start);
            resolved.push_str(before);
            rest = if let Some((literal, after)) = escaped(from) {
                resolved.push_str(literal);
                after
            } else if let Some(after) = from.strip_prefix("${") {
                let (expression, after) = after.split_once('}').with_context(|| format!("`{from}` has no end"))?;
                let value = self.expression(expression, depth + 1);
                resolved.push_str(&value.with_context(|| format!("cannot resolve `${{{expression}}}`"))?);
                after
            } else {
                let (sign, after) = from.split_at(1);
                resolved.push_str(sign);
                after
            };
        }
        Ok(resolved + rest)
    }

    fn expression(&self, expression: &str, depth: usize) -> anyhow::Result<String> {
        ensure!(depth <= DEPTH, "it leads back to itself");
        if expression == "path.module" {
            return Ok(".".to_owned());
        }
        let parts = if expression.starts_with("data.") { 3 } else { 2 };
        let (end, _) = expression.match_indices('.').nth(parts - 1).context("it is not an attribute")?;
        let (address, path) = expression.split_at(end);
        let resource = self.declared.at(address).with_context(|| format!("there is no `{address}`"))?;
        let pointer = path.replace('[', ".").replace(']', "").replace('.', "/");
        let computed = Value::Object(self.addresses.computed(resource, self.region));
        let value = computed.pointer(&pointer).or_else(|| resource.body.pointer(&pointer));
        match self.value(value.context("its value is known only after `terraform apply`")?, depth)? {
            Value::String(text) => Ok(text),
            value @ (Value::Bool(_) | Value::Number(_)) => Ok(value.to_string()),
            value => bail!("it is {value}, which is not text"),
        }
    }
}

/// The literal text at the beginning, and what follows, if an escape stands there.
fn escaped(text: &str) -> Option<(&'static str, &str)> {
    let escapes = [("$${", "${"), ("%%{", "%{")];
    escapes.into_iter().find_map(|(escape, literal)| Some((literal, text.strip_prefix(escape)?)))
}
