//! Text that Terraform evaluates: literal pieces and references. No other file writes `${…}`.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

/// The only key of the object that represents an expression inside a body. No attribute can have this name.
const MARKER: &str = "\u{0}expression";

/// Text that Terraform evaluates. It may be used anywhere in a body where a string may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// The text with references as `${…}` and literal text escaped.
    text: String,
}

impl Expression {
    /// Returns the value of a path such as `aws_kms_key.main.arn`.
    pub(super) fn of(path: &str) -> Self {
        Self { text: format!("${{{path}}}") }
    }

    /// Returns the path of a file beside the rendered one, wherever Terraform is started.
    pub fn file_beside(name: &str) -> Self {
        Self::of("path.module").then("/").then(name)
    }

    /// Appends text or a reference.
    #[must_use]
    pub fn then(mut self, next: impl Into<Self>) -> Self {
        self.text.push_str(&next.into().text);
        self
    }

    /// Takes text that is already escaped.
    pub(super) fn from_text(text: String) -> Self {
        Self { text }
    }

    /// Returns the escaped text.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Returns the expression that this part of a body represents, if it is one.
    pub(super) fn from_value(value: &Value) -> Option<Self> {
        let object = value.as_object()?;
        let text = object.get(MARKER)?.as_str()?;
        (object.len() == 1).then(|| Self { text: text.to_owned() })
    }
}

/// Literal text: what looks like an expression in it is escaped.
impl From<&str> for Expression {
    fn from(literal: &str) -> Self {
        Self { text: literal.replace("${", "$${").replace("%{", "%%{") }
    }
}

/// Literal text: what looks like an expression in it is escaped.
impl From<&String> for Expression {
    fn from(literal: &String) -> Self {
        Self::from(literal.as_str())
    }
}

impl From<&Self> for Expression {
    fn from(other: &Self) -> Self {
        other.clone()
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(MARKER, &self.text)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_text_is_never_evaluated() {
        assert_eq!(Expression::from("${dt} %{if} $${x} $5 %").into_text(), "$${dt} %%{if} $$${x} $5 %");
    }

    #[test]
    fn pieces_keep_what_they_are() {
        let text = Expression::from("arn:${x}:").then(Expression::of("aws_s3_bucket.b.arn")).then("/*");
        assert_eq!(text.into_text(), "arn:$${x}:${aws_s3_bucket.b.arn}/*");
    }
}
