//! The functions' settings: environment variables, all checked together before anything connects.

mod reader;

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use chrono::TimeDelta;
use pipegen_contract::database::Access;
use pipegen_contract::env;
use pipegen_event::Supplier;
use thiserror::Error;

use reader::Reader;

/// The address of PostgreSQL and the secret with the login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// Host name, which the server's certificate must carry.
    pub host: String,
    pub port: u16,
    /// The name of the database.
    pub name: String,
    /// ARN of the secret with `username` and `password`.
    pub secret_arn: String,
    /// The check of the server's certificate.
    pub tls: DatabaseTls,
}

/// The check of PostgreSQL's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseTls {
    /// Verified with the built-in root certificates of RDS.
    RdsRoots,
    /// Development only: verified with the authority in a PEM file.
    Authority(PathBuf),
    /// Development only: no TLS, everything is in plain text.
    Disabled,
}

/// The address of Redis and the way to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CacheEndpoint {
    /// TLS, with a signed IAM token as the password.
    Managed {
        /// Host name of the primary endpoint.
        host: String,
        port: u16,
        /// The IAM-authenticated user.
        user: String,
        /// The id of the replication group, for which tokens are signed.
        replication_group: String,
        /// Development only: a PEM file with the authority to trust instead of the public ones.
        authority: Option<PathBuf>,
    },
    /// Development only: a URL with the login.
    Url(Secret),
}

/// Text that `Debug` hides.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// The settings of `processor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessorSettings {
    /// The catalog's tables.
    pub database: DatabaseSettings,
    /// The cache.
    pub cache: CacheSettings,
    /// The greatest age of an event when its record arrives.
    pub horizon: TimeDelta,
    /// The suppliers whose events are accepted; `None` accepts everybody's.
    pub suppliers: Option<BTreeSet<Supplier>>,
    pub quarantine_bucket: String,
}

/// The settings of `archiver`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiverSettings {
    pub archive_bucket: String,
}

/// The settings of `catalog`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogSettings {
    /// The catalog's tables.
    pub database: DatabaseSettings,
    /// The cache.
    pub cache: CacheSettings,
}

/// The settings of `ingest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IngestSettings {
    /// The name of the stream.
    pub stream: String,
    /// The environment, which is the end of the names of the suppliers' roles.
    pub environment: String,
    /// The greatest age of an event when it arrives.
    pub horizon: TimeDelta,
    /// The suppliers whose events are accepted; `None` accepts everybody's.
    pub suppliers: Option<BTreeSet<Supplier>>,
}

/// The settings of `maintain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaintainSettings {
    /// The catalog's tables.
    pub database: DatabaseSettings,
    /// The cache.
    pub cache: CacheSettings,
    /// The greatest age of an event when its record arrives.
    pub horizon: TimeDelta,
    /// The time for which the stream keeps a record.
    pub stream_retention: TimeDelta,
    pub crossings_bucket: String,
}

/// The cache's address and the lifetime of its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheSettings {
    pub endpoint: CacheEndpoint,
    /// The time to live of a view in seconds, before jitter.
    pub view_seconds: u32,
}

/// The settings of `migrate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrateSettings {
    /// The catalog's tables, with the master login.
    pub database: DatabaseSettings,
    /// The logins to create, one for each access for which the stack has a secret.
    pub logins: Vec<LoginSettings>,
}

/// The settings of `rotate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotateSettings {
    /// The catalog's tables, with the master login.
    pub database: DatabaseSettings,
    /// The connection limit of each login, by the accesses that the stack has.
    pub connections: Vec<(Access, u32)>,
}

/// A login that `migrate` creates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginSettings {
    /// The rights that it inherits.
    pub access: Access,
    /// ARN of the secret that holds it, or will hold it.
    pub secret_arn: String,
    /// Its connection limit.
    pub connections: u32,
}

/// All problems with a function's settings.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("settings: {}", .0.join("; "))]
pub struct InvalidSettings(Vec<String>);

/// Returns a variable of the process's environment.
pub fn environment_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl ProcessorSettings {
    /// Reads the settings with `lookup`: [`environment_variable`], or a test's own.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSettings> {
        let mut reader = Reader::new(lookup);
        let database = reader.database(env::DATABASE_SECRET_ARN);
        let cache = reader.cache();
        let horizon = reader.seconds(env::HORIZON_SECONDS);
        let suppliers = reader.suppliers();
        let quarantine_bucket = reader.text(env::QUARANTINE_BUCKET);
        reader.finish(Self { database, cache, horizon, suppliers, quarantine_bucket })
    }
}

impl ArchiverSettings {
    /// Reads the settings with `lookup`: [`environment_variable`], or a test's own.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSettings> {
        let mut reader = Reader::new(lookup);
        let archive_bucket = reader.text(env::ARCHIVE_BUCKET);
        reader.finish(Self { archive_bucket })
    }
}

impl CatalogSettings {
    /// Reads the settings with `lookup`: [`environment_variable`], or a test's own.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSettings> {
        let mut reader = Reader::new(lookup);
        let database = reader.database(env::DATABASE_SECRET_ARN);
        let cache = reader.cache();
        reader.finish(Self { database, cache })
    }
}

impl IngestSettings {
    /// Reads the settings with `lookup`: [`environment_variable`], or a test's own.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSettings> {
        let mut reader = Reader::new(lookup);
        let stream = reader.text(env::STREAM_NAME);
        let environment = reader.text(env::ENVIRONMENT);
        let horizon = reader.seconds(env::HORIZON_SECONDS);
        let suppliers = reader.suppliers();
        reader.finish(Self { stream, environment, horizon, suppliers })
    }
}

impl MaintainSettings {
    /// Reads the settings with `lookup`: [`environment_variable`], or a test's own.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSettings> {
        let mut reader = Reader::new(lookup);
        let database = reader.database(env::DATABASE_SECRET_ARN);
        let cache = reader.cache();
        let horizon = reader.seconds(env::HORIZON_SECONDS);
        let stream_retention = reader.seconds(env::STREAM_RETENTION_SECONDS);
        let crossings_bucket = reader.text(env::CROSSINGS_BUCKET);
        reader.finish(Self { database, cache, horizon, stream_retention, crossings_bucket })
    }
}

impl MigrateSettings {
    /// Reads the settings with `lookup`: [`environment_variable`], or a test's own.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSettings> {
        let mut reader = Reader::new(lookup);
        let database = reader.database(env::DATABASE_MASTER_SECRET_ARN);
        let logins: Vec<_> = Access::ALL.into_iter().filter_map(|access| reader.login(access)).collect();
        if logins.is_empty() {
            let variables = Access::ALL.map(Access::secret_variable).join(", ");
            reader.problems.push(format!("none of {variables} is set"));
        }
        reader.finish(Self { database, logins })
    }
}

impl RotateSettings {
    /// Reads the settings with `lookup`: [`environment_variable`], or a test's own.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidSettings> {
        let mut reader = Reader::new(lookup);
        let database = reader.database(env::DATABASE_MASTER_SECRET_ARN);
        let is_set = |access: &Access| (reader.lookup)(access.connections_variable()).is_some();
        let accesses: Vec<_> = Access::ALL.into_iter().filter(is_set).collect();
        let connections =
            accesses.into_iter().map(|access| (access, reader.parsed(access.connections_variable()))).collect();
        reader.finish(Self { database, connections })
    }
}

#[cfg(test)]
mod tests;
