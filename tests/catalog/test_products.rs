//! The servers that all tests share, and a test's own products, writer and readers.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_config::SdkConfig;
use chrono::{SecondsFormat, TimeDelta, Utc};
use lambda_runtime::{Context, LambdaEvent};
use pipegen::servers::{ServerPlan, ServerSettings, Servers};
use pipegen::session::Session;
use pipegen_event::Event;
use pipegen_lambda::cache::Cache;
use pipegen_lambda::catalog;
use pipegen_lambda::database::{CatalogDatabase, Login};
use pipegen_lambda::refresh::refresh;
use pipegen_lambda::resources::CatalogResources;
use pipegen_lambda::settings::{CacheEndpoint, CacheSettings, Secret};
use pipegen_lambda::singleflight::SingleFlight;
use pipegen_lambda::url::{RequestContext, RequestLine, UrlRequest, UrlResponse};
use pipegen_store::{ProductVersion, View, migrate};
use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tokio::runtime::Runtime;

/// The time to live of a view in the cache, before jitter, in seconds.
pub(crate) const VIEW_SECONDS: u32 = 300;

/// A test's own products on the servers that all tests share.
pub(crate) struct TestProducts {
    /// The prefix of each of the test's SKUs.
    prefix: String,
    /// The writer's tables.
    pub(crate) database: CatalogDatabase,
    /// The writer's cache.
    pub(crate) cache: Cache,
    /// A connection to look at the cache with.
    redis: MultiplexedConnection,
}

impl TestProducts {
    pub(crate) async fn new() -> Self {
        static TESTS: AtomicU64 = AtomicU64::new(0);
        let number = TESTS.fetch_add(1, Ordering::Relaxed);
        let client = redis::Client::open(cache_url()).unwrap();
        Self {
            prefix: format!("{}-{number}", Utc::now().timestamp_micros()),
            database: CatalogDatabase::new(Login::Fixed(database_url().parse().unwrap()), 1),
            cache: cache(cache_url(), VIEW_SECONDS),
            redis: client.get_multiplexed_async_connection().await.unwrap(),
        }
    }

    /// Returns a SKU of this test.
    pub(crate) fn sku(&self, name: &str) -> String {
        format!("{} {name}", self.prefix)
    }

    /// Commits a batch with one count, as the processor does, and returns the view.
    pub(crate) async fn commit(&self, sku: &str, quantity: u32) -> View {
        let event = counted(sku, quantity);
        let applied = self.database.run(async |store| store.apply(&[&event]).await).await.unwrap();
        let view = self.database.run(async |store| store.views(&[sku]).await).await.unwrap().pop().unwrap();
        assert_eq!(applied.products, [version(&view)]);
        view
    }

    /// Commits a batch with one count and refreshes the cache, as the processor does before it acknowledges.
    pub(crate) async fn process(&self, sku: &str, quantity: u32) -> View {
        let view = self.commit(sku, quantity).await;
        self.refresh(&view).await;
        view
    }

    /// Refreshes the cache after a batch that led to this view, as the processor does.
    pub(crate) async fn refresh(&self, view: &View) {
        refresh(&self.database, &self.cache, &[version(view)]).await.unwrap();
    }

    /// Returns an entry's version and view.
    pub(crate) async fn entry(&self, sku: &str) -> (Option<String>, Option<String>) {
        self.redis(redis::cmd("HMGET").arg(key(sku)).arg("version").arg("view")).await
    }

    /// Returns an entry's time to live, in seconds.
    pub(crate) async fn seconds(&self, sku: &str) -> i64 {
        self.redis(redis::cmd("TTL").arg(key(sku))).await
    }

    /// Removes an entry from the cache, as an eviction does.
    pub(crate) async fn evict(&self, sku: &str) {
        let gone: i64 = self.redis(redis::cmd("DEL").arg(key(sku))).await;
        assert_eq!(gone, 1, "there was an entry");
    }

    pub(crate) async fn redis<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> T {
        command.query_async(&mut self.redis.clone()).await.unwrap()
    }
}

/// Returns the version of a view of one offer.
pub(crate) fn version(view: &View) -> ProductVersion {
    let shown: Value = serde_json::from_str(&view.json).unwrap();
    let available = shown["available"].as_i64().unwrap_or_default();
    ProductVersion { sku: view.sku.clone(), version: view.version, offers: 1, available }
}

/// Returns an entry's key.
pub(crate) fn key(sku: &str) -> String {
    format!("product:{sku}")
}

/// Makes a reader of the shared servers.
pub(crate) fn reader() -> CatalogResources {
    reader_of(database_url(), cache_url())
}

/// Makes a reader of these servers.
pub(crate) fn reader_of(database: &str, cache: &str) -> CatalogResources {
    let login = Login::Fixed(database.parse().unwrap());
    CatalogResources {
        database: CatalogDatabase::new(login, 1),
        cache: self::cache(cache, VIEW_SECONDS),
        single_flight: SingleFlight::new(1),
    }
}

/// Makes the client of a cache.
pub(crate) fn cache(url: &str, view_seconds: u32) -> Cache {
    let settings = CacheSettings { endpoint: CacheEndpoint::Url(Secret(url.to_owned())), view_seconds };
    Cache::new(&settings, &SdkConfig::builder().build()).unwrap()
}

/// Reads one product.
pub(crate) async fn get(sku: &str, reader: &CatalogResources) -> UrlResponse {
    request("GET", &path(sku), "", &[], reader).await
}

/// Reads one product and returns its version, and `hit` or `miss`.
pub(crate) async fn seen(sku: &str, reader: &CatalogResources) -> (i64, String) {
    let response = get(sku, reader).await;
    assert_eq!(response.status_code, 200, "{response:?}");
    (body(&response)["version"].as_i64().unwrap(), response.headers["x-cache"].clone())
}

/// Returns a product's path.
pub(crate) fn path(sku: &str) -> String {
    format!("/products/{}", percent_encoding::utf8_percent_encode(sku, percent_encoding::NON_ALPHANUMERIC))
}

/// Returns the query for these products.
pub(crate) fn query(skus: &[&str]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(skus.iter().map(|sku| ("sku", sku))).finish()
}

/// Invokes the function.
pub(crate) async fn request(
    method: &str,
    path: &str,
    query: &str,
    headers: &[(&str, &str)],
    reader: &CatalogResources,
) -> UrlResponse {
    invoke(method, path, query, headers, Duration::from_secs(30), reader).await
}

/// Invokes the function with this much time.
pub(crate) async fn invoke(
    method: &str,
    path: &str,
    query: &str,
    headers: &[(&str, &str)],
    time: Duration,
    reader: &CatalogResources,
) -> UrlResponse {
    let request = UrlRequest {
        raw_path: path.to_owned(),
        raw_query_string: query.to_owned(),
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>(),
        request_context: RequestContext {
            http: RequestLine { method: method.to_owned() },
            ..RequestContext::default()
        },
        ..UrlRequest::default()
    };
    let mut context = Context::default();
    let deadline = Utc::now() + time;
    context.deadline = deadline.timestamp_millis().try_into().unwrap();
    catalog::handle(LambdaEvent::new(request, context), reader).await.unwrap()
}

/// Parses the response's JSON.
pub(crate) fn body(response: &UrlResponse) -> Value {
    serde_json::from_str(response.body.as_deref().unwrap()).unwrap()
}

fn counted(sku: &str, quantity: u32) -> Event {
    static EVENTS: AtomicU64 = AtomicU64::new(0);
    let now = Utc::now();
    let record = json!({
        "specversion": "1.0", "id": EVENTS.fetch_add(1, Ordering::Relaxed).to_string(), "source": "/suppliers/acme",
        "type": "com.retailtech.stock.counted.v1", "subject": sku,
        "time": now.to_rfc3339_opts(SecondsFormat::Micros, true), "data": {"quantity": quantity},
    });
    let record = record.to_string();
    let decoded = pipegen_event::decode(record.as_bytes(), now, TimeDelta::days(7)).pop().unwrap();
    decoded.outcome.unwrap()
}

/// The servers that all tests share. The guard of their session stops them when the process ends: a static is never
/// dropped.
struct Shared {
    servers: Servers,
    _session: Session,
    _runtime: Runtime,
}

fn shared() -> &'static Servers {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    // A thread of its own, because each test has a runtime of its own.
    &SHARED.get_or_init(|| std::thread::spawn(start).join().unwrap()).servers
}

fn start() -> Shared {
    let main = serde_json::from_str(include_str!("../golden/staging.main.tf.json")).unwrap();
    let settings = ServerSettings::from_stack(&main).unwrap();
    let runtime = Runtime::new().unwrap();
    let (session, servers) = runtime.block_on(async {
        let session = Session::open(None).unwrap();
        let servers = ServerPlan::make(None, None, None).unwrap().start(&session, &settings).await.unwrap();
        migrate(&mut PgConnection::connect(&servers.database_url).await.unwrap()).await.unwrap();
        (session, servers)
    });
    Shared { servers, _session: session, _runtime: runtime }
}

/// Returns the URL of the shared Redis.
pub(crate) fn cache_url() -> &'static str {
    &shared().cache_url
}

/// Returns the URL of the shared database, which is migrated.
pub(crate) fn database_url() -> &'static str {
    &shared().database_url
}

/// Connects as an administrator.
pub(crate) async fn administrator() -> PgConnection {
    PgConnection::connect(database_url()).await.unwrap()
}
