//! Two catalogs, product by product.

use std::cmp::Ordering;
use std::io;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use anyhow::Context as _;
use pipegen_contract::probe::SKU_PREFIX;
use serde::Serialize;
use serde_json::Value;

/// The differences that are kept; more are counted.
const KEPT: usize = 10;
/// The views that are read ahead.
const AHEAD: usize = 1000;

/// The result of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Compared {
    /// The products that either has.
    pub products: u64,
    pub differences: u64,
    /// The first differences, in the order of their SKUs.
    pub first: Vec<Difference>,
}

/// A product that differs: its views, without version and time of the last change, which no two catalogs share.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    pub sku: String,
    /// Null if the product is not there.
    pub rebuilt: Option<Value>,
    pub living: Option<Value>,
}

/// A product's view, without what depends on the catalog's own history.
struct View {
    sku: String,
    content: Value,
}

/// Compares the catalogs in two databases. Each is read from one snapshot, a few products at a time.
pub fn compare(rebuilt: &str, living: &str) -> anyhow::Result<Compared> {
    let (rebuilt, living) =
        (Catalog::read(rebuilt, "the rebuilt catalog"), Catalog::read(living, "the living catalog"));
    let (mut left, mut right) = (rebuilt.next()?, living.next()?);
    let mut compared = Compared::default();
    loop {
        let order = match (&left, &right) {
            (None, None) => return Ok(compared),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(left), Some(right)) => left.sku.as_bytes().cmp(right.sku.as_bytes()),
        };
        let from_rebuilt = if order.is_le() { std::mem::replace(&mut left, rebuilt.next()?) } else { None };
        let from_living = if order.is_ge() { std::mem::replace(&mut right, living.next()?) } else { None };
        compared.add(from_rebuilt, from_living);
    }
}

impl Compared {
    fn add(&mut self, rebuilt: Option<View>, living: Option<View>) {
        let Some(sku) = rebuilt.as_ref().or(living.as_ref()).map(|view| view.sku.clone()) else { return };
        self.products += 1;
        let (rebuilt, living) = (rebuilt.map(|view| view.content), living.map(|view| view.content));
        if rebuilt == living {
            return;
        }
        self.differences += 1;
        if self.first.len() < KEPT {
            self.first.push(Difference { sku, rebuilt, living });
        }
    }
}

/// A catalog that a thread of its own reads.
struct Catalog {
    name: &'static str,
    views: Receiver<anyhow::Result<String>>,
}

impl Catalog {
    fn read(url: &str, name: &'static str) -> Self {
        let (sender, views) = sync_channel(AHEAD);
        let url = url.to_owned();
        thread::spawn(move || {
            let export = || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                // Nobody receives any more once the comparison has failed.
                let mut pass_on = |view: &str| sender.send(Ok(view.to_owned())).map_err(io::Error::other);
                runtime.block_on(pipegen_store::export(&url, &mut pass_on))?;
                anyhow::Ok(())
            };
            if let Err(error) = export() {
                drop(sender.send(Err(error)));
            }
        });
        Self { name, views }
    }

    /// Returns the next view, or none at the end. Products of probes are left out: the rebuilt catalog has none.
    fn next(&self) -> anyhow::Result<Option<View>> {
        while let Ok(text) = self.views.recv() {
            let text = text.with_context(|| format!("cannot read {}", self.name))?;
            let view = view(&text).with_context(|| format!("cannot read {}", self.name))?;
            if !view.sku.starts_with(SKU_PREFIX) {
                return Ok(Some(view));
            }
        }
        Ok(None)
    }
}

fn view(text: &str) -> anyhow::Result<View> {
    let mut content: Value = serde_json::from_str(text)?;
    let fields = content.as_object_mut().context("a view is not an object")?;
    fields.remove("version");
    fields.remove("updated_at");
    let sku = fields.get("sku").and_then(Value::as_str).context("a view has no SKU")?.to_owned();
    Ok(View { sku, content })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_times_do_not_count() {
        let text = |version: u32, available: u32| {
            format!(
                r#"{{"sku":"1","available":{available},"version":{version},"updated_at":"2026-11-23T05:00:0{version}Z"}}"#
            )
        };
        let mut compared = Compared::default();
        let view = |version, available| Some(super::view(&text(version, available)).unwrap());
        compared.add(view(1, 7), view(2, 7));
        assert_eq!((compared.products, compared.differences), (1, 0));
        compared.add(view(1, 7), view(1, 8));
        compared.add(None, view(1, 8));
        assert_eq!((compared.products, compared.differences), (3, 2));
        assert_eq!((&compared.first[1].sku, &compared.first[1].rebuilt), (&"1".to_owned(), &None));
    }
}
