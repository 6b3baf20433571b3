//! The fields that the `data` of each event type must have: `data` reads them, and `other_formats` knows by them that a
//! text is data without an event.

use pipegen_contract::event_type;

pub(crate) const COUNTED: &[&str] = &["quantity"];
pub(crate) const ADJUSTED: &[&str] = &["delta"];
pub(crate) const PRICE_CHANGED: &[&str] = &["amount", "currency"];
pub(crate) const DESCRIBED: &[&str] = &["title"];

/// Those of every event type.
pub(crate) const ALL: [&[&str]; event_type::ALL.len()] = [COUNTED, ADJUSTED, PRICE_CHANGED, DESCRIBED];
