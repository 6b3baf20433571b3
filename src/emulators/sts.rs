//! STS, as far as a tool asks whose account it works in: `GetCallerIdentity`.
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>

use axum::body::{Body, to_bytes};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use uuid::Uuid;

/// The largest body of a request: a few form fields.
const BODY_LIMIT: usize = 64 * 1024;

/// Answers a request about the account with this number. It takes every signature.
pub async fn answer(account: &str, query: Option<&str>, body: Body) -> Response {
    let body = to_bytes(body, BODY_LIMIT).await.unwrap_or_default();
    let fields = [query.unwrap_or_default().as_bytes(), &body];
    let mut fields = fields.into_iter().flat_map(|text| text.split(|byte| *byte == b'&'));
    let request_id = Uuid::new_v4();
    if fields.any(|field| field == b"Action=GetCallerIdentity") {
        xml(
            StatusCode::OK,
            &format!(
                "<GetCallerIdentityResponse xmlns=\"{NAMESPACE}\"><GetCallerIdentityResult>\
                 <Arn>arn:aws:iam::{account}:root</Arn><UserId>{account}</UserId><Account>{account}</Account>\
                 </GetCallerIdentityResult><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\
                 </GetCallerIdentityResponse>"
            ),
        )
    } else {
        xml(
            StatusCode::BAD_REQUEST,
            &format!(
                "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>InvalidAction</Code>\
                 <Message>only GetCallerIdentity is supported here</Message></Error>\
                 <RequestId>{request_id}</RequestId></ErrorResponse>"
            ),
        )
    }
}

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

fn xml(status: StatusCode, text: &str) -> Response {
    (status, [(CONTENT_TYPE, "text/xml")], text.to_owned()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(body: &'static str) -> (u16, String) {
        let response = answer("000000000000", None, Body::from(body)).await;
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), BODY_LIMIT).await.expect("whole");
        (status, String::from_utf8(body.to_vec()).expect("text"))
    }

    #[tokio::test]
    async fn only_the_caller_is_known() {
        let (status, text) = ask("Action=GetCallerIdentity&Version=2011-06-15").await;
        assert!(status == 200 && text.contains("<Account>000000000000</Account>"), "{text}");
        let (status, text) = ask("Version=2011-06-15&Action=AssumeRole").await;
        assert!(status == 400 && text.contains("<Code>InvalidAction</Code>"), "{text}");
    }
}
