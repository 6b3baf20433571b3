//! Connection URLs, as text: what is in them beside the login is passed on as it is.

/// The same database for another login. Nothing if it is no URL with a host.
///
/// Name and password must need no escaping.
pub fn with_login(url: &str, name: &str, password: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // A password may hold an `@` that nobody escaped; a host cannot.
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    (!host.is_empty()).then(|| format!("{scheme}://{name}:{password}@{host}{path}"))
}

#[cfg(test)]
mod tests {
    use super::with_login;

    #[test]
    fn only_the_login_changes() {
        for (url, expected) in [
            ("postgres://a:b@h:1/d?sslmode=disable", Some("postgres://n:p@h:1/d?sslmode=disable")),
            ("postgresql://h/d", Some("postgresql://n:p@h/d")),
            ("postgres://a:b@c@h", Some("postgres://n:p@h")),
            ("postgres://[::1]:5432/d", Some("postgres://n:p@[::1]:5432/d")),
            ("postgres:///d?host=/run", None),
            ("host=h dbname=d", None),
        ] {
            assert_eq!(with_login(url, "n", "p").as_deref(), expected, "{url}");
        }
    }
}
