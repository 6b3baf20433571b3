//! What a request asks for (pure).

use std::collections::{BTreeMap, HashSet};

use percent_encoding::percent_decode_str;
use pipegen_event::Sku;
use serde::Deserialize;

use super::problem::Problem;

/// The most SKUs that one request may ask for.
pub(super) const MAX_SKUS: usize = 100;

/// The collection's path. A product's is this, a slash and its SKU, percent-encoded.
const PRODUCTS: &str = "/products";

/// The methods that are answered.
pub(super) const METHODS: &str = "GET, HEAD";

/// What Lambda hands over for a call of the function's URL (payload format 2.0), as far as it matters here.
///
/// This takes the place of the type in `aws_lambda_events`, which refuses an event with a header that is not ASCII, and so would turn
/// a reader's odd header into a failed invocation.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UrlRequest {
    /// Percent-encoded, as it came.
    pub raw_path: String,
    /// Without the question mark, as it came. (The parsed form joins repeated parameters with commas, which SKUs may hold.)
    pub raw_query_string: String,
    /// By name. Values of repeated headers are joined with commas.
    pub headers: BTreeMap<String, String>,
    /// The rest of the request line.
    pub request_context: RequestContext,
}

/// What Lambda says about the request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RequestContext {
    /// The request line.
    pub http: RequestLine,
}

/// The request line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RequestLine {
    /// `GET` or another.
    pub method: String,
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// One product, by its path.
    One(Sku),
    /// Some products, by a query: distinct, in the order asked.
    Many(Vec<Sku>),
}

impl UrlRequest {
    /// Whether the answer's body is not wanted.
    pub(super) fn is_head(&self) -> bool {
        self.request_context.http.method == "HEAD"
    }

    /// The header's value, whatever the case of its name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// What is asked for.
    pub(super) fn asked(&self) -> Result<Asked, Problem> {
        let rest = self.raw_path.strip_prefix(PRODUCTS).ok_or(Problem::NoSuchResource)?;
        let is_product = match rest.strip_prefix('/') {
            None if rest.is_empty() => None,
            Some(encoded) if !encoded.contains('/') => Some(encoded),
            _ => return Err(Problem::NoSuchResource),
        };
        if !METHODS.split(", ").any(|method| method == self.request_context.http.method) {
            return Err(Problem::MethodNotAllowed);
        }
        match is_product {
            Some(encoded) => one(encoded).map(Asked::One),
            None => many(&self.raw_query_string).map(Asked::Many),
        }
    }
}

impl Asked {
    /// The SKUs asked for: distinct, in order.
    pub(super) fn skus(&self) -> Vec<&str> {
        match self {
            Self::One(sku) => vec![sku],
            Self::Many(skus) => skus.iter().map(Sku::as_str).collect(),
        }
    }
}

fn one(encoded: &str) -> Result<Sku, Problem> {
    let decoded = percent_decode_str(encoded).decode_utf8().map_err(|_| Problem::NotUtf8)?;
    decoded.parse().map_err(Problem::NotASku)
}

fn many(query: &str) -> Result<Vec<Sku>, Problem> {
    let mut seen = HashSet::new();
    let mut skus = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "sku" {
            continue;
        }
        let sku: Sku = value.parse().map_err(Problem::NotASku)?;
        if seen.insert(sku.clone()) {
            skus.push(sku);
        }
        if skus.len() > MAX_SKUS {
            return Err(Problem::TooManySkus);
        }
    }
    if skus.is_empty() { Err(Problem::NoSku) } else { Ok(skus) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, path: &str, query: &str) -> UrlRequest {
        UrlRequest {
            raw_path: path.to_owned(),
            raw_query_string: query.to_owned(),
            headers: BTreeMap::new(),
            request_context: RequestContext { http: RequestLine { method: method.to_owned() } },
        }
    }

    fn asked(path: &str, query: &str) -> Result<Vec<String>, Problem> {
        let asked = request("GET", path, query).asked()?;
        assert_eq!(matches!(asked, Asked::One(_)), path != PRODUCTS);
        Ok(asked.skus().into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn one_product_is_named_by_its_path() {
        for (path, sku) in [
            ("/products/85123A", "85123A"),
            ("/products/BANK%20CHARGES", "BANK CHARGES"),
            ("/products/a%2Fb", "a/b"),
            ("/products/a%252Fb", "a%2Fb"),
            ("/products/a+b,c", "a+b,c"),
            ("/products/caf%C3%A9", "café"),
            ("/products/%F0%9F%8D%B5", "🍵"),
        ] {
            assert_eq!(asked(path, "sku=other").unwrap(), [sku], "{path}");
        }
    }

    #[test]
    fn many_products_are_named_by_the_raw_query() {
        for (query, skus) in [
            ("sku=a", vec!["a"]),
            ("sku=b&sku=a&sku=b", vec!["b", "a"]),
            ("sku=a,b&sku=c%2Cd", vec!["a,b", "c,d"]),
            ("sku=BANK+CHARGES&sku=BANK%20FEES&sku=1%2B1", vec!["BANK CHARGES", "BANK FEES", "1+1"]),
            ("x=1&sku=a%26sku%3Db&&y", vec!["a&sku=b"]),
        ] {
            assert_eq!(asked("/products", query).unwrap(), skus, "{query}");
        }
    }

    #[test]
    fn what_is_no_sku_is_refused() {
        let long = format!("/products/{}", "x".repeat(65));
        for path in ["/products/", "/products/%20a", "/products/a%0A", "/products/%00", &long] {
            assert!(matches!(asked(path, ""), Err(Problem::NotASku(_))), "{path}");
        }
        assert_eq!(asked("/products/%FF", ""), Err(Problem::NotUtf8));
        assert!(matches!(asked("/products", "sku=a&sku="), Err(Problem::NotASku(_))));
        for query in ["", "SKU=a", "skus=a", "a"] {
            assert_eq!(asked("/products", query), Err(Problem::NoSku), "{query}");
        }
    }

    #[test]
    fn at_most_a_hundred_distinct_skus_are_answered() {
        let query = |count: usize| (0..count).map(|n| format!("sku=s{n}&sku=s{n}")).collect::<Vec<_>>().join("&");
        assert_eq!(asked("/products", &query(MAX_SKUS)).unwrap().len(), MAX_SKUS);
        assert_eq!(asked("/products", &query(MAX_SKUS + 1)), Err(Problem::TooManySkus));
    }

    #[test]
    fn other_paths_and_methods_are_refused() {
        for path in ["", "/", "/product", "/productsa", "/products/a/b", "/products//a", "products/a"] {
            assert_eq!(request("PUT", path, "").asked(), Err(Problem::NoSuchResource), "{path}");
        }
        for method in ["POST", "PUT", "DELETE", "get", ""] {
            assert_eq!(request(method, "/products/a", "").asked(), Err(Problem::MethodNotAllowed), "{method}");
        }
        assert_eq!(request("HEAD", "/products/a", "").asked(), request("GET", "/products/a", "").asked());
    }

    #[test]
    fn an_event_is_read_whatever_its_headers_hold() {
        let request: UrlRequest = serde_json::from_str(
            r#"{"version": "2.0", "rawPath": "/products/a", "rawQueryString": "", "isBase64Encoded": false,
                "headers": {"user-agent": "café\u0001", "If-None-Match": "\"1\""}, "body": null,
                "requestContext": {"authorizer": {"iam": null}, "http": {"method": "GET", "path": "/products/a"}}}"#,
        )
        .unwrap();
        assert_eq!(request.header("if-none-match"), Some("\"1\""));
        assert!(request.asked().is_ok() && !request.is_head());
    }
}
