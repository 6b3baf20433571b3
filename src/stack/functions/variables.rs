//! Environment variables that more than one function reads.

use pipegen_contract::database::Access;
use pipegen_contract::env;

use super::dependencies::Dependencies;
use super::login::Login;
use crate::config::{login_connections, supplier_names};
use crate::stack::build::Build;
use crate::stack::cache::CacheUser;
use crate::stack::units::{SECONDS_PER_DAY, SECONDS_PER_HOUR};
use crate::terraform::Expression;

/// A variable's name and its value.
pub(super) type Variable = (&'static str, Expression);

/// Returns addresses and logins of database and cache, for functions that use both.
pub(super) fn servers(build: &Build<'_>, dependencies: &Dependencies<'_>, who: &Login<'_>) -> Vec<Variable> {
    let secret = (env::DATABASE_SECRET_ARN, who.secret.arn());
    database(dependencies).into_iter().chain([secret]).chain(cache(build, dependencies, who.user)).collect()
}

/// Returns the address of the database.
pub(super) fn database(dependencies: &Dependencies<'_>) -> [Variable; 3] {
    [
        (env::DATABASE_HOST, dependencies.database.host()),
        (env::DATABASE_PORT, dependencies.database.port()),
        (env::DATABASE_NAME, dependencies.database.name()),
    ]
}

/// Returns address and login of the cache, and its views' time to live.
fn cache(build: &Build<'_>, dependencies: &Dependencies<'_>, user: &CacheUser) -> [Variable; 5] {
    [
        (env::CACHE_HOST, dependencies.cache.host()),
        (env::CACHE_PORT, dependencies.cache.port()),
        (env::CACHE_USER, user.name()),
        (env::CACHE_REPLICATION_GROUP, dependencies.cache.id()),
        (env::CACHE_VIEW_SECONDS, number(build.settings.cache_view_seconds)),
    ]
}

/// Returns the age beyond which an arriving event is rejected.
pub(super) fn horizon(build: &Build<'_>) -> Variable {
    (env::HORIZON_SECONDS, number(build.settings.horizon_days * SECONDS_PER_DAY))
}

/// Returns the suppliers whose events are accepted, if the settings name any.
pub(super) fn suppliers(build: &Build<'_>) -> Option<Variable> {
    let names = supplier_names(&build.settings.suppliers)?;
    Some((env::SUPPLIERS, Expression::from(&names)))
}

/// Returns the retention of the stream.
pub(super) fn stream_retention(build: &Build<'_>) -> Variable {
    (env::STREAM_RETENTION_SECONDS, number(build.settings.stream_retention_hours * SECONDS_PER_HOUR))
}

/// Returns the limit of connections of each login.
pub(super) fn connections(build: &Build<'_>) -> [Variable; 3] {
    let limit = |access| login_connections(build.sizing, build.settings.catalog_connections, access);
    Access::ALL.map(|access| (access.connections_variable(), number(limit(access))))
}

/// Makes the value of a variable from a number.
fn number(value: u32) -> Expression {
    Expression::from(&value.to_string())
}
