//! AWS' services on the port, told apart as their clients name them: by the operation's target, or by the service in
//! the scope of the signature.

use axum::Json;
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::Portal;
use crate::emulators::api_error::ApiError;
use crate::emulators::{kinesis, sts};

/// An AWS service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Kinesis,
    S3,
    Sts,
    /// Lambda's API; a signed request to the catalog's URL is none of it.
    Lambda,
    /// One that is not served here.
    Other(String),
}

/// Returns the service that a request is for, if it comes from a client of AWS.
pub(super) fn service(headers: &HeaderMap, uri: &Uri) -> Option<Service> {
    let text = |value: Option<&axum::http::HeaderValue>| value.and_then(|value| value.to_str().ok()).map(str::to_owned);
    if let Some(target) = text(headers.get("x-amz-target")) {
        return Some(if target.starts_with(kinesis::TARGET) { Service::Kinesis } else { Service::Other(target) });
    }
    let signature = text(headers.get(AUTHORIZATION)).filter(|value| value.starts_with("AWS4-HMAC-SHA256"));
    let credential = if let Some(signature) = signature {
        signature.split_once("Credential=")?.1.split(',').next()?.to_owned()
    } else {
        let parameter = uri.query()?.split('&').find_map(|pair| pair.strip_prefix("X-Amz-Credential="))?;
        percent_encoding::percent_decode_str(parameter).decode_utf8_lossy().into_owned()
    };
    // Key, date, region, service, `aws4_request`.
    Some(match credential.rsplit('/').nth(1)? {
        "kinesis" => Service::Kinesis,
        "s3" => Service::S3,
        "sts" => Service::Sts,
        "lambda" if uri.path().starts_with("/20") => Service::Lambda,
        "lambda" => return None,
        other => Service::Other(other.to_owned()),
    })
}

/// Answers a request to a service.
pub(super) async fn answer(portal: &Portal, service: &Service, request: Request) -> Response {
    match service {
        Service::S3 => portal.s3.answer(request).await,
        Service::Kinesis => {
            let (parts, body) = request.into_parts();
            portal.kinesis.answer(&parts, body).await
        }
        Service::Sts => {
            let (parts, body) = request.into_parts();
            sts::answer(&portal.account, parts.uri.query(), body).await
        }
        Service::Lambda => match function_url(portal, &request) {
            Ok(answer) => answer,
            Err(error) => error.response(),
        },
        Service::Other(name) => {
            let message = format!(
                "`{name}` is not here: this port has Kinesis, S3 and STS; Lambda and Secrets Manager have endpoints of \
                 their own, which the run prints at its start"
            );
            ApiError::new("UnknownOperationException", message).response()
        }
    }
}

/// Answers `GetFunctionUrlConfig`, the only operation of Lambda that is here: the catalog's URL is this port.
fn function_url(portal: &Portal, request: &Request) -> Result<Response, ApiError> {
    let path = request.uri().path();
    let name = path.strip_prefix("/2021-10-31/functions/").and_then(|rest| rest.strip_suffix("/url"));
    let name = name.ok_or_else(|| {
        ApiError::new(
            "UnknownOperationException",
            "only GetFunctionUrlConfig is here; Invoke has an endpoint of its own",
        )
    })?;
    let catalog = portal.catalog.as_ref().map(|catalog| catalog.pool.function().name.clone());
    let host = request.headers().get(HOST).and_then(|value| value.to_str().ok());
    match host {
        Some(host) if catalog.as_deref() == Some(name) => {
            Ok(Json(json!({"FunctionUrl": format!("http://{host}/"), "AuthType": "NONE"})).into_response())
        }
        _ => {
            let message = format!("the function `{name}` has no URL here");
            Err(ApiError::new("ResourceNotFoundException", message).with_status(StatusCode::NOT_FOUND))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(&'static str, &str)], uri: &'static str) -> Option<Service> {
        let headers = headers
            .iter()
            .map(|(name, value)| (axum::http::HeaderName::from_static(name), value.parse().expect("a header's value")));
        service(&headers.collect(), &Uri::from_static(uri))
    }

    #[test]
    fn services_are_told_apart() {
        let signed = |service: &str| {
            format!(
                "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
            )
        };
        let signed_for = |name: &str| of(&[("authorization", &signed(name))], "/");
        assert_eq!(signed_for("s3"), Some(Service::S3));
        assert_eq!(signed_for("sts"), Some(Service::Sts));
        assert_eq!(signed_for("sqs"), Some(Service::Other("sqs".to_owned())));
        let lambda = signed("lambda");
        assert_eq!(of(&[("authorization", &lambda)], "/2021-10-31/functions/f/url"), Some(Service::Lambda));
        assert_eq!(of(&[("authorization", &lambda)], "/products/a"), None, "a signed request to the catalog");
        let target = |target: &str| of(&[("x-amz-target", target), ("authorization", &signed("kinesis"))], "/");
        assert_eq!(target("Kinesis_20131202.PutRecord"), Some(Service::Kinesis));
        assert_eq!(
            target("secretsmanager.GetSecretValue"),
            Some(Service::Other("secretsmanager.GetSecretValue".to_owned()))
        );
        let presigned = "/b/k?X-Amz-Credential=AKID%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=0";
        assert_eq!(of(&[], presigned), Some(Service::S3));
        assert_eq!(of(&[], "/products?sku=a"), None);
        assert_eq!(of(&[("authorization", "Basic abc")], "/"), None);
    }
}
