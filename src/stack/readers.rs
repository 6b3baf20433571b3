//! The rights of each configured reader to call the catalog's URL (`aws_lambda_permission`).

use serde_json::json;
use sha2::{Digest, Sha256};

use super::build::Build;
use super::functions::LambdaFunction;
use crate::config::Principal;
use crate::terraform::Block;

/// The rights of a reader, each with a word for its name. A URL requires both since October 2025. Only version 6 of the
/// provider can restrict the second to calls over the URL; with 5 a reader may also call the function itself, with any
/// request, and gets the same answers.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html>
const RIGHTS: [(&str, &str, Option<&str>); 2] =
    [("url", "lambda:InvokeFunctionUrl", Some("AWS_IAM")), ("function", "lambda:InvokeFunction", None)];

/// Declares the readers' rights.
pub(super) fn declare(build: &mut Build<'_>, catalog: &LambdaFunction) {
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
}

/// Returns a name that does not depend on other readers: 8 hex digits of the SHA-256 of the reader's ARN.
fn id(reader: &Principal) -> String {
    let [a, b, c, d, ..] = Sha256::digest(reader.arn()).0;
    format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
}
