//! Rules over more than one setting.

use super::fault::Fault;
use super::machines::DATABASE_CLASSES;
use super::reader::Reader;
use super::settings::Settings;
use super::sizing::Sizing;

/// Connections that are kept free of the processor: `migrate`, an administrator, what RDS itself holds.
const OTHER_CONNECTIONS: u32 = 15;

/// Collects what cannot go together.
pub(super) fn check(settings: &Settings, reader: &mut Reader<'_>) {
    let fault = connections(settings, reader);
    reader.faults.extend(fault);
}

/// The database must take a connection of every execution environment.
fn connections(settings: &Settings, reader: &Reader<'_>) -> Option<Fault> {
    let needed = Sizing::for_peak(settings.peak_updates_per_minute).writer_connections + OTHER_CONNECTIONS;
    let class = settings.database_instance_class;
    if needed <= class.connections() {
        return None;
    }
    let span = reader.span("database_instance_class").or_else(|| reader.span("peak_updates_per_minute"));
    let message = format!(
        "`peak_updates_per_minute` = {} needs {needed} database connections, `{}` takes {}",
        settings.peak_updates_per_minute,
        class.name,
        class.connections()
    );
    let enough = DATABASE_CLASSES.iter().find(|class| class.connections() >= needed);
    Some(Fault::new(span, message).help(match enough {
        Some(enough) => format!("set `database_instance_class` to `{}` or a larger one", enough.name),
        None => "lower the peak".into(),
    }))
}
