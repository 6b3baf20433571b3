//! The suppliers that may send.

use std::collections::BTreeSet;

use pipegen_event::{Event, Reason, Supplier, check_sender};

use crate::sample::{accepted, broken, replaced};

/// Returns a counted event of this supplier.
fn event_of(supplier: &str, sku: &str) -> Event {
    accepted(replaced(&broken("acme", supplier), "85123A", sku))
}

fn suppliers(names: &[&str]) -> BTreeSet<Supplier> {
    names.iter().map(|name| name.parse().expect("a supplier")).collect()
}

fn refusal(event: &Event, suppliers: Option<&BTreeSet<Supplier>>) -> Option<Reason> {
    check_sender(event, suppliers).err().map(|rejection| rejection.reason)
}

#[test]
fn settings_that_name_suppliers_let_nobody_else_send() {
    let named = suppliers(&["acme", "globex"]);
    for (supplier, refused) in [("acme", false), ("globex", false), ("initech", true), ("acm", true)] {
        let event = event_of(supplier, "85123A");
        assert_eq!(refusal(&event, None), None, "{supplier}");
        assert_eq!(refusal(&event, Some(&named)), refused.then_some(Reason::UnknownSupplier), "{supplier}");
        assert_eq!(refusal(&event, Some(&suppliers(&[]))), Some(Reason::UnknownSupplier), "{supplier}");
    }
}

#[test]
fn a_probe_may_always_send_and_keeps_to_skus_of_its_own() {
    let named = suppliers(&["acme"]);
    let probe = event_of("pipegen-probe", "pipegen-probe-1");
    let by_somebody_else = event_of("acme", "pipegen-probe-1");
    let about_a_product = event_of("pipegen-probe", "85123A");
    for suppliers in [None, Some(&named)] {
        assert_eq!(refusal(&probe, suppliers), None);
        assert_eq!(refusal(&by_somebody_else, suppliers), Some(Reason::UnknownSupplier));
        assert_eq!(refusal(&about_a_product, suppliers), Some(Reason::UnknownSupplier));
    }
}
