//! `ingest`: takes suppliers' events over HTTPS and puts them on the stream. Request → identity → events (all pure) →
//! put → response (pure). Calls go forward, never back up. A request may be repeated as a whole: the events' ids make
//! that harmless.
//!
//! - `identity`: the supplier that calls
//! - `body`: the request's body, as it was sent
//! - `events`: the events of a request: the records to put, and the rejections
//! - `put`: requests to the stream, until it has every record or the time is up
//! - `response`: the response
//! - `problem`: the problem documents, for requests that are refused as a whole
//! - `report`: the log line about a request

pub mod body;
pub mod events;
pub mod identity;
pub mod problem;
mod put;
mod report;
mod response;

use chrono::Utc;
use lambda_runtime::{Context, LambdaEvent};
use pipegen_event::http_binding::{self, Refusal};
use tokio::time::Instant;

use crate::deadline::stop_at;
use crate::failure::Failure;
use crate::resources::IngestResources;
use crate::url::{UrlRequest, UrlResponse};

use events::RequestEvents;
use problem::{METHOD, Problem};
use report::RequestReport;
use response::response;

/// The path for events.
const EVENTS: &str = "/events";

/// The end of a request that is not answered with its events.
enum Stop {
    /// A fault of the request.
    Problem(Problem),
    /// Something that somebody has to see to.
    Failure(Failure),
}

/// Serves one request.
///
/// # Errors
/// If somebody has to see to the stream. What passes with time is in the response, as is every fault of the request.
pub async fn handle(event: LambdaEvent<UrlRequest>, resources: &IngestResources) -> Result<UrlResponse, Failure> {
    let (request, context) = event.into_parts();
    let is_head = request.is_head();
    let mut report = RequestReport::of(&request);
    let response = match Box::pin(take(request, &context, resources, &mut report)).await {
        Ok(response) => response,
        Err(Stop::Problem(problem)) => {
            report.refused(&problem);
            problem.response()
        }
        Err(Stop::Failure(failure)) => return Err(failure),
    };
    report.write(&context.request_id, response.status_code);
    Ok(if is_head { response.without_body() } else { response })
}

/// Takes the events of a request.
async fn take(
    request: UrlRequest,
    context: &Context,
    IngestResources { settings, stream }: &IngestResources,
    report: &mut RequestReport,
) -> Result<UrlResponse, Stop> {
    let stop_at: Instant = stop_at(context.deadline());
    check_target(&request)?;
    let supplier = identity::supplier(request.caller(), &context.invoked_function_arn, &settings.environment);
    let supplier = supplier.ok_or(Problem::NotASupplier)?;
    report.supplier = Some(supplier.to_string());

    let headers = request.headers;
    let headers: Vec<_> = headers.iter().map(|(name, value)| (&**name, value.as_bytes())).collect();
    let body = body::decoded(request.body, request.is_base64_encoded, &headers)?;
    let sent = http_binding::read(&headers, &body)?;
    let decoded = sent.decode(Utc::now(), settings.horizon)?;
    let events = RequestEvents::of(decoded, &supplier, settings.suppliers.as_ref())?;
    let placed = put::put_all(&events.records, stop_at, async |records| stream.put(records).await).await?;
    report.count(&events, &placed);
    Ok(response(&events, &placed))
}

fn check_target(request: &UrlRequest) -> Result<(), Problem> {
    if request.raw_path != EVENTS {
        return Err(Problem::NoSuchResource);
    }
    if request.method() == METHOD { Ok(()) } else { Err(Problem::MethodNotAllowed) }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Problem(Problem::Refused(refusal))
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}
