//! The catalog's URL (`aws_lambda_function_url`). Requests must be signed.

use serde_json::json;

use super::build::Build;
use super::functions::LambdaFunction;
use crate::terraform::{Block, Expression};

/// Declares the URL and returns it.
pub(super) fn declare(build: &mut Build<'_>, catalog: &LambdaFunction) -> Expression {
    let body = json!({
        "function_name": catalog.name(),
        "authorization_type": "AWS_IAM",
        "invoke_mode": "BUFFERED",
    });
    let url = build.document.resource(Block::new("aws_lambda_function_url", "catalog", body).after(catalog.ready()));
    url.attribute("function_url")
}
