//! Requests, and the products that they ask for (pure).

use std::collections::{BTreeMap, HashSet};

use percent_encoding::percent_decode_str;
use pipegen_event::Sku;
use serde::Deserialize;

use super::problem::Problem;

/// The most SKUs that one request may ask for.
const MAX_SKUS: usize = 100;

/// The collection's path. A product's is this, a slash and its SKU, percent-encoded.
const PRODUCTS: &str = "/products";

/// The methods that are allowed.
pub(super) const METHODS: &str = "GET, HEAD";

/// The event of a call of the function's URL (payload format 2.0), as far as it matters here.
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
}

/// The context of a request.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RequestContext {
    pub http: RequestLine,
}

/// The request line of HTTP.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RequestLine {
    pub method: String,
}

/// The products that a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// One product, by its path.
    Product(Sku),
    /// Several products, by a query: distinct, in the order of the query.
    Products(Vec<Sku>),
}

impl UrlRequest {
    /// Returns true if the response must not have a body.
    pub(super) fn is_head(&self) -> bool {
        self.request_context.http.method == "HEAD"
    }

    /// Returns the header's value; the case of its name does not matter.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// Returns the products that the request asks for.
    pub(super) fn target(&self) -> Result<Target, Problem> {
        let rest = self.raw_path.strip_prefix(PRODUCTS).ok_or(Problem::NoSuchResource)?;
        let product = match rest.strip_prefix('/') {
            None if rest.is_empty() => None,
            Some(encoded) if !encoded.contains('/') => Some(encoded),
            _ => return Err(Problem::NoSuchResource),
        };
        if !METHODS.split(", ").any(|method| method == self.request_context.http.method) {
            return Err(Problem::MethodNotAllowed);
        }
        match product {
            Some(encoded) => sku_of_path(encoded).map(Target::Product),
            None => skus_of_query(&self.raw_query_string).map(Target::Products),
        }
    }
}

impl Target {
    /// Returns the SKUs: distinct, in order.
    pub(super) fn skus(&self) -> Vec<&str> {
        match self {
            Self::Product(sku) => vec![sku],
            Self::Products(skus) => skus.iter().map(Sku::as_str).collect(),
        }
    }
}

fn sku_of_path(encoded: &str) -> Result<Sku, Problem> {
    let decoded = percent_decode_str(encoded).decode_utf8().map_err(|_| Problem::NotUtf8)?;
    decoded.parse().map_err(Problem::NotASku)
}

fn skus_of_query(query: &str) -> Result<Vec<Sku>, Problem> {
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
            return Err(Problem::TooManySkus { limit: MAX_SKUS });
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

    fn skus(path: &str, query: &str) -> Result<Vec<String>, Problem> {
        let target = request("GET", path, query).target()?;
        assert_eq!(matches!(target, Target::Product(_)), path != PRODUCTS);
        Ok(target.skus().into_iter().map(str::to_owned).collect())
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
            assert_eq!(skus(path, "sku=other").unwrap(), [sku], "{path}");
        }
    }

    #[test]
    fn many_products_are_named_by_the_raw_query() {
        for (query, expected) in [
            ("sku=a", vec!["a"]),
            ("sku=b&sku=a&sku=b", vec!["b", "a"]),
            ("sku=a,b&sku=c%2Cd", vec!["a,b", "c,d"]),
            ("sku=BANK+CHARGES&sku=BANK%20FEES&sku=1%2B1", vec!["BANK CHARGES", "BANK FEES", "1+1"]),
            ("x=1&sku=a%26sku%3Db&&y", vec!["a&sku=b"]),
        ] {
            assert_eq!(skus("/products", query).unwrap(), expected, "{query}");
        }
    }

    #[test]
    fn an_invalid_sku_is_refused() {
        let long = format!("/products/{}", "x".repeat(65));
        for path in ["/products/", "/products/%20a", "/products/a%0A", "/products/%00", &long] {
            assert!(matches!(skus(path, ""), Err(Problem::NotASku(_))), "{path}");
        }
        assert_eq!(skus("/products/%FF", ""), Err(Problem::NotUtf8));
        assert!(matches!(skus("/products", "sku=a&sku="), Err(Problem::NotASku(_))));
        for query in ["", "SKU=a", "skus=a", "a"] {
            assert_eq!(skus("/products", query), Err(Problem::NoSku), "{query}");
        }
    }

    #[test]
    fn at_most_a_hundred_distinct_skus_are_answered() {
        let query = |count: usize| (0..count).map(|n| format!("sku=s{n}&sku=s{n}")).collect::<Vec<_>>().join("&");
        assert_eq!(skus("/products", &query(MAX_SKUS)).unwrap().len(), MAX_SKUS);
        assert_eq!(skus("/products", &query(MAX_SKUS + 1)), Err(Problem::TooManySkus { limit: MAX_SKUS }));
    }

    #[test]
    fn other_paths_and_methods_are_refused() {
        for path in ["", "/", "/product", "/productsa", "/products/a/b", "/products//a", "products/a"] {
            assert_eq!(request("PUT", path, "").target(), Err(Problem::NoSuchResource), "{path}");
        }
        for method in ["POST", "PUT", "DELETE", "get", ""] {
            assert_eq!(request(method, "/products/a", "").target(), Err(Problem::MethodNotAllowed), "{method}");
        }
        assert_eq!(request("HEAD", "/products/a", "").target(), request("GET", "/products/a", "").target());
    }

    #[test]
    fn an_event_is_read_with_any_headers() {
        let request: UrlRequest = serde_json::from_str(
            r#"{"version": "2.0", "rawPath": "/products/a", "rawQueryString": "", "isBase64Encoded": false,
                "headers": {"user-agent": "café\u0001", "If-None-Match": "\"1\""}, "body": null,
                "requestContext": {"authorizer": {"iam": null}, "http": {"method": "GET", "path": "/products/a"}}}"#,
        )
        .unwrap();
        assert_eq!(request.header("if-none-match"), Some("\"1\""));
        assert!(request.target().is_ok() && !request.is_head());
    }
}
