//! A rendered file read back: its providers, data sources and resources, and what they refer to.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

/// The blocks that a file declares.
#[derive(Debug)]
pub struct Declared {
    providers: BTreeMap<String, Value>,
    data_sources: Vec<Resource>,
    resources: Vec<Resource>,
}

/// A resource or a data source as it was written.
#[derive(Debug)]
pub struct Resource {
    /// The provider's type, such as `aws_kms_key`, or `data.aws_caller_identity`.
    pub kind: String,
    /// Its name among those of its type.
    pub label: String,
    /// Attributes and blocks.
    pub body: Value,
}

impl Declared {
    /// Reads the text of a rendered file.
    ///
    /// # Errors
    /// If it is not JSON, or not of Terraform's form.
    pub fn read(text: &str) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct File {
            #[serde(default)]
            provider: BTreeMap<String, Value>,
            #[serde(default)]
            data: BTreeMap<String, BTreeMap<String, Value>>,
            #[serde(default)]
            resource: BTreeMap<String, BTreeMap<String, Value>>,
        }
        let File { provider: providers, data, resource } = serde_json::from_str(text)?;
        Ok(Self { providers, data_sources: blocks("data.", data), resources: blocks("", resource) })
    }

    /// Returns the body of a provider, or null.
    pub fn provider(&self, name: &str) -> &Value {
        self.providers.get(name).unwrap_or(&Value::Null)
    }

    /// Returns all resources, sorted by type and label.
    pub fn all(&self) -> &[Resource] {
        &self.resources
    }

    /// Returns the resources of a type.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.resources.iter().filter(move |resource| resource.kind == kind)
    }

    /// Returns the resource or data source at an address such as `aws_kms_key.main` or
    /// `data.aws_caller_identity.current`.
    pub fn at(&self, address: &str) -> Option<&Resource> {
        let (kind, label) = address.rsplit_once('.')?;
        let mut all = self.resources.iter().chain(&self.data_sources);
        all.find(|resource| resource.kind == kind && resource.label == label)
    }

    /// Returns the first resource of a type that is referred to below this value.
    pub fn referred<'a>(&'a self, value: &Value, kind: &str) -> Option<&'a Resource> {
        references(value).iter().filter_map(|address| self.at(address)).find(|resource| resource.kind == kind)
    }
}

fn blocks(prefix: &str, kinds: BTreeMap<String, BTreeMap<String, Value>>) -> Vec<Resource> {
    let of_kind = |(kind, labels): (String, BTreeMap<String, Value>)| {
        let kind = format!("{prefix}{kind}");
        labels.into_iter().map(move |(label, body)| Resource { kind: kind.clone(), label, body })
    };
    kinds.into_iter().flat_map(of_kind).collect()
}

impl Resource {
    /// Returns its address, such as `aws_kms_key.main`.
    pub fn address(&self) -> String {
        format!("{}.{}", self.kind, self.label)
    }

    /// Returns an attribute that is a number, if it is set.
    pub fn number(&self, attribute: &str) -> Option<f64> {
        self.body[attribute].as_f64()
    }

    /// Returns an attribute that is a text, if it is set.
    pub fn text(&self, attribute: &str) -> Option<&str> {
        self.body[attribute].as_str()
    }

    /// Returns whether an attribute is true.
    pub fn is(&self, attribute: &str) -> bool {
        self.body[attribute] == Value::Bool(true)
    }
}

/// Returns the addresses that a value refers to, at any depth.
pub fn references(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => found.extend(in_text(text)),
        Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Object(entries) => entries.values().for_each(|value| collect(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Returns the addresses between `${` and `}`; `$${` is literal text.
fn in_text(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        rest = after;
        if let (false, Some((path, end))) = (before.ends_with('$'), after.split_once('}')) {
            let length = if path.starts_with("data.") { 3 } else { 2 };
            found.push(path.split('.').take(length).collect::<Vec<_>>().join("."));
            rest = end;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Block, Document, Expression};
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let mut document = Document::new("test");
        let key = document.resource(Block::new("aws_kms_key", "main", json!({"enable_key_rotation": true})));
        let body = json!({"kms_key_id": key.attribute("arn"), "shard_count": 2, "name": "a"});
        let stream = document.resource(Block::new("aws_kinesis_stream", "events", body));
        let policy = Expression::json(json!({"Resource": [stream.attribute("arn").then("/*"), "$${dt} ${x.y}"]}));
        document.resource(Block::new("aws_iam_role_policy", "work", json!({"policy": policy, "roles": [["a"]]})));

        let declared = Declared::read(&document.finish().unwrap()).unwrap();
        let addresses: Vec<_> = declared.all().iter().map(Resource::address).collect();
        assert_eq!(addresses, ["aws_iam_role_policy.work", "aws_kinesis_stream.events", "aws_kms_key.main"]);
        let stream = declared.at("aws_kinesis_stream.events").unwrap();
        assert_eq!((stream.number("shard_count"), stream.text("name")), (Some(2.0), Some("a")));
        assert_eq!(declared.referred(&stream.body, "aws_kms_key").unwrap().label, "main");
        assert!(declared.of("aws_kms_key").all(|key| key.is("enable_key_rotation") && !key.is("nothing")));
        let policy = declared.at("aws_iam_role_policy.work").unwrap();
        assert_eq!(declared.provider("aws"), &Value::Null);
        assert_eq!(references(&policy.body), BTreeSet::from(["aws_kinesis_stream.events".to_owned()]));
    }

    #[test]
    fn addresses_are_found_in_text() {
        assert_eq!(
            in_text("arn:${data.aws_caller_identity.current.account_id}:${a.b.c[0].d}"),
            ["data.aws_caller_identity.current", "a.b"]
        );
        assert!(in_text("$${a.b} ${unclosed ${").is_empty());
    }

    #[test]
    fn providers_and_data_sources_are_read_as_well() {
        let text =
            r#"{"provider": {"aws": {"region": "eu-west-1"}}, "data": {"aws_caller_identity": {"current": {}}}}"#;
        let declared = Declared::read(text).unwrap();
        assert_eq!(declared.provider("aws")["region"], "eu-west-1");
        assert_eq!(declared.at("data.aws_caller_identity.current").unwrap().kind, "data.aws_caller_identity");
        assert!(declared.all().is_empty(), "a data source is not a resource");
    }

    #[test]
    fn what_is_not_a_document_is_refused() {
        assert!(Declared::read("").is_err());
        assert!(Declared::read(r#"{"resource": []}"#).is_err());
        assert!(Declared::read("{}").unwrap().all().is_empty());
    }
}
