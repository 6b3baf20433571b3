//! The catalog that changes must have made, by what each means.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use pipegen_store::Store;
use serde_json::{Value, json};

use crate::traffic::{Change, What, description};

/// The products that were changed. Each offer begins with the same level.
#[derive(Default)]
pub(crate) struct ExpectedCatalog {
    first_level: i64,
    products: HashMap<String, Product>,
}

#[derive(Default)]
struct Product {
    /// The number of the last text, if there is one.
    edition: Option<u64>,
    offers: BTreeMap<String, Offer>,
}

struct Offer {
    on_hand: i64,
    cents: Option<u32>,
}

impl ExpectedCatalog {
    /// The changes begin with a catalog in which every offer has this level.
    pub(crate) fn filled(first_level: i64) -> Self {
        Self { first_level, products: HashMap::new() }
    }

    /// Notes what changes do. They must come in the order of their time.
    pub(crate) fn expect(&mut self, changes: &[Change]) {
        for change in changes {
            let product = self.products.entry(change.sku.clone()).or_default();
            let (supplier, first_level) = (&*change.supplier, self.first_level);
            match change.what {
                What::Counted(quantity) => product.offer(supplier, first_level).on_hand = quantity,
                What::Adjusted(delta) => product.offer(supplier, first_level).on_hand += delta,
                What::Priced { cents } => product.offer(supplier, first_level).cents = Some(cents),
                What::Described { edition } => product.edition = Some(edition),
            }
        }
    }

    /// Checks that the catalog has these levels.
    pub(crate) async fn check(&self, store: &Store) -> Result<()> {
        let skus: Vec<&str> = self.products.keys().map(String::as_str).collect();
        for skus in skus.chunks(1000) {
            let views = store.views(skus).await?;
            ensure!(views.len() == skus.len(), "{} of {} products are in the catalog", views.len(), skus.len());
            for view in views {
                let json: Value = serde_json::from_str(&view.json)?;
                let offers = json["offers"].as_array().context("a view has offers")?;
                for (supplier, Offer { on_hand, .. }) in &self.products[&view.sku].offers {
                    let offer = offers.iter().find(|offer| offer["supplier"] == **supplier);
                    let seen = offer.and_then(|offer| offer["on_hand"].as_i64());
                    ensure!(seen == Some(*on_hand), "{} {supplier}: {seen:?} instead of {on_hand}", view.sku);
                }
            }
        }
        Ok(())
    }

    /// The SKUs of all products.
    pub(crate) fn skus(&self) -> Vec<&str> {
        self.products.keys().map(String::as_str).collect()
    }

    /// Checks that exported views are these products, and no others.
    pub(crate) fn check_export(&self, file: &Path) -> Result<()> {
        let mut count = 0;
        for line in BufReader::new(File::open(file).context("there is no export")?).lines() {
            self.check_view(serde_json::from_str(&line?)?)?;
            count += 1;
        }
        ensure!(count == self.products.len(), "{count} of {} products are in the catalog", self.products.len());
        Ok(())
    }

    /// Checks that a view is what the changes mean, its version and its time left out.
    pub(crate) fn check_view(&self, mut view: Value) -> Result<()> {
        let fields = view.as_object_mut().context("a view is an object")?;
        fields.retain(|name, _| name != "version" && name != "updated_at");
        let sku = view["sku"].as_str().context("a view has a SKU")?;
        let product = self.products.get(sku).with_context(|| format!("nobody sent {sku}"))?;
        let expected = product.view(sku);
        ensure!(view == expected, "{view} instead of {expected}");
        Ok(())
    }
}

impl Product {
    /// Returns a supplier's offer, which begins with this level.
    fn offer(&mut self, supplier: &str, first_level: i64) -> &mut Offer {
        let new = || Offer { on_hand: first_level, cents: None };
        self.offers.entry(supplier.to_owned()).or_insert_with(new)
    }

    /// Returns the view without its version and its time.
    fn view(&self, sku: &str) -> Value {
        let offers = self.offers.iter().map(|(supplier, Offer { on_hand, cents })| {
            let price = cents.map(|cents| json!({"amount": amount(cents), "currency": "GBP"}));
            json!({"supplier": supplier, "on_hand": on_hand, "price": price})
        });
        let mut view = match self.edition {
            Some(edition) => description(sku, edition),
            None => json!({"title": null, "description": null, "category": null, "attributes": {}}),
        };
        view["sku"] = sku.into();
        view["available"] = self.offers.values().map(|offer| offer.on_hand.max(0)).sum::<i64>().into();
        view["offers"] = offers.collect();
        view
    }
}

/// Returns an amount without needless zeros.
fn amount(cents: u32) -> String {
    let text = format!("{}.{:02}", cents / 100, cents % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
