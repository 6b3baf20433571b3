//! The reader of settings from environment variables.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

use chrono::TimeDelta;
use pipegen_contract::database::Access;
use pipegen_contract::env;
use pipegen_event::Supplier;

use super::{CacheEndpoint, CacheSettings, DatabaseSettings, DatabaseTls, InvalidSettings, LoginSettings, Secret};

/// Reads settings and collects all problems with them.
pub(super) struct Reader<L> {
    pub(super) lookup: L,
    pub(super) problems: Vec<String>,
}

impl<L: Fn(&str) -> Option<String>> Reader<L> {
    pub(super) fn new(lookup: L) -> Self {
        Self { lookup, problems: Vec::new() }
    }

    pub(super) fn database(&mut self, secret: &str) -> DatabaseSettings {
        DatabaseSettings {
            host: self.text(env::DATABASE_HOST),
            port: self.parsed(env::DATABASE_PORT),
            name: self.text(env::DATABASE_NAME),
            secret_arn: self.text(secret),
            tls: self.database_tls(),
        }
    }

    fn database_tls(&self) -> DatabaseTls {
        if (self.lookup)(env::DEV_DATABASE_PLAINTEXT).is_some_and(|value| value == "1") {
            return DatabaseTls::Disabled;
        }
        self.authority().map_or(DatabaseTls::RdsRoots, DatabaseTls::Authority)
    }

    fn authority(&self) -> Option<PathBuf> {
        (self.lookup)(env::DEV_AUTHORITY).map(PathBuf::from)
    }

    pub(super) fn login(&mut self, access: Access) -> Option<LoginSettings> {
        let secret_arn = (self.lookup)(access.secret_variable())?;
        Some(LoginSettings { access, secret_arn, connections: self.parsed(access.connections_variable()) })
    }

    pub(super) fn cache(&mut self) -> CacheSettings {
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

    pub(super) fn text(&mut self, name: &str) -> String {
        let value = (self.lookup)(name).unwrap_or_default();
        if value.is_empty() {
            self.problems.push(format!("{name} is not set"));
        }
        value
    }

    pub(super) fn parsed<T: FromStr + Default>(&mut self, name: &str) -> T {
        let text = self.text(name);
        text.parse().unwrap_or_else(|_| {
            if !text.is_empty() {
                self.problems.push(format!("{name} is `{text}`, not a whole number in range"));
            }
            T::default()
        })
    }

    pub(super) fn seconds(&mut self, name: &str) -> TimeDelta {
        TimeDelta::seconds(self.parsed::<u32>(name).into())
    }

    /// Reads the list of suppliers. An empty list is a problem: it would accept nobody's events.
    pub(super) fn suppliers(&mut self) -> Option<BTreeSet<Supplier>> {
        let names = (self.lookup)(env::SUPPLIERS)?;
        let mut suppliers = BTreeSet::new();
        for name in names.split(',') {
            match name.parse() {
                Ok(supplier) => _ = suppliers.insert(supplier),
                Err(rule) => self.problems.push(format!("{} names the supplier `{name}`: it {rule}", env::SUPPLIERS)),
            }
        }
        Some(suppliers)
    }

    /// Returns the settings if there were no problems.
    pub(super) fn finish<T>(self, settings: T) -> Result<T, InvalidSettings> {
        if self.problems.is_empty() { Ok(settings) } else { Err(InvalidSettings(self.problems)) }
    }
}
