//! The settings' low-stock limits.

use sqlx::postgres::PgConnection;

use crate::error::{During, Error};

/// A limit: stock is low at this number available, or below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LowStockLimit {
    /// The products that it is for.
    pub of: LimitedProducts,
    pub quantity: i64,
}

/// The products that a limit is for. One of a SKU counts before one of its category, that before the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitedProducts {
    /// The product with this SKU.
    Sku(String),
    /// The products of this category.
    Category(String),
    /// All others.
    Others,
}

impl LimitedProducts {
    /// Returns the table's columns `kind` and `name`.
    fn key(&self) -> (&'static str, &str) {
        match self {
            Self::Sku(sku) => ("sku", sku),
            Self::Category(category) => ("category", category),
            Self::Others => ("default", ""),
        }
    }
}

/// Makes the table of limits equal to these, in one transaction.
pub async fn set_low_stock_limits(connection: &mut PgConnection, limits: &[LowStockLimit]) -> Result<(), Error> {
    let key = || limits.iter().map(|limit| limit.of.key());
    sqlx::query(include_str!("queries/set_low_stock_limits.sql"))
        .bind(key().map(|(kind, _)| kind).collect::<Vec<_>>())
        .bind(key().map(|(_, name)| name).collect::<Vec<_>>())
        .bind(limits.iter().map(|limit| limit.quantity).collect::<Vec<_>>())
        .execute(connection)
        .await
        .during("set the low-stock limits")?;
    Ok(())
}
