//! What a request is answered with (pure).

use std::collections::BTreeMap;
use std::io;

use pipegen_store::View;
use serde::Serialize;

use super::problem::Problem;
use super::request::METHODS;

/// The most bytes that the whole encoded response may have: Lambda's 6 MB for a function's answer.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const MAX_BYTES: usize = 6 * 1024 * 1024;

/// What Lambda makes the HTTP response of.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-response-payload>
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UrlResponse {
    /// The HTTP status.
    pub status_code: u16,
    /// By name, in lower case.
    pub headers: BTreeMap<&'static str, String>,
    /// Text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Always false.
    pub is_base64_encoded: bool,
}

impl UrlResponse {
    fn new(status_code: u16, headers: &[(&'static str, &str)], body: Option<String>) -> Self {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { status_code, headers, body, is_base64_encoded: false }
    }

    /// One product: its view as it is, or that the reader has it (`if_none_match`).
    ///
    /// A copy may be kept, but has to be checked with us before each use: anything else could be older than what a batch has
    /// already been acknowledged with.
    pub(super) fn one(view: View, if_none_match: Option<&str>) -> Self {
        let etag = format!("\"{}\"", view.version);
        let headers = [("etag", &*etag), ("cache-control", "no-cache")];
        if if_none_match.is_some_and(|list| lists(list, &etag)) {
            return Self::new(304, &headers, None);
        }
        let mut response = Self::new(200, &headers, Some(view.json));
        response.headers.insert("content-type", "application/json".to_owned());
        response
    }

    /// Many products, those that are known in the order asked, and the SKUs of the others. There is nothing to check a copy
    /// with, so none may be kept.
    pub(super) fn many(skus: &[&str], views: &[Option<View>]) -> Self {
        let known: Vec<&str> = views.iter().flatten().map(|view| &*view.json).collect();
        let unknown: Vec<&str> =
            skus.iter().zip(views).filter(|(_, view)| view.is_none()).map(|(sku, _)| *sku).collect();
        let unknown = serde_json::to_string(&unknown).expect("a list of strings is always JSON");
        let body = format!(r#"{{"products":[{}],"unknown":{unknown}}}"#, known.join(","));
        Self::new(200, &[("content-type", "application/json"), ("cache-control", "no-store")], Some(body))
    }

    /// Says whether the cache has answered (`hit`).
    pub(super) fn saying(mut self, hit: bool) -> Self {
        self.headers.insert("x-cache", if hit { "hit" } else { "miss" }.to_owned());
        self
    }

    /// The response, if it can be sent.
    pub(super) fn sendable(self) -> Result<Self, Problem> {
        if encoded_bytes(&self) <= MAX_BYTES { Ok(self) } else { Err(Problem::TooLarge) }
    }

    /// The response to the same request with the method `HEAD`: it has the length of the body that it leaves out
    /// (RFC 9110, 8.6). Where there is none, as in a 304, it says nothing of a length.
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

/// Whether an `If-None-Match` lists this entity tag (`"…"`). The comparison is the weak one, and `*` is every tag
/// (RFC 9110, 8.8.3.2 and 13.1.2). What is no tag, and all behind it, matches nothing.
fn lists(if_none_match: &str, etag: &str) -> bool {
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

/// How long the response is as Lambda receives it, its body a JSON string.
fn encoded_bytes(response: &UrlResponse) -> usize {
    let mut counter = Counter(0);
    serde_json::to_writer(&mut counter, response).expect("text and numbers are always JSON, and counting never fails");
    counter.0
}

/// Counts what is written.
struct Counter(usize);

impl io::Write for Counter {
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
