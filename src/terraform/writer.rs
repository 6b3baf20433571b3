//! The writer of JSON text with sorted keys.

use serde_json::Value;

use super::tree::Tree;

/// Writes a whole file that Terraform takes literally (the block `terraform`): indented, with a final newline.
pub fn literal_text(value: Value) -> String {
    Tree::literal(value).map(|tree| file(&tree)).unwrap_or_default()
}

/// Writes a whole file: indented, with a final newline.
pub(super) fn file(tree: &Tree) -> String {
    format!("{tree:#}\n", tree = Shown(tree))
}

/// Writes one line without blanks.
pub(super) fn compact(tree: &Tree) -> String {
    format!("{tree}", tree = Shown(tree))
}

/// Writes a tree; the alternate form is indented.
struct Shown<'a>(&'a Tree);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A tree has only string keys, so neither can fail.
        let text =
            if formatter.alternate() { serde_json::to_string_pretty(self.0) } else { serde_json::to_string(self.0) };
        formatter.write_str(&text.map_err(|_| std::fmt::Error)?)
    }
}
