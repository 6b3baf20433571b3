//! Versions for which the cache could not be refreshed.

use crate::error::{During, Error};
use crate::product_view::View;
use crate::store::Store;

impl Store {
    /// Records that the cache entries of these views are still to be refreshed.
    pub async fn add_pending(&self, views: &[View]) -> Result<(), Error> {
        let query = sqlx::query(include_str!("queries/add_pending.sql"))
            .bind(views.iter().map(|view| view.sku.as_str()).collect::<Vec<_>>())
            .bind(views.iter().map(|view| view.version).collect::<Vec<_>>());
        self.connections.run(async |on| query.execute(on).await.during("remember pending refreshes")).await?;
        Ok(())
    }

    /// Returns at most `limit` SKUs whose cache entry is still to be refreshed, the oldest first.
    pub async fn pending(&self, limit: i64) -> Result<Vec<String>, Error> {
        let query = sqlx::query_scalar(include_str!("queries/pending.sql")).bind(limit);
        self.connections.run(async |on| query.fetch_all(on).await.during("list pending refreshes")).await
    }

    /// Removes the rows of these views, whose cache entries have been refreshed: rows with these versions or earlier
    /// ones.
    pub async fn settle_pending(&self, views: &[View]) -> Result<(), Error> {
        let query = sqlx::query(include_str!("queries/settle_pending.sql"))
            .bind(views.iter().map(|view| view.sku.as_str()).collect::<Vec<_>>())
            .bind(views.iter().map(|view| view.version).collect::<Vec<_>>());
        self.connections.run(async |on| query.execute(on).await.during("settle pending refreshes")).await?;
        Ok(())
    }
}
