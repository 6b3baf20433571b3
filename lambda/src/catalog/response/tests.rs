use pipegen_contract::payload::LARGEST_PAYLOAD;
use serde_json::{Value, json};

use super::*;

fn view(sku: &str, version: i64, json: &str) -> View {
    View { sku: sku.to_owned(), version, json: json.to_owned() }
}

fn body(response: &UrlResponse) -> Value {
    serde_json::from_str(response.body.as_deref().unwrap()).unwrap()
}

#[test]
fn one_product_is_its_view_untouched() {
    let response = UrlResponse::product(view("a", 7, r#"{ "sku":"a" , "x":1.0}"#), None).with_cache_status(true);
    assert_eq!(response.status_code, 200);
    assert_eq!(response.body.as_deref(), Some(r#"{ "sku":"a" , "x":1.0}"#));
    let headers = response.headers.iter().map(|(name, value)| (*name, &**value)).collect::<Vec<_>>();
    assert_eq!(
        headers,
        [("cache-control", "no-cache"), ("content-type", "application/json"), ("etag", "\"7\""), ("x-cache", "hit")]
    );
}

#[test]
fn a_tag_that_the_reader_has_is_not_sent_again() {
    for list in ["\"7\"", "W/\"7\"", "*", " * ", "\"1\", \"7\"", "\"1\",W/\"7\" ,\"9\"", "\"a,\", \"7\"", "\"\",\"7\""]
    {
        let response = UrlResponse::product(view("a", 7, "{}"), Some(list));
        assert_eq!((response.status_code, &response.body), (304, &None), "{list}");
        assert_eq!(response.headers["etag"], "\"7\"");
        assert_eq!(response.headers["cache-control"], "no-cache");
    }
    for list in ["\"17\"", "7", "\"7", "\"1\", *", "", "w/\"7\"", "\"1,7\"", "\"1\"x\"7\"", "\"W/\"7"] {
        assert_eq!(UrlResponse::product(view("a", 7, "{}"), Some(list)).status_code, 200, "{list}");
    }
}

#[test]
fn several_products_are_in_the_order_requested() {
    let views = [Some(view("b", 2, r#"{"sku":"b"}"#)), None, Some(view("a", 1, r#"{"sku":"a"}"#)), None];
    let response = UrlResponse::products(&["b", "q\"u", "a", "none"], &views).with_cache_status(false);
    assert_eq!(body(&response), json!({"products": [{"sku": "b"}, {"sku": "a"}], "unknown": ["q\"u", "none"]}));
    assert_eq!(response.headers.get("etag"), None);
    assert_eq!((&*response.headers["x-cache"], &*response.headers["cache-control"]), ("miss", "no-store"));
    assert_eq!(body(&UrlResponse::products(&["x"], &[None])), json!({"products": [], "unknown": ["x"]}));
}

#[test]
fn a_response_that_lambda_cannot_send_is_refused() {
    let response = |length: usize| UrlResponse::product(view("a", 7, &"x".repeat(length)), None).check_size();
    assert!(response(1000).is_ok());
    assert_eq!(response(LARGEST_PAYLOAD), Err(Problem::TooLarge));
}

#[test]
fn a_problem_is_a_document() {
    let invalid = "".parse::<pipegen_event::Sku>().unwrap_err();
    for (problem, status) in [
        (Problem::NoSuchResource, 404),
        (Problem::MethodNotAllowed, 405),
        (Problem::NoSku, 400),
        (Problem::TooManySkus { limit: 100 }, 400),
        (Problem::NotUtf8, 400),
        (Problem::NotASku(invalid), 400),
        (Problem::UnknownSku, 404),
        (Problem::TooLarge, 413),
        (Problem::NoConnection, 503),
        (Problem::NoDatabase, 503),
    ] {
        let response = UrlResponse::from(&problem);
        assert_eq!(response.status_code, status);
        assert_eq!(response.headers["content-type"], "application/problem+json");
        // Without it a cache between us and the reader could keep a 404 (RFC 9111, 4.2.2).
        assert_eq!(response.headers["cache-control"], "no-store");
        assert_eq!(response.headers.contains_key("retry-after"), status == 503);
        assert_eq!(response.headers.contains_key("allow"), status == 405);
        let document = body(&response);
        assert_eq!(document["status"], status);
        assert!(document["type"].as_str().unwrap().starts_with("tag:retailtech.com,2026:problem/"));
        for member in ["title", "detail"] {
            assert!(!document[member].as_str().unwrap().is_empty(), "{document}");
        }
    }
}
