//! Servers that are unreachable, hung, demoted or full.

use std::str::FromStr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use pipegen_lambda::resources::CatalogResources;
use pipegen_lambda::url::UrlResponse;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, Executor};
use tokio::join;
use tokio::time::sleep;

use crate::proxy::Proxy;
use crate::redis_servers::RedisServer;
use crate::test_products::{
    TestProducts, VIEW_SECONDS, administrator, body, cache, cache_url, database_url, get, invoke, path, reader,
    reader_of, request, seen,
};

/// A URL without a server.
const UNREACHABLE: &str = "redis://127.0.0.1:1/";

/// Returns the hash by which calls name the script that reads entries.
fn read_script() -> String {
    redis::Script::new(include_str!("../../lambda/src/cache/read.lua")).get_hash().to_owned()
}

/// Returns the hash of the script that fills them in.
fn fill_script() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| redis::Script::new(include_str!("../../lambda/src/cache/fill.lua")).get_hash().to_owned())
}

/// The time after a failure until the cache is called again.
const CIRCUIT_OPEN: Duration = Duration::from_millis(1_100);

/// Makes a reader that has its database connection already.
async fn warm_reader(products: &TestProducts, cache: &str) -> CatalogResources {
    let reader = reader_of(database_url(), cache);
    let skus = [products.sku("warm")];
    reader.database.run(async |store| store.views(&[&skus[0]]).await).await.unwrap();
    reader
}

/// The whole timeout of a command: the time that a reader without a database would wait.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(1);

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
async fn a_hung_cache_costs_fifty_milliseconds_once_a_second() {
    let products = TestProducts::new().await;
    let sku = products.sku("a");
    let view = products.commit(&sku, 1).await;
    let proxy = Proxy::before(cache_url()).await;
    proxy.hold();
    let reader = warm_reader(&products, &proxy.url).await;
    let miss = (view.version, "miss".to_owned());
    let (first, took) = timed(seen(&sku, &reader)).await;
    assert_eq!(first, miss);
    assert!(took >= Duration::from_millis(50) && took < COMMAND_TIMEOUT, "{took:?}");
    let heard = proxy.heard(&read_script());
    assert_eq!(seen(&sku, &reader).await, miss);
    assert_eq!(proxy.heard(&read_script()), heard, "the circuit is open");
    assert_eq!(products.entry(&sku).await, (None, None), "no fill without a reading");
    proxy.release();
    sleep(CIRCUIT_OPEN).await;
    assert_eq!(seen(&sku, &reader).await, miss);
    assert_eq!(seen(&sku, &reader).await, (view.version, "hit".to_owned()));
}

#[tokio::test]
async fn an_unreachable_cache_is_called_again_after_a_second() {
    let products = TestProducts::new().await;
    let sku = products.sku("a");
    let view = products.process(&sku, 1).await;
    let reader = warm_reader(&products, UNREACHABLE).await;
    for _ in 0..2 {
        for _ in 0..3 {
            let (saw, took) = timed(seen(&sku, &reader)).await;
            assert_eq!(saw, (view.version, "miss".to_owned()));
            assert!(took < COMMAND_TIMEOUT, "{took:?}");
        }
        sleep(CIRCUIT_OPEN).await;
    }
}

/// A connection that takes longer to make than a reader waits is ready for the next one.
#[tokio::test]
async fn a_slow_connection_is_made_once() {
    let products = TestProducts::new().await;
    let sku = products.sku("a");
    let view = products.process(&sku, 1).await;
    seen(&sku, &reader()).await;
    let proxy = Proxy::before(cache_url()).await;
    proxy.hold();
    let reader = warm_reader(&products, &proxy.url).await;
    let late = async {
        sleep(Duration::from_millis(200)).await;
        proxy.release();
    };
    let (saw, ()) = join!(seen(&sku, &reader), late);
    assert_eq!(saw, (view.version, "miss".to_owned()));
    sleep(CIRCUIT_OPEN).await;
    assert!(proxy.heard(&read_script()) > 0, "the connection was made although nobody waited any more");
    assert_eq!(seen(&sku, &reader).await, (view.version, "hit".to_owned()));
    assert_eq!(proxy.heard("SETINFO\r\n$8\r\nLIB-NAME"), 1, "connected once");
}

/// Reading and filling share the fifty milliseconds: here reading takes forty of them, and filling is never answered.
#[tokio::test]
async fn a_fill_that_is_not_answered_is_not_waited_for() {
    let products = TestProducts::new().await;
    let mut fastest = Duration::MAX;
    for attempt in 0..5 {
        let sku = products.sku(&attempt.to_string());
        let view = products.commit(&sku, 1).await;
        let proxy = Proxy::before(cache_url()).await;
        let reader = warm_reader(&products, &proxy.url).await;
        reader.cache.read(&[&sku]).await.unwrap();
        proxy.hold_from("product:");
        let slow = async {
            sleep(Duration::from_millis(40)).await;
            proxy.hold_from(fill_script());
        };
        let ((saw, took), ()) = join!(timed(seen(&sku, &reader)), slow);
        assert_eq!(saw, (view.version, "miss".to_owned()));
        fastest = fastest.min(took);
        // It is filled all the same.
        sleep(Duration::from_millis(50)).await;
        assert_eq!(products.entry(&sku).await.1, Some(view.json));
    }
    assert!(fastest >= Duration::from_millis(40) && fastest < Duration::from_millis(80), "{fastest:?}");
}

#[tokio::test]
async fn without_a_database_cached_reads_go_on() {
    let products = TestProducts::new().await;
    let (known, unknown, missed) = (products.sku("known"), products.sku("unknown"), products.sku("missed"));
    let view = products.process(&known, 1).await;
    products.process(&missed, 1).await;
    seen(&known, &reader()).await;
    get(&unknown, &reader()).await;
    let reader = reader_of("postgres://postgres@127.0.0.1:1/none", cache_url());
    assert_eq!(seen(&known, &reader).await, (view.version, "hit".to_owned()));
    assert_eq!(get(&unknown, &reader).await.status_code, 404);
    let before = products.entry(&missed).await;
    assert_unavailable(&get(&missed, &reader).await, "Database unavailable");
    let query = crate::test_products::query(&[&known, &missed]);
    assert_unavailable(&request("GET", "/products", &query, &[], &reader).await, "Database unavailable");
    assert_eq!(products.entry(&missed).await, before, "the SKU was not found to be unknown");
}

#[tokio::test]
async fn a_database_that_refuses_is_unavailable() {
    let products = TestProducts::new().await;
    let reader = reader_of("postgres://nobody_at_all@127.0.0.1:1/none?host=/nowhere", cache_url());
    assert_unavailable(&get(&products.sku("a"), &reader).await, "Database unavailable");
}

#[tokio::test]
async fn a_hung_database_is_unavailable_before_the_time_is_up() {
    let products = TestProducts::new().await;
    let proxy = Proxy::before(database_url()).await;
    proxy.hold();
    let reader = reader_of(&proxy.url, cache_url());
    let (path, time) = (path(&products.sku("a")), Duration::from_secs(2));
    let (response, took) = timed(invoke("GET", &path, "", &[], time, &reader)).await;
    assert_unavailable(&response, "Database unavailable");
    assert!(took < time, "{took:?}");
}

/// As after a failover: nobody has closed the connection.
#[tokio::test]
async fn the_connection_to_a_hung_database_is_replaced() {
    let products = TestProducts::new().await;
    let sku = products.sku("a");
    let view = products.commit(&sku, 1).await;
    let proxy = Proxy::before(database_url()).await;
    let reader = reader_of(&proxy.url, UNREACHABLE);
    let miss = (view.version, "miss".to_owned());
    assert_eq!(seen(&sku, &reader).await, miss);
    proxy.hang();
    let path = path(&sku);
    for seconds in [2, 10] {
        let response = invoke("GET", &path, "", &[], Duration::from_secs(seconds), &reader).await;
        assert_unavailable(&response, "Database unavailable");
    }
    proxy.release();
    let (saw, took) = timed(seen(&sku, &reader)).await;
    assert_eq!(saw, miss);
    assert!(took < COMMAND_TIMEOUT, "{took:?}");
    // And in the middle of a read, whose time is cut off.
    let reader = reader_of(&proxy.url, UNREACHABLE);
    proxy.hang_from("from product");
    let response = invoke("GET", &path, "", &[], Duration::from_secs(2), &reader).await;
    assert_unavailable(&response, "Database unavailable");
    proxy.release();
    assert_eq!(seen(&sku, &reader).await, miss);
}

/// Readers have a login of their own with a connection limit.
#[tokio::test]
async fn without_a_connection_left_readers_are_asked_to_retry() {
    let products = TestProducts::new().await;
    let sku = products.sku("a");
    let view = products.process(&sku, 1).await;
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
    assert!(took < COMMAND_TIMEOUT, "a request that cannot be served must not keep a function busy: {took:?}");
    other.close().await.unwrap();
    assert_eq!(seen(&sku, &reader).await, (view.version, "miss".to_owned()));
    drop(reader);
    server.execute("drop role catalog_test_reader").await.unwrap();
}

/// After a failover a reader may be connected to the old primary, which is a replica now, with the entries from before
/// the failover.
#[tokio::test]
async fn a_demoted_cache_is_not_read() {
    let products = TestProducts::new().await;
    let sku = products.sku("a");
    let (old, new) = (RedisServer::start(&[]).await, RedisServer::start(&[]).await);
    new.replicate(&old).await;
    let proxy = Proxy::before(&old.url()).await;
    let reader = reader_of(database_url(), &proxy.url);
    let first = products.commit(&sku, 1).await;
    assert_eq!(seen(&sku, &reader).await, (first.version, "miss".to_owned()));
    assert_eq!(seen(&sku, &reader).await, (first.version, "hit".to_owned()));
    new.take_over_from(&old).await;
    proxy.switch_to(&new.url());
    let second = products.commit(&sku, 2).await;
    cache(&new.url(), VIEW_SECONDS).refresh(std::slice::from_ref(&second)).await.unwrap();
    let (saw, took) = timed(seen(&sku, &reader)).await;
    assert_eq!(saw, (second.version, "miss".to_owned()));
    assert!(took < COMMAND_TIMEOUT, "{took:?}");
    sleep(CIRCUIT_OPEN).await;
    assert_eq!(seen(&sku, &reader).await, (second.version, "hit".to_owned()), "from the new one");
}
