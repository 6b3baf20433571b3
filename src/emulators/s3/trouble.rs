//! S3 that fails on purpose, in the ways in which a client must not be misled.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use s3s::service::S3Service;

use super::call;

/// The time by which a slow answer is late.
const SLOW: Duration = Duration::from_secs(2);

/// One request's trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// 503, and nothing is done.
    Busy,
    /// 503, although the request is carried out.
    BusyAfterwards,
    /// 409, as when two conditional writes of one key meet, and nothing is done.
    Conflict,
    /// The answer is late.
    Slow,
}

/// The troubles of requests, one after the other. Clients ask three times, so most are refused for good.
const TROUBLES: [Kind; 9] = [
    Kind::Busy,
    Kind::Busy,
    Kind::BusyAfterwards,
    Kind::Conflict,
    Kind::Busy,
    Kind::Busy,
    Kind::BusyAfterwards,
    Kind::Busy,
    Kind::Slow,
];

/// The switch that makes S3 fail.
#[derive(Debug, Default)]
pub struct Trouble {
    fails: AtomicBool,
    requests: AtomicUsize,
}

impl Trouble {
    pub fn set(&self, fails: bool) {
        self.fails.store(fails, Ordering::Relaxed);
    }

    /// Answers a request, well or badly.
    pub(super) async fn answer(&self, service: &S3Service, request: Request) -> Response {
        if !self.fails.load(Ordering::Relaxed) {
            return call(service, request).await;
        }
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        match TROUBLES[number % TROUBLES.len()] {
            Kind::Conflict if request.method() == Method::PUT => refusal(
                StatusCode::CONFLICT,
                "ConditionalRequestConflict",
                "The conditional request cannot succeed now.",
            ),
            Kind::Busy | Kind::Conflict => busy(),
            Kind::BusyAfterwards => {
                call(service, request).await;
                busy()
            }
            Kind::Slow => {
                tokio::time::sleep(SLOW).await;
                call(service, request).await
            }
        }
    }
}

fn busy() -> Response {
    refusal(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate.")
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    (status, [("content-type", "application/xml")], body).into_response()
}
