//! A set of accepted events to the product views, definition by definition as §4 has them.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use super::data::{Change, Description};
use super::judge::Event;

/// What the catalog must be.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    /// The view of each SKU, without `version` and `updated_at`, which no model can know.
    pub(crate) views: BTreeMap<String, Value>,
    /// Identities that came with one time but different content: of those either may be the event, so that a catalog
    /// with any of them is not the only right one.
    pub(crate) ambiguous: BTreeSet<Identity>,
}

/// What makes deliveries the same event: source, type, subject and id.
pub(crate) type Identity = (String, String, String, String);

impl Catalog {
    /// The catalog after these events, in whatever order and however often they came.
    pub(crate) fn of(events: impl IntoIterator<Item = Event>) -> Self {
        let (events, ambiguous) = distinct(events);
        let mut by_sku = BTreeMap::<String, Vec<Event>>::new();
        for event in events {
            by_sku.entry(event.sku.clone()).or_default().push(event);
        }
        let views = by_sku.into_iter().map(|(sku, events)| (sku.clone(), view(&sku, &events))).collect();
        Self { views, ambiguous }
    }
}

/// One event an identity, the one with the latest time.
fn distinct(events: impl IntoIterator<Item = Event>) -> (Vec<Event>, BTreeSet<Identity>) {
    let mut latest = HashMap::<Identity, Event>::new();
    let mut ambiguous = BTreeSet::new();
    for event in events {
        let identity = (event.source.clone(), event.kind.clone(), event.sku.clone(), event.id.clone());
        match latest.entry(identity) {
            Entry::Vacant(place) => {
                place.insert(event);
            }
            Entry::Occupied(mut kept) if event.time > kept.get().time => {
                ambiguous.remove(kept.key());
                kept.insert(event);
            }
            Entry::Occupied(kept) => {
                if event.time == kept.get().time && event.change != kept.get().change {
                    ambiguous.insert(kept.key().clone());
                }
            }
        }
    }
    (latest.into_values().collect(), ambiguous)
}

fn view(sku: &str, events: &[Event]) -> Value {
    let description = last(events.iter(), |change| match change {
        Change::Described(description) => Some(description),
        _ => None,
    });
    let offers: Vec<Offer> = suppliers(events).into_iter().map(|supplier| Offer::of(supplier, events)).collect();
    json!({
        "sku": sku,
        "title": description.map(|(_, Description { title, .. })| title),
        "description": description.and_then(|(_, Description { description, .. })| description.as_ref()),
        "category": description.and_then(|(_, Description { category, .. })| category.as_ref()),
        "attributes": description.map(|(_, Description { attributes, .. })| attributes.clone()).unwrap_or_default(),
        "available": offers.iter().map(|offer| offer.on_hand.max(0)).sum::<i64>(),
        "offers": offers.iter().map(Offer::view).collect::<Vec<_>>(),
    })
}

/// Every supplier that sent a level or a price, sorted.
fn suppliers(events: &[Event]) -> BTreeSet<&str> {
    let sent_offer = |event: &&Event| !matches!(event.change, Change::Described(_));
    events.iter().filter(sent_offer).map(|event| event.supplier.as_str()).collect()
}

/// What one supplier has of one SKU.
struct Offer<'e> {
    supplier: &'e str,
    on_hand: i64,
    price: Option<(&'e str, &'e str)>,
}

impl<'e> Offer<'e> {
    fn of(supplier: &'e str, events: &'e [Event]) -> Self {
        let own = || events.iter().filter(|event| event.supplier == supplier);
        let price = last(own(), |change| match change {
            Change::Priced { amount, currency } => Some((amount.as_str(), currency.as_str())),
            _ => None,
        });
        Self { supplier, on_hand: level(own()), price: price.map(|(_, price)| price) }
    }

    fn view(&self) -> Value {
        let price = self.price.map(|(amount, currency)| json!({ "amount": amount, "currency": currency }));
        json!({ "supplier": self.supplier, "on_hand": self.on_hand, "price": price })
    }
}

/// The quantity of the last count plus the deltas strictly later than its time.
fn level<'e>(events: impl Iterator<Item = &'e Event> + Clone) -> i64 {
    let count = last(events.clone(), |change| match change {
        Change::Counted(quantity) => Some(*quantity),
        _ => None,
    });
    let deltas = events.filter_map(|event| match event.change {
        Change::Adjusted(delta) if count.is_none_or(|(counted_at, _)| event.time > counted_at) => Some(delta),
        _ => None,
    });
    count.map_or(0, |(_, quantity)| quantity) + deltas.sum::<i64>()
}

/// The time and content of the last event, by (time, source, id), of those that say what is asked for.
fn last<'e, T>(events: impl Iterator<Item = &'e Event>, content: impl Fn(&'e Change) -> Option<T>) -> Option<(i64, T)> {
    let candidates = events.filter_map(|event| Some((event, content(&event.change)?)));
    let latest = candidates.max_by_key(|(event, _)| (event.time, event.source.as_str(), event.id.as_str()));
    latest.map(|(event, content)| (event.time, content))
}
