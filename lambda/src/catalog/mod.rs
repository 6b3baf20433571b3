//! `catalog`: the products that readers ask for, over the function's URL. What is asked (pure) → cache, else database, then fill →
//! the response (pure). Calls go forward, never back up.
//!
//! - `request`: what is asked for
//! - `read`: where it is read from
//! - `flight`: misses of one SKU that overlap ask the database once
//! - `response`: what is answered; `problem` has what is answered where there is no product

mod flight;
mod problem;
mod read;
mod request;
mod response;

pub use flight::Flights;
pub use request::{RequestContext, RequestLine, UrlRequest};
pub use response::UrlResponse;

use std::convert::Infallible;

use lambda_runtime::LambdaEvent;
use lambda_runtime::tracing::error;
use pipegen_store::ErrorKind;
use tokio::time::{Instant, timeout_at};

use crate::database::DatabaseError;
use crate::deadline::stop_at;
use crate::logging::chain;
use crate::resources::CatalogResources;

use problem::Problem;
use read::{Products, read};
use request::Asked;

/// Answers one request.
///
/// # Errors
/// None: everything that can go wrong is in the response.
pub async fn handle(event: LambdaEvent<UrlRequest>, resources: &CatalogResources) -> Result<UrlResponse, Infallible> {
    let stop_at = stop_at(event.context.deadline());
    let request = event.payload;
    let answered = Box::pin(answer(&request, resources, stop_at)).await;
    let response = answered.unwrap_or_else(|problem| UrlResponse::from(&problem));
    Ok(if request.is_head() { response.without_body() } else { response })
}

async fn answer(request: &UrlRequest, resources: &CatalogResources, stop_at: Instant) -> Result<UrlResponse, Problem> {
    let asked = request.asked()?;
    let skus = asked.skus();
    let products = timeout_at(stop_at, read(&skus, resources)).await.map_err(|_| out_of_time())?;
    let Products { mut views, hit } = products.map_err(|error| unavailable(&error))?;
    let response = match asked {
        Asked::Many(_) => UrlResponse::many(&skus, &views),
        Asked::One(_) => match views.pop().flatten() {
            Some(view) => UrlResponse::one(view, request.header("if-none-match")),
            None => UrlResponse::from(&Problem::UnknownSku),
        },
    };
    response.saying(hit).sendable()
}

fn out_of_time() -> Problem {
    error!("the invocation's time does not suffice to ask the database");
    Problem::NoDatabase
}

fn unavailable(error: &DatabaseError) -> Problem {
    error!(why = chain(error), "the database could not be asked");
    if no_connection_left(error) { Problem::NoConnection } else { Problem::NoDatabase }
}

/// Whether no connection was to be had.
fn no_connection_left(error: &DatabaseError) -> bool {
    matches!(error, DatabaseError::Store(error) if error.kind() == ErrorKind::TooManyConnections)
}
