//! Servers of a test's own, events, and the views in the catalog.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use pipegen::deployment::{Deployment, ServerAddresses};
use pipegen::servers::{ServerPlan, ServerSettings, Servers};
use pipegen::session::Session;
use pipegen_contract::database::Access;
use pipegen_event::{Event, decode};
use pipegen_store::{Login, Store};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::time::sleep;

use crate::product_view::without_version;

/// A PostgreSQL with the schema, and a Redis; both end with the test.
pub(crate) struct TestCatalog {
    pub(crate) servers: Servers,
    pub(crate) store: Store,
    pub(crate) session: Session,
}

impl TestCatalog {
    pub(crate) async fn open() -> Self {
        let main = serde_json::from_str(include_str!("../golden/staging.main.tf.json")).expect("JSON");
        let settings = ServerSettings::from_stack(&main).expect("complete");
        let session = Session::open(None).expect("opened");
        let plan = ServerPlan::make(None, None, None).expect("installed");
        let servers = plan.start(&session, &settings).await.expect("started");
        let mut admin = PgConnection::connect(&servers.database_url).await.expect("connected");
        pipegen_store::migrate(&mut admin).await.expect("migrated");
        let store = Self::another_store(&servers);
        Self { servers, store, session }
    }

    /// Returns what the staging stack runs on these servers.
    pub(crate) fn deployment(&self) -> Deployment {
        let (cache_host, cache_port) = self.servers.cache.host_and_port();
        let addresses = ServerAddresses {
            database_host: self.servers.database.host.clone(),
            database_port: self.servers.database.port,
            database_name: self.servers.database.name.clone(),
            cache_host,
            cache_port,
        };
        Deployment::from_rendered(include_str!("../golden/staging.main.tf.json"), &addresses).expect("it runs")
    }

    /// Returns a store with connections of its own, like another function instance.
    pub(crate) fn another_store(servers: &Servers) -> Store {
        Store::new(servers.database_url.parse().expect("a URL"), 1)
    }

    /// Runs statements as an administrator.
    pub(crate) async fn execute(&self, statements: &'static str) {
        let mut admin = PgConnection::connect(&self.servers.database_url).await.expect("connected");
        sqlx::raw_sql(statements).execute(&mut admin).await.expect("executed");
    }

    /// Returns the number that a query selects.
    pub(crate) async fn number(&self, query: &'static str) -> i64 {
        let mut admin = PgConnection::connect(&self.servers.database_url).await.expect("connected");
        sqlx::query_scalar(query).fetch_one(&mut admin).await.expect("a number")
    }

    /// Waits until a session waits for a lock of another one.
    pub(crate) async fn until_somebody_waits(&self) {
        let began = Instant::now();
        while self.number("select count(*) from pg_stat_activity where wait_event_type = 'Lock'").await == 0 {
            assert!(began.elapsed() < Duration::from_secs(10), "nobody waits for a lock");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Returns every view, without its version and time.
    pub(crate) async fn shown(&self) -> Vec<Value> {
        self.exported().await.into_iter().map(|view| without_version(view).expect("a version and a time")).collect()
    }

    /// Returns every view.
    pub(crate) async fn exported(&self) -> Vec<Value> {
        let mut views = Vec::new();
        let write = &mut |line: &str| {
            views.push(serde_json::from_str(line)?);
            Ok(())
        };
        let exported = pipegen_store::export(&self.servers.database_url, write).await.expect("exported");
        assert_eq!(exported, views.len() as u64);
        views
    }

    pub(crate) async fn close(self) {
        self.session.close().await.expect("closed");
    }
}

/// Returns a login that reads the catalog, to be created.
pub(crate) fn reader_login(name: &str) -> Login<'_> {
    let verifier = "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy";
    Login { name, access: Access::Reader, verifier, connection_limit: 1 }
}

/// Returns the time this many minutes after a fixed one.
pub(crate) fn at(minute: i64) -> DateTime<Utc> {
    "2026-11-23T05:00:00Z".parse::<DateTime<Utc>>().expect("a time") + TimeDelta::minutes(minute)
}

/// Decodes an event as a supplier sends it.
pub(crate) fn event(kind: &str, supplier: &str, sku: &str, id: &str, minute: i64, data: &Value) -> Event {
    let text = json!({
        "specversion": "1.0", "id": id, "source": format!("/suppliers/{supplier}"), "subject": sku,
        "type": format!("com.retailtech.{kind}.v1"), "time": at(minute).to_rfc3339(), "data": data,
    })
    .to_string();
    let mut decoded = decode(text.as_bytes(), at(minute), TimeDelta::days(7));
    decoded.remove(0).outcome.expect("a good event")
}

pub(crate) fn counted(sku: &str, id: &str, minute: i64, quantity: i64) -> Event {
    event("stock.counted", "acme", sku, id, minute, &json!({"quantity": quantity}))
}

pub(crate) fn adjusted(sku: &str, id: &str, minute: i64, delta: i64) -> Event {
    event("stock.adjusted", "acme", sku, id, minute, &json!({"delta": delta}))
}
