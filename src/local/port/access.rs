//! Requests that are refused because of where they come from.
//!
//! A page of any site can make a browser on this machine send requests to loopback. If it does so under a name of its
//! own that leads here (DNS rebinding), the header `Host` has that name; otherwise the browser names the page's site in
//! `Origin` whenever a request may change something.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, StatusCode};

use super::problem::Problem;

/// The names of this machine.
const NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// Refuses a request that is not for this machine's own name, or that another site's page sends.
pub(super) fn check(headers: &HeaderMap) -> Result<(), Problem> {
    let refused = |detail: &str| Err(Problem::new(StatusCode::FORBIDDEN, detail));
    let Some(host) = text(headers, &HOST).filter(|host| NAMES.contains(&name(host))) else {
        return refused("the header Host must be 127.0.0.1 or localhost: other names could be those of other sites");
    };
    match text(headers, &ORIGIN) {
        None if !headers.contains_key(ORIGIN) => Ok(()),
        Some(origin) if origin.strip_prefix("http://").is_some_and(|origin| origin.eq_ignore_ascii_case(host)) => {
            Ok(())
        }
        _ => refused("the header Origin names another site, whose pages have no business here"),
    }
}

/// Returns a header's text, if the header is there once.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// Returns a host without its port.
fn name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_accepted(pairs: &[(&'static str, &str)]) -> bool {
        let pairs = pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a value")));
        check(&pairs.collect()).is_ok()
    }

    #[test]
    fn this_machine_may_call_itself_by_its_names() {
        for host in ["127.0.0.1", "127.0.0.1:8080", "localhost:8080", "localhost", "[::1]:8080", "[::1]"] {
            assert!(is_accepted(&[("host", host)]), "{host}");
            assert!(is_accepted(&[("host", host), ("origin", &format!("http://{host}"))]), "{host}");
        }
    }

    #[test]
    fn other_names_and_other_sites_are_refused() {
        for host in [
            "",
            "example.com",
            "example.com:8080",
            "127.0.0.1.example.com",
            "localhost.example.com",
            "::1",
            "127.0.0.1:80:80",
            "127.0.0.1:x",
            "bucket.localhost:8080",
            "0.0.0.0:8080",
            "192.168.0.1",
        ] {
            assert!(!is_accepted(&[("host", host)]), "{host}");
        }
        assert!(!is_accepted(&[]), "no host");
        for origin in [
            "null",
            "http://example.com",
            "https://127.0.0.1:8080",
            "http://127.0.0.1:8081",
            "http://127.0.0.1",
            "http://localhost:8080",
            "",
            "http://127.0.0.1:8080.example.com",
        ] {
            assert!(!is_accepted(&[("host", "127.0.0.1:8080"), ("origin", origin)]), "{origin}");
        }
        let twice = HeaderMap::from_iter([(HOST, "127.0.0.1".parse().expect("a value"))]);
        let twice = [("host", "example.com")].iter().fold(twice, |mut headers, (name, value)| {
            headers.append(*name, value.parse().expect("a value"));
            headers
        });
        assert!(check(&twice).is_err(), "two hosts");
    }
}
