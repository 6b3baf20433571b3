//! The handle through which the catalog's tables are read and written.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sqlx::postgres::PgConnectOptions;

use crate::connections::Connections;

/// The catalog's tables. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) connections: Arc<Connections>,
    /// True if the last batch has created products. The next one probably will, too: a new catalog grows with every
    /// batch.
    pub(crate) creates_products: Arc<AtomicBool>,
}

impl Store {
    /// A store that connects when it is first used. A function instance serves one invocation at a time, so writers
    /// need one connection.
    pub fn new(options: PgConnectOptions, max_connections: u32) -> Self {
        Self { connections: Arc::new(Connections::new(options, max_connections)), creates_products: Arc::default() }
    }

    /// Uses these options for connections made from now on, after a password has changed.
    pub fn set_options(&self, options: PgConnectOptions) {
        self.connections.set_options(options);
    }
}
