//! The rules by which events are accepted, as the processor has them.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use pipegen_contract::probe;
use pipegen_event::{Event, Reason};

use crate::config::Config;

/// The settings that decide which events are accepted.
#[derive(Clone, Debug)]
pub struct Rules {
    pub horizon: TimeDelta,
    /// The suppliers whose events are accepted; none if everybody's are.
    pub suppliers: Option<BTreeSet<String>>,
}

impl Rules {
    /// Returns the rules of an environment.
    pub fn of(config: &Config) -> Self {
        let names = config.settings.suppliers.iter().map(|supplier| supplier.name.as_str().to_owned());
        let names: BTreeSet<String> = names.collect();
        Self {
            horizon: TimeDelta::days(config.settings.horizon_days.into()),
            suppliers: (!names.is_empty()).then_some(names),
        }
    }

    /// Returns the reason for which the event is refused although it is valid.
    pub(super) fn refuse(&self, event: &Event) -> Option<Reason> {
        let supplier = event.supplier.as_str();
        let is_known = self.suppliers.as_ref().is_none_or(|known| known.contains(supplier));
        let is_accepted = probe::may_send(supplier, event.sku.as_str()) && (is_known || supplier == probe::SUPPLIER);
        (!is_accepted).then_some(Reason::UnknownSupplier)
    }
}
