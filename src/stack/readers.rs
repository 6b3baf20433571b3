//! Who may ask the catalog: its URL (`aws_lambda_function_url`), and the rights of each configured reader
//! (`aws_lambda_permission`). Requests are signed; nobody is let in without.

use serde_json::json;
use sha2::{Digest, Sha256};

use super::build::Build;
use super::functions::LambdaFunction;
use crate::config::Principal;
use crate::terraform::{Block, Expression};

/// What a reader needs, each with what it is about. A URL asks for both since October 2025. Only version 6 of the provider can narrow
/// the second to calls over the URL; with 5 a reader may also call the function itself, with whatever request, and gets the same
/// answers.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html>
const RIGHTS: [(&str, &str, Option<&str>); 2] =
    [("url", "lambda:InvokeFunctionUrl", Some("AWS_IAM")), ("function", "lambda:InvokeFunction", None)];

/// Declares the URL, which is returned, and who may use it.
pub(super) fn declare(build: &mut Build<'_>, catalog: &LambdaFunction) -> Expression {
    let body = json!({
        "function_name": catalog.name(),
        "authorization_type": "AWS_IAM",
        "invoke_mode": "BUFFERED",
    });
    let url = build.document.resource(Block::new("aws_lambda_function_url", "catalog", body).after(catalog.ready()));
    for reader in &build.settings.readers {
        let id = id(reader);
        for (over, action, auth_type) in RIGHTS {
            let over_url_only = action == "lambda:InvokeFunction" && build.settings.aws_provider >= 6;
            let body = json!({
                "statement_id": format!("reader-{id}-{over}"),
                "function_name": catalog.name(),
                "action": action,
                "principal": reader.arn(),
                "function_url_auth_type": auth_type,
                "invoked_via_function_url": over_url_only.then_some(true),
            });
            build.document.resource(Block::new("aws_lambda_permission", format!("reader_{id}_{over}"), body));
        }
    }
    url.attribute("function_url")
}

/// A name that stays the reader's own however many others come and go: 8 hex digits of its ARN's SHA-256.
fn id(reader: &Principal) -> String {
    let [a, b, c, d, ..] = Sha256::digest(reader.arn()).0;
    format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
}
