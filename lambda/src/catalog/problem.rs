//! Problem documents (RFC 9457): the responses to requests that cannot be answered (pure).

use std::fmt;

use pipegen_event::InvalidText;

use crate::url::ProblemDocument;

/// The problem with a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Problem {
    /// 404: the path does not exist.
    NoSuchResource,
    /// 405: the method is neither `GET` nor `HEAD`.
    MethodNotAllowed,
    /// 400: no SKU in the query.
    NoSku,
    /// 400: more SKUs in the query than this limit.
    TooManySkus { limit: usize },
    /// 400: the path's SKU is not UTF-8.
    NotUtf8,
    /// 400: text that is not a SKU.
    NotASku(InvalidText),
    /// 400: text that is not a cursor of the feed of changes.
    NotACursor,
    /// 400: not a number of products from 1 to this one.
    NotALimit { most: usize },
    /// 404: no supplier has ever sent an event about the SKU.
    UnknownSku,
    /// 413: the response has more bytes than Lambda can send.
    TooLarge,
    /// 503: no connection to the database is left; as a rule, other readers hold them all.
    NoConnection,
    /// 503: the database is unavailable.
    NoDatabase,
}

impl Problem {
    pub(super) fn document(&self) -> ProblemDocument {
        let (status, name, title) = self.members();
        ProblemDocument::new(status, name, title, self.to_string())
    }

    /// Returns the value of `Retry-After`, in seconds.
    pub(super) fn retry_after(&self) -> Option<u32> {
        match self {
            Self::NoConnection => Some(1),
            // About the time that a database takes to fail over.
            Self::NoDatabase => Some(10),
            _ => None,
        }
    }

    /// Returns the status, the type's name and the title.
    fn members(&self) -> (u16, &'static str, &'static str) {
        match self {
            Self::NoSuchResource => (404, "no-such-resource", "No such resource"),
            Self::MethodNotAllowed => (405, "method-not-allowed", "Method not allowed"),
            Self::NoSku => (400, "no-sku", "No SKU"),
            Self::TooManySkus { .. } => (400, "too-many-skus", "Too many SKUs"),
            Self::NotUtf8 | Self::NotASku(_) => (400, "not-a-sku", "Not a SKU"),
            Self::NotACursor => (400, "not-a-cursor", "Not a cursor"),
            Self::NotALimit { .. } => (400, "not-a-limit", "Not a limit"),
            Self::UnknownSku => (404, "unknown-sku", "Unknown SKU"),
            Self::TooLarge => (413, "answer-too-large", "Answer too large"),
            Self::NoConnection => (503, "no-connection", "No database connection"),
            Self::NoDatabase => (503, "no-database", "Database unavailable"),
        }
    }
}

/// The document's detail, which repeats nothing of the request.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchResource => f.write_str(
                "products are at /products/{sku}, with the SKU percent-encoded, and at /products?sku=…&sku=…; what has \
                 changed is at /changes",
            ),
            Self::MethodNotAllowed => f.write_str("products can only be read"),
            Self::NoSku => f.write_str("the query must name at least one product, as sku=…"),
            Self::TooManySkus { limit } => write!(f, "a query may name at most {limit} distinct SKUs"),
            Self::NotUtf8 => f.write_str("a SKU must be UTF-8, percent-encoded"),
            Self::NotASku(rule) => write!(f, "a SKU {rule}"),
            Self::NotACursor => f.write_str(
                "`after` must be the `next` of an earlier page; without it, the feed begins with all products",
            ),
            Self::NotALimit { most } => write!(f, "`limit` must be a number of products from 1 to {most}"),
            Self::UnknownSku => f.write_str("nothing is known about this SKU"),
            Self::TooLarge => {
                f.write_str("the response would exceed the 6 MB that can be sent; request fewer products at once")
            }
            Self::NoConnection => f.write_str("no database connection was left for this request; retry later"),
            Self::NoDatabase => f.write_str("the database is unavailable at the moment; retry later"),
        }
    }
}
