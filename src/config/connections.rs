//! Connections to the database: how many the functions may hold, and how many it must take.

use pipegen_contract::database::Access;

use super::sizing::Sizing;

/// Connections of maintenance, which runs once a minute, one run at a time; the second is for a run that begins as
/// another ends.
const MAINTAINER_CONNECTIONS: u32 = 2;

/// Connections of everything else: `migrate`, `rotate`, an administrator, RDS itself.
const OTHER_CONNECTIONS: u32 = 15;

/// Returns the limit of connections of each of an access' two logins.
pub fn login_connections(sizing: Sizing, catalog_connections: u32, access: Access) -> u32 {
    match access {
        Access::Writer => sizing.writer_connections,
        Access::Reader => catalog_connections,
        Access::Maintainer => MAINTAINER_CONNECTIONS,
    }
}

/// Returns the number of connections that the database must take.
///
/// While a rotated password spreads, both logins of an access are in use. Shards bound the writers and the schedule the
/// maintainers, whichever login they use; nothing bounds the readers but the limit of each of their logins.
pub(super) fn needed(peak_updates_per_minute: u32, catalog_connections: u32) -> u32 {
    let writers = Sizing::for_peak(peak_updates_per_minute).writer_connections;
    writers + 2 * catalog_connections + MAINTAINER_CONNECTIONS + OTHER_CONNECTIONS
}
