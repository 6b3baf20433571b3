//! Responses (pure).

use pipegen_store::View;

use super::problem::Problem;
use super::request::METHODS;
use crate::url::UrlResponse;

impl UrlResponse {
    /// Makes the response with one product: its view as it is, or 304 if the reader has it (`if_none_match`).
    ///
    /// A copy may be kept, but must be revalidated before each use: without that it could be older than a batch that
    /// has already been acknowledged.
    pub(super) fn product(view: View, if_none_match: Option<&str>) -> Self {
        let etag = format!("\"{}\"", view.version);
        let headers = [("etag", &*etag), ("cache-control", "no-cache")];
        if if_none_match.is_some_and(|list| lists_etag(list, &etag)) {
            return Self::new(304, &headers, None);
        }
        let mut response = Self::new(200, &headers, Some(view.json));
        response.headers.insert("content-type", "application/json".to_owned());
        response
    }

    /// Makes the response with several products: the known ones in the order requested, and the SKUs of the others. A
    /// copy could not be revalidated, so none may be kept.
    pub(super) fn products(skus: &[&str], views: &[Option<View>]) -> Self {
        let known: Vec<&str> = views.iter().flatten().map(|view| &*view.json).collect();
        let unknown: Vec<&str> =
            skus.iter().zip(views).filter(|(_, view)| view.is_none()).map(|(sku, _)| *sku).collect();
        let unknown = serde_json::to_string(&unknown).expect("a list of strings is always JSON");
        let body = format!(r#"{{"products":[{}],"unknown":{unknown}}}"#, known.join(","));
        Self::new(200, &[("content-type", "application/json"), ("cache-control", "no-store")], Some(body))
    }

    /// Adds the header that tells a cache hit from a miss.
    pub(super) fn with_cache_status(self, hit: bool) -> Self {
        self.with_header("x-cache", if hit { "hit" } else { "miss" })
    }

    /// Returns the response, if Lambda can send one of its size.
    pub(super) fn check_size(self) -> Result<Self, Problem> {
        if self.can_be_sent() { Ok(self) } else { Err(Problem::TooLarge) }
    }
}

impl From<&Problem> for UrlResponse {
    fn from(problem: &Problem) -> Self {
        let mut response = problem.document().response();
        if let Some(seconds) = problem.retry_after() {
            response = response.with_header("retry-after", seconds.to_string());
        }
        if *problem == Problem::MethodNotAllowed {
            response = response.with_header("allow", METHODS);
        }
        response
    }
}

/// Returns true if an `If-None-Match` lists this entity tag (`"…"`). The comparison is the weak one, and `*` is every
/// tag (RFC 9110, 8.8.3.2 and 13.1.2). Text that is not a tag, and everything after it, matches nothing.
fn lists_etag(if_none_match: &str, etag: &str) -> bool {
    let mut rest = if_none_match.trim();
    if rest == "*" {
        return true;
    }
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let opaque = rest.strip_prefix("W/").unwrap_or(rest);
        // A tag may hold commas, so the list is cut at its quotes.
        let Some((tag, behind)) = opaque.strip_prefix('"').and_then(|tag| tag.split_once('"')) else { return false };
        if etag.trim_matches('"') == tag {
            return true;
        }
        rest = behind;
    }
}

#[cfg(test)]
mod tests;
