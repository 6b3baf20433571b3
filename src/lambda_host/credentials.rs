//! What the functions sign their AWS requests with, and how the servers of this run know it.

use std::fmt;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Json, Response};
use serde_json::json;
use uuid::Uuid;

/// An access key.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The key's id. It stands in each signed request.
    pub key_id: String,
    /// What requests are signed with.
    pub secret_key: String,
    /// The session's token, if the key is a temporary one.
    pub session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

impl Credentials {
    /// A new key for one run.
    ///
    /// Other users of this machine can reach the run's ports, and behind one of them lies the database's login. Nobody guesses
    /// the id, so it is what lets a request in; the signature proves nothing more to a server on loopback.
    pub fn draw() -> Self {
        let random = || Uuid::new_v4().simple().to_string();
        Self { key_id: format!("LOCAL{}", random().to_uppercase()), secret_key: random(), session_token: None }
    }

    /// The key of a function in an emulated account, which takes any: by it the function's calls are known. Lambda would give it a
    /// temporary one of its role.
    pub fn of_function(handler: &str) -> Self {
        let key_id = format!("ASIA{:0<16}", handler.to_uppercase());
        Self { key_id, secret_key: "emulated".to_owned(), session_token: Some("emulated".to_owned()) }
    }

    /// Lets a request in that is signed with this key (Signature Version 4, in the header `Authorization`).
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let Some(signed) = authorization.strip_prefix("AWS4-HMAC-SHA256 ") else {
            return Err(Refusal::new("MissingAuthenticationTokenException", "Missing Authentication Token").forbidden());
        };
        let credential = signed.split(',').find_map(|part| part.trim().strip_prefix("Credential="));
        let key_id = credential.and_then(|credential| credential.split('/').next());
        if key_id == Some(&self.key_id) {
            return Ok(());
        }
        let text = "The security token included in the request is invalid.";
        Err(Refusal::new("UnrecognizedClientException", text).forbidden())
    }
}

/// An error in the form of AWS' JSON protocols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    /// The exception's name, `ResourceNotFoundException`.
    pub kind: &'static str,
    /// What is wrong.
    pub message: String,
}

impl Refusal {
    /// A fault of the request's: status 400.
    pub fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, kind, message: message.into() }
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    fn forbidden(self) -> Self {
        self.with_status(StatusCode::FORBIDDEN)
    }

    /// The HTTP response. Some services' clients look for the name in the body, others in a header.
    pub fn response(self) -> Response {
        let body = json!({"__type": self.kind, "Message": self.message});
        (self.status, [("x-amzn-errortype", self.kind)], Json(body)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(authorization: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, authorization.parse().expect("a header"))])
    }

    #[test]
    fn only_a_request_with_the_key_is_let_in() {
        let credentials = Credentials { key_id: "LOCAL1".to_owned(), ..Credentials::draw() };
        let request = |key: &str| {
            signed(&format!(
                "AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0"
            ))
        };
        assert_eq!(credentials.check(&request("LOCAL1")), Ok(()));
        for other in ["LOCAL", "LOCAL11", "", "local1"] {
            let refusal = credentials.check(&request(other)).expect_err(other);
            assert_eq!(refusal.kind, "UnrecognizedClientException");
        }
        for missing in [HeaderMap::new(), signed("Basic LOCAL1"), signed("Credential=LOCAL1/")] {
            let refusal = credentials.check(&missing).expect_err("no signature");
            assert_eq!(refusal.kind, "MissingAuthenticationTokenException");
        }
    }

    #[test]
    fn each_run_has_a_key_of_its_own_that_does_not_show() {
        let credentials = Credentials::draw();
        assert_ne!(credentials, Credentials::draw());
        let shown = format!("{credentials:?}");
        assert!(!shown.contains(&credentials.key_id) && !shown.contains(&credentials.secret_key));
    }
}
