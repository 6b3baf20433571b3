//! Targets of requests: products, or changes (pure).

use std::collections::HashSet;

use percent_encoding::percent_decode_str;
use pipegen_event::Sku;

use super::changes::{DEFAULT_LIMIT, MAX_LIMIT, PageRequest};
use super::cursor;
use super::problem::Problem;
use crate::url::UrlRequest;

/// The most SKUs that one request may ask for.
const MAX_SKUS: usize = 100;

/// The collection's path. A product's is this, a slash and its SKU, percent-encoded.
const PRODUCTS: &str = "/products";

/// The path of the products that have changed.
const CHANGES: &str = "/changes";

/// The methods that are allowed.
pub(super) const METHODS: &str = "GET, HEAD";

/// The target of a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Target {
    /// One product, by its path.
    Product(Sku),
    /// Several products, by a query: distinct, in the order of the query.
    Products(Vec<Sku>),
    /// A page of the products that have changed.
    Changes(PageRequest),
}

impl Target {
    /// Returns what a request asks for.
    pub fn of(request: &UrlRequest) -> Result<Self, Problem> {
        let resource = Resource::of(&request.raw_path).ok_or(Problem::NoSuchResource)?;
        if !METHODS.split(", ").any(|method| method == request.method()) {
            return Err(Problem::MethodNotAllowed);
        }
        match resource {
            Resource::Product(encoded) => sku_of_path(encoded).map(Self::Product),
            Resource::Products => skus_of_query(&request.raw_query_string).map(Self::Products),
            Resource::Changes => page_of_query(&request.raw_query_string).map(Self::Changes),
        }
    }

    /// Returns the SKUs: distinct, in order.
    pub fn skus(&self) -> Vec<&str> {
        match self {
            Self::Changes(_) => Vec::new(),
            Self::Product(sku) => vec![sku],
            Self::Products(skus) => skus.iter().map(Sku::as_str).collect(),
        }
    }
}

/// The resource that a path names.
enum Resource<'a> {
    /// A product, its SKU still encoded.
    Product(&'a str),
    Products,
    Changes,
}

impl<'a> Resource<'a> {
    fn of(path: &'a str) -> Option<Self> {
        if path == CHANGES {
            return Some(Self::Changes);
        }
        let rest = path.strip_prefix(PRODUCTS)?;
        match rest.strip_prefix('/') {
            None if rest.is_empty() => Some(Self::Products),
            Some(encoded) if !encoded.contains('/') => Some(Self::Product(encoded)),
            _ => None,
        }
    }
}

/// Of a parameter that is there twice, the last one counts.
fn page_of_query(query: &str) -> Result<PageRequest, Problem> {
    let mut page = PageRequest { after: None, limit: DEFAULT_LIMIT };
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "after" => page.after = Some(cursor::parse(&value).ok_or(Problem::NotACursor)?),
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
                page.limit = limit.ok_or(Problem::NotALimit { most: MAX_LIMIT })?;
            }
            _ => {}
        }
    }
    Ok(page)
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
    use pipegen_store::Cursor;

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
    fn a_page_of_changes_has_a_cursor_and_a_limit() {
        let page = |query| match target("GET", "/changes", query)? {
            Target::Changes(page) => Ok((page.after, page.limit)),
            other => unreachable!("{other:?}"),
        };
        let place = Cursor::Changes(None);
        let after = format!("limit=500&after={}&x=1", cursor::to_text(&place));
        assert_eq!(page(""), Ok((None, DEFAULT_LIMIT)));
        assert_eq!(page(&after), Ok((Some(place), 500)));
        for query in ["limit=0", "limit=501", "limit=", "limit=x", "limit=-1", "limit=1.0", "limit=1&limit=501"] {
            assert_eq!(page(query), Err(Problem::NotALimit { most: MAX_LIMIT }), "{query}");
        }
        for query in ["after=", "after=0", "after=%00"] {
            assert_eq!(page(query), Err(Problem::NotACursor), "{query}");
        }
    }

    #[test]
    fn other_paths_and_methods_are_refused() {
        for path in [
            "",
            "/",
            "/product",
            "/productsa",
            "/products/a/b",
            "/products//a",
            "products/a",
            "/changes/",
            "/changes/a",
        ] {
            assert_eq!(target("PUT", path, ""), Err(Problem::NoSuchResource), "{path}");
        }
        for method in ["POST", "PUT", "DELETE", "get", ""] {
            assert_eq!(target(method, "/products/a", ""), Err(Problem::MethodNotAllowed), "{method}");
        }
        assert_eq!(target("HEAD", "/products/a", ""), target("GET", "/products/a", ""));
    }
}
