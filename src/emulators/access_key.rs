//! The check of a request's access key: only the key's id is compared, and the signature is not verified.

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};

use super::api_error::ApiError;
use crate::lambda_host::credentials::Credentials;

/// Accepts a request that names this access key in its signature (Signature Version 4, in the header `Authorization`).
///
/// Other users of this machine can reach the run's ports, and one of these APIs gives out the database's login. The
/// key's id is random, which is protection enough; the signature itself would prove nothing more to a server on
/// loopback.
pub(super) fn check(headers: &HeaderMap, credentials: &Credentials) -> Result<(), ApiError> {
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some(signature) = authorization.strip_prefix("AWS4-HMAC-SHA256 ") else {
        return Err(forbidden("MissingAuthenticationTokenException", "Missing Authentication Token"));
    };
    let credential = signature.split(',').find_map(|part| part.trim().strip_prefix("Credential="));
    let key_id = credential.and_then(|credential| credential.split('/').next());
    if key_id == Some(&credentials.key_id) {
        return Ok(());
    }
    Err(forbidden("UnrecognizedClientException", "The security token included in the request is invalid."))
}

fn forbidden(exception: &'static str, message: &str) -> ApiError {
    ApiError::new(exception, message).with_status(StatusCode::FORBIDDEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(authorization: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, authorization.parse().expect("a header"))])
    }

    #[test]
    fn only_a_request_with_the_key_is_accepted() {
        let credentials = Credentials { key_id: "LOCAL1".to_owned(), ..Credentials::generate() };
        let request = |key: &str| {
            signed(&format!(
                "AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0"
            ))
        };
        assert_eq!(check(&request("LOCAL1"), &credentials), Ok(()));
        for other in ["LOCAL", "LOCAL11", "", "local1"] {
            let error = check(&request(other), &credentials).expect_err(other);
            assert_eq!(error.exception, "UnrecognizedClientException");
        }
        for missing in [HeaderMap::new(), signed("Basic LOCAL1"), signed("Credential=LOCAL1/")] {
            let error = check(&missing, &credentials).expect_err("no signature");
            assert_eq!(error.exception, "MissingAuthenticationTokenException");
        }
    }
}
