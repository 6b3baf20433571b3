//! Rules over more than one setting.

use super::account;
use super::connections;
use super::fault::Fault;
use super::instance_types::DATABASE_CLASSES;
use super::reader::Reader;
use super::settings::Settings;
use super::suppliers;

/// Collects the settings of this environment that contradict each other.
pub(super) fn check(environment: &str, settings: &Settings, reader: &mut Reader<'_>) {
    let faults = database_class(settings, reader).into_iter().chain(backend(settings, reader));
    let faults = faults.chain(boundary(settings, reader)).chain(catalog_concurrency(settings, reader));
    let faults = faults.chain(suppliers::check_names(environment, &settings.suppliers, reader));
    let faults = faults.chain(suppliers::check_number(&settings.suppliers, reader));
    let faults: Vec<_> = faults.collect();
    reader.faults.extend(faults);
}

/// Checks that the boundary is of the account that the roles are in.
fn boundary(settings: &Settings, reader: &Reader<'_>) -> Option<Fault> {
    account::check(settings.account_id.as_ref()?, settings.permissions_boundary.as_ref()?, reader)
}

/// Checks that the database takes every connection that the functions may hold.
fn database_class(settings: &Settings, reader: &Reader<'_>) -> Option<Fault> {
    let needed = connections::needed(settings.peak_updates_per_minute, settings.catalog_connections);
    let class = settings.database_instance_class;
    if needed <= class.connections() {
        return None;
    }
    let keys = ["database_instance_class", "peak_updates_per_minute", "catalog_connections"];
    let span = keys.into_iter().find_map(|key| reader.span(key));
    let message = format!(
        "`peak_updates_per_minute` = {} and `catalog_connections` = {} need {needed} database connections, `{}` takes {}",
        settings.peak_updates_per_minute,
        settings.catalog_connections,
        class.name,
        class.connections()
    );
    let enough = DATABASE_CLASSES.iter().find(|class| class.connections() >= needed);
    Some(Fault::new(span, message).help(match enough {
        Some(enough) => format!("set `database_instance_class` to `{}` or a larger one", enough.name),
        None => "lower one of them".into(),
    }))
}

/// Checks that the catalog can use all of its connections. Each of its execution environments holds one; while a new
/// version replaces an old one, there are twice as many as may run.
fn catalog_concurrency(settings: &Settings, reader: &Reader<'_>) -> Option<Fault> {
    let most = 2 * settings.catalog_concurrency?;
    let message = format!(
        "`catalog_connections` = {}, but with `catalog_concurrency` = {} no more than {most} are ever used",
        settings.catalog_connections,
        most / 2
    );
    let span = reader.span("catalog_connections").or_else(|| reader.span("catalog_concurrency"));
    let fault = || Fault::new(span, message).help("lower the one or raise the other");
    (settings.catalog_connections > most).then(fault)
}

/// Checks that `state_prefix` and `state_region` come with a bucket. In the defaults they may be set for those
/// environments that have one.
fn backend(settings: &Settings, reader: &Reader<'_>) -> Vec<Fault> {
    if settings.backend.is_some() || reader.span("state_bucket").is_some() {
        return Vec::new();
    }
    let alone = ["state_prefix", "state_region"].into_iter().filter_map(|key| Some((key, reader.own_span(key)?)));
    let fault = |(key, span)| Fault::new(Some(span), format!("`{key}` has no effect without `state_bucket`"));
    alone.map(fault).collect()
}
