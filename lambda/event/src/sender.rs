//! The suppliers that may send.

use std::collections::BTreeSet;

use pipegen_contract::probe;

use crate::event::Event;
use crate::identifier::Supplier;
use crate::reason::{Reason, Rejection};

/// Rejects an event of a supplier that the settings do not name, if they name any. Probes are always accepted, and keep
/// to SKUs of their own.
pub fn check_sender(event: &Event, suppliers: Option<&BTreeSet<Supplier>>) -> Result<(), Rejection> {
    let supplier = event.supplier.as_str();
    let reject = |detail| Err(Rejection::new(Reason::UnknownSupplier, detail));
    if !probe::may_send(supplier, event.sku.as_str()) {
        return reject("source: this supplier and a subject that begins with `pipegen-probe-` go only together");
    }
    match suppliers {
        Some(suppliers) if supplier != probe::SUPPLIER && !suppliers.contains(&event.supplier) => {
            reject("source: the settings do not name this supplier")
        }
        _ => Ok(()),
    }
}
