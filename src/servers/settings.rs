//! Settings of a rendered stack that the temporary servers are started with.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Settings of RDS and ElastiCache that hold for the temporary servers too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// The database in PostgreSQL that is created.
    pub database_name: String,
    /// Parameters of PostgreSQL.
    pub database_parameters: Vec<ServerParameter>,
    /// Parameters of Redis.
    pub cache_parameters: Vec<ServerParameter>,
    /// Users of Redis, without `default`, which stays pipegen's own.
    pub cache_users: Vec<CacheUser>,
}

/// An entry of a parameter group.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ServerParameter {
    pub name: String,
    pub value: String,
}

/// An `aws_elasticache_user`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CacheUser {
    #[serde(rename = "user_name")]
    pub name: String,
    /// Its rights, as Redis' `ACL SETUSER` takes them.
    pub access_string: String,
}

/// Only RDS knows parameters that begin with this.
const OF_RDS: &str = "rds.";

impl ServerSettings {
    /// Reads them from a rendered `main.tf.json`.
    pub fn from_stack(main: &Value) -> anyhow::Result<Self> {
        let mut database_parameters: Vec<ServerParameter> = read(main, "aws_db_parameter_group/catalog/parameter")?;
        database_parameters.retain(|parameter| !parameter.name.starts_with(OF_RDS));
        let users: BTreeMap<String, CacheUser> = read(main, "aws_elasticache_user")?;
        Ok(Self {
            database_name: read(main, "aws_db_instance/catalog/db_name")?,
            database_parameters,
            cache_parameters: read(main, "aws_elasticache_parameter_group/views/parameter")?,
            cache_users: users.into_values().filter(|user| user.name != "default").collect(),
        })
    }
}

fn read<T: DeserializeOwned>(main: &Value, path: &str) -> anyhow::Result<T> {
    let value = main.pointer(&format!("/resource/{path}")).with_context(|| format!("the stack has no {path}"))?;
    T::deserialize(value).with_context(|| format!("the stack's {path} cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn main() -> Value {
        serde_json::from_str(include_str!("../../tests/golden/staging.main.tf.json")).expect("JSON")
    }

    #[test]
    fn settings_are_read_from_a_rendered_stack() {
        let settings = ServerSettings::from_stack(&main()).expect("complete");
        assert_eq!(settings.database_name, "inventory");
        let ddl = ServerParameter { name: "log_statement".to_owned(), value: "ddl".to_owned() };
        assert!(settings.database_parameters.contains(&ddl), "{settings:?}");
        assert!(settings.database_parameters.iter().all(|parameter| parameter.name != "rds.force_ssl"), "{settings:?}");
        let evict = ServerParameter { name: "maxmemory-policy".to_owned(), value: "allkeys-lru".to_owned() };
        assert_eq!(settings.cache_parameters, [evict]);
        let names: Vec<_> = settings.cache_users.iter().map(|user| user.name.as_str()).collect();
        assert_eq!(names, ["user-reader-staging", "user-repair-staging", "user-writer-staging"]);
    }

    #[test]
    fn a_missing_setting_is_named() {
        let mut main = main();
        main["resource"]["aws_db_instance"] = Value::Null;
        let error = ServerSettings::from_stack(&main).expect_err("incomplete").to_string();
        assert!(error.contains("aws_db_instance/catalog/db_name"), "{error}");
    }
}
