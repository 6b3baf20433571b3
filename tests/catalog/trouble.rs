//! Servers that are away, silent or full.

use std::str::FromStr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use pipegen_lambda::catalog::UrlResponse;
use pipegen_lambda::resources::CatalogResources;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, Executor};
use tokio::join;
use tokio::time::sleep;

use crate::proxy::Proxy;
use crate::redis_servers::RedisServer;
use crate::world::{
    VIEW_SECONDS, World, administrator, body, cache, cache_url, database_url, get, invoke, path, reader, reader_of,
    request, seen,
};

/// Nobody listens there.
const NOBODY: &str = "redis://127.0.0.1:1/";

/// What a call of the script that reads entries names it by.
fn read_script() -> String {
    redis::Script::new(include_str!("../../lambda/src/cache/read.lua")).get_hash().to_owned()
}

/// The same of the script that fills them in.
fn fill_script() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| redis::Script::new(include_str!("../../lambda/src/cache/fill.lua")).get_hash().to_owned())
}

/// How long the cache may be left alone after a failure.
const LEFT_ALONE: Duration = Duration::from_millis(1_100);

/// A reader that has its database connection already.
async fn warm_reader(world: &World, cache: &str) -> CatalogResources {
    let reader = reader_of(database_url(), cache);
    let skus = [world.sku("warm")];
    reader.database.run(async |store| store.views(&[&skus[0]]).await).await.unwrap();
    reader
}

/// What somebody would wait who does not count on the database: a command's whole timeout.
const PATIENT: Duration = Duration::from_secs(1);

async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let started = Instant::now();
    (work.await, started.elapsed())
}

fn assert_unavailable(response: &UrlResponse, title: &str) {
    assert_eq!(response.status_code, 503, "{response:?}");
    assert!(response.headers["retry-after"].parse::<u32>().unwrap() >= 1);
    assert_eq!(body(response)["title"], title);
}

#[tokio::test]
async fn a_silent_cache_costs_fifty_milliseconds_once_a_second() {
    let world = World::new().await;
    let sku = world.sku("a");
    let view = world.commit(&sku, 1).await;
    let proxy = Proxy::before(cache_url()).await;
    proxy.hold();
    let reader = warm_reader(&world, &proxy.url).await;
    let miss = (view.version, "miss".to_owned());
    let (first, took) = timed(seen(&sku, &reader)).await;
    assert_eq!(first, miss);
    assert!(took >= Duration::from_millis(50) && took < PATIENT, "{took:?}");
    let heard = proxy.heard(&read_script());
    assert_eq!(seen(&sku, &reader).await, miss);
    assert_eq!(proxy.heard(&read_script()), heard, "left alone");
    assert_eq!(world.entry(&sku).await, (None, None), "no fill without a reading");
    proxy.release();
    sleep(LEFT_ALONE).await;
    assert_eq!(seen(&sku, &reader).await, miss);
    assert_eq!(seen(&sku, &reader).await, (view.version, "hit".to_owned()));
}

#[tokio::test]
async fn a_cache_that_is_away_is_asked_again_after_a_second() {
    let world = World::new().await;
    let sku = world.sku("a");
    let view = world.process(&sku, 1).await;
    let reader = warm_reader(&world, NOBODY).await;
    for _ in 0..2 {
        for _ in 0..3 {
            let (saw, took) = timed(seen(&sku, &reader)).await;
            assert_eq!(saw, (view.version, "miss".to_owned()));
            assert!(took < PATIENT, "{took:?}");
        }
        sleep(LEFT_ALONE).await;
    }
}

/// A connection that takes longer to make than a reader waits is there for the next one.
#[tokio::test]
async fn a_slow_connection_is_made_once() {
    let world = World::new().await;
    let sku = world.sku("a");
    let view = world.process(&sku, 1).await;
    seen(&sku, &reader()).await;
    let proxy = Proxy::before(cache_url()).await;
    proxy.hold();
    let reader = warm_reader(&world, &proxy.url).await;
    let late = async {
        sleep(Duration::from_millis(200)).await;
        proxy.release();
    };
    let (saw, ()) = join!(seen(&sku, &reader), late);
    assert_eq!(saw, (view.version, "miss".to_owned()));
    sleep(LEFT_ALONE).await;
    assert!(proxy.heard(&read_script()) > 0, "the connection was made although nobody waited any more");
    assert_eq!(seen(&sku, &reader).await, (view.version, "hit".to_owned()));
    assert_eq!(proxy.heard("SETINFO\r\n$8\r\nLIB-NAME"), 1, "connected once");
}

/// Reading and filling share the fifty milliseconds: here reading takes forty of them, and filling is never answered.
#[tokio::test]
async fn a_fill_that_is_not_answered_is_not_waited_for() {
    let world = World::new().await;
    let mut fastest = Duration::MAX;
    for attempt in 0..5 {
        let sku = world.sku(&attempt.to_string());
        let view = world.commit(&sku, 1).await;
        let proxy = Proxy::before(cache_url()).await;
        let reader = warm_reader(&world, &proxy.url).await;
        reader.cache.read(&[&sku]).await.unwrap();
        proxy.hold_from("product:");
        let slow = async {
            sleep(Duration::from_millis(40)).await;
            proxy.hold_from(fill_script());
        };
        let ((saw, took), ()) = join!(timed(seen(&sku, &reader)), slow);
        assert_eq!(saw, (view.version, "miss".to_owned()));
        fastest = fastest.min(took);
        // Told all the same.
        sleep(Duration::from_millis(50)).await;
        assert_eq!(world.entry(&sku).await.1, Some(view.json));
    }
    assert!(fastest >= Duration::from_millis(40) && fastest < Duration::from_millis(80), "{fastest:?}");
}

#[tokio::test]
async fn without_a_database_cached_reads_go_on() {
    let world = World::new().await;
    let (known, unknown, missed) = (world.sku("known"), world.sku("unknown"), world.sku("missed"));
    let view = world.process(&known, 1).await;
    world.process(&missed, 1).await;
    seen(&known, &reader()).await;
    get(&unknown, &reader()).await;
    let reader = reader_of("postgres://postgres@127.0.0.1:1/none", cache_url());
    assert_eq!(seen(&known, &reader).await, (view.version, "hit".to_owned()));
    assert_eq!(get(&unknown, &reader).await.status_code, 404);
    let before = world.entry(&missed).await;
    assert_unavailable(&get(&missed, &reader).await, "Database unavailable");
    let query = crate::world::query(&[&known, &missed]);
    assert_unavailable(&request("GET", "/products", &query, &[], &reader).await, "Database unavailable");
    assert_eq!(world.entry(&missed).await, before, "it is not known to be unknown");
}

#[tokio::test]
async fn a_database_that_refuses_is_unavailable() {
    let world = World::new().await;
    let reader = reader_of("postgres://nobody_at_all@127.0.0.1:1/none?host=/nowhere", cache_url());
    assert_unavailable(&get(&world.sku("a"), &reader).await, "Database unavailable");
}

#[tokio::test]
async fn a_database_that_is_silent_is_unavailable_before_the_time_is_up() {
    let world = World::new().await;
    let proxy = Proxy::before(database_url()).await;
    proxy.hold();
    let reader = reader_of(&proxy.url, cache_url());
    let (path, time) = (path(&world.sku("a")), Duration::from_secs(2));
    let (response, took) = timed(invoke("GET", &path, "", &[], time, &reader)).await;
    assert_unavailable(&response, "Database unavailable");
    assert!(took < time, "{took:?}");
}

/// As after a failover: nobody has closed the connection.
#[tokio::test]
async fn a_database_that_fell_silent_is_asked_anew() {
    let world = World::new().await;
    let sku = world.sku("a");
    let view = world.commit(&sku, 1).await;
    let proxy = Proxy::before(database_url()).await;
    let reader = reader_of(&proxy.url, NOBODY);
    let miss = (view.version, "miss".to_owned());
    assert_eq!(seen(&sku, &reader).await, miss);
    proxy.fall_silent();
    let path = path(&sku);
    for seconds in [2, 10] {
        let response = invoke("GET", &path, "", &[], Duration::from_secs(seconds), &reader).await;
        assert_unavailable(&response, "Database unavailable");
    }
    proxy.release();
    let (saw, took) = timed(seen(&sku, &reader)).await;
    assert_eq!(saw, miss);
    assert!(took < PATIENT, "{took:?}");
    // And in the middle of a read, whose time is cut off.
    let reader = reader_of(&proxy.url, NOBODY);
    proxy.fall_silent_from("from product");
    let response = invoke("GET", &path, "", &[], Duration::from_secs(2), &reader).await;
    assert_unavailable(&response, "Database unavailable");
    proxy.release();
    assert_eq!(seen(&sku, &reader).await, miss);
}

/// Readers have a login of their own that may hold some connections, and no more.
#[tokio::test]
async fn without_a_connection_left_readers_are_asked_to_come_again() {
    let world = World::new().await;
    let sku = world.sku("a");
    let view = world.process(&sku, 1).await;
    let mut server = administrator().await;
    server.execute("drop role if exists catalog_test_reader").await.unwrap();
    let login = "create role catalog_test_reader login connection limit 1 password 'reader' in role inventory_reader";
    server.execute(login).await.unwrap();
    let options = PgConnectOptions::from_str(database_url()).unwrap();
    let options = options.username("catalog_test_reader").password("reader").ssl_mode(PgSslMode::Require);
    let other = options.connect().await.unwrap();
    let reader = reader_of(options.to_url_lossy().as_str(), cache_url());
    let (response, took) = timed(get(&sku, &reader)).await;
    assert_unavailable(&response, "No database connection");
    assert!(took < PATIENT, "who cannot be served must not keep a function busy: {took:?}");
    other.close().await.unwrap();
    assert_eq!(seen(&sku, &reader).await, (view.version, "miss".to_owned()));
    drop(reader);
    server.execute("drop role catalog_test_reader").await.unwrap();
}

/// After a failover a reader may be connected to the old primary, which is a replica now. It holds what was told before, and takes no
/// notice of what is told to the new one.
#[tokio::test]
async fn a_demoted_cache_is_not_believed() {
    let world = World::new().await;
    let sku = world.sku("a");
    let (old, new) = (RedisServer::start(&[]).await, RedisServer::start(&[]).await);
    new.replicate(&old).await;
    let proxy = Proxy::before(&old.url()).await;
    let reader = reader_of(database_url(), &proxy.url);
    let first = world.commit(&sku, 1).await;
    assert_eq!(seen(&sku, &reader).await, (first.version, "miss".to_owned()));
    assert_eq!(seen(&sku, &reader).await, (first.version, "hit".to_owned()));
    new.take_over_from(&old).await;
    proxy.lead_to(&new.url());
    let second = world.commit(&sku, 2).await;
    cache(&new.url(), VIEW_SECONDS).refresh(std::slice::from_ref(&second)).await.unwrap();
    let (saw, took) = timed(seen(&sku, &reader)).await;
    assert_eq!(saw, (second.version, "miss".to_owned()));
    assert!(took < PATIENT, "{took:?}");
    sleep(LEFT_ALONE).await;
    assert_eq!(seen(&sku, &reader).await, (second.version, "hit".to_owned()), "from the new one");
}
