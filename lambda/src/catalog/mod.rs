//! `catalog`: serves products, and what has changed, over the function's URL. Request (pure) → cache, else database,
//! then fill → response (pure). Changes come from the database. Calls go forward, never back up.
//!
//! - `request`: what a request asks for, be it products or changes
//! - `changes`, `cursor`: the products that have changed, page by page, and the text of a reader's cursor
//! - `read`: reading of products from the cache, else from the database
//! - `response`: the response
//! - `problem`: the problem documents, for requests that cannot be answered

pub mod changes;
pub mod cursor;
pub mod problem;
mod read;
pub mod request;
mod response;

use std::convert::Infallible;

use lambda_runtime::LambdaEvent;
use lambda_runtime::tracing::error;
use pipegen_store::ErrorKind;
use tokio::time::{Instant, timeout_at};

use crate::database::DatabaseError;
use crate::deadline::stop_at;
use crate::logging::chain;
use crate::resources::CatalogResources;
use crate::url::{UrlRequest, UrlResponse};

use problem::Problem;
pub use read::{Products, read};
use request::Target;

/// Serves one request.
///
/// # Errors
/// None: every failure is in the response.
pub async fn handle(event: LambdaEvent<UrlRequest>, resources: &CatalogResources) -> Result<UrlResponse, Infallible> {
    let stop_at = stop_at(event.context.deadline());
    let request = event.payload;
    let result = Box::pin(respond(&request, resources, stop_at)).await;
    let response = result.unwrap_or_else(|problem| UrlResponse::from(&problem));
    Ok(if request.is_head() { response.without_body() } else { response })
}

async fn respond(request: &UrlRequest, resources: &CatalogResources, stop_at: Instant) -> Result<UrlResponse, Problem> {
    let target = Target::of(request)?;
    if let Target::Changes(request) = &target {
        let page = timeout_at(stop_at, changes::read(request, resources)).await.map_err(|_| out_of_time())?;
        return UrlResponse::changes(&page.map_err(|error| unavailable(&error))?).check_size();
    }
    let skus = target.skus();
    let products = timeout_at(stop_at, read(&skus, resources)).await.map_err(|_| out_of_time())?;
    let Products { mut views, hit } = products.map_err(|error| unavailable(&error))?;
    let response = match target {
        Target::Product(_) => match views.pop().flatten() {
            Some(view) => UrlResponse::product(view, request.header("if-none-match")),
            None => UrlResponse::from(&Problem::UnknownSku),
        },
        Target::Products(_) | Target::Changes(_) => UrlResponse::products(&skus, &views),
    };
    response.with_cache_status(hit).check_size()
}

fn out_of_time() -> Problem {
    error!("the invocation ran out of time before the database responded");
    Problem::NoDatabase
}

fn unavailable(error: &DatabaseError) -> Problem {
    error!(why = chain(error), "the database could not be read");
    if is_out_of_connections(error) { Problem::NoConnection } else { Problem::NoDatabase }
}

fn is_out_of_connections(error: &DatabaseError) -> bool {
    matches!(error, DatabaseError::Store(error) if error.kind() == ErrorKind::TooManyConnections)
}
