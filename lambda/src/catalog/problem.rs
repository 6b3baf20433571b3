//! What kept a request from its answer, as a problem document (RFC 9457) (pure).

use std::fmt;

use pipegen_event::InvalidText;
use serde::Serialize;

use super::request::MAX_SKUS;

/// What begins a problem's type. A tag (RFC 4151), not a page: there is nothing to be had at it.
const TYPE: &str = "tag:retailtech.com,2026:problem/";

/// What kept a request from its answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// 404: the path is none of ours.
    NoSuchResource,
    /// 405.
    MethodNotAllowed,
    /// 400: no SKU in the query.
    NoSku,
    /// 400: more SKUs in the query than are answered.
    TooManySkus,
    /// 400: the path's SKU is no text.
    NotUtf8,
    /// 400: text that is no SKU.
    NotASku(InvalidText),
    /// 404: nobody has ever sent anything about the SKU.
    UnknownSku,
    /// 413: the answer has too many bytes to be sent.
    TooLarge,
    /// 503: no connection to the database was to be had; as a rule, readers have taken them all.
    NoConnection,
    /// 503: the database cannot be asked.
    NoDatabase,
}

/// The document.
#[derive(Serialize)]
pub(super) struct Document {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    pub(super) status: u16,
    detail: String,
}

impl Problem {
    /// The problem document.
    pub(super) fn document(&self) -> Document {
        let (status, name, title) = self.kind();
        Document { kind: format!("{TYPE}{name}"), title, status, detail: self.to_string() }
    }

    /// When it is worth asking again, in seconds.
    pub(super) fn retry_after(&self) -> Option<u32> {
        match self {
            Self::NoConnection => Some(1),
            // About as long as a database takes to fail over.
            Self::NoDatabase => Some(10),
            _ => None,
        }
    }

    /// Status, name of the type, title.
    fn kind(&self) -> (u16, &'static str, &'static str) {
        match self {
            Self::NoSuchResource => (404, "no-such-resource", "No such resource"),
            Self::MethodNotAllowed => (405, "method-not-allowed", "Method not allowed"),
            Self::NoSku => (400, "no-sku", "No SKU"),
            Self::TooManySkus => (400, "too-many-skus", "Too many SKUs"),
            Self::NotUtf8 | Self::NotASku(_) => (400, "not-a-sku", "Not a SKU"),
            Self::UnknownSku => (404, "unknown-sku", "Unknown SKU"),
            Self::TooLarge => (413, "answer-too-large", "Answer too large"),
            Self::NoConnection => (503, "no-connection", "No database connection"),
            Self::NoDatabase => (503, "no-database", "Database unavailable"),
        }
    }
}

/// The document's detail. Nothing of the request is repeated.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchResource => f.write_str(
                "products are at /products/{sku}, with the SKU percent-encoded, and at /products?sku=…&sku=…",
            ),
            Self::MethodNotAllowed => f.write_str("products can only be read"),
            Self::NoSku => f.write_str("the query must name at least one product, as sku=…"),
            Self::TooManySkus => write!(f, "a query may name at most {MAX_SKUS} distinct SKUs"),
            Self::NotUtf8 => f.write_str("a SKU must be UTF-8, percent-encoded"),
            Self::NotASku(rule) => write!(f, "a SKU {rule}"),
            Self::UnknownSku => f.write_str("nothing is known about this SKU"),
            Self::TooLarge => {
                f.write_str("the answer would pass the 6 MB that can be sent; ask for fewer products at once")
            }
            Self::NoConnection => f.write_str("no database connection was left for this request; ask again"),
            Self::NoDatabase => f.write_str("the database cannot be asked at the moment; ask again"),
        }
    }
}
