//! Versions for which the cache could not be refreshed.

use crate::apply::ProductVersion;
use crate::error::{During, Error};
use crate::store::Store;

impl Store {
    /// Records that the cache entries of these products are still to be refreshed.
    pub async fn add_pending(&self, products: &[ProductVersion]) -> Result<(), Error> {
        let query = sqlx::query(include_str!("queries/add_pending.sql"))
            .bind(products.iter().map(|product| product.sku.as_str()).collect::<Vec<_>>())
            .bind(products.iter().map(|product| product.version).collect::<Vec<_>>());
        self.connections.run(async |on| query.execute(on).await.during("remember pending refreshes")).await?;
        Ok(())
    }

    /// Returns at most `limit` products whose cache entry is still to be refreshed, the oldest first.
    pub async fn pending(&self, limit: i64) -> Result<Vec<ProductVersion>, Error> {
        let query = sqlx::query_as(include_str!("queries/pending.sql")).bind(limit);
        let pending: Vec<(String, i64, i32, i64)> =
            self.connections.run(async |on| query.fetch_all(on).await.during("list pending refreshes")).await?;
        let product = |(sku, version, offers, available)| ProductVersion {
            sku,
            version,
            offers: usize::try_from(offers).unwrap_or_default(),
            available,
        };
        Ok(pending.into_iter().map(product).collect())
    }

    /// Removes the rows of these products, whose cache entries have been refreshed: rows with these versions or earlier
    /// ones.
    pub async fn settle_pending(&self, products: &[ProductVersion]) -> Result<(), Error> {
        let query = sqlx::query(include_str!("queries/settle_pending.sql"))
            .bind(products.iter().map(|product| product.sku.as_str()).collect::<Vec<_>>())
            .bind(products.iter().map(|product| product.version).collect::<Vec<_>>());
        self.connections.run(async |on| query.execute(on).await.during("settle pending refreshes")).await?;
        Ok(())
    }
}
