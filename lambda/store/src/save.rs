//! The statements that write the changes of a batch.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;

use crate::error::{During, Error};
use crate::working_set::{Described, LedgerEntry, Offer, Product, WorkingSet};

/// The maximum number of superseded rows of the ledger that a batch removes.
const SUPERSEDED_AT_A_TIME: i64 = 50_000;

/// Writes everything that the transaction has changed in the catalog. A statement with nothing to write is left out.
pub(crate) async fn changes(
    connection: &mut PgConnection,
    working_set: &WorkingSet,
    transaction_time: DateTime<Utc>,
) -> Result<(), Error> {
    let offers: Vec<(&str, &str, &Offer)> = working_set
        .products
        .iter()
        .flat_map(|(sku, product)| product.offers.iter().map(move |(supplier, offer)| (&**sku, &**supplier, offer)))
        .collect();
    save_offers(connection, &offers).await?;
    supersede_ledger(connection, &offers).await?;
    enter_ledger(connection, &offers).await?;
    save_descriptions(connection, working_set).await?;
    save_versions(connection, working_set, transaction_time).await
}

/// Removes these products, which the transaction created for events that were then rejected.
pub(crate) async fn drop_unused(connection: &mut PgConnection, skus: &[&str]) -> Result<(), Error> {
    if skus.is_empty() {
        return Ok(());
    }
    sqlx::query(include_str!("queries/drop_unused_products.sql"))
        .bind(skus)
        .execute(connection)
        .await
        .during("drop unused products")?;
    Ok(())
}

async fn save_offers(connection: &mut PgConnection, offers: &[(&str, &str, &Offer)]) -> Result<(), Error> {
    let offers: Vec<_> = offers.iter().filter(|(_, _, offer)| offer.row_changed()).collect();
    if offers.is_empty() {
        return Ok(());
    }
    let counted = || offers.iter().map(|(_, _, offer)| offer.current.counted.as_ref());
    let price = || offers.iter().map(|(_, _, offer)| offer.current.price.as_ref());
    sqlx::query(include_str!("queries/save_offers.sql"))
        .bind(offers.iter().map(|(sku, _, _)| *sku).collect::<Vec<_>>())
        .bind(offers.iter().map(|(_, supplier, _)| *supplier).collect::<Vec<_>>())
        .bind(offers.iter().map(|(_, _, offer)| offer.current.on_hand).collect::<Vec<_>>())
        .bind(counted().map(|stamp| stamp.map(|stamp| stamp.time)).collect::<Vec<_>>())
        .bind(counted().map(|stamp| stamp.map(|stamp| &*stamp.id)).collect::<Vec<_>>())
        .bind(price().map(|price| price.map(|price| price.amount)).collect::<Vec<_>>())
        .bind(price().map(|price| price.map(|price| &*price.currency)).collect::<Vec<_>>())
        .bind(price().map(|price| price.map(|price| price.stamp.time)).collect::<Vec<_>>())
        .bind(price().map(|price| price.map(|price| &*price.stamp.id)).collect::<Vec<_>>())
        .execute(connection)
        .await
        .during("save the offers")?;
    Ok(())
}

async fn supersede_ledger(connection: &mut PgConnection, offers: &[(&str, &str, &Offer)]) -> Result<(), Error> {
    let counts: Vec<(&str, &str, DateTime<Utc>)> =
        offers.iter().filter_map(|(sku, supplier, offer)| Some((*sku, *supplier, offer.newly_counted()?))).collect();
    if counts.is_empty() {
        return Ok(());
    }
    sqlx::query(include_str!("queries/supersede_ledger.sql"))
        .bind(counts.iter().map(|(sku, _, _)| *sku).collect::<Vec<_>>())
        .bind(counts.iter().map(|(_, supplier, _)| *supplier).collect::<Vec<_>>())
        .bind(counts.iter().map(|(_, _, time)| *time).collect::<Vec<_>>())
        .bind(SUPERSEDED_AT_A_TIME)
        .execute(connection)
        .await
        .during("remove superseded adjustments")?;
    Ok(())
}

async fn enter_ledger(connection: &mut PgConnection, offers: &[(&str, &str, &Offer)]) -> Result<(), Error> {
    let entries: Vec<(&str, &str, &str, LedgerEntry)> = offers
        .iter()
        .flat_map(|(sku, supplier, offer)| offer.added_entries().map(move |(id, entry)| (*sku, *supplier, id, entry)))
        .collect();
    if entries.is_empty() {
        return Ok(());
    }
    sqlx::query(include_str!("queries/enter_ledger.sql"))
        .bind(entries.iter().map(|(sku, _, _, _)| *sku).collect::<Vec<_>>())
        .bind(entries.iter().map(|(_, supplier, _, _)| *supplier).collect::<Vec<_>>())
        .bind(entries.iter().map(|(_, _, id, _)| *id).collect::<Vec<_>>())
        .bind(entries.iter().map(|(_, _, _, entry)| entry.time).collect::<Vec<_>>())
        .bind(entries.iter().map(|(_, _, _, entry)| entry.delta).collect::<Vec<_>>())
        .execute(connection)
        .await
        .during("enter adjustments")?;
    Ok(())
}

async fn save_descriptions(connection: &mut PgConnection, working_set: &WorkingSet) -> Result<(), Error> {
    let described: Vec<(&str, &Described)> = working_set
        .products
        .iter()
        .filter(|(_, product)| product.description_changed())
        .filter_map(|(sku, product)| Some((&**sku, product.current.as_ref()?)))
        .collect();
    if described.is_empty() {
        return Ok(());
    }
    let text = || described.iter().map(|(_, described)| &described.description);
    let stamp = || described.iter().map(|(_, described)| &described.stamp);
    let attributes =
        text().map(|text| serde_json::to_string(&text.attributes).expect("an object of strings is always JSON"));
    sqlx::query(include_str!("queries/save_descriptions.sql"))
        .bind(described.iter().map(|(sku, _)| *sku).collect::<Vec<_>>())
        .bind(text().map(|text| &*text.title).collect::<Vec<_>>())
        .bind(text().map(|text| text.description.as_deref()).collect::<Vec<_>>())
        .bind(text().map(|text| text.category.as_deref()).collect::<Vec<_>>())
        .bind(attributes.collect::<Vec<_>>())
        .bind(stamp().map(|stamp| stamp.time).collect::<Vec<_>>())
        .bind(stamp().map(|stamp| &*stamp.supplier).collect::<Vec<_>>())
        .bind(stamp().map(|stamp| &*stamp.id).collect::<Vec<_>>())
        .execute(connection)
        .await
        .during("save the descriptions")?;
    Ok(())
}

async fn save_versions(
    connection: &mut PgConnection,
    working_set: &WorkingSet,
    transaction_time: DateTime<Utc>,
) -> Result<(), Error> {
    let changed: Vec<(&str, &Product)> = working_set
        .products
        .iter()
        .filter(|(_, product)| product.view_changed())
        .map(|(sku, product)| (&**sku, product))
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    sqlx::query(include_str!("queries/save_versions.sql"))
        .bind(changed.iter().map(|(sku, _)| *sku).collect::<Vec<_>>())
        .bind(changed.iter().map(|(_, product)| product.version).collect::<Vec<_>>())
        .bind(transaction_time)
        .execute(connection)
        .await
        .during("save the versions")?;
    Ok(())
}
