//! The products that have changed, page by page.

use pipegen_contract::payload::LARGEST_PAYLOAD;
use pipegen_store::{Cursor, Page, PageLimits, View};

use super::cursor;
use crate::database::DatabaseError;
use crate::resources::CatalogResources;
use crate::url::UrlResponse;

/// The products of a page, if the request names no limit.
pub(super) const DEFAULT_LIMIT: usize = 100;

/// The most products of a page.
pub const MAX_LIMIT: usize = 500;

/// The most that a response has beside the views: the headers, and a cursor.
const FRAME_BYTES: usize = 4096;

/// A request for a page.
#[derive(Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// The place up to which the reader has read; none before its first page.
    pub after: Option<Cursor>,
    /// The most products.
    pub limit: usize,
}

/// Reads a page from the database: the cache knows nothing of changes.
pub(super) async fn read(request: &PageRequest, resources: &CatalogResources) -> Result<Page, DatabaseError> {
    let limits = PageLimits { products: request.limit, bytes: LARGEST_PAYLOAD - FRAME_BYTES, size: encoded_bytes };
    resources.database.run(async |store| store.changes(request.after.as_ref(), limits).await).await
}

/// Returns the bytes of a view in Lambda's result, where it is a part of a JSON string, with a comma.
fn encoded_bytes(view: &View) -> usize {
    // The quotes around it make up for the comma, and more.
    serde_json::to_string(&view.json).expect("text is always JSON").len()
}

impl UrlResponse {
    /// Makes the response with a page. It is out of date at once, so no copy may be kept.
    pub(super) fn changes(page: &Page) -> Self {
        let views: Vec<&str> = page.views.iter().map(|view| &*view.json).collect();
        // The cursor's text needs no escapes.
        let next = cursor::to_text(&page.next);
        let body = format!(r#"{{"changes":[{}],"next":"{next}","more":{}}}"#, views.join(","), page.more);
        Self::new(200, &[("content-type", "application/json"), ("cache-control", "no-store")], Some(body))
    }
}
