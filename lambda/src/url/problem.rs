//! Problem documents (RFC 9457): the responses to requests that cannot be answered.

use serde::Serialize;

use super::response::UrlResponse;

/// The prefix of a problem's type. A tag (RFC 4151), not a page: it cannot be opened.
const TYPE_PREFIX: &str = "tag:retailtech.com,2026:problem/";

/// A problem document's members.
#[derive(Serialize)]
pub struct ProblemDocument {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
}

impl ProblemDocument {
    /// Makes the document of a problem: its status, the name that ends its type, its title and its detail.
    pub fn new(status: u16, name: &str, title: &'static str, detail: String) -> Self {
        Self { kind: format!("{TYPE_PREFIX}{name}"), title, status, detail }
    }

    /// Makes the response that carries the document. None may keep it: a cache could keep a 404 (RFC 9111, 4.2.2).
    pub fn response(&self) -> UrlResponse {
        let body = serde_json::to_string(self).expect("text and numbers are always JSON");
        let headers = [("content-type", "application/problem+json"), ("cache-control", "no-store")];
        UrlResponse::new(self.status, &headers, Some(body))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_problem_is_a_document() {
        let response = ProblemDocument::new(404, "unknown-sku", "Unknown SKU", "not \"known\"".to_owned()).response();
        assert_eq!(response.status_code, 404);
        assert_eq!(response.headers["content-type"], "application/problem+json");
        assert_eq!(response.headers["cache-control"], "no-store");
        let body: Value = serde_json::from_str(response.body.as_deref().unwrap()).unwrap();
        let kind = "tag:retailtech.com,2026:problem/unknown-sku";
        assert_eq!(body, json!({"type": kind, "title": "Unknown SKU", "status": 404, "detail": "not \"known\""}));
    }
}
