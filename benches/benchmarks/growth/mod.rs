//! The speed by size: of the catalog, of a product, of the ledger.
//!
//! - [`products`]: ten thousand to ten million products
//! - [`suppliers`]: one to 64 suppliers a product
//! - [`ledger`]: the ledger at a full horizon
//! - [`filled`]: catalogs that PostgreSQL fills itself
//! - [`writer`]: a catalog that gets batches

mod filled;
pub(super) mod ledger;
pub(super) mod products;
pub(super) mod suppliers;
mod writer;

use anyhow::Result;
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;

/// PostgreSQL's settings for all of these, beside the stack's. RDS gives a quarter of its memory to `shared_buffers`:
/// this is of an instance with 1 GiB.
const POSTGRESQL: [(&str, &str); 3] =
    [("shared_buffers", "256MB"), ("full_page_writes", "on"), ("synchronous_commit", "on")];

/// Fills the database with products that have offers of as many suppliers.
pub(super) async fn fill(database: &PgConnectOptions, products: u64, suppliers_of_each: u64) -> Result<()> {
    filled::fill(&mut database.connect().await?, products, suppliers_of_each, |_| {}).await
}
