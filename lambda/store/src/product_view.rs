//! The product view: the one thing that the cache holds and the catalog returns.

use std::collections::BTreeMap;
use std::io;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};

use crate::connections::SEARCH_PATH;
use crate::error::{During, Error};
use crate::load;
use crate::store::Store;
use crate::working_set::{Product, WorkingSet};

/// A product as readers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    pub sku: String,
    /// Grows with every change of the view: microseconds since the epoch, or the previous version plus one.
    pub version: i64,
    /// The view as JSON text.
    pub json: String,
}

#[derive(Serialize)]
struct Body<'a> {
    sku: &'a str,
    title: Option<&'a str>,
    description: Option<&'a str>,
    category: Option<&'a str>,
    attributes: &'a BTreeMap<String, String>,
    available: i64,
    offers: Vec<OfferBody<'a>>,
    version: i64,
    updated_at: Option<String>,
}

#[derive(Serialize)]
struct OfferBody<'a> {
    supplier: &'a str,
    on_hand: i64,
    price: Option<PriceBody<'a>>,
}

#[derive(Serialize)]
struct PriceBody<'a> {
    amount: String,
    currency: &'a str,
}

impl View {
    /// Builds the view of a product that exists.
    pub(crate) fn of(sku: &str, product: &Product) -> Self {
        let unknown = BTreeMap::new();
        let description = product.current.as_ref().map(|described| &described.description);
        let offers = product.offers.iter().map(|(supplier, offer)| OfferBody {
            supplier,
            on_hand: offer.current.on_hand,
            price: offer
                .current
                .price
                .as_ref()
                .map(|price| PriceBody { amount: price.amount.normalize().to_string(), currency: &price.currency }),
        });
        let body = Body {
            sku,
            title: description.map(|d| d.title.as_str()),
            description: description.and_then(|d| d.description.as_deref()),
            category: description.and_then(|d| d.category.as_deref()),
            attributes: description.map_or(&unknown, |d| &d.attributes),
            available: product.offers.values().map(|offer| offer.current.on_hand.max(0)).sum(),
            offers: offers.collect(),
            version: product.version,
            updated_at: product.updated_at.map(rfc3339),
        };
        let json = serde_json::to_string(&body).expect("text, integers and string keys are always JSON");
        Self { sku: sku.to_owned(), version: product.version, json }
    }
}

/// Formats a time as RFC 3339 in UTC, always with six decimal places.
fn rfc3339(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// Builds the views of all products in a catalog that exist, sorted by SKU.
pub(crate) fn all(working_set: &WorkingSet) -> Vec<View> {
    let existing = working_set.products.iter().filter(|(_, product)| product.exists());
    existing.map(|(sku, product)| View::of(sku, product)).collect()
}

impl Store {
    /// Returns the current views of these SKUs, sorted by SKU. An unknown SKU has none.
    pub async fn views(&self, skus: &[&str]) -> Result<Vec<View>, Error> {
        self.connections.run(async |connection| views(connection, skus).await).await
    }
}

async fn views(connection: &mut PgConnection, skus: &[&str]) -> Result<Vec<View>, Error> {
    // Two statements read products and offers, so they need one snapshot.
    let begin = "begin isolation level repeatable read, read only";
    let mut transaction = connection.begin_with(begin).await.during("begin to read views")?;
    let working_set = load::products(&mut transaction, skus).await?;
    transaction.commit().await.during("end reading views")?;
    Ok(all(&working_set))
}

/// The number of products that an export reads at a time.
const EXPORT_PAGE: i64 = 1000;

/// Passes every product's view (JSON text) to `write`, sorted by SKU (bytewise), from one snapshot, and returns their
/// number. The login in `url` must have the right to read the catalog's tables.
///
/// # Errors
/// PostgreSQL's; an error of `write` ends the export with [`io::Error`] as the source.
pub async fn export(url: &str, write: &mut dyn FnMut(&str) -> io::Result<()>) -> Result<u64, Error> {
    let options: PgConnectOptions = url.parse().during("read the URL of the export")?;
    let mut connection = options.options([SEARCH_PATH]).connect().await.during("connect for the export")?;
    let mut transaction =
        connection.begin_with("begin isolation level repeatable read, read only").await.during("begin the export")?;
    let mut exported = 0;
    let mut after = String::new();
    loop {
        let skus: Vec<String> = sqlx::query_scalar(include_str!("queries/page_of_skus.sql"))
            .bind(&after)
            .bind(EXPORT_PAGE)
            .fetch_all(&mut *transaction)
            .await
            .during("list the products")?;
        let Some(last) = skus.last() else { break };
        after.clone_from(last);
        let skus: Vec<&str> = skus.iter().map(String::as_str).collect();
        for view in all(&load::products(&mut transaction, &skus).await?) {
            write(&view.json).during("write the export")?;
            exported += 1;
        }
    }
    transaction.commit().await.during("end the export")?;
    Ok(exported)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Readers infer the fields of all exported views from the first lines, so a product of which nothing is known has
    /// every field.
    #[test]
    fn a_view_always_has_every_field() {
        let bare: Value = serde_json::from_str(&View::of("A1", &Product::default()).json).unwrap();
        let fields: Vec<_> = bare.as_object().unwrap().keys().map(String::as_str).collect();
        let all =
            ["attributes", "available", "category", "description", "offers", "sku", "title", "updated_at", "version"];
        assert_eq!(fields, all);

        let offer = OfferBody { supplier: "acme", on_hand: 0, price: None };
        assert_eq!(serde_json::to_string(&offer).unwrap(), r#"{"supplier":"acme","on_hand":0,"price":null}"#);
    }
}
