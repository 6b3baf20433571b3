//! Reading of products: from the cache, else from the database, whose result then fills the cache.

use lambda_runtime::tracing::warn;
use pipegen_store::View;

use crate::cache::{Cache, CacheError, Entry, Fill, FillPermission, Server};
use crate::database::{DatabaseError, Tables};
use crate::logging::chain;
use crate::resources::CatalogResources;
use crate::singleflight::{Fetched, Lookup, Miss};

/// The products that were read.
#[derive(Debug)]
pub struct Products {
    /// One view for each SKU, in their order; `None` where the SKU is unknown.
    pub views: Vec<Option<View>>,
    /// True if all of them were in the cache.
    pub hit: bool,
}

/// Reads the products of these SKUs (distinct).
///
/// # Errors
/// If the cache lacks some and the database fails. A failure of the cache costs time, but fails no read.
pub async fn read(
    skus: &[&str],
    resources: &CatalogResources<impl Tables, impl Server>,
) -> Result<Products, DatabaseError> {
    let (mut lookups, misses, permission) = look_up(skus, &resources.cache).await;
    let hit = misses.is_empty();
    if !hit {
        let fetched = resources.single_flight.fetch(&misses, async |skus| query(skus, resources).await).await?;
        if let Some(permission) = permission {
            fill(permission, &fetched, &resources.cache).await;
        }
        merge(fetched, skus, &mut lookups);
    }
    // Every miss was fetched, so no lookup is unread.
    Ok(Products { views: lookups.into_iter().map(Lookup::into_view).collect(), hit })
}

/// Returns the SKUs' lookups, the misses (their lookups are unread), and, if the cache could be read, the permission to
/// fill these in.
async fn look_up<'a>(
    skus: &[&'a str],
    cache: &Cache<impl Server>,
) -> (Vec<Lookup>, Vec<Miss<'a>>, Option<FillPermission>) {
    let reading = match cache.read(skus).await {
        Ok(reading) => reading,
        Err(error) => {
            warn_of(&error, "the cache could not be read");
            let misses = skus.iter().map(|sku| Miss { sku, min_version: None });
            return (vec![Lookup::Unread; skus.len()], misses.collect(), None);
        }
    };
    let mut misses = Vec::new();
    let mut lookups = Vec::with_capacity(skus.len());
    for (sku, entry) in skus.iter().zip(reading.entries) {
        lookups.push(match entry {
            Entry::Known(view) => Lookup::Known(view),
            Entry::Unknown => Lookup::Unknown,
            Entry::Missing { min_version } => {
                misses.push(Miss { sku, min_version: Some(min_version) });
                Lookup::Unread
            }
        });
    }
    (lookups, misses, Some(reading.fill_permission))
}

async fn query(
    skus: &[&str],
    resources: &CatalogResources<impl Tables, impl Server>,
) -> Result<Vec<View>, DatabaseError> {
    resources.database.run(async |store| store.views(skus).await).await
}

/// Fills the cache with the SKUs that were queried after the reading that gave the permission. A result of another
/// reader's earlier query could be older than what a writer has put into the cache meanwhile, and is that reader's to
/// fill in.
async fn fill(permission: FillPermission, fetched: &[Fetched<'_>], cache: &Cache<impl Server>) {
    let own = fetched.iter().filter(|fetched| fetched.by_own_query);
    let fills: Vec<Fill<'_>> = own.map(|fetched| Fill { sku: fetched.sku, view: fetched.view.as_ref() }).collect();
    if let Err(error) = cache.fill(permission, &fills).await {
        warn_of(&error, "the cache could not be filled");
    }
}

fn merge(fetched: Vec<Fetched<'_>>, skus: &[&str], lookups: &mut [Lookup]) {
    for Fetched { sku, view, .. } in fetched {
        if let Some(position) = skus.iter().position(|requested| *requested == sku) {
            lookups[position] = view.into();
        }
    }
}

/// Logs one line for each failure; while the circuit is open, the failure has had its line already.
fn warn_of(error: &CacheError, message: &str) {
    if !matches!(error, CacheError::CircuitOpen) {
        warn!(why = chain(error), "{message}");
    }
}
