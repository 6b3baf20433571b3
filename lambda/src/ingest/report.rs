//! The log line about a request.

use std::collections::BTreeMap;
use std::time::Instant;

use pipegen_contract::metric;
use serde_json::{Map, Value};

use super::events::{RequestEvents, Verdict};
use super::problem::Problem;
use super::response::failed;
use crate::metrics::MetricLine;
use crate::stream::Put;
use crate::url::UrlRequest;

/// The message of the line about a request.
const MESSAGE: &str = "request";

/// The facts about a request so far.
pub(super) struct RequestReport {
    began: Instant,
    caller: Option<String>,
    /// The supplier that calls, once it is known.
    pub(super) supplier: Option<String>,
    accepted: usize,
    /// The number of rejected events by reason.
    rejected: BTreeMap<&'static str, u64>,
    failed: usize,
    /// The problem with the request as a whole.
    problem: Option<String>,
    is_forbidden: bool,
}

impl RequestReport {
    pub(super) fn of(request: &UrlRequest) -> Self {
        Self {
            began: Instant::now(),
            caller: request.caller().map(str::to_owned),
            supplier: None,
            accepted: 0,
            rejected: BTreeMap::new(),
            failed: 0,
            problem: None,
            is_forbidden: false,
        }
    }

    /// Records that the request was refused as a whole.
    pub(super) fn refused(&mut self, problem: &Problem) {
        self.problem = Some(problem.to_string());
        self.is_forbidden = problem.is_forbidden();
    }

    /// Counts the events.
    pub(super) fn count(&mut self, events: &RequestEvents<'_>, placed: &[Put]) {
        self.failed = failed(placed);
        self.accepted = placed.len() - self.failed;
        for verdict in &events.verdicts {
            if let Verdict::Rejected(rejection) = verdict {
                *self.rejected.entry(rejection.reason.as_str()).or_default() += 1;
            }
        }
    }

    /// Writes the line. Rejections are fields of it and no metric: the sender was told, and the quarantine has none of
    /// them.
    pub(super) fn write(self, request_id: &str, status: u16) {
        let mut line = MetricLine::new(MESSAGE, request_id);
        if self.is_forbidden {
            line.field("level", "WARN");
            line.field("caller", self.caller);
            line.metric(metric::FORBIDDEN, 1);
        }
        line.field("status", status);
        line.field("supplier", self.supplier);
        line.field("accepted", self.accepted);
        line.field(
            "rejected",
            self.rejected
                .into_iter()
                .map(|(reason, count)| (reason.to_owned(), count.into()))
                .collect::<Map<_, Value>>(),
        );
        line.field("failed", self.failed);
        if let Some(problem) = self.problem {
            line.field("problem", problem);
        }
        line.field("milliseconds", u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX));
        line.write();
    }
}
