//! What Redis is told. The layout is in [`pipegen_contract::cache`].
//!
//! - `breaker`: leaves a failing cache alone for a while
//! - `iam`: the password of a managed cache
//! - `refresh.lua`: replaces entries by newer ones only

mod breaker;
mod iam;

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use aws_config::SdkConfig;
use pipegen_contract::cache::product;
use pipegen_store::View;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, ErrorKind, RedisError, Script};

use breaker::Breaker;
use iam::TokenSigner;

use crate::settings::{CacheEndpoint, CacheSettings};

/// How long a tombstone lives, in seconds. A reader's fill is refused long before.
const TOMBSTONE_SECONDS: u32 = 60;

/// How many entries one script call tells: about a millisecond in which Redis serves nobody else.
const ENTRIES_A_CALL: usize = 500;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The cache, connected when it is first used. Losing it never fails a batch.
pub struct Cache {
    connection: ConnectionManager,
    refresh: Script,
    breaker: Breaker,
    view_seconds: u32,
}

/// Why the cache was not told.
#[derive(Debug)]
pub enum CacheError {
    /// It failed a moment ago and is left alone.
    LeftAlone,
    /// It failed now.
    Failed(RedisError),
}

impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftAlone => f.write_str("Redis failed a moment ago and is left alone"),
            Self::Failed(_) => f.write_str("Redis could not be told"),
        }
    }
}

impl std::error::Error for CacheError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::LeftAlone => None,
            Self::Failed(error) => Some(error),
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
            CacheEndpoint::Url(url) => (Client::open(url.0.as_str())?, config),
            CacheEndpoint::Managed { host, port, user, replication_group } => {
                let no = |what| RedisError::from((ErrorKind::InvalidClientConfig, what));
                let signer = TokenSigner {
                    credentials: aws.credentials_provider().ok_or_else(|| no("no AWS credentials"))?,
                    region: aws.region().ok_or_else(|| no("no AWS region"))?.to_string(),
                    replication_group: replication_group.clone(),
                    user: user.clone(),
                };
                (Client::open(format!("rediss://{host}:{port}"))?, config.set_credentials_provider(signer))
            }
        };
        let connection = ConnectionManager::new_lazy_with_config(client, config)?;
        Ok(Self {
            connection,
            refresh: Script::new(include_str!("refresh.lua")),
            breaker: Breaker::default(),
            view_seconds: settings.view_seconds,
        })
    }

    /// Tells the cache of these views. An entry that is as new or newer stays; telling it again changes nothing.
    pub async fn refresh(&self, views: &[View]) -> Result<(), CacheError> {
        if views.is_empty() {
            return Ok(());
        }
        if self.breaker.is_open(Instant::now()) {
            return Err(CacheError::LeftAlone);
        }
        for views in views.chunks(ENTRIES_A_CALL) {
            if let Err(error) = self.refresh_some(views).await {
                self.breaker.failed(Instant::now());
                return Err(CacheError::Failed(error));
            }
        }
        Ok(())
    }

    /// Whether the cache has failed since [`Self::caught_up`] was last called: others may be pending.
    pub fn has_missed(&self) -> bool {
        self.breaker.has_missed()
    }

    /// Notes that nothing is pending any more.
    pub fn caught_up(&self) {
        self.breaker.caught_up();
    }

    async fn refresh_some(&self, views: &[View]) -> Result<(), RedisError> {
        let mut call = self.refresh.prepare_invoke();
        call.arg(TOMBSTONE_SECONDS);
        for view in views {
            call.key(product(&view.sku)).arg(view.version).arg(&view.json).arg(self.seconds_for(view));
        }
        call.invoke_async(&mut self.connection.clone()).await
    }

    /// The view's time to live: up to a fifth shorter than configured, spread over the entries, so that those written together
    /// do not expire together.
    fn seconds_for(&self, view: &View) -> u32 {
        let mut hasher = DefaultHasher::new();
        (&view.sku, view.version).hash(&mut hasher);
        let spread = u64::from(self.view_seconds / 5) + 1;
        let shorter = u32::try_from(hasher.finish() % spread).unwrap_or_default();
        (self.view_seconds - shorter).max(1)
    }
}
