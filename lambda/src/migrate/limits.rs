//! The low-stock limits in the function's input, checked.

use std::collections::BTreeMap;

use pipegen_contract::low_stock::{HIGHEST, MOST};
use pipegen_event::{Sku, check_category};
use pipegen_store::{LimitedProducts, LowStockLimit};
use serde::Deserialize;
use serde_json::Value;

use crate::failure::{Failure, FailureKind};

/// The input, with the fields of [`pipegen_contract::low_stock`].
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Input {
    low_stock: Limits,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Limits {
    default: Option<u32>,
    sku: BTreeMap<String, u32>,
    category: BTreeMap<String, u32>,
}

/// Reads the limits. Without any, there are none.
pub(super) fn limits(input: Value) -> Result<Vec<LowStockLimit>, Failure> {
    let unreadable = |why: String| Failure::new(FailureKind::EventUnreadable, format!("the input: {why}"));
    let Input { low_stock } = serde_json::from_value(input).map_err(|error| unreadable(error.to_string()))?;
    low_stock.checked().map_err(|why| unreadable(format!("low_stock: {why}")))
}

impl Limits {
    fn checked(self) -> Result<Vec<LowStockLimit>, String> {
        let Self { default, sku, category } = self;
        let count = sku.len() + category.len();
        if count > MOST {
            return Err(format!("it has {count} limits and may have {MOST}"));
        }
        let mut limits = Vec::with_capacity(count + 1);
        for (sku, quantity) in sku {
            sku.parse::<Sku>().map_err(|rule| format!("the SKU `{sku}` {rule}"))?;
            limits.push(limit(LimitedProducts::Sku(sku), quantity)?);
        }
        for (category, quantity) in category {
            check_category(&category).map_err(|rule| format!("the category `{category}` {rule}"))?;
            limits.push(limit(LimitedProducts::Category(category), quantity)?);
        }
        if let Some(quantity) = default {
            limits.push(limit(LimitedProducts::Others, quantity)?);
        }
        Ok(limits)
    }
}

fn limit(of: LimitedProducts, quantity: u32) -> Result<LowStockLimit, String> {
    if quantity > HIGHEST {
        return Err(format!("a limit is {quantity} and may be {HIGHEST}"));
    }
    Ok(LowStockLimit { of, quantity: quantity.into() })
}

#[cfg(test)]
mod tests {
    use pipegen_contract::low_stock::{CATEGORY, DEFAULT, LOW_STOCK, SKU};
    use serde_json::json;

    use super::*;

    #[test]
    fn every_field_of_the_contract_is_read() {
        let input = json!({LOW_STOCK: {DEFAULT: 5, SKU: {"A B": 0}, CATEGORY: {"": 1_000_000_000, "Tea": 3}}});
        let expected = [
            (LimitedProducts::Sku("A B".to_owned()), 0),
            (LimitedProducts::Category(String::new()), 1_000_000_000),
            (LimitedProducts::Category("Tea".to_owned()), 3),
            (LimitedProducts::Others, 5),
        ];
        assert_eq!(limits(input), Ok(expected.map(|(of, quantity)| LowStockLimit { of, quantity }).into()));
    }

    #[test]
    fn without_limits_there_are_none() {
        for input in [json!({}), json!({LOW_STOCK: {}}), json!({LOW_STOCK: {SKU: {}, CATEGORY: {}, DEFAULT: null}})] {
            assert_eq!(limits(input), Ok(Vec::new()));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let many: BTreeMap<_, _> = (0..=MOST).map(|number| (number.to_string(), 1)).collect();
        for (input, why) in [
            (json!({"lowstock": {}}), "the input: unknown field `lowstock`, expected `low_stock`"),
            (
                json!({LOW_STOCK: {"skus": {}}}),
                "the input: unknown field `skus`, expected one of `default`, `sku`, `category`",
            ),
            (json!({LOW_STOCK: {DEFAULT: -1}}), "the input: invalid value: integer `-1`, expected u32"),
            (json!({LOW_STOCK: {SKU: {"A": "5"}}}), "the input: invalid type: string \"5\", expected u32"),
            (json!({LOW_STOCK: {SKU: {" A": 5}}}), "the input: low_stock: the SKU ` A` must have 1 to 64 characters"),
            (json!({LOW_STOCK: {CATEGORY: {"x".repeat(201): 5}}}), "xx` must have at most 200 characters"),
            (json!({LOW_STOCK: {SKU: {"A": 1_000_000_001}}}), "low_stock: a limit is 1000000001 and may be 1000000000"),
            (json!({LOW_STOCK: {SKU: many}}), "low_stock: it has 5001 limits and may have 5000"),
        ] {
            let failure = limits(input).unwrap_err();
            assert_eq!(failure.kind, FailureKind::EventUnreadable);
            assert!(failure.message.contains(why), "{}", failure.message);
        }
    }
}
