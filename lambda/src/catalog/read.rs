//! Cache, else database, then fill.

use lambda_runtime::tracing::warn;
use pipegen_store::View;

use super::flight::{Landed, Miss};
use crate::cache::{Cache, CacheError, Entry, Fill, Ticket};
use crate::database::DatabaseError;
use crate::logging::chain;
use crate::resources::CatalogResources;

/// The products that a reader gets.
#[derive(Debug)]
pub(super) struct Products {
    /// One for each SKU, in their order; none where it is unknown.
    pub(super) views: Vec<Option<View>>,
    /// Whether the cache knew all of them.
    pub(super) hit: bool,
}

/// A SKU's product, or that there is none, once that is known.
type Found = Option<Option<View>>;

/// Reads the products of these SKUs (distinct).
///
/// # Errors
/// If the cache lacks some and the database cannot be asked. The cache's own trouble costs time, never the answer.
pub(super) async fn read(skus: &[&str], resources: &CatalogResources) -> Result<Products, DatabaseError> {
    let (mut found, misses, ticket) = look_up(skus, &resources.cache).await;
    let hit = misses.is_empty();
    if !hit {
        let landed = resources.flights.ask(&misses, async |skus| query(skus, resources).await).await?;
        if let Some(ticket) = ticket {
            fill(ticket, &landed, &resources.cache).await;
        }
        hand_over(landed, skus, &mut found);
    }
    // Every miss has landed, so nothing is left open.
    Ok(Products { views: found.into_iter().map(Option::flatten).collect(), hit })
}

/// What the cache knows, what it misses, and, if it could be asked, the right to fill that in.
async fn look_up<'a>(skus: &[&'a str], cache: &Cache) -> (Vec<Found>, Vec<Miss<'a>>, Option<Ticket>) {
    let reading = match cache.read(skus).await {
        Ok(reading) => reading,
        Err(error) => {
            warn_of(&error, "the cache could not be asked");
            return (vec![None; skus.len()], skus.iter().map(|sku| Miss { sku, told: None }).collect(), None);
        }
    };
    let mut misses = Vec::new();
    let mut found = Vec::with_capacity(skus.len());
    for (sku, entry) in skus.iter().zip(reading.entries) {
        found.push(match entry {
            Entry::Known(view) => Some(Some(view)),
            Entry::Unknown => Some(None),
            Entry::Missing { told } => {
                misses.push(Miss { sku, told: Some(told) });
                None
            }
        });
    }
    (found, misses, Some(reading.ticket))
}

async fn query(skus: &[&str], resources: &CatalogResources) -> Result<Vec<View>, DatabaseError> {
    resources.database.run(async |store| store.views(skus).await).await
}

/// Only what was asked for after the miss that the ticket is from: what another reader has asked for before that could be older
/// than what a writer has told meanwhile, and its fill is that reader's.
async fn fill(ticket: Ticket, landed: &[Landed<'_>], cache: &Cache) {
    let own = landed.iter().filter(|landed| landed.asked_here);
    let fills: Vec<Fill<'_>> = own.map(|landed| Fill { sku: landed.sku, view: landed.view.as_ref() }).collect();
    if let Err(error) = cache.fill(ticket, &fills).await {
        warn_of(&error, "the cache could not be filled");
    }
}

fn hand_over(landed: Vec<Landed<'_>>, skus: &[&str], found: &mut [Found]) {
    for landed in landed {
        if let Some(position) = skus.iter().position(|sku| *sku == landed.sku) {
            found[position] = Some(landed.view);
        }
    }
}

/// One line a failure; a cache that is being left alone has already had its own.
fn warn_of(error: &CacheError, message: &str) {
    if !matches!(error, CacheError::LeftAlone) {
        warn!(why = chain(error), "{message}");
    }
}
