//! Requests that are refused as a whole (pure).

use std::fmt;

use pipegen_event::http_binding::{Refusal, RefusalKind};

use crate::url::{ProblemDocument, UrlResponse};

/// The method that is allowed.
pub(super) const METHOD: &str = "POST";

/// The problem with a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Problem {
    /// 404: the path does not exist.
    NoSuchResource,
    /// 405: the method is not `POST`.
    MethodNotAllowed,
    /// 403: the caller is not the role of a supplier.
    NotASupplier,
    /// 403: an event of another supplier is at this index.
    AnotherSupplier { index: usize },
    /// 400, 413 or 415: the headers or the body.
    Refused(Refusal),
}

impl Problem {
    /// Returns true if the caller may not do what it has tried.
    pub(super) fn is_forbidden(&self) -> bool {
        matches!(self, Self::NotASupplier | Self::AnotherSupplier { .. })
    }

    pub fn response(&self) -> UrlResponse {
        let (status, name, title) = self.members();
        let response = ProblemDocument::new(status, name, title, self.to_string()).response();
        if *self == Self::MethodNotAllowed { response.with_header("allow", METHOD) } else { response }
    }

    /// Returns the status, the type's name and the title.
    fn members(&self) -> (u16, &'static str, &'static str) {
        match self {
            Self::NoSuchResource => (404, "no-such-resource", "No such resource"),
            Self::MethodNotAllowed => (405, "method-not-allowed", "Method not allowed"),
            Self::NotASupplier => (403, "not-a-supplier", "Not a supplier"),
            Self::AnotherSupplier { .. } => (403, "another-supplier", "Another supplier's event"),
            Self::Refused(Refusal { kind, .. }) => {
                let (name, title) = match kind {
                    RefusalKind::Malformed => ("malformed-request", "Malformed request"),
                    RefusalKind::TooLarge => ("request-too-large", "Request too large"),
                    RefusalKind::UnsupportedMediaType => ("unsupported-media-type", "Unsupported media type"),
                };
                (kind.status(), name, title)
            }
        }
    }
}

/// The document's detail.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchResource => f.write_str("events are sent to /events"),
            Self::MethodNotAllowed => f.write_str("events are sent with POST"),
            Self::NotASupplier => {
                f.write_str("the request is not signed by a session of a supplier's role of this environment")
            }
            Self::AnotherSupplier { index } => write!(
                f,
                "source: event {index} (counted from 0) is not of the supplier whose role has signed the request; no event \
                 of the request was taken"
            ),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_problem_is_a_document() {
        let refused = |kind| Problem::Refused(Refusal { kind, detail: "because".to_owned() });
        for (problem, status) in [
            (Problem::NoSuchResource, 404),
            (Problem::MethodNotAllowed, 405),
            (Problem::NotASupplier, 403),
            (Problem::AnotherSupplier { index: 0 }, 403),
            (refused(RefusalKind::Malformed), 400),
            (refused(RefusalKind::TooLarge), 413),
            (refused(RefusalKind::UnsupportedMediaType), 415),
        ] {
            let response = problem.response();
            assert_eq!(response.status_code, status);
            assert_eq!(response.headers["content-type"], "application/problem+json");
            assert_eq!(response.headers.contains_key("allow"), status == 405);
            assert_eq!(problem.is_forbidden(), status == 403);
            let document: Value = serde_json::from_str(response.body.as_deref().unwrap()).unwrap();
            assert_eq!((&document["status"], &document["detail"]), (&status.into(), &problem.to_string().into()));
        }
    }
}
