//! Putting in what a reader has missed and then read from the database.

use pipegen_contract::cache::product;
use pipegen_store::View;

use super::read::Ticket;
use super::{Cache, CacheError, FILL_SECONDS};

/// How long it is remembered that a SKU is unknown, in seconds. A product that comes into being replaces that at once.
pub const UNKNOWN_SECONDS: u32 = 30;

/// The version and the view of an unknown SKU's entry.
const UNKNOWN: (i64, &str) = (0, "");

/// What the database says about a SKU.
#[derive(Clone, Copy, Debug)]
pub struct Fill<'a> {
    /// The SKU.
    pub sku: &'a str,
    /// Its view; none if the SKU is unknown.
    pub view: Option<&'a View>,
}

impl Cache {
    /// Puts in what the database says about missed SKUs, and returns how many entries that changed. The database must have been
    /// asked after the reading that the ticket is from. What is not newer than its entry, or comes too late, is left out.
    pub async fn fill(&self, ticket: Ticket, fills: &[Fill<'_>]) -> Result<usize, CacheError> {
        if fills.is_empty() {
            return Ok(0);
        }
        let mut call = self.fill.prepare_invoke();
        call.arg(ticket.time).arg(i64::from(FILL_SECONDS) * 1_000_000);
        for fill in fills {
            call.key(product(fill.sku));
            match fill.view {
                Some(view) => call.arg(view.version).arg(&view.json).arg(self.seconds_for(view)),
                None => call.arg(UNKNOWN.0).arg(UNKNOWN.1).arg(UNKNOWN_SECONDS),
            };
        }
        let filled = self.connection.ask(async |connection| call.invoke_async(connection).await);
        self.within(ticket.patience, filled).await
    }
}
