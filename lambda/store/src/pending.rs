//! Versions that the cache could not be told.

use crate::Store;
use crate::error::{During, Error};
use crate::product_view::View;

impl Store {
    /// Remembers that the cache has yet to be told of these views.
    pub async fn add_pending(&self, views: &[View]) -> Result<(), Error> {
        let query = sqlx::query(include_str!("queries/add_pending.sql"))
            .bind(views.iter().map(|view| view.sku.as_str()).collect::<Vec<_>>())
            .bind(views.iter().map(|view| view.version).collect::<Vec<_>>());
        self.connections.run(async |on| query.execute(on).await.during("remember pending refreshes")).await?;
        Ok(())
    }

    /// At most `limit` of the SKUs that the cache has yet to be told of, the longest waiting first.
    pub async fn pending(&self, limit: i64) -> Result<Vec<String>, Error> {
        let query = sqlx::query_scalar(include_str!("queries/pending.sql")).bind(limit);
        self.connections.run(async |on| query.fetch_all(on).await.during("list pending refreshes")).await
    }

    /// Forgets what the cache has now been told: rows with these versions or earlier ones.
    pub async fn settle_pending(&self, views: &[View]) -> Result<(), Error> {
        let query = sqlx::query(include_str!("queries/settle_pending.sql"))
            .bind(views.iter().map(|view| view.sku.as_str()).collect::<Vec<_>>())
            .bind(views.iter().map(|view| view.version).collect::<Vec<_>>());
        self.connections.run(async |on| query.execute(on).await.during("settle pending refreshes")).await?;
        Ok(())
    }
}
