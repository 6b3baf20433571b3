//! Versions that the cache could not be told.

use crate::Store;
use crate::error::{During, Error};
use crate::product_view::View;

impl Store {
    /// Remembers that the cache has yet to be told of these views.
    pub async fn add_pending(&self, views: &[View]) -> Result<(), Error> {
        sqlx::query(include_str!("queries/add_pending.sql"))
            .bind(views.iter().map(|view| view.sku.as_str()).collect::<Vec<_>>())
            .bind(views.iter().map(|view| view.version).collect::<Vec<_>>())
            .execute(&self.pool)
            .await
            .during("remember pending refreshes")?;
        Ok(())
    }

    /// At most `limit` of the SKUs that the cache has yet to be told of, the longest waiting first.
    pub async fn pending(&self, limit: i64) -> Result<Vec<String>, Error> {
        sqlx::query_scalar(include_str!("queries/pending.sql"))
            .bind(limit)
            .fetch_all(&self.pool)
            .await
            .during("list pending refreshes")
    }

    /// Forgets what the cache has now been told: rows with these versions or earlier ones.
    pub async fn settle_pending(&self, views: &[View]) -> Result<(), Error> {
        sqlx::query(include_str!("queries/settle_pending.sql"))
            .bind(views.iter().map(|view| view.sku.as_str()).collect::<Vec<_>>())
            .bind(views.iter().map(|view| view.version).collect::<Vec<_>>())
            .execute(&self.pool)
            .await
            .during("settle pending refreshes")?;
        Ok(())
    }
}
