//! Misses of one SKU that overlap ask the database once: who misses first leads, who misses meanwhile follows.
//!
//! A follower must not be given anything older than a read of its own would return, or a batch could be acknowledged before the
//! follower begins and not be seen by it. So a flight that has not yet begun to ask takes everybody. One that has begun takes
//! those to whom the cache has said how far the database had come: what is told to the cache after the flight began is there
//! longer than the flight takes followers, and a follower that was told of a newer version than it is brought asks itself.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pipegen_store::View;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::Instant;

/// How long after it began to ask a flight takes followers: as long as the cache is sure to know what it was told.
const TAKES_FOLLOWERS: Duration = Duration::from_secs(5);

/// A SKU that the cache could not answer for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Miss<'a> {
    pub(super) sku: &'a str,
    /// The version that the cache says the database has reached, 0 if it has been told of none; none if it could not be asked.
    pub(super) told: Option<i64>,
}

/// What the database said about a SKU.
#[derive(Debug)]
pub(super) struct Landed<'a> {
    pub(super) sku: &'a str,
    /// None if the SKU is unknown.
    pub(super) view: Option<View>,
    /// Whether the database was asked after this miss, and for it. Only then may the cache be filled with it.
    pub(super) asked_here: bool,
}

/// The SKUs that are being asked for in this process.
pub struct Flights {
    by_sku: Mutex<HashMap<String, Flight>>,
    /// One for each connection: who has none has not begun to ask.
    connections: Semaphore,
}

/// What a flight brings, when it has landed: the view, or that the SKU is unknown.
type Luggage = Option<Option<View>>;

struct Flight {
    /// When it began to ask.
    began: Option<Instant>,
    luggage: watch::Receiver<Luggage>,
}

/// The SKUs that one reader asks for. Their flights end with it, however it ends.
struct Lead<'f, 'a> {
    flights: &'f Flights,
    seats: Vec<(&'a str, watch::Sender<Luggage>)>,
}

impl Flights {
    /// For a process that has this many connections to the database.
    pub fn new(connections: u32) -> Self {
        Self { by_sku: Mutex::default(), connections: Semaphore::new(connections as usize) }
    }

    /// What the database says about these SKUs (distinct), in any order. `query` is run at most twice, each time with SKUs that
    /// nobody else is asking for in time.
    ///
    /// # Errors
    /// As `query`'s own. A failure of somebody else's query is answered by a query of one's own.
    pub(super) async fn ask<'a, E>(
        &self,
        misses: &[Miss<'a>],
        query: impl AsyncFn(&[&str]) -> Result<Vec<View>, E>,
    ) -> Result<Vec<Landed<'a>>, E> {
        let (lead, followed) = self.board(misses);
        let mut landed = lead.fly(&query).await?;
        let mut left_over = Vec::new();
        for (miss, mut luggage) in followed {
            match luggage.wait_for(Option::is_some).await.map(|luggage| luggage.clone()) {
                Ok(Some(view)) if is_new_enough(view.as_ref(), miss) => {
                    landed.push(Landed { sku: miss.sku, view, asked_here: false });
                }
                _ => left_over.push(miss.sku),
            }
        }
        landed.extend(self.lead(left_over).fly(&query).await?);
        Ok(landed)
    }

    /// Who is flying already is followed; for the rest a flight is registered, which takes the place of one that cannot be followed.
    fn board<'a>(&self, misses: &[Miss<'a>]) -> (Lead<'_, 'a>, Vec<(Miss<'a>, watch::Receiver<Luggage>)>) {
        let (mut own, mut followed) = (Vec::new(), Vec::new());
        let now = Instant::now();
        let mut by_sku = self.by_sku();
        for miss in misses {
            match by_sku.get(miss.sku).filter(|flight| flight.takes(miss, now)) {
                Some(flight) => followed.push((*miss, flight.luggage.clone())),
                None => own.push(miss.sku),
            }
        }
        (Lead::register(self, &mut by_sku, own), followed)
    }

    fn lead<'a>(&self, skus: Vec<&'a str>) -> Lead<'_, 'a> {
        Lead::register(self, &mut self.by_sku(), skus)
    }

    fn by_sku(&self) -> MutexGuard<'_, HashMap<String, Flight>> {
        // Whole entries come and go; none is left half-written.
        self.by_sku.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight {
    fn takes(&self, miss: &Miss<'_>, now: Instant) -> bool {
        self.began.is_none_or(|began| miss.told.is_some() && now - began < TAKES_FOLLOWERS)
    }
}

fn is_new_enough(view: Option<&View>, miss: Miss<'_>) -> bool {
    view.map_or(0, |view| view.version) >= miss.told.unwrap_or(0)
}

impl<'f, 'a> Lead<'f, 'a> {
    fn register(flights: &'f Flights, by_sku: &mut HashMap<String, Flight>, skus: Vec<&'a str>) -> Self {
        let mut seats = Vec::with_capacity(skus.len());
        for sku in skus {
            let (sender, luggage) = watch::channel(None);
            by_sku.insert(sku.to_owned(), Flight { began: None, luggage });
            seats.push((sku, sender));
        }
        Self { flights, seats }
    }

    async fn fly<E>(self, query: &impl AsyncFn(&[&str]) -> Result<Vec<View>, E>) -> Result<Vec<Landed<'a>>, E> {
        if self.seats.is_empty() {
            return Ok(Vec::new());
        }
        let _connection = self.begin().await;
        let skus: Vec<&str> = self.seats.iter().map(|(sku, _)| *sku).collect();
        let mut views: HashMap<String, View> =
            query(&skus).await?.into_iter().map(|view| (view.sku.clone(), view)).collect();
        let mut landed = Vec::with_capacity(self.seats.len());
        for (sku, luggage) in &self.seats {
            let view = views.remove(*sku);
            luggage.send_replace(Some(view.clone()));
            landed.push(Landed { sku, view, asked_here: true });
        }
        Ok(landed)
    }

    /// Waits for a connection, then says that asking begins.
    async fn begin(&self) -> SemaphorePermit<'_> {
        let connection = self.flights.connections.acquire().await.expect("the semaphore is never closed");
        let now = Instant::now();
        let mut by_sku = self.flights.by_sku();
        for (sku, luggage) in &self.seats {
            if let Some(flight) = by_sku.get_mut(*sku).filter(|flight| flight.is_of(luggage)) {
                flight.began = Some(now);
            }
        }
        connection
    }
}

impl Flight {
    fn is_of(&self, luggage: &watch::Sender<Luggage>) -> bool {
        self.luggage.same_channel(&luggage.subscribe())
    }
}

impl Drop for Lead<'_, '_> {
    fn drop(&mut self) {
        let mut by_sku = self.flights.by_sku();
        for (sku, luggage) in &self.seats {
            if by_sku.get(*sku).is_some_and(|flight| flight.is_of(luggage)) {
                by_sku.remove(*sku);
            }
        }
    }
}

#[cfg(test)]
mod tests;
