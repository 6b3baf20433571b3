//! JSON text with references in it.

use serde_json::Value;

use super::expression::Expression;
use super::tree::Tree;
use super::writer;

impl Expression {
    /// Returns JSON text with references in it, for attributes that take a policy or a payload as a string.
    ///
    /// A reference's value is inserted as it is, so it must hold nothing that JSON escapes: ARNs, ids, names and
    /// numbers do not.
    pub fn json(value: Value) -> Self {
        Self::from_text(Tree::new(value).map(|tree| writer::compact(&tree)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_text_is_sorted_and_keeps_references() {
        let reference = Expression::of("aws_s3_bucket.b.arn");
        let text = Expression::json(json!({"b": [reference], "a": "${aws:username} \"quoted\"", "c": null}));
        assert_eq!(text.into_text(), r#"{"a":"$${aws:username} \"quoted\"","b":["${aws_s3_bucket.b.arn}"]}"#);
    }

    #[test]
    fn json_text_inside_a_body_is_not_escaped_again() {
        let body = json!({"policy": Expression::json(json!({"a": Expression::of("x.y.z")}))});
        let tree = Tree::new(body).unwrap();
        assert_eq!(writer::compact(&tree), r#"{"policy":"{\"a\":\"${x.y.z}\"}"}"#);
    }
}
