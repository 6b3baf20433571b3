//! Low-stock limits: the number available at which a product's stock is low.

use std::collections::BTreeMap;

use pipegen_contract::low_stock::{CATEGORY, DEFAULT, HIGHEST, LOW_STOCK as KEY, MOST, SKU};
use pipegen_event::{Sku, check_category};
use toml::Spanned;
use toml::de::DeValue;

use super::reader::{Problem, Reader, wrong_type};

/// The limits of an environment. One of a SKU counts before one of its category, that before the default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LowStock {
    /// The limit of every other product.
    pub default: Option<u32>,
    /// Limits by SKU.
    pub sku: BTreeMap<String, u32>,
    /// Limits by category.
    pub category: BTreeMap<String, u32>,
}

/// Reads the table `low_stock`.
pub(super) fn low_stock(reader: &mut Reader<'_>) -> LowStock {
    let kinds = "a table of `default`, `sku` and `category`";
    let Some(value) = reader.value(KEY, kinds) else { return LowStock::default() };
    let Some(table) = value.get_ref().as_table() else {
        reader.refuse(KEY, value.span(), wrong_type(kinds, value.get_ref()));
        return LowStock::default();
    };
    let mut inner = Reader::new(vec![table]);
    let check_sku = |sku: &str| sku.parse::<Sku>().map(drop).map_err(|rule| rule.to_string());
    let limits = LowStock {
        default: inner.optional_integer(DEFAULT, 0..=HIGHEST),
        sku: limits(&mut inner, SKU, "a table of limits by SKU", check_sku),
        category: limits(&mut inner, CATEGORY, "a table of limits by category", check_category),
    };
    inner.refuse_unknown();
    reader.faults.append(&mut inner.faults);
    let count = limits.sku.len() + limits.category.len();
    if count > MOST {
        let problem = Problem::new(format!("has {count} limits of SKUs and categories and may have {MOST}"));
        let help = "give products that have a limit in common one of their category, or the default";
        reader.refuse(KEY, value.span(), problem.help(help.to_owned()));
    }
    limits
}

/// Reads the limits of a table by names that pass `check`.
fn limits(
    reader: &mut Reader<'_>,
    key: &'static str,
    kinds: &str,
    check: impl Fn(&str) -> Result<(), String>,
) -> BTreeMap<String, u32> {
    let Some(value) = reader.value(key, kinds) else { return BTreeMap::new() };
    let Some(table) = value.get_ref().as_table() else {
        reader.refuse(key, value.span(), wrong_type(kinds, value.get_ref()));
        return BTreeMap::new();
    };
    let mut limits = BTreeMap::new();
    for (name, quantity) in table {
        let text = name.get_ref().as_ref();
        if let Err(rule) = check(text) {
            reader.refuse(key, name.span(), Problem::new(format!("cannot have the name `{text}`: it {rule}")));
        }
        match limit(text, quantity) {
            Ok(quantity) => _ = limits.insert(text.to_owned(), quantity),
            Err(problem) => reader.refuse(key, quantity.span(), problem),
        }
    }
    limits
}

fn limit(name: &str, value: &Spanned<DeValue<'_>>) -> Result<u32, Problem> {
    let integer = value.get_ref().as_integer().ok_or_else(|| wrong_type("a table of integers", value.get_ref()))?;
    let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|number| *number <= HIGHEST);
    number.ok_or_else(|| Problem::new(format!("cannot hold `{name}` = {integer}: a limit is 0 to {HIGHEST}")))
}
