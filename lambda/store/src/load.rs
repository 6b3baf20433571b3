//! The statements that load the part of the catalog that a batch touches.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use pipegen_event::Description;
use rust_decimal::Decimal;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{FromRow, Row};

use crate::error::{During, Error};
use crate::fold::LedgerNeeds;
use crate::working_set::{
    Described, DescriptionStamp, LedgerEntry, MAX_OFFERS, Offer, OfferRow, Price, Product, Stamp, WorkingSet,
};

/// Loads these products, each with all of its offers, of which there are never more than [`MAX_OFFERS`]. Products
/// without a row are left out.
pub(crate) async fn products(connection: &mut PgConnection, skus: &[&str]) -> Result<WorkingSet, Error> {
    let rows: Vec<ProductRow> = sqlx::query_as(include_str!("queries/products.sql"))
        .bind(skus)
        .fetch_all(&mut *connection)
        .await
        .during("load the products")?;
    let mut working_set = WorkingSet::default();
    for row in rows {
        working_set.products.insert(row.sku.clone(), row.into());
    }
    let rows: Vec<(String, String, OfferColumns)> = sqlx::query(include_str!("queries/offers.sql"))
        .bind(skus)
        .bind(i64::try_from(MAX_OFFERS).unwrap_or(i64::MAX))
        .try_map(|row: PgRow| Ok((row.try_get("sku")?, row.try_get("supplier")?, OfferColumns::from_row(&row)?)))
        .fetch_all(connection)
        .await
        .during("load the offers")?;
    for (sku, supplier, columns) in rows {
        if let Some(product) = working_set.products.get_mut(&sku) {
            product.offers.insert(supplier, Offer::loaded(columns.into()));
        }
    }
    Ok(working_set)
}

/// Reads the transaction's time by the database's clock, and the ledger's floor.
pub(crate) async fn time_and_floor(
    connection: &mut PgConnection,
) -> Result<(DateTime<Utc>, Option<DateTime<Utc>>), Error> {
    sqlx::query_as(include_str!("queries/time_and_floor.sql"))
        .fetch_one(connection)
        .await
        .during("read the ledger's floor")
}

/// Adds the needed parts of the ledger to the working set.
pub(crate) async fn ledger(
    connection: &mut PgConnection,
    working_set: &mut WorkingSet,
    needs: &LedgerNeeds<'_>,
) -> Result<(), Error> {
    if needs.identities.is_empty() && needs.counts.is_empty() {
        return Ok(());
    }
    let rows: Vec<LedgerRow> = sqlx::query_as(include_str!("queries/ledger.sql"))
        .bind(needs.identities.iter().map(|(sku, _, _)| *sku).collect::<Vec<_>>())
        .bind(needs.identities.iter().map(|(_, supplier, _)| *supplier).collect::<Vec<_>>())
        .bind(needs.identities.iter().map(|(_, _, id)| *id).collect::<Vec<_>>())
        .bind(needs.counts.keys().map(|(sku, _)| *sku).collect::<Vec<_>>())
        .bind(needs.counts.keys().map(|(_, supplier)| *supplier).collect::<Vec<_>>())
        .bind(needs.counts.values().copied().collect::<Vec<_>>())
        .fetch_all(connection)
        .await
        .during("load the ledger")?;
    // Entries first: `set_sum` subtracts them.
    let (entries, sums): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.id.is_some());
    for LedgerRow { sku, supplier, id, occurred_at, delta } in entries.into_iter().chain(sums) {
        let product = working_set.products.get_mut(&sku);
        let Some(offer) = product.and_then(|product| product.offers.get_mut(&supplier)) else { continue };
        match id {
            Some(id) => offer.add_loaded(id, LedgerEntry { time: occurred_at, delta }),
            None => offer.set_sum(occurred_at, delta),
        }
    }
    Ok(())
}

/// An entry of the ledger, or the sum of an offer's entries.
#[derive(FromRow)]
struct LedgerRow {
    sku: String,
    supplier: String,
    /// None in the row of a sum.
    id: Option<String>,
    /// The entry's time, or the time after which the entries are summed.
    occurred_at: DateTime<Utc>,
    /// The entry's delta, or the sum.
    delta: i64,
}

#[derive(FromRow)]
struct ProductRow {
    sku: String,
    title: Option<String>,
    description: Option<String>,
    category: Option<String>,
    attributes: String,
    described_at: Option<DateTime<Utc>>,
    described_by: Option<String>,
    described_id: Option<String>,
    version: i64,
    updated_at: Option<DateTime<Utc>>,
}

impl From<ProductRow> for Product {
    fn from(row: ProductRow) -> Self {
        let stamp = match (row.described_at, row.described_by, row.described_id) {
            (Some(time), Some(supplier), Some(id)) => Some(DescriptionStamp { time, supplier, id }),
            _ => None,
        };
        let described = stamp.map(|stamp| Described {
            description: Description {
                title: row.title.unwrap_or_default(),
                description: row.description,
                category: row.category,
                attributes: attributes(&row.attributes),
            },
            stamp,
        });
        Self {
            stored: described.clone(),
            current: described,
            version: row.version,
            updated_at: row.updated_at,
            offers: BTreeMap::new(),
        }
    }
}

/// Parses the column, which always holds an object of strings: only `save` writes it.
fn attributes(json: &str) -> BTreeMap<String, String> {
    serde_json::from_str(json).unwrap_or_default()
}

#[derive(FromRow)]
struct OfferColumns {
    on_hand: i64,
    counted_at: Option<DateTime<Utc>>,
    counted_id: Option<String>,
    amount: Option<Decimal>,
    currency: Option<String>,
    priced_at: Option<DateTime<Utc>>,
    priced_id: Option<String>,
}

impl From<OfferColumns> for OfferRow {
    fn from(row: OfferColumns) -> Self {
        let stamp = |time: Option<DateTime<Utc>>, id: Option<String>| Some(Stamp { time: time?, id: id? });
        let price = match (row.amount, row.currency, stamp(row.priced_at, row.priced_id)) {
            (Some(amount), Some(currency), Some(stamp)) => Some(Price { amount: amount.normalize(), currency, stamp }),
            _ => None,
        };
        Self { on_hand: row.on_hand, counted: stamp(row.counted_at, row.counted_id), price }
    }
}
