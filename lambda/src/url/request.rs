//! The event of a call of a function's URL.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The event of a call of a function's URL (payload format 2.0), as far as it matters here.
///
/// This takes the place of the type in `aws_lambda_events`, which refuses an event with a header that is not ASCII, and
/// so would turn a reader's odd header into a failed invocation.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UrlRequest {
    /// The path, percent-encoded, as it came.
    pub raw_path: String,
    /// The query without the question mark, as it came. (The parsed form joins repeated parameters with commas, which
    /// SKUs may hold.)
    pub raw_query_string: String,
    /// The headers by name. Values of repeated headers are joined with commas.
    pub headers: BTreeMap<String, String>,
    pub request_context: RequestContext,
    /// The body: as text or, where Lambda takes it for binary, in base64.
    pub body: Option<String>,
    /// True if the body is in base64.
    pub is_base64_encoded: bool,
}

/// The context of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RequestContext {
    pub http: RequestLine,
    /// Missing where the URL may be called unsigned.
    pub authorizer: Option<Authorizer>,
}

/// The request line of HTTP.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RequestLine {
    pub method: String,
}

/// The caller, by the kind of authorization.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Authorizer {
    pub iam: Option<IamAuthorizer>,
}

/// The caller that signed the request.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IamAuthorizer {
    /// The ARN of the user or of the role's session.
    pub user_arn: Option<String>,
}

impl UrlRequest {
    /// Returns the method.
    pub fn method(&self) -> &str {
        &self.request_context.http.method
    }

    /// Returns true if the response must not have a body.
    pub fn is_head(&self) -> bool {
        self.method() == "HEAD"
    }

    /// Returns the ARN of the caller that signed the request, if one has.
    pub fn caller(&self) -> Option<&str> {
        self.request_context.authorizer.as_ref()?.iam.as_ref()?.user_arn.as_deref()
    }

    /// Returns the header's value; the case of its name does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_with_any_headers() {
        let request: UrlRequest = serde_json::from_str(
            r#"{"version": "2.0", "rawPath": "/products/a", "rawQueryString": "", "isBase64Encoded": false,
                "headers": {"user-agent": "café\u0001", "If-None-Match": "\"1\""}, "body": null,
                "requestContext": {"authorizer": {"iam": null}, "http": {"method": "GET", "path": "/products/a"}}}"#,
        )
        .unwrap();
        assert_eq!(request.header("if-none-match"), Some("\"1\""));
        assert_eq!((request.method(), request.is_head()), ("GET", false));
        assert_eq!(request.caller(), None);
    }

    #[test]
    fn a_signed_request_names_its_caller() {
        let request: UrlRequest = serde_json::from_str(
            r#"{"requestContext": {"accountId": "111122223333", "authorizer": {"iam": {"accessKey": "AKIA",
                "accountId": "111122223333", "callerId": "AROA:s", "cognitoIdentity": null, "principalOrgId": "o-1",
                "userArn": "arn:aws:sts::111122223333:assumed-role/r/s", "userId": "AROA:s"}}},
                "body": "e30=", "isBase64Encoded": true}"#,
        )
        .unwrap();
        assert_eq!(request.caller(), Some("arn:aws:sts::111122223333:assumed-role/r/s"));
        assert_eq!((request.body.as_deref(), request.is_base64_encoded), (Some("e30="), true));
    }
}
