//! The handle through which the catalog's tables are read and written.

use std::sync::Arc;

use sqlx::postgres::PgConnectOptions;

use crate::connections::Connections;

/// The catalog's tables. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) connections: Arc<Connections>,
}

impl Store {
    /// A store that connects when it is first used. A function instance serves one invocation at a time, so writers
    /// need one connection.
    pub fn new(options: PgConnectOptions, max_connections: u32) -> Self {
        Self { connections: Arc::new(Connections::new(options, max_connections)) }
    }

    /// Uses these options for connections made from now on, after a password has changed.
    pub fn set_options(&self, options: PgConnectOptions) {
        self.connections.set_options(options);
    }
}
