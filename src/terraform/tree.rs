//! JSON values in a fixed order, literal text escaped.

use std::collections::BTreeMap;

use serde::ser::{Serialize, Serializer};
use serde_json::{Number, Value};

use super::expression::Expression;

/// A JSON value without nulls. Its maps are ordered here, because `serde_json`'s own order changes as soon as any
/// dependency turns on its `preserve_order`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tree {
    Map(BTreeMap<String, Self>),
    List(Vec<Self>),
    Text(String),
    Number(Number),
    Bool(bool),
}

impl Tree {
    /// Takes a body that Terraform evaluates: literal text is escaped, expressions are not. `None` for a null.
    pub(super) fn new(value: Value) -> Option<Self> {
        if let Some(expression) = Expression::from_value(&value) {
            return Some(Self::Text(expression.into_text()));
        }
        Self::with_text(value, Self::new, |text| Expression::from(text).into_text())
    }

    /// Takes a body that Terraform does not evaluate, such as the block `terraform`. `None` for a null.
    pub(super) fn literal(value: Value) -> Option<Self> {
        Self::with_text(value, Self::literal, str::to_owned)
    }

    fn with_text(value: Value, inner: fn(Value) -> Option<Self>, text: fn(&str) -> String) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(value) => Self::Number(value),
            Value::String(value) => Self::Text(text(&value)),
            Value::Array(values) => Self::List(values.into_iter().filter_map(inner).collect()),
            Value::Object(entries) => Self::Map(
                entries.into_iter().filter_map(|(key, value)| inner(value).map(|tree| (text(&key), tree))).collect(),
            ),
        })
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Map(entries) => serializer.collect_map(entries),
            Self::List(values) => serializer.collect_seq(values),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => number.serialize(serializer),
            Self::Bool(value) => serializer.serialize_bool(*value),
        }
    }
}
