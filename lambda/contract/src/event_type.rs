//! The supplier's event types (`CloudEvents` attribute `type`).

/// An absolute count of the stock at `time`.
pub const STOCK_COUNTED: &str = "com.retailtech.stock.counted.v1";
/// A change of the stock by a delta.
pub const STOCK_ADJUSTED: &str = "com.retailtech.stock.adjusted.v1";
/// A new price.
pub const PRICE_CHANGED: &str = "com.retailtech.price.changed.v1";
/// A new description, as a whole.
pub const PRODUCT_DESCRIBED: &str = "com.retailtech.product.described.v1";

/// Every event type.
pub const ALL: [&str; 4] = [STOCK_COUNTED, STOCK_ADJUSTED, PRICE_CHANGED, PRODUCT_DESCRIBED];
