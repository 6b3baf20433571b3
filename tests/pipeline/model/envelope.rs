//! The CloudEvents attributes around an event's `data`.

use std::collections::HashSet;

use super::json::{JsonValue, Member, Node};
use super::{base64, time};

/// The attributes of an event, each valid by docs/ARCHITECTURE.md, "Events", except that `type` is not checked yet.
pub(super) struct Envelope {
    pub(super) id: String,
    pub(super) source: String,
    pub(super) supplier: String,
    pub(super) event_type: String,
    pub(super) subject: String,
    /// Microseconds since the epoch.
    pub(super) time: i64,
}

impl Envelope {
    /// Reads the attributes; `None` if one other than `data` is missing, wrong or repeated.
    pub(super) fn of(members: &[Member<'_>]) -> Option<Self> {
        let mut names = HashSet::new();
        let attributes = members.iter().map(|(name, _)| name).filter(|name| !CONTENT.contains(&name.as_str()));
        if !attributes.into_iter().all(|name| names.insert(name)) {
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
            event_type: text("type")?.to_owned(),
            subject: text("subject").filter(|subject| is_sku(subject))?.to_owned(),
            time: time::parse(text("time")?)?,
        })
    }
}

/// The members with an event's content.
const CONTENT: [&str; 2] = ["data", "data_base64"];

/// Returns the JSON text of the content; `None` if there is not exactly one.
pub(super) fn content(members: &[Member<'_>]) -> Option<String> {
    let [data, encoded] = CONTENT.map(|name| {
        let all: Vec<&Node<'_>> = members.iter().filter(|(other, _)| other == name).map(|(_, node)| node).collect();
        all
    });
    if data.len() > 1 || encoded.len() > 1 {
        return None;
    }
    let is_there = |node: &&&Node<'_>| !matches!(node.value, JsonValue::Null);
    match (data.first().filter(is_there), encoded.first().filter(is_there)) {
        (Some(node), None) => Some(node.text.to_owned()),
        (None, Some(node)) => String::from_utf8(base64::decode(node.as_text()?)?).ok(),
        _ => None,
    }
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
        && !sku.starts_with(is_invisible)
        && !sku.ends_with(is_invisible)
}

/// `Default_Ignorable_Code_Point` of Unicode's `DerivedCoreProperties.txt`.
fn is_invisible(c: char) -> bool {
    let ranges = [
        '\u{ad}'..='\u{ad}',
        '\u{34f}'..='\u{34f}',
        '\u{61c}'..='\u{61c}',
        '\u{115f}'..='\u{1160}',
        '\u{17b4}'..='\u{17b5}',
        '\u{180b}'..='\u{180f}',
        '\u{200b}'..='\u{200f}',
        '\u{202a}'..='\u{202e}',
        '\u{2060}'..='\u{206f}',
        '\u{3164}'..='\u{3164}',
        '\u{fe00}'..='\u{fe0f}',
        '\u{feff}'..='\u{feff}',
        '\u{ffa0}'..='\u{ffa0}',
        '\u{fff0}'..='\u{fff8}',
        '\u{1bca0}'..='\u{1bca3}',
        '\u{1d173}'..='\u{1d17a}',
        '\u{e0000}'..='\u{e0fff}',
    ];
    ranges.iter().any(|range| range.contains(&c))
}
