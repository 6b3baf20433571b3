//! - `every_preset`: rendered stacks, value by value
//! - `fixture`: one small stack, rendered and applied
//! - `refusals`: what cannot be run

mod every_preset;
mod fixture;
mod refusals;

use super::ServerAddresses;

fn addresses() -> ServerAddresses {
    ServerAddresses {
        database_host: "db.test".to_owned(),
        database_port: 6001,
        database_name: "stock".to_owned(),
        cache_host: "cache.test".to_owned(),
        cache_port: 6002,
    }
}
