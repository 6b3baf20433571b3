//! Servers that fail over under a function that goes on: nobody closes its connections. The next batch after the end of the fault
//! succeeds in the same process, and no read is older than what was acknowledged before it began.

use std::pin::pin;
use std::time::{Duration, Instant};

use pipegen_lambda::cache::{Cache, CacheError, Entry};
use pipegen_lambda::resources::ProcessorResources;
use pipegen_store::View;
use tokio::time::{sleep, timeout};

use super::functions::{Answer, cache_on, count, maintain, maintenance_on, process, processor_on};
use super::proxy::Proxy;
use super::redis_servers::RedisServer;
use super::workshop::Workshop;

/// How long after the fault's end a batch may still fail.
const RECOVERY: Duration = Duration::from_secs(10);

/// Lambda's limit, as far as these tests wait for it.
const TIME: Duration = Duration::from_secs(8);

/// How long the cache is left alone after a failure.
const LEFT_ALONE: Duration = Duration::from_millis(1_100);

const DONE: Answer = Ok(None);

/// Processes one count, again and again until it is done, as Lambda does.
async fn process_until_done(quantity: i64, resources: &ProcessorResources) {
    let ended = Instant::now();
    let records = [count("a", &format!("until {quantity}"), quantity)];
    while process(&records, TIME, resources).await != DONE {
        assert!(ended.elapsed() < RECOVERY, "no batch is applied any more");
        sleep(Duration::from_millis(100)).await;
    }
    assert!(ended.elapsed() < RECOVERY, "{:?}", ended.elapsed());
}

/// Whether the batch comes again as it is.
fn is_reported(answer: &Answer) -> bool {
    *answer == Ok(Some("0".to_owned()))
}

async fn available(workshop: &Workshop) -> i64 {
    workshop.shown().await[0]["available"].as_i64().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_fell_silent_is_let_go() {
    let workshop = Workshop::open().await;
    let proxy = Proxy::before(&workshop.servers.database_url).await;
    let resources = processor_on(&proxy.url, &workshop.servers.cache_url);
    assert_eq!(process(&[count("a", "before", 1)], TIME, &resources).await, DONE);
    proxy.fall_silent();
    for _ in 0..2 {
        // Not halved: a batch of one record would fare no better.
        let answer = process(&[count("a", "meanwhile", 2)], TIME, &resources).await;
        assert!(is_reported(&answer), "{answer:?}");
    }
    proxy.release();
    process_until_done(3, &resources).await;
    assert_eq!(available(&workshop).await, 3);
    workshop.close().await;
}

/// The server has done the statement and holds the product's lock for a client that it cannot reach any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_fell_silent_in_a_transaction_is_let_go() {
    let workshop = Workshop::open().await;
    let proxy = Proxy::before(&workshop.servers.database_url).await;
    let resources = processor_on(&proxy.url, &workshop.servers.cache_url);
    proxy.fall_silent_from("from product");
    let answer = process(&[count("a", "cut off", 1)], Duration::from_secs(3), &resources).await;
    assert!(answer.is_err(), "its time did not suffice: {answer:?}");
    let others = workshop.number("select count(*) from pg_locks where mode = 'RowExclusiveLock'").await;
    assert!(others > 0, "the transaction that was cut off still holds its locks");
    proxy.release();
    process_until_done(3, &resources).await;
    assert_eq!(available(&workshop).await, 3);
    workshop.close().await;
}

/// A switchover, or a name that still leads to the old server: the session is made, and writes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_read_only_is_not_kept() {
    let workshop = Workshop::open().await;
    let resources = processor_on(&workshop.servers.database_url, &workshop.servers.cache_url);
    workshop.execute("alter database inventory set default_transaction_read_only = on").await;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        let answer = process(&[count("a", "meanwhile", 2)], TIME, &resources).await;
        assert!(is_reported(&answer), "{answer:?}");
        sleep(Duration::from_millis(500)).await;
    }
    // The session that was made meanwhile stays read-only as long as it lives.
    workshop.execute("begin read write; alter database inventory reset default_transaction_read_only; commit").await;
    process_until_done(3, &resources).await;
    assert_eq!(available(&workshop).await, 3);
    workshop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_the_server_has_ended_is_missed_by_nobody() {
    let workshop = Workshop::open().await;
    let resources = processor_on(&workshop.servers.database_url, &workshop.servers.cache_url);
    for quantity in 1..4 {
        let answer = process(&[count("a", &quantity.to_string(), quantity)], TIME, &resources).await;
        assert_eq!(answer, DONE);
        let ended = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                     where pid <> pg_backend_pid() and backend_type = 'client backend'";
        assert_eq!(workshop.number(ended).await, 1, "the one session was ended");
    }
    workshop.close().await;
}

/// A cache that was failed over: the old primary lives on as a replica, and a name leads to the new one.
struct FailedOver {
    old: RedisServer,
    new: RedisServer,
    proxy: Proxy,
}

impl FailedOver {
    async fn not_yet() -> Self {
        let (old, new) = (RedisServer::start(&[]).await, RedisServer::start(&[]).await);
        let proxy = Proxy::before(&old.url()).await;
        new.replicate(&old).await;
        Self { old, new, proxy }
    }

    async fn fail_over(&self) {
        self.new.take_over_from(&self.old).await;
        self.proxy.lead_to(&self.new.url());
    }
}

fn known(quantity: i64) -> impl Fn(&Entry) -> bool {
    move |entry| matches!(entry, Entry::Known(view) if view.json.contains(&format!("\"available\":{quantity},")))
}

/// What a reader is told; none where it has to ask the database.
async fn told(reader: &Cache) -> Option<Entry> {
    reader.read(&["a"]).await.ok().and_then(|reading| reading.entries.into_iter().next())
}

/// Puts in what the database says.
async fn fill(reader: &Cache, view: &View) {
    let ticket = reader.read(&["a"]).await.expect("asked").ticket;
    let fill = pipegen_lambda::cache::Fill { sku: "a", view: Some(view) };
    reader.fill(ticket, &[fill]).await.expect("filled");
}

/// Demoted servers answer `READONLY`, or `MASTERDOWN` where they are set not to serve what may be out of date.
async fn a_demoted_cache_is_left(serves_stale: bool) {
    let workshop = Workshop::open().await;
    let cache = FailedOver::not_yet().await;
    let database = &workshop.servers.database_url;
    let serves = if serves_stale { "yes" } else { "no" };
    cache.old.ask::<()>(&format!("CONFIG SET replica-serve-stale-data {serves}")).await;

    let resources = processor_on(database, &cache.proxy.url);
    let maintenance = maintenance_on(database, &cache.proxy.url);
    let reader = cache_on(&cache.proxy.url);
    assert_eq!(process(&[count("a", "1", 1)], TIME, &resources).await, DONE);
    fill(&reader, &workshop.store.views(&["a"]).await.expect("read")[0]).await;
    assert!(told(&reader).await.is_some_and(|entry| known(1)(&entry)), "a hit");
    maintain(&maintenance).await;
    maintenance.cache.refresh(&workshop.store.views(&["a"]).await.expect("read")).await.expect("connected");

    cache.fail_over().await;
    // A function that starts now knows only the new primary.
    let other = processor_on(database, &cache.new.url());
    assert_eq!(process(&[count("a", "2", 2)], TIME, &other).await, DONE);
    let began = Instant::now();
    let mut hit = false;
    while !hit {
        assert!(began.elapsed() < RECOVERY, "the reader does not find the new primary");
        let entry = told(&reader).await;
        assert!(!entry.as_ref().is_some_and(known(1)), "older than what was acknowledged");
        hit = entry.as_ref().is_some_and(known(2));
        sleep(Duration::from_millis(100)).await;
    }

    // The one that was there before: what it could not tell is pending, and made up for.
    assert_eq!(process(&[count("a", "3", 3)], TIME, &resources).await, DONE);
    assert_eq!(workshop.number("select count(*) from pending_refresh").await, 1);
    let drained = maintain(&maintenance).await.drained;
    assert_eq!(drained, 0, "it, too, still spoke to the old primary");
    sleep(LEFT_ALONE).await;
    assert_eq!(maintain(&maintenance).await.drained, 1);
    assert!(told(&reader).await.is_some_and(|entry| known(3)(&entry)));
    assert_eq!(process(&[count("a", "4", 4)], TIME, &resources).await, DONE);
    assert_eq!(workshop.number("select count(*) from pending_refresh").await, 0, "told");
    assert!(told(&reader).await.is_some_and(|entry| known(4)(&entry)));
    workshop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demoted_cache_that_serves_what_it_holds_is_left() {
    a_demoted_cache_is_left(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demoted_cache_that_serves_nothing_is_left() {
    a_demoted_cache_is_left(false).await;
}

/// Nothing is to be written: what the replica holds is as new already. All the same it is not what readers are led to.
#[tokio::test(flavor = "multi_thread")]
async fn a_demoted_cache_takes_nothing_in_silence() {
    let server = RedisServer::start(&[]).await;
    let (writer, view) = (cache_on(&server.url()), view("a"));
    writer.refresh(std::slice::from_ref(&view)).await.expect("told");
    server.demote().await;
    let refused = writer.refresh(std::slice::from_ref(&view)).await.expect_err("refused");
    assert!(format!("{refused:?}").contains("ReadOnly"), "{refused:?}");
}

fn view(sku: &str) -> View {
    View { sku: sku.to_owned(), version: 7, json: "{}".to_owned() }
}

/// As a host that is gone, or a process that is stopped: connections are made, and nobody answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_cache_that_fell_silent_is_let_go() {
    let workshop = Workshop::open().await;
    let server = RedisServer::start(&[]).await;
    let proxy = Proxy::before(&server.url()).await;
    let resources = processor_on(&workshop.servers.database_url, &proxy.url);
    let reader = cache_on(&proxy.url);
    assert_eq!(process(&[count("a", "1", 1)], TIME, &resources).await, DONE);
    assert_eq!(told(&reader).await.map(|entry| known(1)(&entry)), Some(false), "a tombstone");
    proxy.fall_silent();
    assert_eq!(process(&[count("a", "2", 2)], TIME, &resources).await, DONE);
    assert_eq!(workshop.number("select count(*) from pending_refresh").await, 1);
    assert!(told(&reader).await.is_none());
    sleep(LEFT_ALONE).await;
    proxy.release();
    assert_eq!(process(&[count("a", "3", 3)], TIME, &resources).await, DONE);
    assert_eq!(workshop.number("select count(*) from pending_refresh").await, 0, "told, and drained");
    let began = Instant::now();
    while told(&reader).await.is_none() {
        assert!(began.elapsed() < RECOVERY, "the reader is still waiting for the old connection");
        sleep(Duration::from_millis(100)).await;
    }
    workshop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_in_cluster_mode_is_called_that() {
    let cluster = RedisServer::start(&["--cluster-enabled", "yes"]).await;
    cluster.ask::<()>("CLUSTER ADDSLOTSRANGE 0 16383").await;
    while !cluster.ask::<String>("CLUSTER INFO").await.contains("cluster_state:ok") {
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
    // The next one is another server.
    proxy.lead_to(&server.url());
    sleep(LEFT_ALONE).await;
    writer.refresh(&views).await.expect("told");
    reader.read(&["a", "b", "c"]).await.expect("asked");
}

/// Acknowledged means told, or known to be still untold. Here the cache takes its time.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_not_acknowledged_before_the_cache_is_told() {
    let workshop = Workshop::open().await;
    let proxy = Proxy::before(&workshop.servers.cache_url).await;
    let resources = processor_on(&workshop.servers.database_url, &proxy.url);
    assert_eq!(process(&[count("a", "1", 1)], TIME, &resources).await, DONE);
    proxy.hold();
    let records = [count("a", "2", 2)];
    let mut processing = pin!(process(&records, TIME, &resources));
    let early = timeout(Duration::from_millis(500), &mut processing).await;
    assert!(early.is_err(), "acknowledged, and the cache may know nothing of it");
    proxy.holding().await;
    proxy.release();
    assert_eq!(processing.await, DONE);
    assert_eq!(workshop.number("select count(*) from pending_refresh").await, 0);
    workshop.close().await;
}
