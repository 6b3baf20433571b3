//! What a function instance holds on to between invocations. Everything connects when it is first used, so that a server that
//! is away fails an invocation, which comes again, and not the start of the instance.

use std::env;
use std::fmt;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use crate::cache::Cache;
use crate::database::{CatalogDatabase, Login};
use crate::settings::ProcessorSettings;

/// A function instance serves one invocation at a time.
const WRITER_CONNECTIONS: u32 = 1;

/// What the processor needs.
pub struct Resources {
    /// Checked settings.
    pub settings: ProcessorSettings,
    /// The catalog.
    pub database: CatalogDatabase,
    /// The cache.
    pub cache: Cache,
    /// Object storage.
    pub s3: aws_sdk_s3::Client,
}

/// Why an instance cannot work at all. Cloned into the answer of each invocation.
#[derive(Clone, Debug)]
pub struct StartError(String);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

impl StartError {
    fn because(error: impl fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl Resources {
    /// Resources as the process's environment describes them.
    pub async fn from_environment() -> Result<Self, StartError> {
        let settings = ProcessorSettings::read(|name| env::var(name).ok()).map_err(StartError::because)?;
        let aws = aws_configuration().await;
        let login = Login::new(&settings.database, &aws).map_err(StartError::because)?;
        Ok(Self {
            database: CatalogDatabase::new(login, WRITER_CONNECTIONS),
            cache: Cache::new(&settings.cache, settings.view_seconds, &aws).map_err(StartError::because)?,
            s3: aws_sdk_s3::Client::new(&aws),
            settings,
        })
    }
}

/// The AWS SDK's configuration, with an HTTP client on ring.
pub async fn aws_configuration() -> SdkConfig {
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(10))
        .build();
    aws_config::defaults(BehaviorVersion::latest()).http_client(http).timeout_config(timeouts).load().await
}
