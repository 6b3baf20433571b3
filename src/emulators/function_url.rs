//! A function URL on loopback: turns HTTP requests into events, and the function's responses into HTTP responses.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use pipegen_contract::payload::LARGEST_PAYLOAD;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::url_callers::UrlCallers;
use crate::lambda_host::{FunctionPool, Invocation, InvocationOutcome};
use crate::session::console::Console;
use crate::session::listener::{Listener, Server};

/// The URL of a function.
pub struct FunctionUrl {
    pub pool: Arc<FunctionPool>,
    pub console: Arc<Console>,
    /// Those who may call; without it, everybody on this machine.
    pub callers: Option<UrlCallers>,
    /// Responses by the value of the header `X-Cache`.
    pub cache: CacheCounts,
}

/// Counts of responses that say whether a cache had the answer.
#[derive(Debug, Default)]
pub struct CacheCounts {
    pub hits: AtomicU64,
    pub misses: AtomicU64,
}

/// Serves the URL of a function.
pub fn serve(listener: Listener, url: Arc<FunctionUrl>) -> io::Result<Server> {
    listener.serve(Router::new().fallback(answer).with_state(url))
}

async fn answer(State(url): State<Arc<FunctionUrl>>, request: Request) -> Response {
    url.answer(request).await
}

impl FunctionUrl {
    /// Makes the URL of a function that everybody on this machine may call.
    pub fn new(pool: Arc<FunctionPool>, console: Arc<Console>) -> Self {
        Self { pool, console, callers: None, cache: CacheCounts::default() }
    }

    /// Makes the URL of a function that suppliers may call, with signed requests.
    pub fn for_suppliers(pool: Arc<FunctionPool>, console: Arc<Console>) -> Self {
        let callers = Some(UrlCallers::of(pool.function()));
        Self { pool, console, callers, cache: CacheCounts::default() }
    }

    /// Invokes the function for a request.
    pub async fn answer(&self, request: Request) -> Response {
        let response = invoke(self, request).await;
        let counter = match response.headers().get("x-cache").map(HeaderValue::as_bytes) {
            Some(b"hit") => Some(&self.cache.hits),
            Some(b"miss") => Some(&self.cache.misses),
            _ => None,
        };
        if let Some(counter) = counter {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        response
    }
}

async fn invoke(FunctionUrl { pool, console, callers, .. }: &FunctionUrl, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_PAYLOAD).await else { return plain(StatusCode::PAYLOAD_TOO_LARGE) };
    let now = Utc::now();
    let caller = match callers.as_ref().map(|callers| callers.check(&parts, &body, now)).transpose() {
        Ok(caller) => caller,
        Err(error) => return error.response(),
    };
    let mut event = event(&parts, &body, now);
    if let Some(caller) = caller {
        event["requestContext"]["accountId"] = caller["accountId"].clone();
        event["requestContext"]["authorizer"] = json!({ "iam": caller });
    }
    let event = event.to_string();
    if event.len() > LARGEST_PAYLOAD {
        return plain(StatusCode::PAYLOAD_TOO_LARGE);
    }
    match Arc::clone(pool).invoke_to_completion(event.into()).await {
        Ok(Invocation { outcome: InvocationOutcome::Answered(payload), .. }) => {
            response(payload).unwrap_or_else(|fault| {
                console.warn(&format!("{}: its response is not valid: {fault}", pool.function().name));
                plain(StatusCode::BAD_GATEWAY)
            })
        }
        // The pool has reported the function error.
        Ok(_) => plain(StatusCode::BAD_GATEWAY),
        Err(error) => {
            console.warn(&error.to_string());
            plain(StatusCode::BAD_GATEWAY)
        }
    }
}

/// Makes the response of Lambda itself, instead of the function's.
fn plain(status: StatusCode) -> Response {
    let text = if status == StatusCode::BAD_GATEWAY { "Internal Server Error" } else { "Request Too Large" };
    (status, text).into_response()
}

/// Makes the event of a request, in payload format 2.0.
fn event(Parts { method, uri, version, headers, .. }: &Parts, body: &Bytes, now: DateTime<Utc>) -> Value {
    let query = uri.query().unwrap_or_default();
    let is_base64 = !body.is_empty() && !is_text(&header(headers, &CONTENT_TYPE));
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": uri.path(),
        "rawQueryString": query,
        "headers": joined(headers),
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "local",
            "domainName": header(headers, &HOST),
            "domainPrefix": "local",
            "http": {
                "method": method.as_str(),
                "path": uri.path(),
                "protocol": format!("{version:?}"),
                "sourceIp": "127.0.0.1",
                "userAgent": header(headers, &USER_AGENT),
            },
            "requestId": Uuid::new_v4().to_string(),
            "routeKey": "$default",
            "stage": "$default",
            "time": now.format("%d/%b/%Y:%H:%M:%S %z").to_string(),
            "timeEpoch": now.timestamp_millis(),
        },
        "isBase64Encoded": is_base64,
    });
    let cookies = header(headers, &COOKIE);
    if !cookies.is_empty() {
        event["cookies"] = cookies.split("; ").collect();
    }
    if !body.is_empty() {
        let text = || String::from_utf8_lossy(body).into_owned();
        event["body"] = if is_base64 { STANDARD.encode(body) } else { text() }.into();
    }
    event
}

/// Tells whether Lambda passes on a body of this media type as text, and any other one in base64. AWS' documentation
/// does not list the types; these are what API Gateway's HTTP APIs, which have the same payload format, take for text.
/// Bytes that are not UTF-8 are lost then.
fn is_text(media_type: &str) -> bool {
    let name = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    name.starts_with("text/") || ["application/json", "application/javascript", "application/xml"].contains(&&*name)
}

/// Returns the headers by name. Values of one name are joined with commas.
fn joined(headers: &HeaderMap) -> BTreeMap<&str, String> {
    let mut joined = BTreeMap::<_, String>::new();
    for (name, value) in headers.iter().filter(|(name, _)| *name != COOKIE) {
        let value = String::from_utf8_lossy(value.as_bytes());
        let all = joined.entry(name.as_str()).or_default();
        if !all.is_empty() {
            all.push(',');
        }
        all.push_str(&value);
    }
    joined
}

fn header(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

/// A function's response in payload format 2.0.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionResponse {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    #[serde(default)]
    cookies: Vec<String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// Makes the HTTP response of a function's response. JSON without a status code is the body itself.
fn response(payload: Vec<u8>) -> Result<Response, String> {
    let value: Value = serde_json::from_slice(&payload).map_err(|error| error.to_string())?;
    if value.get("statusCode").is_none() {
        return Ok(([(CONTENT_TYPE, "application/json")], payload).into_response());
    }
    let response: FunctionResponse = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let body = response.body.unwrap_or_default();
    let body = if response.is_base64_encoded {
        STANDARD.decode(body).map_err(|error| format!("its body: {error}"))?
    } else {
        body.into_bytes()
    };
    // Only the function knows the length of a body that it left out (in the response to HEAD, or in a 304).
    let body = if body.is_empty() { Body::from_stream(Body::empty().into_data_stream()) } else { Body::from(body) };
    let mut http = Response::new(body);
    *http.status_mut() = StatusCode::from_u16(response.status_code).map_err(|error| error.to_string())?;
    for (name, value) in response.headers {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let name: HeaderName = name.parse().map_err(|error| format!("the header {name}: {error}"))?;
        http.headers_mut().insert(name, header_value(&value)?);
    }
    for cookie in response.cookies {
        http.headers_mut().append(SET_COOKIE, header_value(&cookie)?);
    }
    if !http.headers().contains_key(CONTENT_TYPE) && http.status() != StatusCode::NOT_MODIFIED {
        http.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(http)
}

fn header_value(text: &str) -> Result<HeaderValue, String> {
    text.parse().map_err(|error| format!("a header's value: {error}"))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn event_of(request: Request<&'static str>) -> Value {
        let (parts, body) = request.into_parts();
        event(&parts, &Bytes::from_static(body.as_bytes()), "2020-03-12T19:03:58.390Z".parse().expect("a time"))
    }

    #[test]
    fn a_request_becomes_lambdas_event() {
        let request = Request::get("/products/a%2Fb?sku=a%2Cb&sku=c")
            .header("Host", "127.0.0.1:8000")
            .header("If-None-Match", "\"1\"")
            .header("If-None-Match", "\"2\"")
            .header("Cookie", "a=1; b=2")
            .body("")
            .expect("a request");
        let mut event = event_of(request);
        assert!(event["requestContext"]["requestId"].take().is_string());
        let expected = json!({
            "version": "2.0", "routeKey": "$default",
            "rawPath": "/products/a%2Fb", "rawQueryString": "sku=a%2Cb&sku=c",
            "headers": {"host": "127.0.0.1:8000", "if-none-match": "\"1\",\"2\""},
            "cookies": ["a=1", "b=2"],
            "requestContext": {
                "accountId": "anonymous", "apiId": "local", "domainName": "127.0.0.1:8000", "domainPrefix": "local",
                "http": {"method": "GET", "path": "/products/a%2Fb", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
                    "userAgent": ""},
                "requestId": null, "routeKey": "$default", "stage": "$default",
                "time": "12/Mar/2020:19:03:58 +0000", "timeEpoch": 1_584_039_838_390_i64,
            },
            "isBase64Encoded": false,
        });
        assert_eq!(event, expected);
    }

    #[test]
    fn a_body_is_text_or_base64_by_its_media_type() {
        for (media_type, body) in [
            ("text/plain; charset=utf-8", "text"),
            ("application/json", "text"),
            ("Application/JSON;charset=utf-8", "text"),
            ("application/cloudevents+json", "dGV4dA=="),
            ("application/x-www-form-urlencoded", "dGV4dA=="),
            ("", "dGV4dA=="),
        ] {
            let event =
                event_of(Request::post("/").header("content-type", media_type).body("text").expect("a request"));
            assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(body), &json!(body != "text")));
        }
    }

    async fn read(payload: &Value) -> (u16, BTreeMap<String, String>, String) {
        let response = response(payload.to_string().into_bytes()).expect("a response");
        let headers =
            response.headers().iter().map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned()));
        let (status, headers) = (response.status().as_u16(), headers.collect());
        let body = to_bytes(response.into_body(), 1000).await.expect("whole");
        (status, headers, String::from_utf8(body.to_vec()).expect("text"))
    }

    #[tokio::test]
    async fn a_functions_response_becomes_the_http_response() {
        let headers = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        let answer = json!({"statusCode": 404, "headers": {"Content-Type": "text/plain", "x-n": 7}, "body": "no"});
        let expected = (404, headers(&[("content-type", "text/plain"), ("x-n", "7")]), "no".to_owned());
        assert_eq!(read(&answer).await, expected);
        let answer = json!({"statusCode": 200, "cookies": ["a=1"], "body": "bm8=", "isBase64Encoded": true});
        let expected = (200, headers(&[("content-type", "application/json"), ("set-cookie", "a=1")]), "no".to_owned());
        assert_eq!(read(&answer).await, expected);
        let unchanged = json!({"statusCode": 304, "headers": {"etag": "\"1\""}});
        assert_eq!(read(&unchanged).await, (304, headers(&[("etag", "\"1\"")]), String::new()));
        let expected = (200, headers(&[("content-type", "application/json")]), r#"{"a":1}"#.to_owned());
        assert_eq!(read(&json!({"a": 1})).await, expected);
    }

    #[test]
    fn a_response_that_is_not_valid_is_an_error() {
        for answer in [
            "nonsense",
            r#"{"statusCode": 99}"#,
            r#"{"statusCode": "OK"}"#,
            r#"{"statusCode": 200, "body": "*", "isBase64Encoded": true}"#,
            r#"{"statusCode": 200, "headers": {"a b": "c"}}"#,
            r#"{"statusCode": 200, "headers": {"a": "b\nc"}}"#,
        ] {
            assert!(response(answer.as_bytes().to_vec()).is_err(), "{answer}");
        }
    }
}
