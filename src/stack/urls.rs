//! The URLs of the catalog and of `ingest` (`aws_lambda_function_url`). Requests must be signed.

use serde_json::json;

use super::build::Build;
use super::functions::LambdaFunction;
use crate::terraform::{Block, Expression};

/// Declares the URL of a function and returns it.
pub(super) fn declare(build: &mut Build<'_>, function: &LambdaFunction) -> Expression {
    let body = json!({
        "function_name": function.name(),
        "authorization_type": "AWS_IAM",
        "invoke_mode": "BUFFERED",
    });
    let block = Block::new("aws_lambda_function_url", function.role.handler(), body);
    build.document.resource(block.after(function.ready())).attribute("function_url")
}
