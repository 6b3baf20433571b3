//! The functions' settings: environment variables, all checked together before anything is connected.

mod reader;

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use chrono::TimeDelta;
use pipegen_contract::database::Access;
use pipegen_contract::env;
use pipegen_event::Supplier;

use reader::Reader;

/// Where PostgreSQL is and where its login lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Host name, which the server's certificate must bear.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The database's name.
    pub name: String,
    /// ARN of the secret with `username` and `password`.
    pub secret_arn: String,
    /// Whose certificates are believed.
    pub trust: Trust,
}

/// Whose certificates are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The roots that are built in.
    BuiltIn,
    /// Development only: those of a PEM file.
    Authority(PathBuf),
    /// Development only: nobody's, everything is in plain text.
    Plaintext,
}

/// Where Redis is and how to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CacheEndpoint {
    /// TLS, with a signed IAM token as the password.
    Managed {
        /// Host name of the primary endpoint.
        host: String,
        /// TCP port.
        port: u16,
        /// The IAM-authenticated user.
        user: String,
        /// Id of the replication group, for which tokens are signed.
        replication_group: String,
        /// Development only: a PEM file with the authority to believe instead of the public ones.
        authority: Option<PathBuf>,
    },
    /// Development only: a whole URL, login included.
    Url(Secret),
}

/// Text that must not be seen: `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// The processor's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessorSettings {
    /// Where the catalog is.
    pub database: Database,
    /// Where the cache is, and how long a view stays there.
    pub cache: CacheSettings,
    /// How long before its record's arrival an event's time may lie.
    pub horizon: TimeDelta,
    /// Whose events are accepted; none if everybody's are.
    pub suppliers: Option<BTreeSet<Supplier>>,
    /// Name of the quarantine bucket.
    pub quarantine_bucket: String,
}

/// The archiver's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiverSettings {
    /// Name of the archive bucket.
    pub archive_bucket: String,
}

/// The settings of `catalog`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogSettings {
    /// Where the catalog is.
    pub database: Database,
    /// Where the cache is, and how long a view stays there.
    pub cache: CacheSettings,
}

/// The settings of `maintain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaintainSettings {
    /// Where the catalog is.
    pub database: Database,
    /// Where the cache is, and how long a view stays there.
    pub cache: CacheSettings,
    /// How long before its record's arrival an event's time may lie.
    pub horizon: TimeDelta,
    /// How long the stream keeps a record.
    pub stream_retention: TimeDelta,
}

/// Where the cache is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheSettings {
    /// Where to connect to.
    pub endpoint: CacheEndpoint,
    /// How long a view stays in the cache, before jitter.
    pub view_seconds: u32,
}

/// The settings of `migrate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrateSettings {
    /// Where the catalog is, with the master login.
    pub database: Database,
    /// The logins to create: of each access for which the stack has a secret.
    pub logins: Vec<LoginSettings>,
}

/// The settings of `rotate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RotateSettings {
    /// Where the catalog is, with the master login.
    pub database: Database,
    /// How many connections each login may hold, of the accesses that the stack has.
    pub connections: Vec<(Access, u32)>,
}

/// A login that `migrate` creates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginSettings {
    /// What it may do.
    pub access: Access,
    /// ARN of the secret that holds it, or will.
    pub secret_arn: String,
    /// How many connections it may hold.
    pub connections: u32,
}

/// Everything that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "settings: {}", self.0.join("; "))
    }
}

impl std::error::Error for Faults {}

impl ProcessorSettings {
    /// Reads the settings with `lookup`, from the environment of the process or of a test.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
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
    /// Reads the settings with `lookup`, from the environment of the process or of a test.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let mut reader = Reader::new(lookup);
        let archive_bucket = reader.text(env::ARCHIVE_BUCKET);
        reader.finish(Self { archive_bucket })
    }
}

impl CatalogSettings {
    /// Reads the settings with `lookup`, from the environment of the process or of a test.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let mut reader = Reader::new(lookup);
        let database = reader.database(env::DATABASE_SECRET_ARN);
        let cache = reader.cache();
        reader.finish(Self { database, cache })
    }
}

impl MaintainSettings {
    /// Reads the settings with `lookup`, from the environment of the process or of a test.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let mut reader = Reader::new(lookup);
        let database = reader.database(env::DATABASE_SECRET_ARN);
        let cache = reader.cache();
        let horizon = reader.seconds(env::HORIZON_SECONDS);
        let stream_retention = reader.seconds(env::STREAM_RETENTION_SECONDS);
        reader.finish(Self { database, cache, horizon, stream_retention })
    }
}

impl MigrateSettings {
    /// Reads the settings with `lookup`, from the environment of the process or of a test.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let mut reader = Reader::new(lookup);
        let database = reader.database(env::DATABASE_MASTER_SECRET_ARN);
        let logins: Vec<_> = Access::ALL.into_iter().filter_map(|access| reader.login(access)).collect();
        if logins.is_empty() {
            let variables = Access::ALL.map(Access::secret_variable).join(", ");
            reader.faults.push(format!("none of {variables} is set"));
        }
        reader.finish(Self { database, logins })
    }
}

impl RotateSettings {
    /// Reads the settings with `lookup`, from the environment of the process or of a test.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let mut reader = Reader::new(lookup);
        let database = reader.database(env::DATABASE_MASTER_SECRET_ARN);
        let named = |access: &Access| (reader.lookup)(access.connections_variable()).is_some();
        let accesses: Vec<_> = Access::ALL.into_iter().filter(named).collect();
        let connections =
            accesses.into_iter().map(|access| (access, reader.parsed(access.connections_variable()))).collect();
        reader.finish(Self { database, connections })
    }
}

#[cfg(test)]
mod tests;
