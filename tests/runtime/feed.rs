//! The feed of changes: a reader that follows it misses no change, whatever happens to the database.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lambda_runtime::LambdaEvent;
use pipegen_contract::payload::LARGEST_PAYLOAD;
use pipegen_event::Event;
use pipegen_lambda::catalog;
use pipegen_lambda::database::{CatalogDatabase, Login};
use pipegen_lambda::resources::CatalogResources;
use pipegen_lambda::singleflight::SingleFlight;
use pipegen_lambda::url::{RequestContext, RequestLine, UrlRequest, UrlResponse};
use pipegen_store::ErrorKind;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::time::{sleep, timeout};

use super::functions::{cache_on, context};
use super::proxy::Proxy;
use super::test_catalog::{TestCatalog, adjusted, counted, event, reader_login};

/// A page: what is available of each product, by SKU and in order, and the rest.
#[derive(Debug)]
struct Page {
    changes: Vec<(String, i64)>,
    more: bool,
}

/// A reader that keeps what it reads.
struct Reader {
    resources: CatalogResources,
    views: BTreeMap<String, Value>,
    cursor: Option<String>,
}

impl Reader {
    fn of(database: &str) -> Self {
        let database = CatalogDatabase::new(Login::Fixed(database.parse().expect("a URL")), 1);
        // Nobody asks the cache what has changed.
        let cache = cache_on("redis://127.0.0.1:1");
        let resources = CatalogResources { database, cache, single_flight: SingleFlight::new(1) };
        Self { resources, views: BTreeMap::new(), cursor: None }
    }

    async fn ask(&self, method: &str, query: &str) -> UrlResponse {
        let http = RequestLine { method: method.to_owned() };
        let request = UrlRequest {
            raw_path: "/changes".to_owned(),
            raw_query_string: query.to_owned(),
            request_context: RequestContext { http, ..RequestContext::default() },
            ..UrlRequest::default()
        };
        let event = LambdaEvent::new(request, context(Duration::from_secs(30)));
        catalog::handle(event, &self.resources).await.expect("a response")
    }

    /// Reads the next page.
    async fn page(&mut self, limit: usize) -> Page {
        let after = self.cursor.as_ref().map(|cursor| format!("&after={cursor}")).unwrap_or_default();
        let response = self.ask("GET", &format!("limit={limit}{after}")).await;
        assert_eq!((response.status_code, &*response.headers["cache-control"]), (200, "no-store"), "{response:?}");
        assert!(response.encoded_bytes() <= LARGEST_PAYLOAD);
        let page: Value = serde_json::from_str(response.body.as_deref().expect("a body")).expect("JSON");
        let next = page["next"].as_str().expect("a cursor").to_owned();
        self.cursor = Some(next);
        let mut changes = Vec::new();
        for view in page["changes"].as_array().expect("a list") {
            let sku = view["sku"].as_str().expect("a SKU").to_owned();
            changes.push((sku.clone(), view["available"].as_i64().expect("a number")));
            let before = self.views.insert(sku, view.clone());
            assert!(before.is_none_or(|before| before["version"].as_i64() <= view["version"].as_i64()), "{view}");
        }
        Page { changes, more: page["more"].as_bool().expect("true or false") }
    }

    /// Reads pages until there is nothing more, and returns what they have.
    async fn catch_up(&mut self, limit: usize) -> Vec<(String, i64)> {
        let mut all = Vec::new();
        loop {
            let page = self.page(limit).await;
            assert!(page.changes.len() <= limit);
            all.extend(page.changes);
            if !page.more {
                return all;
            }
        }
    }

    /// Checks that it has every view as it is.
    async fn has_all(&self, catalog: &TestCatalog) {
        let all = catalog.exported().await;
        assert_eq!(self.views.values().cloned().collect::<Vec<_>>(), all);
    }
}

async fn apply(catalog: &TestCatalog, events: &[Event]) {
    catalog.store.apply(&events.iter().collect::<Vec<_>>()).await.expect("applied");
}

fn of(products: &[(&str, i64)]) -> Vec<(String, i64)> {
    products.iter().map(|(sku, available)| ((*sku).to_owned(), *available)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_begins_with_all_products_and_goes_on_with_changes() {
    let catalog = TestCatalog::open().await;
    let mut reader = Reader::of(&catalog.servers.database_url);
    assert_eq!(reader.catch_up(2).await, [], "an empty catalog");
    let probe = |id: &str| event("stock.counted", "pipegen-probe", "pipegen-probe-1", id, 1, &json!({"quantity": 1}));
    let mut all: Vec<Event> = ["a", "b", "c", "pz", "z"].map(|sku| counted(sku, "1", 1, 1)).to_vec();
    all.push(probe("1"));
    apply(&catalog, &all).await;
    let five = of(&[("a", 1), ("b", 1), ("c", 1), ("pz", 1), ("z", 1)]);
    assert_eq!(reader.catch_up(2).await, five, "pages inside one row");

    for limit in [1, 2, 5, 6] {
        let mut new = Reader::of(&catalog.servers.database_url);
        assert_eq!(new.catch_up(limit).await, five, "listed in pages of {limit}");
    }
    assert_eq!(reader.page(2).await.changes, [], "nothing new");
    let same = reader.cursor.clone();
    reader.page(2).await;
    assert_eq!(reader.cursor, same);

    apply(&catalog, &[adjusted("b", "2", 2, 1), probe("2")]).await;
    for minute in 2..9 {
        apply(&catalog, &[adjusted("a", &minute.to_string(), minute, 1)]).await;
    }
    apply(&catalog, &[adjusted("c", "2", 2, 5), adjusted("b", "3", 3, 1)]).await;
    let page = reader.page(2).await;
    assert_eq!(page.changes, of(&[("b", 3), ("a", 8)]), "each once a page, as it is now");
    assert!(page.more);
    let again = reader.page(2).await.changes;
    assert_eq!(again, of(&[("b", 3), ("c", 6)]), "oldest first, at least once");
    assert!(!reader.page(2).await.more);
    reader.views.insert("pipegen-probe-1".to_owned(), catalog.exported().await[3].clone());
    reader.has_all(&catalog).await;
    catalog.close().await;
}

/// A transaction that commits late has an earlier number than those that a reader could have read.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_past_a_transaction_that_is_still_running() {
    let catalog = TestCatalog::open().await;
    apply(&catalog, &["1", "2", "3"].map(|sku| counted(sku, "1", 1, 1))).await;
    let mut reader = Reader::of(&catalog.servers.database_url);
    reader.catch_up(10).await;
    for end in ["commit", "rollback"] {
        // As a batch does it.
        let mut early = PgConnection::connect(&catalog.servers.database_url).await.expect("connected");
        let change = "begin; update offer set on_hand = on_hand + 10 where sku = '1';
                      update product set version = version + 1 where sku = '1';
                      insert into change (changed_at, skus) values (clock_timestamp(), '{1}')";
        sqlx::raw_sql(change).execute(&mut early).await.expect("changed");
        apply(&catalog, &[adjusted("2", end, 2, 1)]).await;
        assert_eq!(reader.page(10).await.changes, [], "the later transaction has committed, the earlier one has not");
        // A listing notes a place before both.
        let mut new = Reader::of(&catalog.servers.database_url);
        new.catch_up(10).await;

        sqlx::raw_sql(end).execute(&mut early).await.expect("ended");
        apply(&catalog, &[adjusted("3", end, 2, 1)]).await;
        for reader in [&mut reader, &mut new] {
            let skus: Vec<String> = reader.catch_up(10).await.into_iter().map(|(sku, _)| sku).collect();
            let expected: &[&str] = if end == "commit" { &["1", "2", "3"] } else { &["2", "3"] };
            assert_eq!(skus, expected);
            reader.has_all(&catalog).await;
        }
    }
    catalog.close().await;
}

/// Its transaction has a number, and nobody reads past it. The server ends it, and the function gives up, long before
/// the network says that the connection is dead.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_dies_while_a_password_is_set_keeps_changes_back_for_seconds() {
    let catalog = TestCatalog::open().await;
    let mut reader = Reader::of(&catalog.servers.database_url);
    apply(&catalog, &[counted("1", "1", 1, 1)]).await;
    reader.catch_up(9).await;
    let proxy = Proxy::before(&catalog.servers.database_url).await;
    let mut connection = pipegen_store::connect(&proxy.url.parse().expect("a URL")).await.expect("connected");
    proxy.hold_from("create role");
    let set = async {
        timeout(Duration::from_secs(15), pipegen_store::set_login(&mut connection, reader_login("dies"))).await
    };
    let follow = async {
        proxy.holding().await;
        apply(&catalog, &[adjusted("1", "2", 2, 1)]).await;
        assert!(reader.catch_up(9).await.is_empty(), "the change is kept back");
        let began = Instant::now();
        while reader.catch_up(9).await.is_empty() {
            assert!(began.elapsed() < Duration::from_secs(15), "nobody ends the transaction");
            sleep(Duration::from_millis(100)).await;
        }
    };
    let (set, ()) = tokio::join!(set, follow);
    let given_up = set.expect("within its own limit").expect_err("without an answer");
    assert_eq!(given_up.kind(), ErrorKind::TooSlow);
    reader.has_all(&catalog).await;
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_misses_nothing_that_changes_meanwhile() {
    let catalog = TestCatalog::open().await;
    let skus: Vec<String> = (10..40).map(|number| number.to_string()).collect();
    apply(&catalog, &skus.iter().map(|sku| counted(sku, "1", 1, 1)).collect::<Vec<_>>()).await;
    let mut reader = Reader::of(&catalog.servers.database_url);
    for step in 0..20_i64 {
        reader.page(3).await;
        // One behind the listing, one before it, and a new one.
        let id = step.to_string();
        let new = format!("{} new", 10 + (step * 7) % 30);
        apply(&catalog, &[adjusted("10", &id, 2, 1), adjusted("39", &id, 2, 1), counted(&new, &id, 2, step)]).await;
    }
    reader.catch_up(7).await;
    reader.has_all(&catalog).await;
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_whose_place_is_pruned_begins_anew() {
    let catalog = TestCatalog::open().await;
    apply(&catalog, &[counted("1", "1", 1, 1), counted("2", "1", 1, 1)]).await;
    let mut reader = Reader::of(&catalog.servers.database_url);
    reader.catch_up(10).await;
    apply(&catalog, &[adjusted("1", "2", 2, 1)]).await;
    apply(&catalog, &[adjusted("2", "2", 2, 1)]).await;
    catalog.execute("delete from change where transaction < (select max(transaction) from change)").await;
    let page = reader.page(10).await;
    assert_eq!((page.changes, page.more), (of(&[("1", 2), ("2", 2)]), true), "all, not only the last change");
    assert_eq!(reader.catch_up(10).await, []);
    catalog.close().await;
}

/// Copies the database, as a dump that is restored elsewhere, and returns the URL of the copy.
fn dump_and_restore(catalog: &TestCatalog, name: &str) -> String {
    let from = catalog.servers.database_url.as_str();
    let mut to = url::Url::parse(from).expect("a URL");
    to.set_path(name);
    let create = format!("create database {name} template template0 encoding 'UTF8'");
    let run = |command: &mut Command| assert!(command.stdout(Stdio::null()).status().expect("started").success());
    run(Command::new("psql").args(["--quiet", "--command", &create, from]));
    let mut dump = Command::new("pg_dump").arg(from).stdout(Stdio::piped()).spawn().expect("started");
    let dumped = dump.stdout.take().expect("piped");
    run(Command::new("psql").args(["--quiet", "--set", "ON_ERROR_STOP=1", to.as_str()]).stdin(dumped));
    assert!(dump.wait().expect("ended").success());
    to.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_a_restored_database_begins_anew_where_it_has_to() {
    let mut catalog = TestCatalog::open().await;
    apply(&catalog, &[counted("1", "1", 1, 1), counted("2", "1", 1, 1)]).await;
    let mut early = Reader::of(&catalog.servers.database_url);
    early.catch_up(10).await;
    apply(&catalog, &[adjusted("1", "2", 2, 1)]).await;
    let restored = dump_and_restore(&catalog, "restored");
    let mut late = Reader::of(&catalog.servers.database_url);
    apply(&catalog, &[adjusted("2", "2", 2, 1)]).await;
    late.catch_up(10).await;

    catalog.store = pipegen_store::Store::new(restored.parse().expect("a URL"), 1);
    catalog.servers.database_url.clone_from(&restored);
    apply(&catalog, &[counted("3", "1", 1, 1)]).await;
    for (reader, expected) in
        [(&mut early, of(&[("1", 2), ("3", 1)])), (&mut late, of(&[("1", 2), ("2", 1), ("3", 1)]))]
    {
        reader.resources = Reader::of(&restored).resources;
        // What it has from after the dump is gone; versions may be lower now.
        reader.views.clear();
        assert_eq!(reader.catch_up(10).await, expected, "the early one's place is there, the late one's is not");
    }
    catalog.close().await;
}

/// A dump that is restored on a server whose transactions have lower numbers than the rows.
#[tokio::test(flavor = "multi_thread")]
async fn rows_of_another_server_are_not_taken_for_this_ones() {
    let mut catalog = TestCatalog::open().await;
    apply(&catalog, &[counted("1", "1", 1, 1), counted("2", "1", 1, 1)]).await;
    apply(&catalog, &[adjusted("1", "2", 2, 1)]).await;
    // What the old server's readers had.
    catalog.execute("update change set transaction = transaction + 1000000").await;
    let restored = dump_and_restore(&catalog, "restored");
    catalog.execute("update change set transaction = transaction - 1000000").await;
    let mut reader = Reader::of(&catalog.servers.database_url);
    reader.catch_up(10).await;
    catalog.execute("update change set transaction = transaction + 1000000").await;

    catalog.store = pipegen_store::Store::new(restored.parse().expect("a URL"), 1);
    catalog.servers.database_url.clone_from(&restored);
    reader.resources = Reader::of(&restored).resources;
    let all = of(&[("1", 2), ("2", 1)]);
    assert_eq!(reader.page(10).await.changes, all, "no place is good yet");
    let page = reader.page(10).await;
    assert_eq!((page.changes, page.more), (Vec::new(), false), "listed once, and nothing has changed since");
    apply(&catalog, &[adjusted("2", "2", 2, 1)]).await;
    assert_eq!(reader.catch_up(10).await, of(&[("1", 2), ("2", 2)]), "now there is a place");
    apply(&catalog, &[adjusted("2", "3", 3, 1)]).await;
    assert_eq!(reader.catch_up(10).await, of(&[("2", 3)]));
    catalog.close().await;
}

/// A page ends before it is larger than Lambda can send.
#[tokio::test(flavor = "multi_thread")]
async fn large_views_make_short_pages() {
    let catalog = TestCatalog::open().await;
    // 40 KB each in Lambda's response, 12 MB in all.
    let text = json!({"title": "title", "description": "\"".repeat(10_000)});
    let described = |number: usize| event("product.described", "acme", &format!("{number:03}"), "1", 1, &text);
    let skus: Vec<String> = (0..300).map(|number| format!("{number:03}")).collect();
    let mut reader = Reader::of(&catalog.servers.database_url);
    reader.catch_up(500).await;
    apply(&catalog, &(0..300).map(described).collect::<Vec<_>>()).await;
    // Changes, then a listing.
    for mut reader in [reader, Reader::of(&catalog.servers.database_url)] {
        let first = reader.page(500).await;
        assert!((120..300).contains(&first.changes.len()) && first.more, "{}", first.changes.len());
        let rest = reader.catch_up(500).await;
        let read: Vec<String> = first.changes.into_iter().chain(rest).map(|(sku, _)| sku).collect();
        assert_eq!(read, skus, "each once");
    }
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_request_is_refused_and_head_has_no_body() {
    let catalog = TestCatalog::open().await;
    let reader = Reader::of(&catalog.servers.database_url);
    for (query, title) in [
        ("after=0", "Not a cursor"),
        ("after=", "Not a cursor"),
        ("limit=0", "Not a limit"),
        ("limit=501", "Not a limit"),
    ] {
        let response = reader.ask("GET", query).await;
        let problem: Value = serde_json::from_str(response.body.as_deref().expect("a body")).expect("JSON");
        assert_eq!((response.status_code, &problem["title"]), (400, &title.into()), "{query}");
        assert_eq!(response.headers["content-type"], "application/problem+json");
    }
    let (get, head) = (reader.ask("GET", "").await, reader.ask("HEAD", "").await);
    assert_eq!((head.status_code, head.body), (200, None));
    assert_eq!(head.headers["content-length"], get.body.expect("a body").len().to_string());
    let refused = reader.ask("POST", "").await;
    assert_eq!((refused.status_code, &*refused.headers["allow"]), (405, "GET, HEAD"));
    catalog.close().await;
}
