//! The statements that lock the products of a batch and load what it touches.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use pipegen_event::{Change, Description};
use rust_decimal::Decimal;
use sqlx::FromRow;
use sqlx::postgres::{PgConnection, PgRow};

use crate::error::{During, Error};
use crate::place::Place;
use crate::working_set::{Described, DescriptionStamp, OfferRow, Price, Product, Stamp, Touch, WorkingSet};

/// The key of the advisory lock that batches take shared and that pruning takes exclusively.
pub(crate) const LEDGER_LOCK: i64 = 0x6c65_6467_6572;

/// Creates those products that have no row, and returns whether there were any. It comes before the locks: a
/// transaction that waited for another one's new product while it held locks could be waited for in turn.
pub(crate) async fn create_products(
    connection: &mut PgConnection,
    working_set: &WorkingSet<'_>,
) -> Result<bool, Error> {
    let created = sqlx::query(include_str!("queries/create_products.sql"))
        .bind(working_set.skus())
        .execute(connection)
        .await
        .during("create products")?;
    Ok(created.rows_affected() > 0)
}

/// Locks the products and loads their versions.
///
/// # Errors
/// PostgreSQL's, or that one of the products has no row. To create it now would be out of order, so this transaction
/// must begin again.
pub(crate) async fn lock_products(
    connection: &mut PgConnection,
    working_set: &mut WorkingSet<'_>,
) -> Result<(), Error> {
    let rows: Vec<LockedProduct> = sqlx::query_as(include_str!("queries/lock_products.sql"))
        .bind(working_set.skus())
        .bind(LEDGER_LOCK)
        .fetch_all(connection)
        .await
        .during("lock the products")?;
    for row in rows {
        let Some(position) = row.position.map(index) else { continue };
        let product = &mut working_set.products[position];
        product.place = row.place;
        let offers = row.offers.and_then(|offers| usize::try_from(offers).ok()).unwrap_or_default();
        product.load(row.version.unwrap_or_default(), offers, row.available);
    }
    let all_locked = working_set.products.iter().all(|product| product.place.is_some());
    if all_locked { Ok(()) } else { Err(Error::missing_products()) }
}

/// Loads the offers and the ledger's floor. Returns the transaction's time, by the database's clock.
pub(crate) async fn offers(
    connection: &mut PgConnection,
    working_set: &mut WorkingSet<'_>,
) -> Result<DateTime<Utc>, Error> {
    let keys = || working_set.offers_by_sku();
    let rows: Vec<PgRow> = sqlx::query(include_str!("queries/load_offers.sql"))
        .bind(positions(working_set.offers.len()))
        .bind(keys().map(|(sku, _)| sku).collect::<Vec<_>>())
        .bind(keys().map(|(_, offer)| offer.supplier).collect::<Vec<_>>())
        .fetch_all(connection)
        .await
        .during("load the offers")?;
    let rows: Vec<LoadedOffer<'_>> =
        rows.iter().map(LoadedOffer::from_row).collect::<Result<_, _>>().during("read the offers")?;
    let now = rows.first().map(|row| (row.time, row.floor));
    let (time, floor) = now.ok_or(sqlx::Error::RowNotFound).during("read the ledger's floor")?;
    working_set.ledger_floor = floor;
    for row in rows {
        let position = row.position.and_then(|position| usize::try_from(position).ok());
        if let (Some(position), Some(place)) = (position, row.place) {
            working_set.offers[position].load(row.into(), place);
        }
    }
    Ok(time)
}

/// Loads the descriptions of the SKUs that the batch describes.
pub(crate) async fn descriptions(
    connection: &mut PgConnection,
    working_set: &mut WorkingSet<'_>,
    touches: &[Touch<'_>],
) -> Result<(), Error> {
    let described = touches.iter().filter(|touch| matches!(touch.event.change, Change::Described(_)));
    let described: BTreeMap<&str, usize> = described.map(|touch| (touch.event.sku.as_str(), touch.product)).collect();
    if described.is_empty() {
        return Ok(());
    }
    let rows: Vec<LoadedDescription> = sqlx::query_as(include_str!("queries/load_descriptions.sql"))
        .bind(described.keys().copied().collect::<Vec<_>>())
        .fetch_all(connection)
        .await
        .during("load the descriptions")?;
    for row in rows {
        if let Some(position) = described.get(&*row.sku) {
            working_set.products[*position].load_description(row.into());
        }
    }
    Ok(())
}

/// Sums what is available of the products of which that is unknown. Only code of before the column leaves such
/// products.
pub(crate) async fn available(connection: &mut PgConnection, working_set: &mut WorkingSet<'_>) -> Result<(), Error> {
    let is_unknown = |product: &&mut Product<'_>| product.stored_available.is_none();
    let mut unknown: BTreeMap<&str, &mut Product<'_>> =
        working_set.products.iter_mut().filter(is_unknown).map(|product| (product.sku, product)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let sums: Vec<(String, i64)> = sqlx::query_as(include_str!("queries/sum_offers.sql"))
        .bind(unknown.keys().copied().collect::<Vec<_>>())
        .fetch_all(connection)
        .await
        .during("sum the offers")?;
    for (sku, available) in sums {
        if let Some(product) = unknown.get_mut(&*sku) {
            product.stored_available = Some(available);
        }
    }
    Ok(())
}

/// The index of a position as PostgreSQL's `with ordinality` counts it, from 1.
fn index(position: i64) -> usize {
    usize::try_from(position - 1).unwrap_or(usize::MAX)
}

/// Returns the positions from 0 up to this number. They are sent, because the planner takes a series for a thousand
/// rows and would plan anew for each batch, in which it sees fewer.
pub(crate) fn positions(number: usize) -> Vec<i32> {
    (0..).take(number).collect()
}

/// Parses the column, which always holds an object of strings: only `save` writes it.
pub(crate) fn attributes(json: &str) -> BTreeMap<String, String> {
    serde_json::from_str(json).unwrap_or_default()
}

/// A product's row with its position; nothing if there is none.
struct LockedProduct {
    position: Option<i64>,
    place: Option<Place>,
    version: Option<i64>,
    offers: Option<i32>,
    available: Option<i64>,
}

/// Reads the columns by their numbers: to look each up by its name would take as long as to decode it.
impl FromRow<'_, PgRow> for LockedProduct {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let (position, place, version, offers, available) = FromRow::from_row(row)?;
        Ok(Self { position, place, version, offers, available })
    }
}

/// An offer's row with its position; without an offer, only the time and the floor.
struct LoadedOffer<'r> {
    time: DateTime<Utc>,
    floor: Option<DateTime<Utc>>,
    position: Option<i32>,
    place: Option<Place>,
    on_hand: Option<i64>,
    adjusted_at: Option<DateTime<Utc>>,
    counted_at: Option<DateTime<Utc>>,
    counted_id: Option<&'r str>,
    amount: Option<Decimal>,
    currency: Option<&'r str>,
    priced_at: Option<DateTime<Utc>>,
    priced_id: Option<&'r str>,
}

impl<'r> FromRow<'r, PgRow> for LoadedOffer<'r> {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        let (
            time,
            floor,
            position,
            place,
            on_hand,
            adjusted_at,
            counted_at,
            counted_id,
            amount,
            currency,
            priced_at,
            priced_id,
        ) = FromRow::from_row(row)?;
        Ok(Self {
            time,
            floor,
            position,
            place,
            on_hand,
            adjusted_at,
            counted_at,
            counted_id,
            amount,
            currency,
            priced_at,
            priced_id,
        })
    }
}

impl From<LoadedOffer<'_>> for OfferRow {
    fn from(row: LoadedOffer<'_>) -> Self {
        let stamp = |time: Option<DateTime<Utc>>, id: Option<&str>| Some(Stamp { time: time?, id: id?.into() });
        let price = match (row.amount, row.currency, stamp(row.priced_at, row.priced_id)) {
            (Some(amount), Some(currency), Some(stamp)) => {
                Some(Price { amount: amount.normalize(), currency: currency.into(), stamp })
            }
            _ => None,
        };
        let counted = stamp(row.counted_at, row.counted_id);
        Self { on_hand: row.on_hand.unwrap_or_default(), adjusted_at: row.adjusted_at, counted, price }
    }
}

#[derive(FromRow)]
struct LoadedDescription {
    sku: String,
    title: String,
    description: Option<String>,
    category: Option<String>,
    attributes: String,
    occurred_at: DateTime<Utc>,
    supplier: String,
    id: String,
}

impl From<LoadedDescription> for Described {
    fn from(row: LoadedDescription) -> Self {
        Self {
            description: Description {
                title: row.title,
                description: row.description,
                category: row.category,
                attributes: attributes(&row.attributes),
            },
            stamp: DescriptionStamp { time: row.occurred_at, supplier: row.supplier, id: row.id },
        }
    }
}
