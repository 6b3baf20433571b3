//! The low-stock limits in the input of `migrate`: an object `low_stock` of a number `default` and two objects of numbers,
//! `sku` by SKU and `category` by category. Each may be left out.

use crate::payload::LARGEST_PAYLOAD;

/// The field with the limits.
pub const LOW_STOCK: &str = "low_stock";

/// The limit of products for which no other one is set.
pub const DEFAULT: &str = "default";

/// The limits of single products.
pub const SKU: &str = "sku";

/// The limits of products of a category.
pub const CATEGORY: &str = "category";

/// The highest limit.
pub const HIGHEST: u32 = 1_000_000_000;

/// The most limits of SKUs and categories. Each takes 1220 bytes of the input at most (200 characters of six bytes), so
/// that all of them fit into a payload.
pub const MOST: usize = 5000;

const _: () = assert!(MOST * 1220 < LARGEST_PAYLOAD, "all limits fit into a payload");
