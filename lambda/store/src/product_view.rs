//! The product view: the one thing that the cache holds and the catalog returns.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::FromRow;
use sqlx::postgres::{PgConnection, PgRow};

use crate::error::{During, Error};
use crate::load::attributes;
use crate::store::Store;
use crate::working_set::MAX_OFFERS;

/// A product as readers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    pub sku: String,
    /// Grows with every change of the view: microseconds since the epoch, or the previous version plus one.
    pub version: i64,
    /// The view as JSON text.
    pub json: String,
}

/// A product as its tables have it.
#[derive(Debug, FromRow)]
pub(crate) struct ProductRow {
    pub(crate) sku: String,
    pub(crate) version: i64,
    pub(crate) updated_at: Option<DateTime<Utc>>,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) category: Option<String>,
    /// None if no event has described the product yet.
    pub(crate) attributes: Option<String>,
    /// Of the offers, sorted by supplier, as the next three.
    pub(crate) suppliers: Vec<String>,
    pub(crate) on_hand: Vec<i64>,
    pub(crate) amounts: Vec<Option<Decimal>>,
    pub(crate) currencies: Vec<Option<String>>,
}

#[derive(Serialize)]
struct Body<'a> {
    sku: &'a str,
    title: Option<&'a str>,
    description: Option<&'a str>,
    category: Option<&'a str>,
    attributes: BTreeMap<String, String>,
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

impl From<ProductRow> for View {
    fn from(row: ProductRow) -> Self {
        let body = Body {
            sku: &row.sku,
            title: row.title.as_deref(),
            description: row.description.as_deref(),
            category: row.category.as_deref(),
            attributes: row.attributes.as_deref().map(attributes).unwrap_or_default(),
            available: row.on_hand.iter().map(|on_hand| (*on_hand).max(0)).sum(),
            offers: row.offers().collect(),
            version: row.version,
            updated_at: row.updated_at.map(rfc3339),
        };
        let json = serde_json::to_string(&body).expect("text, integers and string keys are always JSON");
        Self { version: row.version, json, sku: row.sku }
    }
}

impl ProductRow {
    fn offers(&self) -> impl Iterator<Item = OfferBody<'_>> {
        let prices = self.amounts.iter().zip(&self.currencies).map(|(amount, currency)| {
            Some(PriceBody { amount: amount.as_ref()?.normalize().to_string(), currency: currency.as_deref()? })
        });
        let levels = self.suppliers.iter().zip(&self.on_hand);
        levels.zip(prices).map(|((supplier, on_hand), price)| OfferBody { supplier, on_hand: *on_hand, price })
    }
}

/// Formats a time as RFC 3339 in UTC, always with six decimal places.
fn rfc3339(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

impl Store {
    /// Returns the current views of these SKUs, all of one moment. An unknown SKU has none.
    pub async fn views(&self, skus: &[&str]) -> Result<Vec<View>, Error> {
        self.connections.run(async |connection| views(connection, skus).await).await
    }
}

/// Reads the views of these SKUs, in their order.
pub(crate) async fn views(connection: &mut PgConnection, skus: &[&str]) -> Result<Vec<View>, Error> {
    sqlx::query(include_str!("queries/read_views.sql"))
        .bind(skus)
        .bind(i64::try_from(MAX_OFFERS).unwrap_or(i64::MAX))
        .try_map(|row: PgRow| ProductRow::from_row(&row).map(View::from))
        .fetch_all(connection)
        .await
        .during("read the views")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Readers infer the fields of all exported views from the first lines, so a product of which nothing is known has
    /// every field.
    #[test]
    fn a_view_always_has_every_field() {
        let row = ProductRow {
            sku: "A1".to_owned(),
            version: 0,
            updated_at: None,
            title: None,
            description: None,
            category: None,
            attributes: None,
            suppliers: vec!["acme".to_owned()],
            on_hand: vec![0],
            amounts: vec![None],
            currencies: vec![None],
        };
        let view = View::from(row);
        let bare: Value = serde_json::from_str(&view.json).unwrap();
        let fields: Vec<_> = bare.as_object().unwrap().keys().map(String::as_str).collect();
        let all =
            ["attributes", "available", "category", "description", "offers", "sku", "title", "updated_at", "version"];
        assert_eq!(fields, all);
        assert!(view.json.contains(r#""offers":[{"supplier":"acme","on_hand":0,"price":null}]"#), "{}", view.json);
    }

    #[test]
    fn a_view_has_what_the_tables_have() {
        let row = ProductRow {
            sku: "A1".to_owned(),
            version: 7,
            updated_at: DateTime::from_timestamp_micros(1_000_000),
            title: Some("title".to_owned()),
            description: None,
            category: Some("category".to_owned()),
            attributes: Some(r#"{"colour":"white"}"#.to_owned()),
            suppliers: vec!["acme".to_owned(), "globex".to_owned()],
            on_hand: vec![-3, 5],
            amounts: vec![Some(Decimal::new(250, 2)), None],
            currencies: vec![Some("GBP".to_owned()), None],
        };
        let view: Value = serde_json::from_str(&View::from(row).json).unwrap();
        let offers = json!([
            {"supplier": "acme", "on_hand": -3, "price": {"amount": "2.5", "currency": "GBP"}},
            {"supplier": "globex", "on_hand": 5, "price": null},
        ]);
        let expected = json!({
            "sku": "A1", "version": 7, "updated_at": "1970-01-01T00:00:01.000000Z", "title": "title",
            "description": null, "category": "category", "attributes": {"colour": "white"}, "available": 5,
            "offers": offers,
        });
        assert_eq!(view, expected);
    }
}
