//! Responses (pure).

use std::collections::BTreeMap;
use std::io;

use pipegen_contract::payload::LARGEST_PAYLOAD;
use pipegen_store::View;
use serde::Serialize;

use super::problem::Problem;
use super::request::METHODS;

/// The function's result, of which Lambda makes the HTTP response.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-response-payload>
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UrlResponse {
    pub status_code: u16,
    /// The headers by name, in lower case.
    pub headers: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Always false: the body is text.
    pub is_base64_encoded: bool,
}

impl UrlResponse {
    fn new(status_code: u16, headers: &[(&'static str, &str)], body: Option<String>) -> Self {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { status_code, headers, body, is_base64_encoded: false }
    }

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
    pub(super) fn with_cache_status(mut self, hit: bool) -> Self {
        self.headers.insert("x-cache", if hit { "hit" } else { "miss" }.to_owned());
        self
    }

    /// Returns the response, if Lambda can send one of its size.
    pub(super) fn check_size(self) -> Result<Self, Problem> {
        // Whatever a body of this length is made of, it is small enough: JSON makes at most six bytes of one.
        let is_short = self.body.as_ref().is_none_or(|body| body.len() < LARGEST_PAYLOAD / 8);
        if is_short || encoded_bytes(&self) <= LARGEST_PAYLOAD { Ok(self) } else { Err(Problem::TooLarge) }
    }

    /// Makes the response to the same request with the method `HEAD`: it has the length of the body that it leaves out
    /// (RFC 9110, 8.6). Without a body, as in a 304, it has no length.
    pub(super) fn without_body(mut self) -> Self {
        if let Some(body) = self.body.take() {
            self.headers.insert("content-length", body.len().to_string());
        }
        self
    }
}

impl From<&Problem> for UrlResponse {
    fn from(problem: &Problem) -> Self {
        let document = problem.document();
        let body = serde_json::to_string(&document).expect("text and numbers are always JSON");
        let headers = [("content-type", "application/problem+json"), ("cache-control", "no-store")];
        let mut response = Self::new(document.status, &headers, Some(body));
        if let Some(seconds) = problem.retry_after() {
            response.headers.insert("retry-after", seconds.to_string());
        }
        if *problem == Problem::MethodNotAllowed {
            response.headers.insert("allow", METHODS.to_owned());
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

/// Returns the size of the response as Lambda receives it, its body a JSON string.
fn encoded_bytes(response: &UrlResponse) -> usize {
    let mut counter = ByteCounter(0);
    serde_json::to_writer(&mut counter, response).expect("text and numbers are always JSON, and counting never fails");
    counter.0
}

/// A writer that counts the bytes.
struct ByteCounter(usize);

impl io::Write for ByteCounter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
