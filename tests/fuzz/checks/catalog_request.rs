//! The catalog's requests and cursors: `METHOD PATH?QUERY`, as text.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use pipegen_lambda::catalog::changes::{MAX_LIMIT, PageRequest};
use pipegen_lambda::catalog::cursor;
use pipegen_lambda::catalog::problem::Problem;
use pipegen_lambda::catalog::request::Target;
use pipegen_lambda::url::{RequestContext, RequestLine, UrlRequest, UrlResponse};
use pipegen_store::Cursor;

use super::bounded::bounded;

pub(super) fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (method, target) = text.split_once(' ').unwrap_or(("GET", &text));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    match target_of(method, path, query) {
        Ok(target) => {
            assert_eq!(target.skus(), named(&target, path, query), "{text}");
            accepted(method, &target);
        }
        Err(problem) => refused(&problem, &text),
    }
    for text in [query, path, query.strip_prefix("after=").unwrap_or_default()] {
        if let Some(cursor) = cursor::parse(text) {
            assert_eq!(cursor::to_text(&cursor), text, "a cursor has one text");
        }
    }
}

fn target_of(method: &str, path: &str, query: &str) -> Result<Target, Problem> {
    let http = RequestLine { method: method.to_owned() };
    let request = UrlRequest {
        raw_path: path.to_owned(),
        raw_query_string: query.to_owned(),
        request_context: RequestContext { http, ..RequestContext::default() },
        ..UrlRequest::default()
    };
    bounded(64 * query.len() + 8 * path.len() + 64 * 1024, || Target::of(&request))
}

/// Returns the SKUs that the request names, by a reader of its own.
fn named(target: &Target, path: &str, query: &str) -> Vec<String> {
    match target {
        Target::Product(_) => vec![decoded(path.strip_prefix("/products/").expect("a product's path"))],
        Target::Products(_) => {
            let mut skus = Vec::new();
            for pair in query.split('&') {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                let [name, sku] = [name, value].map(|text| decoded(&text.replace('+', " ")));
                if name == "sku" && !skus.contains(&sku) {
                    skus.push(sku);
                }
            }
            skus
        }
        Target::Changes(_) => Vec::new(),
    }
}

fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|digits| *first == b'%' && digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| str::from_utf8(digits).ok());
        bytes.push(digits.map_or(*first, |digits| u8::from_str_radix(digits, 16).expect("two digits")));
        rest = if digits.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Checks that what was asked for, written again, asks for the same.
fn accepted(method: &str, target: &Target) {
    assert!(method == "GET" || method == "HEAD");
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (path, query) = match target {
        Target::Product(sku) => (format!("/products/{}", encoded(sku)), String::new()),
        Target::Products(skus) => {
            assert!((1..=100).contains(&skus.len()));
            let parameters: Vec<_> = skus.iter().map(|sku| format!("sku={}", encoded(sku))).collect();
            ("/products".to_owned(), parameters.join("&"))
        }
        Target::Changes(PageRequest { after, limit }) => {
            assert!((1..=MAX_LIMIT).contains(limit));
            let after = after.as_ref().map(|after| format!("after={}&", in_bounds(after))).unwrap_or_default();
            ("/changes".to_owned(), format!("{after}limit={limit}"))
        }
    };
    assert_eq!(target_of(method, &path, &query).as_ref(), Ok(target), "{path}?{query}");
    let skus = target.skus();
    assert!(skus.iter().all(|sku| !sku.is_empty() && sku.chars().count() <= 64));
}

/// Returns a cursor's text, which must need no encoding, and checks the numbers that PostgreSQL gets.
fn in_bounds(cursor: &Cursor) -> String {
    let (Cursor::Listing { since: place, .. } | Cursor::Changes(place)) = cursor;
    if let Some(place) = place {
        assert!(place.transaction >= 0 && place.before >= 0 && place.before < i32::MAX / 2);
        assert!(place.changed_at.timestamp_micros() >= 0);
    }
    let text = cursor::to_text(cursor);
    assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{text}");
    text
}

/// Checks the problem's document, which repeats nothing of the request.
fn refused(problem: &Problem, request: &str) {
    let response = UrlResponse::from(problem);
    assert!((400..500).contains(&response.status_code), "{problem:?}");
    let body = response.body.as_deref().expect("a document");
    let document: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(document["status"], response.status_code, "{request}");
    assert!(body.len() < 500, "{body}");
}
