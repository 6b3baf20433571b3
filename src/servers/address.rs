//! Addresses of the servers, and the environment variables of the functions that only `pipegen local` may set.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use percent_encoding::percent_decode_str;
use pipegen_contract::env;
use url::Url;

use super::certificates::HOST;
use super::postgresql;
use super::redis::{self, Endpoint};

/// Address of the database, with its administrator's login.
#[derive(Clone)]
pub struct DatabaseAddress {
    pub host: String,
    pub port: u16,
    pub name: String,
    /// The administrator's login, which the stack would keep in RDS' managed secret.
    pub master: MasterLogin,
    authority: Option<PathBuf>,
}

/// An administrator's login.
#[derive(Clone)]
pub struct MasterLogin {
    pub username: String,
    pub password: String,
}

/// Address of the cache.
#[derive(Clone)]
pub enum CacheAddress {
    /// A temporary Redis with the stack's users.
    Tls {
        port: u16,
        /// A file with the authority that signed its certificate.
        authority: PathBuf,
    },
    /// The same, built without TLS.
    Plaintext { port: u16 },
    /// A URL with a login, which all functions share.
    Given { url: String },
}

impl DatabaseAddress {
    /// Parses the URL of a given server, which is spoken to in plain text.
    pub(super) fn given(url: &str) -> anyhow::Result<Self> {
        let parts = || {
            let url = Url::parse(url).ok().filter(|url| ["postgres", "postgresql"].contains(&url.scheme()))?;
            let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned);
            // An IPv6 address stands in brackets.
            let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
            let name = decoded(url.path().trim_start_matches('/'))?;
            let username = decoded(url.username())?;
            let password = decoded(url.password().unwrap_or_default())?;
            let whole = ![&host, &name, &username].into_iter().any(String::is_empty);
            let port = url.port().unwrap_or(postgresql::PORT);
            whole.then_some(Self { host, port, name, master: MasterLogin { username, password }, authority: None })
        };
        parts().context(
            "--database-url must name an administrator, a host and a database: postgres://USER:PASSWORD@HOST:PORT/DATABASE",
        )
    }

    pub(super) fn temporary(started: &postgresql::Started, authority: &Path) -> Self {
        let master = MasterLogin { username: postgresql::SUPERUSER.to_owned(), password: started.password.clone() };
        Self {
            host: HOST.to_owned(),
            port: started.port,
            name: started.database.clone(),
            master,
            authority: Some(authority.to_owned()),
        }
    }

    /// Returns the variable that the stack never sets: how a function trusts the server.
    pub fn dev_variable(&self) -> (&'static str, String) {
        match &self.authority {
            Some(path) => (env::DEV_AUTHORITY, path.display().to_string()),
            None => (env::DEV_DATABASE_PLAINTEXT, "1".to_owned()),
        }
    }
}

impl CacheAddress {
    pub(super) fn temporary(started: &redis::Started, authority: &Path) -> Self {
        match started.endpoint {
            Endpoint::Tls(port) => Self::Tls { port, authority: authority.to_owned() },
            Endpoint::Plaintext(port) => Self::Plaintext { port },
        }
    }

    /// Returns the host and the port.
    pub fn host_and_port(&self) -> (String, u16) {
        match self {
            Self::Tls { port, .. } | Self::Plaintext { port } => (HOST.to_owned(), *port),
            Self::Given { url } => {
                let url = Url::parse(url).ok();
                let host = url.as_ref().and_then(Url::host_str).unwrap_or(HOST);
                (host.to_owned(), url.as_ref().and_then(Url::port).unwrap_or(redis::PORT))
            }
        }
    }

    /// Returns the variable that the stack never sets: how a function trusts the server, or a URL in the place of host
    /// and user.
    pub fn dev_variable(&self, user: &str) -> (&'static str, String) {
        match self {
            Self::Tls { authority, .. } => (env::DEV_AUTHORITY, authority.display().to_string()),
            // The user has no password, so any will do.
            Self::Plaintext { port } => (env::DEV_CACHE_URL, format!("redis://{user}:any@{HOST}:{port}")),
            Self::Given { url } => (env::DEV_CACHE_URL, url.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_url_is_taken_apart() {
        for (url, expected) in [
            ("postgres://a:b@h:1/d?sslmode=disable", Some(("h", 1, "d", "a", "b"))),
            ("postgresql://a@h/d", Some(("h", 5432, "d", "a", ""))),
            ("postgres://a:b%40c@[::1]:5433/d", Some(("::1", 5433, "d", "a", "b@c"))),
            ("postgres://h/d", None),
            ("postgres://a:b@h", None),
            ("postgres:///d?host=/run", None),
            ("mysql://a:b@h/d", None),
            ("host=h dbname=d", None),
        ] {
            let address = DatabaseAddress::given(url).ok();
            let parts = address.as_ref().map(|address| {
                let MasterLogin { username, password } = &address.master;
                (address.host.as_str(), address.port, address.name.as_str(), username.as_str(), password.as_str())
            });
            assert_eq!(parts, expected, "{url}");
        }
    }
}
