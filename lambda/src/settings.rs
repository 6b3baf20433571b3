//! The functions' settings: environment variables, all checked together before anything is connected.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use chrono::TimeDelta;
use pipegen_contract::database::Access;
use pipegen_contract::env;

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
        let quarantine_bucket = reader.text(env::QUARANTINE_BUCKET);
        reader.finish(Self { database, cache, horizon, quarantine_bucket })
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

/// Reads settings and collects what is wrong with them.
struct Reader<L> {
    lookup: L,
    faults: Vec<String>,
}

impl<L: Fn(&str) -> Option<String>> Reader<L> {
    fn new(lookup: L) -> Self {
        Self { lookup, faults: Vec::new() }
    }

    fn database(&mut self, secret: &str) -> Database {
        Database {
            host: self.text(env::DATABASE_HOST),
            port: self.parsed(env::DATABASE_PORT),
            name: self.text(env::DATABASE_NAME),
            secret_arn: self.text(secret),
            trust: self.database_trust(),
        }
    }

    fn database_trust(&self) -> Trust {
        if (self.lookup)(env::DEV_DATABASE_PLAINTEXT).is_some_and(|value| value == "1") {
            return Trust::Plaintext;
        }
        self.authority().map_or(Trust::BuiltIn, Trust::Authority)
    }

    fn authority(&self) -> Option<PathBuf> {
        (self.lookup)(env::DEV_AUTHORITY).map(PathBuf::from)
    }

    fn login(&mut self, access: Access) -> Option<LoginSettings> {
        let secret_arn = (self.lookup)(access.secret_variable())?;
        Some(LoginSettings { access, secret_arn, connections: self.parsed(access.connections_variable()) })
    }

    fn cache(&mut self) -> CacheSettings {
        CacheSettings { endpoint: self.cache_endpoint(), view_seconds: self.parsed(env::CACHE_VIEW_SECONDS) }
    }

    fn cache_endpoint(&mut self) -> CacheEndpoint {
        if let Some(url) = (self.lookup)(env::DEV_CACHE_URL) {
            return CacheEndpoint::Url(Secret(url));
        }
        CacheEndpoint::Managed {
            host: self.text(env::CACHE_HOST),
            port: self.parsed(env::CACHE_PORT),
            user: self.text(env::CACHE_USER),
            replication_group: self.text(env::CACHE_REPLICATION_GROUP),
            authority: self.authority(),
        }
    }

    fn text(&mut self, name: &str) -> String {
        let value = (self.lookup)(name).unwrap_or_default();
        if value.is_empty() {
            self.faults.push(format!("{name} is not set"));
        }
        value
    }

    fn parsed<T: FromStr + Default>(&mut self, name: &str) -> T {
        let text = self.text(name);
        text.parse().unwrap_or_else(|_| {
            if !text.is_empty() {
                self.faults.push(format!("{name} is `{text}`, not a whole number in range"));
            }
            T::default()
        })
    }

    fn seconds(&mut self, name: &str) -> TimeDelta {
        TimeDelta::seconds(self.parsed::<u32>(name).into())
    }

    /// The settings, if nothing was wrong with them.
    fn finish<T>(self, settings: T) -> Result<T, Faults> {
        if self.faults.is_empty() { Ok(settings) } else { Err(Faults(self.faults)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(name: &str) -> Option<String> {
        let value = match name {
            env::DATABASE_HOST => "db.example",
            env::DATABASE_PORT => "5432",
            env::DATABASE_NAME => "inventory",
            env::DATABASE_SECRET_ARN => "arn:secret",
            env::CACHE_HOST => "cache.example",
            env::CACHE_PORT => "6379",
            env::CACHE_USER => "processor",
            env::CACHE_REPLICATION_GROUP => "group",
            env::CACHE_VIEW_SECONDS => "3600",
            env::HORIZON_SECONDS => "604800",
            env::QUARANTINE_BUCKET => "bucket",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn what_the_stack_sets_is_read() {
        let settings = ProcessorSettings::read(rendered).unwrap();
        assert_eq!(settings.horizon, TimeDelta::days(7));
        assert_eq!(settings.database.port, 5432);
        assert_eq!(settings.database.trust, Trust::BuiltIn);
    }

    #[test]
    fn every_fault_is_named_at_once() {
        let faults = ProcessorSettings::read(|name| match name {
            env::DATABASE_HOST | env::QUARANTINE_BUCKET => None,
            env::CACHE_PORT => Some("70000".to_owned()),
            _ => rendered(name),
        })
        .unwrap_err();
        assert_eq!(
            faults.to_string(),
            "settings: PIPEGEN_DATABASE_HOST is not set; PIPEGEN_CACHE_PORT is `70000`, not a whole number in range; \
             PIPEGEN_QUARANTINE_BUCKET is not set"
        );
    }

    #[test]
    fn a_secret_does_not_show() {
        let settings = ProcessorSettings::read(|name| match name {
            env::DEV_CACHE_URL => Some("redis://me:hunter2@localhost".to_owned()),
            _ => rendered(name),
        })
        .unwrap();
        assert!(matches!(settings.cache.endpoint, CacheEndpoint::Url(_)));
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn only_development_believes_anybody_else() {
        let settings = ProcessorSettings::read(|name| match name {
            env::DEV_AUTHORITY => Some("/authority.pem".to_owned()),
            _ => rendered(name),
        })
        .unwrap();
        assert_eq!(settings.database.trust, Trust::Authority("/authority.pem".into()));
        assert!(matches!(settings.cache.endpoint, CacheEndpoint::Managed { authority: Some(_), .. }));
    }
}
