//! The product views in Redis. The layout and the rights of writers and readers are in [`pipegen_contract::cache`].
//!
//! - [`Cache`]: the cache's client
//! - `connection`: the connection, and its replacement after an error
//! - `circuit_breaker`: the circuit breaker, for a second after each failure
//! - `iam`: the password of a managed cache
//! - `refresh`, `announce.lua`, `refresh.lua`: refreshing of entries by writers, with newer versions only
//! - `message`: the messages on the channel of changes
//! - `read`, `read.lua`: reading of entries, from a primary only
//! - `fill`, `fill.lua`: filling in of missing entries by readers, unless these may be out of date
//!
//! The Redis client also sends `CLIENT SETINFO`, and ignores a refusal.

mod circuit_breaker;
mod connection;
mod fill;
mod iam;
mod message;
mod read;
mod refresh;

pub use connection::{Redis, Server};
pub use fill::{Fill, UNKNOWN_SECONDS};
pub use read::{Entry, FillPermission, Reading};

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use pipegen_store::View;
use redis::aio::ConnectionManagerConfig;
use redis::io::tcp::TcpSettings;
use redis::{
    Client, ConnectionInfo, ErrorKind, IntoConnectionInfo, RedisError, RedisResult, Script, ServerErrorKind,
    TlsCertificates,
};
use thiserror::Error;
use tokio::time::Instant;

use circuit_breaker::CircuitBreaker;
use connection::Connection;
use iam::TokenSigner;

use crate::settings::{CacheEndpoint, CacheSettings};

/// The seconds after a miss, by Redis' clock, in which its fill is accepted. Writers' entries live longer, so that no
/// slow reader can put back an older view after an entry has expired.
const FILL_SECONDS: u32 = 5;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The time after which a connection without a response counts as dead. After a failover nobody closes the old one.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The cache's client, connected when it is first used. Losing the cache fails neither a batch nor a read.
pub struct Cache<S: Server = Redis> {
    connection: Arc<Connection<S>>,
    announce: Script,
    refresh: Script,
    read: Arc<Script>,
    fill: Script,
    breaker: CircuitBreaker,
    view_seconds: u32,
}

/// A call of the cache that failed.
#[derive(Debug, Error)]
pub enum CacheError {
    /// The cache was not called, because it failed a moment ago.
    #[error("Redis failed a moment ago and is not called again yet")]
    CircuitOpen,
    /// Redis failed or did not respond in time.
    #[error("Redis cannot be used")]
    Failed(#[source] RedisError),
    /// Redis is in cluster mode, and so will always fail.
    #[error("Redis is in cluster mode, where one call cannot reach several products: a server without it is needed")]
    InClusterMode(#[source] RedisError),
}

impl Cache {
    /// Makes a client of the cache that the settings name. Does not connect yet.
    ///
    /// # Errors
    /// If the endpoint or the AWS configuration is not valid.
    pub fn new(settings: &CacheSettings, aws: &SdkConfig) -> Result<Self, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT))
            // The circuit breaker decides when to retry.
            .set_number_of_retries(0);
        let (client, config) = match &settings.endpoint {
            CacheEndpoint::Url(url) => (Client::open(connection_info(url.0.as_str())?)?, config),
            CacheEndpoint::Managed { host, port, user, replication_group, authority } => {
                let missing = |what| RedisError::from((ErrorKind::InvalidClientConfig, what));
                let signer = TokenSigner {
                    credentials: aws.credentials_provider().ok_or_else(|| missing("no AWS credentials"))?,
                    region: aws.region().ok_or_else(|| missing("no AWS region"))?.to_string(),
                    replication_group: replication_group.clone(),
                    user: user.clone(),
                };
                let client = tls_client(&format!("rediss://{host}:{port}"), authority.as_deref())?;
                (client, config.set_credentials_provider(signer))
            }
        };
        Self::on(Redis { client, config }, settings.view_seconds)
    }
}

impl<S: Server> Cache<S> {
    /// Makes a client of the cache on this server, where views live this long, before jitter. Does not connect yet.
    pub fn on(server: S, view_seconds: u32) -> Result<Self, RedisError> {
        Ok(Self {
            connection: Arc::new(Connection::new(server)?),
            announce: Script::new(include_str!("announce.lua")),
            refresh: Script::new(include_str!("refresh.lua")),
            read: Arc::new(Script::new(include_str!("read.lua"))),
            fill: Script::new(include_str!("fill.lua")),
            breaker: CircuitBreaker::default(),
            view_seconds,
        })
    }

    /// Returns true if the cache has failed since [`Self::caught_up`] was last called: refreshes may be pending.
    pub fn missed_refreshes(&self) -> bool {
        self.breaker.missed_refreshes()
    }

    /// Notes that no refresh is pending any more.
    pub fn caught_up(&self) {
        self.breaker.caught_up();
    }

    /// Returns the view's time to live: up to a fifth shorter than configured, spread over the entries, so that those
    /// written together do not expire together.
    fn ttl_seconds(&self, view: &View) -> u32 {
        let mut hasher = DefaultHasher::new();
        (&view.sku, view.version).hash(&mut hasher);
        let spread = u64::from(self.view_seconds / 5) + 1;
        let shorter = u32::try_from(hasher.finish() % spread).unwrap_or_default();
        (self.view_seconds - shorter).max(FILL_SECONDS + 1)
    }

    /// Fails while the circuit is open.
    fn check_circuit(&self) -> Result<(), CacheError> {
        if self.breaker.is_open(Instant::now()) { Err(CacheError::CircuitOpen) } else { Ok(()) }
    }

    /// Opens the circuit and classifies the error.
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

/// Makes a client with TLS that trusts the authority in this file, if given, instead of the public ones.
fn tls_client(url: &str, authority: Option<&Path>) -> Result<Client, RedisError> {
    let connection = connection_info(url)?;
    let Some(path) = authority else { return Client::open(connection) };
    let root_cert = Some(fs::read(path)?);
    Client::build_with_tls(connection, TlsCertificates { client_tls: None, root_cert })
}

fn connection_info(url: &str) -> RedisResult<ConnectionInfo> {
    let settings = TcpSettings::default().set_nodelay(true);
    Ok(url.into_connection_info()?.set_tcp_settings(settings))
}
