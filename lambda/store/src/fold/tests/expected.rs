//! The visible state by a naive reading of the rules: collect all events, then compute.

use std::collections::BTreeMap;

use pipegen_event::{Change, Event};

/// The state that readers can see.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct VisibleState {
    pub(super) descriptions: BTreeMap<String, Option<String>>,
    pub(super) offers: BTreeMap<(String, String), (i64, Option<String>)>,
    /// Of each product; none if it is not known.
    pub(super) available: BTreeMap<String, Option<i64>>,
}

/// Computes the state from all events by the definitions in docs/ARCHITECTURE.md, "Meaning".
pub(super) fn expected_state(deliveries: &[Event]) -> VisibleState {
    let mut events: BTreeMap<(String, &str, String, String), &Event> = BTreeMap::new();
    for event in deliveries {
        let identity = (event.source(), event.change.event_type(), event.sku.to_string(), event.id.to_string());
        let known = events.entry(identity).or_insert(event);
        if event.time > known.time {
            *known = event;
        }
    }
    let mut shown = VisibleState::default();
    for event in events.values() {
        let (sku, supplier) = (event.sku.to_string(), event.supplier.to_string());
        let of_sku = || events.values().filter(|other| other.sku == event.sku);
        let of_offer = || of_sku().filter(|other| other.supplier == event.supplier);
        let description = of_sku()
            .filter_map(|other| match &other.change {
                Change::Described(text) => Some(((other.time, other.source(), other.id.to_string()), &text.title)),
                _ => None,
            })
            .max();
        shown.available.entry(sku.clone()).or_insert(Some(0));
        shown.descriptions.insert(sku.clone(), description.map(|(_, title)| title.clone()));
        if matches!(event.change, Change::Described(_)) {
            continue;
        }
        let price = of_offer()
            .filter_map(|other| match &other.change {
                Change::PriceChanged { amount, .. } => Some(((other.time, other.id.to_string()), amount.to_string())),
                _ => None,
            })
            .max();
        let count = of_offer()
            .filter_map(|other| match other.change {
                Change::Counted { quantity } => Some(((other.time, other.id.to_string()), quantity)),
                _ => None,
            })
            .max();
        let since = count.as_ref().map(|((time, _), _)| *time);
        let adjustments = of_offer().filter(|other| since.is_none_or(|since| other.time > since));
        let deltas = adjustments.filter_map(|other| match other.change {
            Change::Adjusted { delta } => Some(delta),
            _ => None,
        });
        let level = count.map_or(0, |(_, quantity)| quantity) + deltas.sum::<i64>();
        shown.offers.insert((sku, supplier), (level, price.map(|(_, amount)| amount)));
    }
    for ((sku, _), (level, _)) in &shown.offers {
        *shown.available.entry(sku.clone()).or_default().get_or_insert_default() += (*level).max(0);
    }
    shown
}
