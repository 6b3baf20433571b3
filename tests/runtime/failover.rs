//! Servers that fail over under a function that goes on: nobody closes its connections. The next batch after the end of
//! the fault succeeds in the same process, and no read is older than a batch that was acknowledged before the read
//! began.

use std::pin::pin;
use std::thread;
use std::time::{Duration, Instant};

use pipegen_lambda::cache::{Cache, CacheError, Entry};
use pipegen_lambda::resources::ProcessorResources;
use pipegen_store::{ErrorKind, Store, View};
use sqlx::postgres::PgConnectOptions;
use tokio::join;
use tokio::runtime::Builder;
use tokio::time::{sleep, timeout};

use super::functions::{BatchResult, cache_on, count, maintenance_on, process, processor_on};
use super::proxy::Proxy;
use super::redis_servers::RedisServer;
use super::test_catalog::{TestCatalog, counted};

/// The time after the fault's end in which a batch may still fail.
const RECOVERY: Duration = Duration::from_secs(10);

/// The time of an invocation.
const TIME: Duration = Duration::from_secs(8);

/// The time after a failure until the cache is called again.
pub(crate) const CIRCUIT_OPEN: Duration = Duration::from_millis(1_100);

const DONE: BatchResult = Ok(None);

/// Processes one count and retries it until it is done, as Lambda does.
async fn process_until_done(quantity: i64, resources: &ProcessorResources) {
    let ended = Instant::now();
    let records = [count("a", &format!("until {quantity}"), quantity)];
    while process(&records, TIME, resources).await != DONE {
        assert!(ended.elapsed() < RECOVERY, "no batch is applied any more");
        sleep(Duration::from_millis(100)).await;
    }
    assert!(ended.elapsed() < RECOVERY, "{:?}", ended.elapsed());
}

/// Returns true if the batch is retried unchanged.
fn is_reported(result: &BatchResult) -> bool {
    *result == Ok(Some("0".to_owned()))
}

async fn available(catalog: &TestCatalog) -> i64 {
    catalog.shown().await[0]["available"].as_i64().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connection_to_a_hung_database_is_replaced() {
    let catalog = TestCatalog::open().await;
    let proxy = Proxy::before(&catalog.servers.database_url).await;
    let resources = processor_on(&proxy.url, &catalog.servers.cache_url);
    assert_eq!(process(&[count("a", "before", 1)], TIME, &resources).await, DONE);
    proxy.hang();
    for _ in 0..2 {
        // Not bisected: a batch of one record would fail as well.
        let answer = process(&[count("a", "meanwhile", 2)], TIME, &resources).await;
        assert!(is_reported(&answer), "{answer:?}");
    }
    proxy.release();
    process_until_done(3, &resources).await;
    assert_eq!(available(&catalog).await, 3);
    catalog.close().await;
}

/// The server has done the statement and holds the product's lock for a client that it cannot reach any more.
#[tokio::test(flavor = "multi_thread")]
async fn the_connection_to_a_database_that_hangs_in_a_transaction_is_replaced() {
    let catalog = TestCatalog::open().await;
    let proxy = Proxy::before(&catalog.servers.database_url).await;
    let resources = processor_on(&proxy.url, &catalog.servers.cache_url);
    proxy.hang_from("from offer");
    let answer = process(&[count("a", "cut off", 1)], Duration::from_secs(3), &resources).await;
    assert!(answer.is_err(), "its time did not suffice: {answer:?}");
    let others = catalog.number("select count(*) from pg_locks where mode = 'RowExclusiveLock'").await;
    assert!(others > 0, "the transaction that was cut off still holds its locks");
    proxy.release();
    process_until_done(3, &resources).await;
    assert_eq!(available(&catalog).await, 3);
    catalog.close().await;
}

/// A switchover, or a name that still resolves to the old server: the session can be opened, but not write.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_session_is_not_kept() {
    let catalog = TestCatalog::open().await;
    let resources = processor_on(&catalog.servers.database_url, &catalog.servers.cache_url);
    catalog.execute("alter database inventory set default_transaction_read_only = on").await;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        let answer = process(&[count("a", "meanwhile", 2)], TIME, &resources).await;
        assert!(is_reported(&answer), "{answer:?}");
        sleep(Duration::from_millis(500)).await;
    }
    // The session that was made meanwhile stays read-only as long as it lives.
    catalog.execute("begin read write; alter database inventory reset default_transaction_read_only; commit").await;
    process_until_done(3, &resources).await;
    assert_eq!(available(&catalog).await, 3);
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_the_server_has_ended_fails_no_batch() {
    let catalog = TestCatalog::open().await;
    let resources = processor_on(&catalog.servers.database_url, &catalog.servers.cache_url);
    for quantity in 1..4 {
        let answer = process(&[count("a", &quantity.to_string(), quantity)], TIME, &resources).await;
        assert_eq!(answer, DONE);
        let ended = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                     where pid <> pg_backend_pid() and backend_type = 'client backend'";
        assert_eq!(catalog.number(ended).await, 1, "the one session was ended");
    }
    catalog.close().await;
}

/// PostgreSQL ends the session of a client that stands still in a transaction for 3 s, and says so by SQLSTATE 25P03 to
/// the next statement. The same batch is applied later.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_ended_in_a_transaction_is_as_good_as_unreachable() {
    let catalog = TestCatalog::open().await;
    let proxy = Proxy::before(&catalog.servers.database_url).await;
    let store = Store::new(proxy.url.parse().expect("a URL"), 1);
    let batch = [&counted("a", "1", 1, 1)];
    proxy.hold_from("from offer");
    let (refused, ()) = join!(store.apply(&batch), async {
        proxy.holding().await;
        let open = "select count(*) from pg_stat_activity where state = 'idle in transaction'";
        while catalog.number(open).await > 0 {
            sleep(Duration::from_millis(100)).await;
        }
        proxy.release();
    });
    let refused = refused.expect_err("its session is gone");
    assert_eq!((refused.kind(), refused.sqlstate().as_deref()), (ErrorKind::Unreachable, Some("25P03")));
    store.apply(&batch).await.expect("applied");
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_connection_logs_in_with_the_options_that_were_set_last() {
    let catalog = TestCatalog::open().await;
    let options: PgConnectOptions = catalog.servers.database_url.parse().expect("a URL");
    let store = Store::new(options.clone().password("of before"), 1);
    let batch = [&counted("a", "1", 1, 1)];
    assert_eq!(store.apply(&batch).await.expect_err("another password").kind(), ErrorKind::LoginRefused);
    store.set_options(options);
    store.apply(&batch).await.expect("applied");
    catalog.close().await;
}

/// Between two batches nobody uses the connections, and a writer does not notice that one has gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_cache_whose_idle_connection_has_died_is_refreshed_at_once() {
    let catalog = TestCatalog::open().await;
    let cache = RedisServer::start(&[]).await;
    let proxy = Proxy::before(&cache.url()).await;
    let resources = processor_on(&catalog.servers.database_url, &proxy.url);
    let reader = cache_on(&cache.url());
    assert_eq!(process(&[count("a", "1", 1)], TIME, &resources).await, DONE);
    for quantity in 2..5 {
        fill_from_database(&reader, &catalog).await;
        proxy.close();
        assert_eq!(process(&[count("a", &quantity.to_string(), quantity)], TIME, &resources).await, DONE);
        assert_eq!(catalog.number("select count(*) from pending_refresh").await, 0, "refreshed at once");
        assert!(known(quantity)(&shown_entry(&reader).await));
    }
    catalog.close().await;
}

/// A cache that can fail over: the old primary goes on as a replica, and the name resolves to the new one.
struct FailoverCache {
    old: RedisServer,
    new: RedisServer,
    proxy: Proxy,
}

impl FailoverCache {
    async fn start() -> Self {
        let (old, new) = (RedisServer::start(&[]).await, RedisServer::start(&[]).await);
        let proxy = Proxy::before(&old.url()).await;
        new.replicate(&old).await;
        Self { old, new, proxy }
    }

    async fn fail_over(&self) {
        self.new.take_over_from(&self.old).await;
        self.proxy.switch_to(&self.new.url());
    }
}

fn known(quantity: i64) -> impl Fn(&Entry) -> bool {
    move |entry| matches!(entry, Entry::Known(view) if view.json.contains(&format!("\"available\":{quantity},")))
}

/// Tries until there is something: a read gives the cache 50 ms, and a busy machine may take longer.
async fn until_some<T>(attempt: impl AsyncFn() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = attempt().await {
            return value;
        }
        assert!(began.elapsed() < RECOVERY, "the reader cannot use the cache");
        sleep(Duration::from_millis(100)).await;
    }
}

/// Returns the entry that a reader gets when it can read the cache.
async fn shown_entry(reader: &Cache) -> Entry {
    until_some(async || entry(reader).await).await
}

/// Returns the entry that a reader gets; `None` if it cannot read the cache.
async fn entry(reader: &Cache) -> Option<Entry> {
    reader.read(&["a"]).await.ok().and_then(|reading| reading.entries.into_iter().next())
}

async fn fill_from_database(reader: &Cache, catalog: &TestCatalog) {
    fill(reader, &catalog.store.views(&["a"]).await.expect("read")[0]).await;
}

/// Fills in the view from the database.
async fn fill(reader: &Cache, view: &View) {
    let fill = pipegen_lambda::cache::Fill { sku: "a", view: Some(view) };
    until_some(async || {
        let permission = reader.read(&["a"]).await.ok()?.fill_permission;
        reader.fill(permission, &[fill]).await.ok()
    })
    .await;
}

/// Demoted servers respond `READONLY`, or `MASTERDOWN` where they are set not to serve stale data.
async fn a_demoted_cache_is_replaced(serves_stale: bool) {
    let catalog = TestCatalog::open().await;
    let cache = FailoverCache::start().await;
    let database = &catalog.servers.database_url;
    let serves = if serves_stale { "yes" } else { "no" };
    cache.old.run::<()>(&format!("CONFIG SET replica-serve-stale-data {serves}")).await;

    let resources = processor_on(database, &cache.proxy.url);
    let maintenance = maintenance_on(database, &cache.proxy.url);
    let reader = cache_on(&cache.proxy.url);
    assert_eq!(process(&[count("a", "1", 1)], TIME, &resources).await, DONE);
    fill(&reader, &catalog.store.views(&["a"]).await.expect("read")[0]).await;
    assert!(known(1)(&shown_entry(&reader).await), "a hit");
    maintenance.cache.refresh(&catalog.store.views(&["a"]).await.expect("read")).await.expect("connected");

    cache.fail_over().await;
    // A function that starts now knows only the new primary.
    let other = processor_on(database, &cache.new.url());
    assert_eq!(process(&[count("a", "2", 2)], TIME, &other).await, DONE);
    let began = Instant::now();
    let mut hit = false;
    while !hit {
        assert!(began.elapsed() < RECOVERY, "the reader does not find the new primary");
        let entry = entry(&reader).await;
        assert!(!entry.as_ref().is_some_and(known(1)), "older than an acknowledged batch");
        hit = entry.as_ref().is_some_and(known(2));
        sleep(Duration::from_millis(100)).await;
    }

    // Those that were there before are still connected to the old primary. They repeat their calls on a new connection.
    assert_eq!(process(&[count("a", "3", 3)], TIME, &resources).await, DONE);
    assert_eq!(catalog.number("select count(*) from pending_refresh").await, 0, "refreshed at once");
    assert!(known(3)(&shown_entry(&reader).await));
    maintenance.cache.refresh(&catalog.store.views(&["a"]).await.expect("read")).await.expect("refreshed");
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demoted_cache_that_serves_stale_data_is_replaced() {
    a_demoted_cache_is_replaced(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demoted_cache_that_serves_nothing_is_replaced() {
    a_demoted_cache_is_replaced(false).await;
}

/// There is nothing to write: the replica's entry is as new already. All the same it is not the server that readers
/// use.
#[tokio::test(flavor = "multi_thread")]
async fn a_demoted_cache_refuses_a_refresh_that_changes_nothing() {
    let server = RedisServer::start(&[]).await;
    let (writer, view) = (cache_on(&server.url()), view("a"));
    writer.refresh(std::slice::from_ref(&view)).await.expect("refreshed");
    server.demote().await;
    let refused = writer.refresh(std::slice::from_ref(&view)).await.expect_err("refused");
    assert!(format!("{refused:?}").contains("ReadOnly"), "{refused:?}");
}

fn view(sku: &str) -> View {
    View { sku: sku.to_owned(), version: 7, json: "{}".to_owned() }
}

/// Like a host that is gone, or a process that is stopped: connections can be made, and nobody responds.
#[tokio::test(flavor = "multi_thread")]
async fn the_connection_to_a_hung_cache_is_replaced() {
    let catalog = TestCatalog::open().await;
    let server = RedisServer::start(&[]).await;
    let proxy = Proxy::before(&server.url()).await;
    let resources = processor_on(&catalog.servers.database_url, &proxy.url);
    let reader = cache_on(&proxy.url);
    assert_eq!(process(&[count("a", "1", 1)], TIME, &resources).await, DONE);
    assert!(!known(1)(&shown_entry(&reader).await), "a tombstone");
    proxy.hang();
    assert_eq!(process(&[count("a", "2", 2)], TIME, &resources).await, DONE);
    assert_eq!(catalog.number("select count(*) from pending_refresh").await, 1);
    assert!(entry(&reader).await.is_none());
    sleep(CIRCUIT_OPEN).await;
    proxy.release();
    assert_eq!(process(&[count("a", "3", 3)], TIME, &resources).await, DONE);
    assert_eq!(catalog.number("select count(*) from pending_refresh").await, 0, "refreshed, and drained");
    shown_entry(&reader).await;
    catalog.close().await;
}

/// A paused virtual machine stops a process in the middle of a call. When it goes on, the answer has long come, and the
/// time for it is over.
#[tokio::test(flavor = "multi_thread")]
async fn a_processor_that_stood_still_during_a_refresh_has_refreshed_the_cache() {
    let catalog = TestCatalog::open().await;
    let proxy = Proxy::before(&catalog.servers.cache_url).await;
    let reader = cache_on(&catalog.servers.cache_url);
    let resources = processor_on(&catalog.servers.database_url, &catalog.servers.cache_url);
    assert_eq!(process(&[count("a", "1", 1)], TIME, &resources).await, DONE);
    fill_from_database(&reader, &catalog).await;
    let database_url = &catalog.servers.database_url;
    thread::scope(|scope| {
        // All of it on one thread, as in the bootstrap.
        scope.spawn(|| {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let resources = processor_on(database_url, &proxy.url);
                assert_eq!(process(&[count("b", "1", 1)], TIME, &resources).await, DONE, "connected");
                proxy.hold();
                let pause = async {
                    proxy.holding().await;
                    proxy.release();
                    thread::sleep(Duration::from_secs(2));
                };
                let records = [count("a", "2", 2)];
                assert_eq!(join!(process(&records, TIME, &resources), pause).0, DONE);
            });
        });
    });
    assert_eq!(catalog.number("select count(*) from pending_refresh").await, 0, "refreshed");
    assert!(known(2)(&shown_entry(&reader).await));
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_in_cluster_mode_is_reported_as_such() {
    let cluster = RedisServer::start(&["--cluster-enabled", "yes"]).await;
    cluster.run::<()>("CLUSTER ADDSLOTSRANGE 0 16383").await;
    while !cluster.run::<String>("CLUSTER INFO").await.contains("cluster_state:ok") {
        sleep(Duration::from_millis(20)).await;
    }
    let server = RedisServer::start(&[]).await;
    let proxy = Proxy::before(&cluster.url()).await;
    let (writer, reader) = (cache_on(&proxy.url), cache_on(&proxy.url));
    let views = ["a", "b", "c"].map(view);
    let refused = writer.refresh(&views).await.expect_err("refused");
    assert!(matches!(refused, CacheError::InClusterMode(_)), "{refused:?}");
    assert!(refused.to_string().contains("cluster mode"), "{refused}");
    let refused = reader.read(&["a", "b", "c"]).await.expect_err("refused");
    assert!(matches!(refused, CacheError::InClusterMode(_)), "{refused:?}");
    // The next connection leads to another server.
    proxy.switch_to(&server.url());
    sleep(CIRCUIT_OPEN).await;
    writer.refresh(&views).await.expect("refreshed");
    reader.read(&["a", "b", "c"]).await.expect("read");
}

/// A batch is acknowledged when the cache is refreshed or the refresh is pending. Here the cache takes its time.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_not_acknowledged_before_the_cache_is_refreshed() {
    let catalog = TestCatalog::open().await;
    let proxy = Proxy::before(&catalog.servers.cache_url).await;
    let resources = processor_on(&catalog.servers.database_url, &proxy.url);
    assert_eq!(process(&[count("a", "1", 1)], TIME, &resources).await, DONE);
    proxy.hold();
    let records = [count("a", "2", 2)];
    let mut processing = pin!(process(&records, TIME, &resources));
    let early = timeout(Duration::from_millis(500), &mut processing).await;
    assert!(early.is_err(), "acknowledged, and the cache may not be refreshed");
    proxy.holding().await;
    proxy.release();
    assert_eq!(processing.await, DONE);
    assert_eq!(catalog.number("select count(*) from pending_refresh").await, 0);
    catalog.close().await;
}
