//! Refreshing of the cache after the database has committed newer versions.

use pipegen_store::ProductVersion;
use thiserror::Error;

use crate::cache::{Cache, CacheError, Server};
use crate::database::{CatalogDatabase, DatabaseError, Tables};

/// The most offers, summed over the products, of which views are read at a time: a few megabytes.
const OFFERS_AT_A_TIME: usize = 20_000;

/// The most products of which views are read at a time.
const PRODUCTS_AT_A_TIME: usize = 500;

/// The refresh of entries that failed.
#[derive(Debug, Error)]
pub enum RefreshError {
    /// The cache failed: the entries may be older than the database.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The views could not be read.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Brings the entries of these products to these versions or later ones. Views are read only for the products of which
/// an older one is cached.
///
/// # Errors
/// If the cache or the database fails; some entries may have been refreshed then, which is harmless.
pub async fn refresh(
    database: &CatalogDatabase<impl Tables>,
    cache: &Cache<impl Server>,
    products: &[ProductVersion],
) -> Result<(), RefreshError> {
    let outdated = cache.announce(products).await?;
    for part in parts(&outdated) {
        let skus: Vec<&str> = part.iter().map(|product| product.sku.as_str()).collect();
        let views = database.run(async |store| store.views(&skus).await).await?;
        cache.refresh(&views).await?;
    }
    Ok(())
}

/// Cuts the list into parts whose views can be in memory together.
fn parts<'p, 'a>(mut products: &'p [&'a ProductVersion]) -> impl Iterator<Item = &'p [&'a ProductVersion]> {
    std::iter::from_fn(move || {
        let mut offers = 0;
        let fits = products.iter().take(PRODUCTS_AT_A_TIME).take_while(|product| {
            offers += product.offers;
            offers <= OFFERS_AT_A_TIME
        });
        // A single product always fits.
        let count = fits.count().max(1).min(products.len());
        let (part, rest) = products.split_at(count);
        products = rest;
        (!part.is_empty()).then_some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_bounded_by_products_and_by_offers_and_miss_none() {
        let product = |offers| ProductVersion { sku: String::new(), version: 1, offers, available: 0 };
        let sizes = |products: &[ProductVersion]| -> Vec<usize> {
            parts(&products.iter().collect::<Vec<_>>()).map(<[_]>::len).collect()
        };
        assert_eq!(sizes(&[]), [0; 0]);
        assert_eq!(sizes(&vec![product(1); 1201]), [500, 500, 201]);
        assert_eq!(sizes(&vec![product(1000); 50]), [20, 20, 10]);
        assert_eq!(sizes(&[product(1), product(OFFERS_AT_A_TIME + 1), product(1)]), [1, 1, 1]);
    }
}
