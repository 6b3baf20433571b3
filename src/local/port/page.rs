//! The pages for the browser: files that are part of pipegen, and nothing from elsewhere.

use axum::Router;
use axum::http::HeaderName;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// The policy of what the page may load: its own files and answers.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 5] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-cache"),
];

/// Adds the pages' files.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes
        .route("/", get(async || file("text/html; charset=utf-8", include_str!("page/index.html"))))
        .route("/changes.html", get(async || file("text/html; charset=utf-8", include_str!("page/changes.html"))))
        .route("/changes.js", get(async || file("text/javascript; charset=utf-8", include_str!("page/changes.js"))))
        .route("/page.css", get(async || file("text/css; charset=utf-8", include_str!("page/page.css"))))
        .route("/page.js", get(async || file("text/javascript; charset=utf-8", include_str!("page/page.js"))))
}

fn file(media_type: &'static str, text: &'static str) -> Response {
    (HEADERS, [(CONTENT_TYPE, media_type)], text).into_response()
}

#[cfg(test)]
mod tests {
    /// The policy would refuse it, and so would somebody without a network.
    #[test]
    fn the_page_loads_nothing_from_elsewhere_and_has_no_inline_code() {
        for page in [include_str!("page/index.html"), include_str!("page/changes.html")] {
            for part in ["<style", " style=", "onclick", "<script>", "http:", "https:", "@import"] {
                assert!(!page.contains(part), "{part}");
            }
        }
        for script in [include_str!("page/page.js"), include_str!("page/changes.js")] {
            for part in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http:", "https:"] {
                assert!(!script.contains(part), "{part}");
            }
        }
        assert!(!include_str!("page/page.css").contains("url("));
    }
}
