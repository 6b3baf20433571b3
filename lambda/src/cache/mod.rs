//! What Redis is told and asked. The layout is in [`pipegen_contract::cache`].
//!
//! - [`Cache`]: the whole of it
//! - `connection`: the connection, and when it is given up
//! - `breaker`: leaves a failing cache alone for a while
//! - `iam`: the password of a managed cache
//! - `refresh`, `refresh.lua`: writers replace entries by newer ones only
//! - `read`, `read.lua`: readers ask for entries, a primary only
//! - `fill`, `fill.lua`: readers put in what was missing, unless it may be out of date
//!
//! What writers and readers may do is in [`pipegen_contract::cache`], too. The client itself also sends `CLIENT SETINFO`, and
//! does not mind being refused.

mod breaker;
mod connection;
mod fill;
mod iam;
mod read;
mod refresh;

pub use fill::{Fill, UNKNOWN_SECONDS};
pub use read::{Entry, Reading, Ticket};

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fmt, fs};

use aws_config::SdkConfig;
use pipegen_store::View;
use redis::aio::ConnectionManagerConfig;
use redis::io::tcp::TcpSettings;
use redis::{
    Client, ConnectionInfo, ErrorKind, IntoConnectionInfo, RedisError, RedisResult, Script, ServerErrorKind,
    TlsCertificates,
};

use breaker::Breaker;
use connection::Connection;
use iam::TokenSigner;

use crate::settings::{CacheEndpoint, CacheSettings};

/// How long after its miss a reader's fill is refused, in seconds by Redis' clock. Every entry that a writer has told must live
/// longer, else a slow reader could fill in something older after it is gone.
const FILL_SECONDS: u32 = 5;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long an answer may take before the connection counts as dead. After a failover nobody closes the old one.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The cache, connected when it is first used. Losing it fails neither a batch nor a read.
pub struct Cache {
    connection: Arc<Connection>,
    refresh: Script,
    read: Arc<Script>,
    fill: Script,
    breaker: Breaker,
    view_seconds: u32,
}

/// Why the cache was not told or asked.
#[derive(Debug)]
pub enum CacheError {
    /// It failed a moment ago and is left alone.
    LeftAlone,
    /// It failed now.
    Failed(RedisError),
    /// It failed now, and always will: it is in cluster mode.
    InClusterMode(RedisError),
}

impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftAlone => f.write_str("Redis failed a moment ago and is left alone"),
            Self::Failed(_) => f.write_str("Redis cannot be told or asked"),
            Self::InClusterMode(_) => f.write_str(
                "Redis is in cluster mode, where one call cannot reach several products: a server without it is needed",
            ),
        }
    }
}

impl std::error::Error for CacheError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::LeftAlone => None,
            Self::Failed(error) | Self::InClusterMode(error) => Some(error),
        }
    }
}

impl Cache {
    /// The cache that the settings name. Does not connect yet.
    ///
    /// # Errors
    /// If the endpoint is none.
    pub fn new(settings: &CacheSettings, aws: &SdkConfig) -> Result<Self, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT))
            // The breaker decides when to try again.
            .set_number_of_retries(0);
        let (client, config) = match &settings.endpoint {
            CacheEndpoint::Url(url) => (Client::open(connection(url.0.as_str())?)?, config),
            CacheEndpoint::Managed { host, port, user, replication_group, authority } => {
                let no = |what| RedisError::from((ErrorKind::InvalidClientConfig, what));
                let signer = TokenSigner {
                    credentials: aws.credentials_provider().ok_or_else(|| no("no AWS credentials"))?,
                    region: aws.region().ok_or_else(|| no("no AWS region"))?.to_string(),
                    replication_group: replication_group.clone(),
                    user: user.clone(),
                };
                let client = client(&format!("rediss://{host}:{port}"), authority.as_deref())?;
                (client, config.set_credentials_provider(signer))
            }
        };
        Ok(Self {
            connection: Arc::new(Connection::new(client, config)?),
            refresh: Script::new(include_str!("refresh.lua")),
            read: Arc::new(Script::new(include_str!("read.lua"))),
            fill: Script::new(include_str!("fill.lua")),
            breaker: Breaker::default(),
            view_seconds: settings.view_seconds,
        })
    }

    /// Whether the cache has failed since [`Self::caught_up`] was last called: others may be pending.
    pub fn has_missed(&self) -> bool {
        self.breaker.has_missed()
    }

    /// Notes that nothing is pending any more.
    pub fn caught_up(&self) {
        self.breaker.caught_up();
    }

    /// The view's time to live: up to a fifth shorter than configured, spread over the entries, so that those written together
    /// do not expire together.
    fn seconds_for(&self, view: &View) -> u32 {
        let mut hasher = DefaultHasher::new();
        (&view.sku, view.version).hash(&mut hasher);
        let spread = u64::from(self.view_seconds / 5) + 1;
        let shorter = u32::try_from(hasher.finish() % spread).unwrap_or_default();
        (self.view_seconds - shorter).max(FILL_SECONDS + 1)
    }

    /// Nothing, unless the cache is being left alone.
    fn allowed(&self) -> Result<(), CacheError> {
        if self.breaker.is_open(Instant::now()) { Err(CacheError::LeftAlone) } else { Ok(()) }
    }

    /// Has the cache left alone from now on.
    fn failed(&self, error: RedisError) -> CacheError {
        self.breaker.failed(Instant::now());
        let cluster =
            [ServerErrorKind::CrossSlot, ServerErrorKind::Moved, ServerErrorKind::Ask, ServerErrorKind::ClusterDown];
        if cluster.into_iter().any(|kind| error.kind() == ErrorKind::Server(kind)) {
            return CacheError::InClusterMode(error);
        }
        CacheError::Failed(error)
    }
}

/// A client that speaks TLS, and believes the authority in this file instead of the public ones.
fn client(url: &str, authority: Option<&Path>) -> Result<Client, RedisError> {
    let connection = connection(url)?;
    let Some(path) = authority else { return Client::open(connection) };
    let root_cert = Some(fs::read(path)?);
    Client::build_with_tls(connection, TlsCertificates { client_tls: None, root_cert })
}

fn connection(url: &str) -> RedisResult<ConnectionInfo> {
    let settings = TcpSettings::default().set_nodelay(true);
    Ok(url.into_connection_info()?.set_tcp_settings(settings))
}
