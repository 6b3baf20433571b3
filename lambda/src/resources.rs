//! The clients that a function instance keeps between invocations. Everything connects when it is first used, so that
//! an unavailable server fails an invocation, which is retried, and not the start of the instance.

use std::error::Error;

use aws_config::SdkConfig;
use pipegen_store::Store;

use crate::cache::{Cache, Redis, Server};
use crate::database::{CatalogDatabase, Login, Tables};
use crate::failure::{Failure, FailureKind};
use crate::logging::chain;
use crate::objects::S3;
use crate::settings::{
    ArchiverSettings, CatalogSettings, DatabaseSettings, IngestSettings, MaintainSettings, ProcessorSettings,
    environment_variable,
};
use crate::singleflight::SingleFlight;
use crate::stream::Stream;

/// The database connections of an instance: it serves one invocation at a time.
const CONNECTIONS: u32 = 1;

/// The clients and settings of the processor.
pub struct ProcessorResources<T: Tables = Store, S: Server = Redis> {
    pub settings: ProcessorSettings,
    /// The catalog's tables, as a writer.
    pub database: CatalogDatabase<T>,
    pub cache: Cache<S>,
    /// The client of S3.
    pub s3: S3,
}

/// The clients and settings of the archiver.
pub struct ArchiverResources {
    pub settings: ArchiverSettings,
    /// The client of S3.
    pub s3: S3,
}

/// The clients of the catalog.
pub struct CatalogResources<T: Tables = Store, S: Server = Redis> {
    /// The catalog's tables, as a reader.
    pub database: CatalogDatabase<T>,
    pub cache: Cache<S>,
    /// The database queries in flight.
    pub single_flight: SingleFlight,
}

/// The client and settings of `ingest`.
pub struct IngestResources {
    pub settings: IngestSettings,
    /// The stream.
    pub stream: Stream,
}

/// The clients and settings of maintenance.
pub struct MaintainResources {
    pub settings: MaintainSettings,
    /// The catalog's tables, as a maintainer.
    pub database: CatalogDatabase,
    pub cache: Cache,
    /// The client of S3.
    pub s3: S3,
}

impl ProcessorResources {
    /// Makes the resources that the process's environment describes.
    pub fn from_environment(aws: &SdkConfig) -> Result<Self, Failure> {
        let settings = ProcessorSettings::read(environment_variable)?;
        Ok(Self {
            database: database(&settings.database, aws)?,
            cache: Cache::new(&settings.cache, aws).map_err(invalid_cache)?,
            s3: S3::new(aws),
            settings,
        })
    }
}

impl ArchiverResources {
    /// Makes the resources that the process's environment describes.
    pub fn from_environment(aws: &SdkConfig) -> Result<Self, Failure> {
        let settings = ArchiverSettings::read(environment_variable)?;
        Ok(Self { s3: S3::new(aws), settings })
    }
}

impl CatalogResources {
    /// Makes the resources that the process's environment describes.
    pub fn from_environment(aws: &SdkConfig) -> Result<Self, Failure> {
        let settings = CatalogSettings::read(environment_variable)?;
        Ok(Self {
            database: database(&settings.database, aws)?,
            cache: Cache::new(&settings.cache, aws).map_err(invalid_cache)?,
            single_flight: SingleFlight::new(CONNECTIONS),
        })
    }
}

impl IngestResources {
    /// Makes the resources that the process's environment describes.
    pub fn from_environment(aws: &SdkConfig) -> Result<Self, Failure> {
        let settings = IngestSettings::read(environment_variable)?;
        Ok(Self { stream: Stream::new(aws, &settings.stream), settings })
    }
}

impl MaintainResources {
    /// Makes the resources that the process's environment describes.
    pub fn from_environment(aws: &SdkConfig) -> Result<Self, Failure> {
        let settings = MaintainSettings::read(environment_variable)?;
        Ok(Self {
            database: database(&settings.database, aws)?,
            cache: Cache::new(&settings.cache, aws).map_err(invalid_cache)?,
            s3: S3::new(aws),
            settings,
        })
    }
}

/// Makes the failure for cache settings of which no client can be made.
fn invalid_cache(error: impl Error) -> Failure {
    Failure::new(FailureKind::Settings, chain(&error))
}

fn database(settings: &DatabaseSettings, aws: &SdkConfig) -> Result<CatalogDatabase, Failure> {
    let login = Login::new(settings, aws)?;
    Ok(CatalogDatabase::new(login, CONNECTIONS))
}
