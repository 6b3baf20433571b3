//! The document, which collects blocks.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::{Value, json};

use super::block::Block;
use super::reference::Reference;
use super::tree::Tree;
use super::writer;

/// One rendered file, block by block.
#[derive(Debug, Default)]
pub struct Document {
    comment: Option<String>,
    /// By address without the section: root key, then the labels, then the body.
    blocks: BTreeMap<&'static str, BTreeMap<Vec<String>, Tree>>,
    invalid: Vec<InvalidBlock>,
}

/// A block that cannot be added, which is always a mistake in pipegen, never the user's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBlock {
    #[error("`{0}` is declared twice")]
    DuplicateAddress(String),
    #[error("the last part of `{0}` is not an identifier")]
    InvalidLabel(String),
}

impl Document {
    /// Creates an empty document that begins with a comment for its readers.
    pub fn new(comment: impl Into<String>) -> Self {
        Self { comment: Some(comment.into()), ..Self::default() }
    }

    /// Adds a provider's settings.
    pub fn provider(&mut self, name: &str, body: Value) {
        self.add("provider", vec![name.to_owned()], body);
    }

    /// Adds a resource.
    pub fn resource(&mut self, block: Block) -> Reference {
        let address = format!("{}.{}", block.kind, block.label);
        self.block("resource", block);
        Reference::new(address)
    }

    /// Adds a data source.
    pub fn data(&mut self, block: Block) -> Reference {
        let address = format!("data.{}.{}", block.kind, block.label);
        self.block("data", block);
        Reference::new(address)
    }

    /// Adds an output.
    pub fn output(&mut self, name: &str, description: &str, value: &Value) {
        self.add("output", vec![name.to_owned()], json!({ "description": description, "value": value }));
    }

    /// Returns the number of resources.
    pub fn resources(&self) -> usize {
        self.blocks.get("resource").map_or(0, BTreeMap::len)
    }

    /// Returns the file's text, or every invalid block.
    pub fn finish(self) -> Result<String, Vec<InvalidBlock>> {
        if !self.invalid.is_empty() {
            return Err(self.invalid);
        }
        let mut root = BTreeMap::new();
        if let Some(comment) = self.comment {
            root.insert("//".to_owned(), Tree::Text(comment));
        }
        for (section, blocks) in self.blocks {
            root.insert(section.to_owned(), nest(blocks));
        }
        Ok(writer::file(&Tree::Map(root)))
    }

    fn block(&mut self, section: &'static str, block: Block) {
        let Block { kind, label, mut body, depends_on } = block;
        if let (Some(entries), false) = (body.as_object_mut(), depends_on.is_empty()) {
            entries.insert("depends_on".to_owned(), json!(depends_on));
        }
        self.add(section, vec![kind.to_owned(), label], body);
    }

    fn add(&mut self, section: &'static str, labels: Vec<String>, body: Value) {
        let address = format!("{section}.{}", labels.join("."));
        if !labels.last().is_some_and(|label| is_identifier(label)) {
            self.invalid.push(InvalidBlock::InvalidLabel(address.clone()));
        }
        match self.blocks.entry(section).or_default().entry(labels) {
            Entry::Occupied(_) => self.invalid.push(InvalidBlock::DuplicateAddress(address)),
            Entry::Vacant(place) => {
                place.insert(Tree::new(body).unwrap_or_else(|| Tree::Map(BTreeMap::new())));
            }
        }
    }
}

/// Nests blocks by their labels.
fn nest(blocks: BTreeMap<Vec<String>, Tree>) -> Tree {
    let mut root = BTreeMap::new();
    for (labels, body) in blocks {
        let mut labels = labels.into_iter();
        let (first, second) = (labels.next().unwrap_or_default(), labels.next());
        match second {
            None => {
                root.insert(first, body);
            }
            Some(second) => {
                let inner = root.entry(first).or_insert_with(|| Tree::Map(BTreeMap::new()));
                if let Tree::Map(entries) = inner {
                    entries.insert(second, body);
                }
            }
        }
    }
    Tree::Map(root)
}

/// Returns whether this is an identifier for Terraform; letters beyond ASCII are not allowed here.
fn is_identifier(label: &str) -> bool {
    label.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && label.chars().all(|character| character.is_ascii_alphanumeric() || "_-".contains(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_use_of_an_address_is_an_error() {
        let mut document = Document::new("test");
        document.resource(Block::new("aws_vpc", "main", json!({"cidr_block": "10.0.0.0/16"})));
        document.data(Block::new("aws_vpc", "main", json!({})));
        document.resource(Block::new("aws_vpc", "main", json!({"tags": {}})));
        assert_eq!(document.finish(), Err(vec![InvalidBlock::DuplicateAddress("resource.aws_vpc.main".into())]));
    }

    #[test]
    fn a_label_must_be_an_identifier() {
        let mut document = Document::default();
        document.resource(Block::new("aws_vpc", "a b", json!({})));
        assert_eq!(document.finish(), Err(vec![InvalidBlock::InvalidLabel("resource.aws_vpc.a b".into())]));
    }

    #[test]
    fn output_is_sorted_without_nulls_and_ends_with_a_newline() {
        let mut document = Document::new("hello");
        let vpc = document.resource(Block::new("aws_vpc", "main", json!({"z": null, "b": "${x}", "a": 1})));
        let subnet = Block::new("aws_subnet", "a", json!({"vpc_id": vpc.attribute("id")})).after([&vpc, &vpc]);
        document.resource(subnet);
        assert_eq!(document.resources(), 2);
        let expected = r#"{
  "//": "hello",
  "resource": {
    "aws_subnet": {
      "a": {
        "depends_on": [
          "aws_vpc.main"
        ],
        "vpc_id": "${aws_vpc.main.id}"
      }
    },
    "aws_vpc": {
      "main": {
        "a": 1,
        "b": "$${x}"
      }
    }
  }
}
"#;
        assert_eq!(document.finish().unwrap(), expected);
    }
}
