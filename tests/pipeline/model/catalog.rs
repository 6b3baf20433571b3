//! A set of accepted events to the product views, by the definitions in docs/ARCHITECTURE.md, "Meaning".

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use super::data::{Change, Description};
use super::decode::Event;

/// The expected catalog.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    /// The view of each SKU, without `version` and `updated_at`, which depend on the run.
    pub(crate) views: BTreeMap<String, Value>,
    /// Identities with different contents at one time: either may be the event, so that more than one catalog is right.
    pub(crate) ambiguous: BTreeSet<EventIdentity>,
}

/// The identity of an event: source, type, subject and id. Deliveries with one identity are one event.
pub(crate) type EventIdentity = (String, String, String, String);

impl Catalog {
    /// Computes the catalog of these events, which may be in any order and repeated.
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

/// Keeps one event for each identity, the one with the latest time.
fn distinct(events: impl IntoIterator<Item = Event>) -> (Vec<Event>, BTreeSet<EventIdentity>) {
    let mut latest = HashMap::<EventIdentity, Event>::new();
    let mut ambiguous = BTreeSet::new();
    for event in events {
        let identity = (event.source.clone(), event.event_type.clone(), event.sku.clone(), event.id.clone());
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

/// Returns every supplier that sent a level or a price, sorted.
fn suppliers(events: &[Event]) -> BTreeSet<&str> {
    let sent_offer = |event: &&Event| !matches!(event.change, Change::Described(_));
    events.iter().filter(sent_offer).map(|event| event.supplier.as_str()).collect()
}

/// The offer of one SKU by one supplier.
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

/// Computes the level: the quantity of the last count plus the deltas that are strictly later.
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

/// Returns the time and content of the last event, by (time, source, id), among those with the wanted content.
fn last<'e, T>(events: impl Iterator<Item = &'e Event>, content: impl Fn(&'e Change) -> Option<T>) -> Option<(i64, T)> {
    let candidates = events.filter_map(|event| Some((event, content(&event.change)?)));
    let latest = candidates.max_by_key(|(event, _)| (event.time, event.source.as_str(), event.id.as_str()));
    latest.map(|(event, content)| (event.time, content))
}
