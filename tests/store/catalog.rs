//! The database of one history: its sessions' connections, and how time passes in it.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use pipegen_store::{LimitedProducts, LowStockLimit, Store};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use tokio::time::{Instant, sleep};

use crate::plan::Plan;
use crate::wire::Wire;

/// The number available at which stock is low.
pub(crate) const LOW: i64 = 60;

/// The time after which PostgreSQL looks for a deadlock.
const DEADLOCK_TIMEOUT: &str = "100ms";

/// The time in which the sessions of processes that died are over.
const REST: Duration = Duration::from_secs(10);

/// The database of one history.
pub(crate) struct Catalog {
    /// Past the wire.
    pub(crate) direct: PgConnectOptions,
    pub(crate) url: String,
    /// Over the wire.
    slow: PgConnectOptions,
    /// The history's beginning.
    pub(crate) beginning: DateTime<Utc>,
    /// The hours that have passed since.
    pub(crate) hours: i64,
}

impl Catalog {
    /// Prepares an empty database, and lays a wire to it.
    pub(crate) async fn prepare(url: String, plan: &Plan) -> Result<Self> {
        let direct: PgConnectOptions = url.parse()?;
        let direct = direct.options([("deadlock_timeout", DEADLOCK_TIMEOUT)]);
        let mut admin = direct.connect().await?;
        pipegen_store::migrate(&mut admin).await?;
        let limit = LowStockLimit { of: LimitedProducts::Others, quantity: LOW };
        pipegen_store::set_low_stock_limits(&mut admin, &[limit]).await?;
        admin.close().await?;
        let server = SocketAddr::from(([127, 0, 0, 1], direct.get_port()));
        let [late, linger] = [plan.late, plan.linger].map(Duration::from_millis);
        let wire = Wire::slow(server, late, linger, plan.seed).await?;
        let slow = direct.clone().host("127.0.0.1").port(wire.port);
        // Whole seconds, as the events' times.
        let beginning = DateTime::from_timestamp(Utc::now().timestamp(), 0).context("a time")?;
        Ok(Self { direct, url, slow, beginning, hours: 0 })
    }

    /// Returns a store with one connection, as a function's instance has.
    pub(crate) fn store(&self) -> Store {
        Store::new(self.slow.clone(), 1)
    }

    /// Connects past the wire.
    pub(crate) async fn connect(&self) -> Result<PgConnection> {
        Ok(self.direct.connect().await?)
    }

    /// Returns the time that has passed since the beginning, beyond what the clock says.
    pub(crate) fn passed(&self) -> TimeDelta {
        TimeDelta::hours(self.hours)
    }

    /// Waits until no session has a transaction, not even one whose client has died.
    pub(crate) async fn rest(&self, admin: &mut PgConnection) -> Result<()> {
        let running = "select count(*) from pg_stat_activity
                       where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null";
        let deadline = Instant::now() + REST;
        while sqlx::query_scalar::<_, i64>(running).fetch_one(&mut *admin).await? > 0 {
            ensure!(Instant::now() < deadline, "a transaction is still running after {REST:?}");
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Lets time pass: every time in the database is so many hours longer ago. Nothing but its version and the time of
    /// its change says when a view was made, and neither is compared with a clock.
    pub(crate) async fn pass(&mut self, admin: &mut PgConnection, hours: i64) -> Result<()> {
        self.hours += hours;
        let columns = [
            ("ledger", &["applied_at", "occurred_at"][..]),
            ("ledger_floor", &["occurred_at"]),
            ("offer", &["adjusted_at", "counted_at", "priced_at"]),
            ("description", &["occurred_at"]),
            ("pending_refresh", &["since"]),
            ("change", &["changed_at"]),
            ("crossing", &["crossed_at", "closed_at"]),
        ];
        for (table, columns) in columns {
            let set: Vec<String> =
                columns.iter().map(|column| format!("{column} = {column} - interval '{hours} hours'")).collect();
            let update = format!("update {table} set {}", set.join(", "));
            sqlx::raw_sql(&update).execute(&mut *admin).await?;
        }
        Ok(())
    }

    /// Returns the ledger's floor, by the history's clock.
    pub(crate) async fn floor(&self, admin: &mut PgConnection) -> Result<Option<DateTime<Utc>>> {
        let floor: Option<DateTime<Utc>> =
            sqlx::query_scalar("select occurred_at from ledger_floor").fetch_one(admin).await?;
        Ok(floor.map(|floor| floor + self.passed()))
    }
}
