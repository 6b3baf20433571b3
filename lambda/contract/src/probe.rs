//! Probes: events with which an operator tries the whole pipeline (`pipegen probe`). They have a supplier and SKUs of
//! their own, so that they touch nothing else, and `maintain` removes what they leave in the catalog.

/// The supplier of probes, and of nothing else.
pub const SUPPLIER: &str = "pipegen-probe";

/// The beginning of the SKUs of probes, which nobody else may have.
pub const SKU_PREFIX: &str = "pipegen-probe-";

/// Seconds that a probe's product stays in the catalog.
pub const KEPT_SECONDS: u32 = 600;

/// Returns true if this supplier may send events of this SKU: probes keep to their own, and everybody else to theirs.
pub fn may_send(supplier: &str, sku: &str) -> bool {
    (supplier == SUPPLIER) == sku.starts_with(SKU_PREFIX)
}
