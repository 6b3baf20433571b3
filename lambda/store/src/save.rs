//! The statement that writes the changes of a batch, except those of the ledger.

use chrono::{DateTime, Utc};
use sqlx::Postgres;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::query::Query;

use crate::error::{During, Error};
use crate::working_set::{Described, Offer, OfferRow, Product, WorkingSet};

type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// Writes the offers and descriptions that the batch has changed and the products of which it has changed the view
/// (their positions), removes the products that it has created for events that were then rejected, and records for
/// others what has changed and which low-stock limits were crossed.
pub(crate) async fn changes(
    connection: &mut PgConnection,
    working_set: &WorkingSet<'_>,
    changed: &[usize],
    transaction_time: DateTime<Utc>,
) -> Result<(), Error> {
    let (new, old): (Vec<_>, Vec<_>) = working_set
        .offers_by_sku()
        .filter_map(|(sku, offer)| Some((sku, offer, offer.changed_row()?)))
        .partition(|(_, offer, _)| offer.is_new());
    let described: Vec<(&str, &Described)> =
        working_set.products.iter().filter_map(|product| Some((product.sku, product.changed_description()?))).collect();
    let unused: Vec<&str> =
        working_set.products.iter().filter(|product| !product.exists()).map(|product| product.sku).collect();
    let products: Vec<&Product<'_>> = changed.iter().map(|position| &working_set.products[*position]).collect();
    if new.is_empty() && old.is_empty() && described.is_empty() && unused.is_empty() && products.is_empty() {
        return Ok(());
    }
    let mut statement = sqlx::query(include_str!("queries/save_changes.sql"));
    statement = statement.bind(old.iter().map(|(_, offer, _)| offer.place).collect::<Vec<_>>());
    statement = bind_rows(statement, &old);
    statement = statement
        .bind(new.iter().map(|(sku, _, _)| *sku).collect::<Vec<_>>())
        .bind(new.iter().map(|(_, offer, _)| offer.supplier).collect::<Vec<_>>());
    statement = bind_rows(statement, &new);
    statement = bind_descriptions(statement, &described);
    statement = statement
        .bind(unused)
        .bind(products.iter().map(|product| product.place).collect::<Vec<_>>())
        .bind(products.iter().map(|product| product.version).collect::<Vec<_>>())
        .bind(products.iter().map(|product| offers_of(product)).collect::<Vec<_>>())
        .bind(products.iter().map(|product| product.available()).collect::<Vec<_>>())
        .bind(transaction_time);
    statement = bind_told(statement, &products);
    statement.execute(connection).await.during("save the changes")?;
    Ok(())
}

/// Binds what others are told of the changed products: those that follow the catalog, and those that are told of
/// crossings. A product that had no offer has nothing to cross from.
fn bind_told<'q>(statement: Statement<'q>, products: &[&'q Product<'_>]) -> Statement<'q> {
    let told: Vec<&Product<'_>> = products.iter().copied().filter(|product| !product.is_probe()).collect();
    let moved = told.iter().filter(|product| product.added != 0 && product.stored_offers > 0);
    let moved: Vec<&Product<'_>> = moved.copied().collect();
    let described = || moved.iter().map(|product| product.changed_description());
    let category = |described: Option<&'q Described>| described.and_then(|now| now.description.category.as_deref());
    statement
        .bind(told.iter().map(|product| product.sku).collect::<Vec<_>>())
        .bind(moved.iter().map(|product| product.sku).collect::<Vec<_>>())
        .bind(moved.iter().map(|product| product.version).collect::<Vec<_>>())
        .bind(moved.iter().map(|product| product.available() - product.added).collect::<Vec<_>>())
        .bind(moved.iter().map(|product| product.available()).collect::<Vec<_>>())
        .bind(described().map(|described| described.is_some()).collect::<Vec<_>>())
        .bind(described().map(category).collect::<Vec<_>>())
}

/// Binds the columns of `offer` after its key.
fn bind_rows<'q>(statement: Statement<'q>, offers: &'q [(&str, &Offer<'_>, &OfferRow)]) -> Statement<'q> {
    let counted = || offers.iter().map(|(_, _, row)| row.counted.as_ref());
    let price = || offers.iter().map(|(_, _, row)| row.price.as_ref());
    statement
        .bind(offers.iter().map(|(_, _, row)| row.on_hand).collect::<Vec<_>>())
        .bind(offers.iter().map(|(_, _, row)| row.adjusted_at).collect::<Vec<_>>())
        .bind(counted().map(|stamp| stamp.map(|stamp| stamp.time)).collect::<Vec<_>>())
        .bind(counted().map(|stamp| stamp.map(|stamp| &*stamp.id)).collect::<Vec<_>>())
        .bind(price().map(|price| price.map(|price| price.amount)).collect::<Vec<_>>())
        .bind(price().map(|price| price.map(|price| &*price.currency)).collect::<Vec<_>>())
        .bind(price().map(|price| price.map(|price| price.stamp.time)).collect::<Vec<_>>())
        .bind(price().map(|price| price.map(|price| &*price.stamp.id)).collect::<Vec<_>>())
}

fn bind_descriptions<'q>(statement: Statement<'q>, described: &'q [(&str, &Described)]) -> Statement<'q> {
    let text = || described.iter().map(|(_, described)| &described.description);
    let stamp = || described.iter().map(|(_, described)| &described.stamp);
    let attributes =
        text().map(|text| serde_json::to_string(&text.attributes).expect("an object of strings is always JSON"));
    statement
        .bind(described.iter().map(|(sku, _)| *sku).collect::<Vec<_>>())
        .bind(text().map(|text| &*text.title).collect::<Vec<_>>())
        .bind(text().map(|text| text.description.as_deref()).collect::<Vec<_>>())
        .bind(text().map(|text| text.category.as_deref()).collect::<Vec<_>>())
        .bind(attributes.collect::<Vec<_>>())
        .bind(stamp().map(|stamp| stamp.time).collect::<Vec<_>>())
        .bind(stamp().map(|stamp| &*stamp.supplier).collect::<Vec<_>>())
        .bind(stamp().map(|stamp| &*stamp.id).collect::<Vec<_>>())
}

/// Returns the number of offers as the column holds it.
fn offers_of(product: &Product<'_>) -> i32 {
    i32::try_from(product.offers).unwrap_or(i32::MAX)
}
