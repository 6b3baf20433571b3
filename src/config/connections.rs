//! Connections to the database: the limit of each login, and the number that the database must take.
//!
//! Each [`Access`] has two logins, which a rotation alternates: while a renewed password spreads, functions are logged
//! in with both. The limit of connections is that of each login.

use pipegen_contract::database::Access;

use super::sizing::Sizing;

/// Connections of maintenance, which runs once a minute, one run at a time; the second is for a run that begins as
/// another ends.
const MAINTAINER_CONNECTIONS: u32 = 2;

/// Connections of everything else: `migrate`, `rotate`, an administrator, RDS itself.
const OTHER_CONNECTIONS: u32 = 15;

/// Returns the limit of connections of each login with this access.
pub fn login_connections(sizing: Sizing, catalog_connections: u32, access: Access) -> u32 {
    match access {
        Access::Writer => sizing.writer_connections,
        Access::Reader => catalog_connections,
        Access::Maintainer => MAINTAINER_CONNECTIONS,
    }
}

/// Returns the number of connections that the database must take.
///
/// The readers count twice: each of their two logins may hold its limit. The writers count once, because the shards
/// limit how many there are, whichever login they use; so do the maintainers, because the schedule limits them.
pub(super) fn needed(peak_updates_per_minute: u32, catalog_connections: u32) -> u32 {
    let writers = Sizing::for_peak(peak_updates_per_minute).writer_connections;
    writers + 2 * catalog_connections + MAINTAINER_CONNECTIONS + OTHER_CONNECTIONS
}
