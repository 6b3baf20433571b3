//! The products that a request asks for (pure).

use std::collections::HashSet;

use percent_encoding::percent_decode_str;
use pipegen_event::Sku;

use super::problem::Problem;
use crate::url::UrlRequest;

/// The most SKUs that one request may ask for.
const MAX_SKUS: usize = 100;

/// The collection's path. A product's is this, a slash and its SKU, percent-encoded.
const PRODUCTS: &str = "/products";

/// The methods that are allowed.
pub(super) const METHODS: &str = "GET, HEAD";

/// The products that a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// One product, by its path.
    Product(Sku),
    /// Several products, by a query: distinct, in the order of the query.
    Products(Vec<Sku>),
}

impl Target {
    /// Returns the products that a request asks for.
    pub(super) fn of(request: &UrlRequest) -> Result<Self, Problem> {
        let rest = request.raw_path.strip_prefix(PRODUCTS).ok_or(Problem::NoSuchResource)?;
        let product = match rest.strip_prefix('/') {
            None if rest.is_empty() => None,
            Some(encoded) if !encoded.contains('/') => Some(encoded),
            _ => return Err(Problem::NoSuchResource),
        };
        if !METHODS.split(", ").any(|method| method == request.method()) {
            return Err(Problem::MethodNotAllowed);
        }
        match product {
            Some(encoded) => sku_of_path(encoded).map(Self::Product),
            None => skus_of_query(&request.raw_query_string).map(Self::Products),
        }
    }

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
    use crate::url::{RequestContext, RequestLine};

    fn target(method: &str, path: &str, query: &str) -> Result<Target, Problem> {
        let http = RequestLine { method: method.to_owned() };
        Target::of(&UrlRequest {
            raw_path: path.to_owned(),
            raw_query_string: query.to_owned(),
            request_context: RequestContext { http, ..RequestContext::default() },
            ..UrlRequest::default()
        })
    }

    fn skus(path: &str, query: &str) -> Result<Vec<String>, Problem> {
        let target = target("GET", path, query)?;
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
            assert_eq!(target("PUT", path, ""), Err(Problem::NoSuchResource), "{path}");
        }
        for method in ["POST", "PUT", "DELETE", "get", ""] {
            assert_eq!(target(method, "/products/a", ""), Err(Problem::MethodNotAllowed), "{method}");
        }
        assert_eq!(target("HEAD", "/products/a", ""), target("GET", "/products/a", ""));
    }
}
