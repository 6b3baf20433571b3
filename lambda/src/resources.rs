//! What a function instance holds on to between invocations. Everything connects when it is first used, so that a server that
//! is away fails an invocation, which comes again, and not the start of the instance.

use std::env;
use std::error::Error;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use crate::cache::Cache;
use crate::catalog::Flights;
use crate::database::{CatalogDatabase, Login};
use crate::failure::{Failure, What};
use crate::logging::chain;
use crate::settings::{ArchiverSettings, CatalogSettings, Database, MaintainSettings, ProcessorSettings};

/// A function instance serves one invocation at a time.
const CONNECTIONS: u32 = 1;

/// What the processor needs.
pub struct ProcessorResources {
    /// Checked settings.
    pub settings: ProcessorSettings,
    /// The catalog's tables, as a writer.
    pub database: CatalogDatabase,
    /// The cache.
    pub cache: Cache,
    /// Object storage.
    pub s3: aws_sdk_s3::Client,
}

/// What the archiver needs.
pub struct ArchiverResources {
    /// Checked settings.
    pub settings: ArchiverSettings,
    /// Object storage.
    pub s3: aws_sdk_s3::Client,
}

/// What the catalog needs.
pub struct CatalogResources {
    /// The catalog's tables, as a reader.
    pub database: CatalogDatabase,
    /// The cache.
    pub cache: Cache,
    /// What is being asked for.
    pub flights: Flights,
}

/// What maintenance needs.
pub struct MaintainResources {
    /// Checked settings.
    pub settings: MaintainSettings,
    /// The catalog's tables, as a maintainer.
    pub database: CatalogDatabase,
    /// The cache.
    pub cache: Cache,
}

impl ProcessorResources {
    /// Resources as the process's environment describes them.
    pub fn from_environment(aws: &SdkConfig) -> Result<Self, Failure> {
        let settings = ProcessorSettings::read(variable)?;
        Ok(Self {
            database: database(&settings.database, aws)?,
            cache: Cache::new(&settings.cache, aws).map_err(unusable)?,
            s3: aws_sdk_s3::Client::new(aws),
            settings,
        })
    }
}

impl ArchiverResources {
    /// Resources as the process's environment describes them.
    pub fn from_environment(aws: &SdkConfig) -> Result<Self, Failure> {
        let settings = ArchiverSettings::read(variable)?;
        Ok(Self { s3: aws_sdk_s3::Client::new(aws), settings })
    }
}

impl CatalogResources {
    /// Resources as the process's environment describes them.
    pub fn from_environment(aws: &SdkConfig) -> Result<Self, Failure> {
        let settings = CatalogSettings::read(variable)?;
        Ok(Self {
            database: database(&settings.database, aws)?,
            cache: Cache::new(&settings.cache, aws).map_err(unusable)?,
            flights: Flights::new(CONNECTIONS),
        })
    }
}

impl MaintainResources {
    /// Resources as the process's environment describes them.
    pub fn from_environment(aws: &SdkConfig) -> Result<Self, Failure> {
        let settings = MaintainSettings::read(variable)?;
        Ok(Self {
            database: database(&settings.database, aws)?,
            cache: Cache::new(&settings.cache, aws).map_err(unusable)?,
            settings,
        })
    }
}

/// A cache's settings that cannot be right.
fn unusable(error: impl Error) -> Failure {
    Failure::new(What::Settings, chain(&error))
}

/// A variable of the process's environment.
pub fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

fn database(settings: &Database, aws: &SdkConfig) -> Result<CatalogDatabase, Failure> {
    let login = Login::new(settings, aws)?;
    Ok(CatalogDatabase::new(login, CONNECTIONS))
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
