//! The `data` of an event, by its type.

use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;

use super::currency;
use super::json::{JsonValue, Node};

/// A change of a product.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// An absolute count.
    Counted(i64),
    /// A delta.
    Adjusted(i64),
    /// A price with a canonical amount.
    Priced { amount: String, currency: String },
    /// A description as a whole.
    Described(Description),
}

/// The fields of a description.
#[expect(clippy::struct_field_names, reason = "the event's own names")]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Description {
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) category: Option<String>,
    pub(crate) attributes: BTreeMap<String, String>,
}

/// A `data` object's fields by name.
type Fields<'n, 'a> = BTreeMap<&'n str, &'n Node<'a>>;

/// A parser of one event type's data; it returns `None` if the data is wrong.
type ParseData = fn(&Node<'_>) -> Option<Change>;

/// Returns the parser of this event type's data; `None` if the type does not exist.
pub(super) fn parse_data(event_type: &str) -> Option<ParseData> {
    match event_type {
        "com.retailtech.stock.counted.v1" => Some(counted),
        "com.retailtech.stock.adjusted.v1" => Some(adjusted),
        "com.retailtech.price.changed.v1" => Some(priced),
        "com.retailtech.product.described.v1" => Some(described),
        _ => None,
    }
}

fn counted(data: &Node<'_>) -> Option<Change> {
    let fields = fields(data, &["quantity"])?;
    integer(&fields, "quantity", -1_000_000_000..=1_000_000_000).map(Change::Counted)
}

fn adjusted(data: &Node<'_>) -> Option<Change> {
    let fields = fields(data, &["delta", "reason"])?;
    optional_text(&fields, "reason", 200)?;
    let delta = integer(&fields, "delta", -1_000_000_000..=1_000_000_000)?;
    (delta != 0).then_some(Change::Adjusted(delta))
}

fn priced(data: &Node<'_>) -> Option<Change> {
    let fields = fields(data, &["amount", "currency"])?;
    let amount = canonical_amount(fields.get("amount")?.as_text()?)?;
    let currency = fields.get("currency")?.as_text().filter(|code| currency::is_active(code))?.to_owned();
    Some(Change::Priced { amount, currency })
}

fn described(data: &Node<'_>) -> Option<Change> {
    let fields = fields(data, &["title", "description", "category", "attributes"])?;
    let title = fields.get("title")?.as_text().filter(|title| (1..=500).contains(&title.chars().count()))?.to_owned();
    Some(Change::Described(Description {
        title,
        description: optional_text(&fields, "description", 10_000)?,
        category: optional_text(&fields, "category", 200)?,
        attributes: optional(&fields, "attributes").map_or(Some(BTreeMap::new()), |node| attributes(node))?,
    }))
}

/// Returns the fields of an object that has only these names, no repeated name and no U+0000 in any string, at any
/// depth.
fn fields<'n, 'a>(data: &'n Node<'a>, known: &[&str]) -> Option<Fields<'n, 'a>> {
    let JsonValue::Object(members) = &data.value else { return None };
    let all_known = members.iter().all(|(name, _)| known.contains(&name.as_str()));
    (all_known && has_no_repeated_name(data) && has_no_nul(data))
        .then(|| members.iter().map(|(name, node)| (name.as_str(), node)).collect())
}

fn has_no_repeated_name(node: &Node<'_>) -> bool {
    match &node.value {
        JsonValue::Array(nodes) => nodes.iter().all(has_no_repeated_name),
        JsonValue::Object(members) => {
            let mut names = HashSet::new();
            members.iter().all(|(name, node)| names.insert(name) && has_no_repeated_name(node))
        }
        _ => true,
    }
}

fn has_no_nul(node: &Node<'_>) -> bool {
    match &node.value {
        JsonValue::Text(text) => !text.contains('\0'),
        JsonValue::Array(nodes) => nodes.iter().all(has_no_nul),
        JsonValue::Object(members) => members.iter().all(|(name, node)| !name.contains('\0') && has_no_nul(node)),
        _ => true,
    }
}

/// Reads a number without a fraction, in any notation.
fn integer(fields: &Fields<'_, '_>, name: &str, range: RangeInclusive<i64>) -> Option<i64> {
    let node = fields.get(name)?;
    let number = matches!(node.value, JsonValue::Number).then(|| whole_number(node.text))??;
    range.contains(&number).then_some(number)
}

/// Returns the value of a JSON number if it is an integer of at most twelve digits.
fn whole_number(text: &str) -> Option<i64> {
    let unsigned = text.trim_start_matches('-');
    let (decimal, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let digits = format!("{whole}{fraction}");
    if digits.bytes().all(|digit| digit == b'0') {
        return Some(0);
    }
    // The position of the point among the digits, or beyond them.
    let point: i64 = i64::try_from(whole.len()).ok()?.checked_add(exponent.parse().ok()?)?;
    let digit_at = |place: i64| usize::try_from(place).ok().and_then(|place| digits.as_bytes().get(place));
    let length = i64::try_from(digits.len()).ok()?;
    if (point.clamp(0, length)..length).any(|place| digit_at(place) != Some(&b'0')) {
        return None;
    }
    let first = i64::try_from(digits.find(|digit| digit != '0')?).ok()?;
    if point - first > 12 {
        return None;
    }
    let number =
        (first..point).fold(0, |number, place| number * 10 + i64::from(digit_at(place).unwrap_or(&b'0') - b'0'));
    Some(if text.starts_with('-') { -number } else { number })
}

/// Returns a field that exists and is not `null`.
fn optional<'f, 'n, 'a>(fields: &'f Fields<'n, 'a>, name: &str) -> Option<&'f &'n Node<'a>> {
    fields.get(name).filter(|node| !matches!(node.value, JsonValue::Null))
}

/// Reads an optional text. The outer `None` is a wrong text, the inner one a missing text.
#[expect(clippy::option_option, reason = "missing is fine, wrong is not")]
fn optional_text(fields: &Fields<'_, '_>, name: &str, max: usize) -> Option<Option<String>> {
    let Some(node) = optional(fields, name) else { return Some(None) };
    node.as_text().filter(|text| text.chars().count() <= max).map(|text| Some(text.to_owned()))
}

fn attributes(node: &Node<'_>) -> Option<BTreeMap<String, String>> {
    let JsonValue::Object(members) = &node.value else { return None };
    if members.len() > 50 || members.iter().any(|(name, _)| name.chars().count() > 64) {
        return None;
    }
    let value = |node: &Node<'_>| node.as_text().filter(|text| text.chars().count() <= 500).map(str::to_owned);
    members.iter().map(|(name, node)| Some((name.clone(), value(node)?))).collect()
}

/// Returns the canonical form of an amount, without needless zeros: digits, optionally a point and digits of which at
/// most four are not trailing zeros; at most 10⁹.
fn canonical_amount(amount: &str) -> Option<String> {
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = match amount.split_once('.') {
        Some((whole, fraction)) if all_digits(fraction) && fraction.trim_end_matches('0').len() <= 4 => {
            (whole, fraction)
        }
        Some(_) => return None,
        None => (amount, ""),
    };
    if !all_digits(whole) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    if whole > 1_000_000_000 || (whole == 1_000_000_000 && !fraction.is_empty()) {
        return None;
    }
    Some(if fraction.is_empty() { whole.to_string() } else { format!("{whole}.{fraction}") })
}
