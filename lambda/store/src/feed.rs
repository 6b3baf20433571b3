//! The feed of changes: products whose views have changed, page by page, for readers that follow the catalog.
//!
//! Each transaction that changes views leaves a row with its number and the products. A reader's cursor names a row,
//! and how many of its products the reader has. Numbers are not in the order of the commits, so a page ends before the
//! oldest transaction that is still running: what commits later is after every cursor.
//!
//! A cursor is good in the database that has its row, and not beyond. Without a cursor, or where the row is missing
//! (pruned, or another database), the feed begins with a listing of all products. It notes the newest row first, and
//! goes on after that one when it is through.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use sqlx::postgres::PgConnection;

use crate::error::{During, Error};
use crate::product_view::{View, views};
use crate::store::Store;

/// The number of products whose views are read at a time: with the most offers that each may have, some ten megabytes.
const VIEWS_AT_A_TIME: usize = 100;

/// The rows' SKUs that are read for each product of a page. A product that changes often comes once.
const ENTRIES_PER_PRODUCT: usize = 4;

/// A place in the rows: after so many SKUs of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct FeedPlace {
    /// The row's transaction.
    pub transaction: i64,
    /// The row's time.
    pub changed_at: DateTime<Utc>,
    /// The number of its SKUs that are before the place.
    pub before: i32,
}

/// A reader's cursor: what it has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// The products up to this SKU, in a listing.
    Listing {
        /// The place in the rows from which the feed goes on after the listing; none if the database had no row.
        since: Option<FeedPlace>,
        /// The last SKU.
        after: String,
    },
    /// The changes up to this place; none if the database had no row.
    Changes(Option<FeedPlace>),
}

/// The limits of a page.
#[derive(Clone, Copy, Debug)]
pub struct PageLimits {
    /// The most products.
    pub products: usize,
    /// The most bytes, as `size` counts them. One view may have more.
    pub bytes: usize,
    /// Returns the size of a view.
    pub size: fn(&View) -> usize,
}

/// A page of the feed.
#[derive(Debug)]
pub struct Page {
    /// The views as they are now, each once.
    pub views: Vec<View>,
    /// The cursor after the page.
    pub next: Cursor,
    /// True if there was more to read already.
    pub more: bool,
}

impl Store {
    /// Reads the page after this cursor; without a cursor, the first one.
    pub async fn changes(&self, after: Option<&Cursor>, limits: PageLimits) -> Result<Page, Error> {
        self.connections.run(async |connection| page(connection, after, limits).await).await
    }
}

async fn page(connection: &mut PgConnection, after: Option<&Cursor>, limits: PageLimits) -> Result<Page, Error> {
    match after {
        Some(Cursor::Listing { since, after }) => return listed(connection, *since, after, limits).await,
        Some(Cursor::Changes(Some(place))) => {
            if let Some(page) = changed(connection, *place, limits).await? {
                return Ok(page);
            }
        }
        Some(Cursor::Changes(None)) | None => {}
    }
    let newest = newest(connection).await?;
    if newest.is_none() && after == Some(&Cursor::Changes(None)) {
        // Listed already, and nothing has changed since: that would have left a row.
        return Ok(Page { views: Vec::new(), next: Cursor::Changes(None), more: false });
    }
    listed(connection, newest, "", limits).await
}

/// Returns the place after the newest row.
async fn newest(connection: &mut PgConnection) -> Result<Option<FeedPlace>, Error> {
    sqlx::query_as(include_str!("queries/newest_change.sql"))
        .fetch_optional(connection)
        .await
        .during("find the newest change")
}

/// Reads a page of the listing.
async fn listed(
    connection: &mut PgConnection,
    since: Option<FeedPlace>,
    after: &str,
    limits: PageLimits,
) -> Result<Page, Error> {
    let skus: Vec<String> = sqlx::query_scalar(include_str!("queries/list_products.sql"))
        .bind(after)
        .bind(i64::try_from(limits.products).unwrap_or(i64::MAX))
        .fetch_all(&mut *connection)
        .await
        .during("list the products")?;
    let skus: Vec<&str> = skus.iter().map(String::as_str).collect();
    let (views, read) = fitting_views(connection, &skus, limits).await?;
    let next = match last_of_listing(&skus, read, limits.products) {
        Some(last) => Cursor::Listing { since, after: last.to_owned() },
        None => Cursor::Changes(since),
    };
    Ok(Page { views, next, more: true })
}

/// Returns the last SKU that was read of those that were listed, at most so many; none if the listing is at its end.
fn last_of_listing<'a>(listed: &[&'a str], read: usize, at_most: usize) -> Option<&'a str> {
    let is_at_end = read == listed.len() && listed.len() < at_most;
    if is_at_end { None } else { listed[..read].last().copied() }
}

/// Reads a page of changes; none if the place is not in this database.
async fn changed(connection: &mut PgConnection, place: FeedPlace, limits: PageLimits) -> Result<Option<Page>, Error> {
    let most = limits.products * ENTRIES_PER_PRODUCT;
    let rows: Vec<ChangeRow> = sqlx::query_as(include_str!("queries/read_changes.sql"))
        .bind(place.transaction)
        .bind(place.changed_at)
        .bind(place.before)
        .bind(i32::try_from(most).unwrap_or(i32::MAX - 1))
        .fetch_all(&mut *connection)
        .await
        .during("read the changes")?;
    if !rows.first().is_some_and(|row| row.is_at(place)) {
        return Ok(None);
    }
    let are_all = rows.len() <= most;
    let entries: Vec<Entry> = rows.into_iter().filter_map(ChangeRow::entry).collect();
    let first = first_of_each(&entries, limits.products);
    let skus: Vec<&str> = first.starts.iter().map(|start| &*entries[*start].sku).collect();
    let (views, read) = fitting_views(connection, &skus, limits).await?;
    let end = first.end_after(read);
    let next = entries[..end].last().map_or(place, |last| last.place);
    Ok(Some(Page { views, next: Cursor::Changes(Some(next)), more: !are_all || end < entries.len() }))
}

/// A SKU of a row, with how many are before the place after it; nothing of both if none of the row's SKUs is left.
#[derive(FromRow)]
struct ChangeRow {
    transaction: i64,
    changed_at: DateTime<Utc>,
    before: Option<i32>,
    sku: Option<String>,
}

impl ChangeRow {
    fn is_at(&self, place: FeedPlace) -> bool {
        (self.transaction, self.changed_at) == (place.transaction, place.changed_at)
    }

    fn entry(self) -> Option<Entry> {
        let Self { transaction, changed_at, before, sku } = self;
        Some(Entry { place: FeedPlace { transaction, changed_at, before: before? }, sku: sku? })
    }
}

/// A SKU of a row, and the place after it.
#[derive(Debug)]
struct Entry {
    place: FeedPlace,
    sku: String,
}

/// The products at the front of some entries.
#[derive(Debug, PartialEq)]
struct FirstOfEach {
    /// The position of each product's first entry.
    starts: Vec<usize>,
    /// The number of entries at the front that are all about these products.
    end: usize,
}

impl FirstOfEach {
    /// Returns the number of entries at the front that are all about so many of the products.
    fn end_after(&self, read: usize) -> usize {
        self.starts.get(read).copied().unwrap_or(self.end)
    }
}

/// Finds the first entries of at most so many products.
fn first_of_each(entries: &[Entry], products: usize) -> FirstOfEach {
    let mut known = HashSet::new();
    let mut starts = Vec::new();
    for (position, entry) in entries.iter().enumerate() {
        if known.contains(&*entry.sku) {
            continue;
        }
        if starts.len() == products {
            return FirstOfEach { starts, end: position };
        }
        known.insert(&*entry.sku);
        starts.push(position);
    }
    FirstOfEach { starts, end: entries.len() }
}

/// Reads the views of as many of these products as fit, from the front, and returns the number of products, too.
async fn fitting_views(
    connection: &mut PgConnection,
    skus: &[&str],
    limits: PageLimits,
) -> Result<(Vec<View>, usize), Error> {
    let (mut fitting, mut bytes): (Vec<View>, usize) = (Vec::new(), 0);
    for part in skus.chunks(VIEWS_AT_A_TIME) {
        for view in views(connection, part).await? {
            bytes += (limits.size)(&view);
            if bytes > limits.bytes && !fitting.is_empty() {
                let read = skus.iter().position(|sku| *sku == view.sku).unwrap_or_default();
                return Ok((fitting, read));
            }
            fitting.push(view);
        }
    }
    Ok((fitting, skus.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(skus: &str) -> Vec<Entry> {
        let place = |before| FeedPlace { transaction: 1, changed_at: DateTime::UNIX_EPOCH, before };
        skus.chars().zip(1..).map(|(sku, before)| Entry { place: place(before), sku: sku.to_string() }).collect()
    }

    #[test]
    fn each_product_is_once_on_a_page_and_none_is_left_out() {
        for (skus, products, starts, end) in [
            ("", 1, vec![], 0),
            ("aba", 1, vec![0], 1),
            ("aab", 1, vec![0], 2),
            ("abab", 2, vec![0, 1], 4),
            ("ababc", 2, vec![0, 1], 4),
            ("abcab", 2, vec![0, 1], 2),
            ("aab", 9, vec![0, 2], 3),
        ] {
            assert_eq!(first_of_each(&entries(skus), products), FirstOfEach { starts, end }, "{skus} {products}");
        }
    }

    #[test]
    fn a_page_that_was_cut_ends_before_the_first_product_that_is_not_on_it() {
        let first = first_of_each(&entries("aabacb"), 2);
        assert_eq!(first, FirstOfEach { starts: vec![0, 2], end: 4 });
        for (read, end) in [(0, 0), (1, 2), (2, 4)] {
            assert_eq!(first.end_after(read), end, "{read}");
        }
    }

    #[test]
    fn a_listing_goes_on_unless_everything_was_listed_and_read() {
        for (listed, read, at_most, last) in [
            (&["a", "b"][..], 2, 2, Some("b")),
            (&["a", "b"], 1, 2, Some("a")),
            (&["a", "b"], 1, 3, Some("a")),
            (&["a", "b"], 2, 3, None),
            (&[], 0, 3, None),
        ] {
            assert_eq!(last_of_listing(listed, read, at_most), last, "{listed:?} {read} {at_most}");
        }
    }
}
