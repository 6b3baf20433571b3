//! `ingest`: takes suppliers' events over HTTPS and puts them on the stream.

use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};

use crate::failure::Failure;

/// Serves one request.
pub async fn handle(_event: LambdaEvent<Value>) -> Result<Value, Failure> {
    Ok(json!({"statusCode": 503}))
}
