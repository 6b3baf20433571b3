//! The CloudEvents attributes around an event's `data`.

use std::collections::HashSet;

use super::json::{Member, Node};
use super::time;

/// The attributes that mean something, each of them as §3 wants it. `type` is not yet looked at.
pub(super) struct Envelope {
    pub(super) id: String,
    pub(super) source: String,
    pub(super) supplier: String,
    pub(super) kind: String,
    pub(super) subject: String,
    /// Microseconds since the epoch.
    pub(super) time: i64,
}

impl Envelope {
    /// `None` if an attribute other than `data` is missing, wrong or there twice.
    pub(super) fn of(members: &[Member<'_>]) -> Option<Self> {
        let mut names = HashSet::new();
        if !members.iter().map(|(name, _)| name).filter(|name| *name != "data").all(|name| names.insert(name)) {
            return None;
        }
        let text = |name: &str| members.iter().find(|(other, _)| other == name).and_then(|(_, node)| node.as_text());
        let source = text("source")?;
        if text("specversion")? != "1.0" {
            return None;
        }
        Some(Self {
            id: text("id").filter(|id| is_id(id))?.to_owned(),
            supplier: source.strip_prefix("/suppliers/").filter(|supplier| is_supplier(supplier))?.to_owned(),
            source: source.to_owned(),
            kind: text("type")?.to_owned(),
            subject: text("subject").filter(|subject| is_sku(subject))?.to_owned(),
            time: time::parse(text("time")?)?,
        })
    }
}

/// Every `data` that is there.
pub(super) fn data<'m, 'a>(members: &'m [Member<'a>]) -> Vec<&'m Node<'a>> {
    members.iter().filter(|(name, _)| name == "data").map(|(_, node)| node).collect()
}

fn is_id(id: &str) -> bool {
    (1..=128).contains(&id.chars().count()) && !id.contains(char::is_control)
}

/// `[a-z0-9][a-z0-9-]{0,62}`
fn is_supplier(supplier: &str) -> bool {
    (1..=63).contains(&supplier.len())
        && !supplier.starts_with('-')
        && supplier.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

fn is_sku(sku: &str) -> bool {
    (1..=64).contains(&sku.chars().count())
        && !sku.contains(char::is_control)
        && !sku.starts_with(char::is_whitespace)
        && !sku.ends_with(char::is_whitespace)
}
