//! Crossings of low-stock limits, as a batch's transaction records them.

use pipegen_event::Event;
use serde_json::{Value, json};
use sqlx::{Connection as _, FromRow, PgConnection};

use super::test_catalog::{TestCatalog, adjusted, counted, event};

#[derive(Debug, PartialEq, FromRow)]
struct Crossing {
    sku: String,
    is_low: bool,
    available: i64,
    quantity: i64,
    crossings: i32,
    closed: bool,
}

fn open(sku: &str, is_low: bool, available: i64, quantity: i64, crossings: i32) -> Crossing {
    Crossing { sku: sku.to_owned(), is_low, available, quantity, crossings, closed: false }
}

async fn crossings(catalog: &TestCatalog) -> Vec<Crossing> {
    let mut admin = PgConnection::connect(&catalog.servers.database_url).await.expect("connected");
    let query = "select sku, is_low, available, quantity, crossings, closed_at is not null as closed
                 from crossing order by sku, version";
    sqlx::query_as(query).fetch_all(&mut admin).await.expect("read")
}

async fn apply(catalog: &TestCatalog, events: &[Event]) {
    catalog.store.apply(&events.iter().collect::<Vec<_>>()).await.expect("applied");
}

fn described(sku: &str, minute: i64, category: &str) -> Event {
    event("product.described", "acme", sku, "text", minute, &json!({"title": "title", "category": category}))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_crossed_once_each_way() {
    let catalog = TestCatalog::open().await;
    catalog.execute("insert into low_stock_limit values ('default', '', 5)").await;
    apply(&catalog, &[counted("1", "a", 1, 7)]).await;
    apply(&catalog, &[adjusted("1", "b", 2, -1)]).await;
    assert_eq!(crossings(&catalog).await, [], "a new product crosses nothing, nor is 6 low");
    for _ in 0..2 {
        apply(&catalog, &[adjusted("1", "c", 3, -1)]).await;
        assert_eq!(crossings(&catalog).await, [open("1", true, 5, 5, 1)], "also if it is delivered again");
    }
    apply(&catalog, &[adjusted("1", "d", 4, -9)]).await;
    assert_eq!(crossings(&catalog).await, [open("1", true, 5, 5, 1)], "it was low already");

    catalog.execute("update crossing set closed_at = now()").await;
    let closed = Crossing { closed: true, ..open("1", true, 5, 5, 1) };
    for _ in 0..2 {
        apply(&catalog, &[counted("1", "e", 5, 6)]).await;
        let both = crossings(&catalog).await;
        assert_eq!(both, [open_first(&closed), open("1", false, 6, 5, 1)], "one that is closed stays as it is");
    }
    let version = catalog.number("select version from product where sku = '1'").await;
    let crossed = catalog.number("select version from crossing where closed_at is null").await;
    assert_eq!(crossed, version);
    let same_time = "select count(*) from crossing join product using (sku, version) where crossed_at = updated_at";
    assert_eq!(catalog.number(same_time).await, 1);
    catalog.close().await;
}

fn open_first(crossing: &Crossing) -> Crossing {
    Crossing { sku: crossing.sku.clone(), ..*crossing }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_flaps_while_it_is_open_is_one() {
    let catalog = TestCatalog::open().await;
    catalog.execute("insert into low_stock_limit values ('default', '', 5)").await;
    apply(&catalog, &[counted("1", "a", 1, 7), counted("2", "a", 1, 7)]).await;
    apply(&catalog, &[adjusted("1", "b", 2, -3), adjusted("2", "b", 2, -3)]).await;
    let first = catalog.number("select version from product where sku = '1'").await;
    for (id, delta) in [("c", 3), ("d", -4), ("e", -1), ("f", 8)] {
        apply(&catalog, &[adjusted("1", id, 3, delta)]).await;
    }
    assert_eq!(crossings(&catalog).await, [open("1", false, 10, 5, 4), open("2", true, 4, 5, 1)]);
    let kept = catalog.number("select version from crossing where sku = '1'").await;
    assert_eq!(kept, first, "the version that crossed first");
    // Within one transaction nothing is crossed: the view has never been low.
    apply(&catalog, &[adjusted("1", "g", 4, -9), adjusted("1", "h", 4, 9)]).await;
    assert_eq!(crossings(&catalog).await[0], open("1", false, 10, 5, 4));
    catalog.close().await;
}

/// Events that a later count supersedes cross nothing, in whichever order they come.
#[tokio::test(flavor = "multi_thread")]
async fn events_out_of_order_cross_as_the_level_does() {
    let catalog = TestCatalog::open().await;
    catalog.execute("insert into low_stock_limit values ('default', '', 5)").await;
    apply(&catalog, &[counted("1", "a", 1, 7)]).await;
    apply(&catalog, &[counted("1", "b", 9, 8)]).await;
    apply(&catalog, &[adjusted("1", "c", 5, -8), counted("1", "d", 6, 0)]).await;
    assert_eq!(crossings(&catalog).await, [], "both are before the last count");
    // A late count, of which the adjustment after it makes less.
    apply(&catalog, &[adjusted("1", "e", 12, -2)]).await;
    assert_eq!(crossings(&catalog).await, []);
    apply(&catalog, &[counted("1", "f", 11, 7)]).await;
    assert_eq!(crossings(&catalog).await, [open("1", true, 5, 5, 1)]);
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_is_the_products_else_its_categorys_else_the_default() {
    let catalog = TestCatalog::open().await;
    catalog
        .execute("insert into low_stock_limit values ('sku', 'own', 1), ('category', 'tea', 3), ('sku', 'tea', 100)")
        .await;
    let skus = ["own", "by category", "recategorised", "without", "other category"];
    let all = |id: &str, minute, delta| skus.map(|sku| adjusted(sku, id, minute, delta));
    let mut first = skus.map(|sku| counted(sku, "a", 1, 10)).to_vec();
    first.extend([described("own", 1, "tea"), described("by category", 1, "tea"), described("other category", 1, "")]);
    first.push(described("recategorised", 1, "tea"));
    apply(&catalog, &first).await;
    // The new category counts in the transaction that sets it.
    let mut second = all("b", 2, -8).to_vec();
    second.push(described("recategorised", 2, "coffee"));
    apply(&catalog, &second).await;
    assert_eq!(crossings(&catalog).await, [open("by category", true, 2, 3, 1)], "no default");

    catalog.execute("insert into low_stock_limit values ('default', '', 1), ('category', 'coffee', 0)").await;
    apply(&catalog, &all("c", 3, -1)).await;
    let low = |sku| open(sku, true, 1, 1, 1);
    let third = [open("by category", true, 2, 3, 1), low("other category"), low("own"), low("without")];
    assert_eq!(crossings(&catalog).await, third, "coffee is low at 0");
    apply(&catalog, &all("d", 4, -1)).await;
    assert!(crossings(&catalog).await.contains(&open("recategorised", true, 0, 0, 1)));
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_products_and_probes_cross_nothing_and_without_limits_nothing_does() {
    let catalog = TestCatalog::open().await;
    let probe = |id: &str, minute, quantity: i64| {
        let data: Value = json!({"quantity": quantity});
        event("stock.counted", "pipegen-probe", "pipegen-probe-1", id, minute, &data)
    };
    apply(&catalog, &[counted("1", "a", 1, 7)]).await;
    apply(&catalog, &[counted("1", "b", 2, 0)]).await;
    assert_eq!(crossings(&catalog).await, [], "no limit");
    catalog.execute("insert into low_stock_limit values ('default', '', 5)").await;
    // Described first: it has had no stock to cross from.
    apply(&catalog, &[described("2", 1, "tea"), probe("a", 1, 9)]).await;
    apply(&catalog, &[counted("2", "a", 2, 1), counted("3", "a", 2, 1), probe("b", 2, 1)]).await;
    assert_eq!(crossings(&catalog).await, []);
    // Another supplier's stock; below nothing counts as nothing.
    apply(&catalog, &[event("stock.adjusted", "globex", "2", "a", 3, &json!({"delta": -4}))]).await;
    assert_eq!(crossings(&catalog).await, []);
    apply(&catalog, &[event("stock.counted", "globex", "2", "b", 4, &json!({"quantity": 5}))]).await;
    assert_eq!(crossings(&catalog).await, [open("2", false, 6, 5, 1)]);
    catalog.close().await;
}

/// A product that was last changed by code of before the column crosses from what it had.
#[tokio::test(flavor = "multi_thread")]
async fn a_product_of_older_code_crosses_from_the_sum_of_its_offers() {
    let catalog = TestCatalog::open().await;
    catalog.execute("insert into low_stock_limit values ('default', '', 5)").await;
    apply(&catalog, &[counted("1", "a", 1, 3), counted("2", "a", 1, 7)]).await;
    catalog.execute("update offer set on_hand = 10 - on_hand; update product set version = version + 1").await;
    // Now 7 and 3.
    apply(&catalog, &[adjusted("1", "b", 2, -2), adjusted("2", "b", 2, 2)]).await;
    assert_eq!(crossings(&catalog).await, [open("1", true, 5, 5, 1)]);
    catalog.close().await;
}

/// A batch that finds an open crossing waits for the transaction that closes it, and then opens another one.
#[tokio::test(flavor = "multi_thread")]
async fn a_crossing_that_is_closed_meanwhile_is_not_changed() {
    let catalog = TestCatalog::open().await;
    catalog.execute("insert into low_stock_limit values ('default', '', 5)").await;
    apply(&catalog, &[counted("1", "a", 1, 7)]).await;
    apply(&catalog, &[adjusted("1", "b", 2, -3)]).await;
    let mut closing = PgConnection::connect(&catalog.servers.database_url).await.expect("connected");
    let close = "begin; update crossing set closed_at = clock_timestamp()";
    sqlx::raw_sql(close).execute(&mut closing).await.expect("closed");
    let commit = async {
        catalog.until_somebody_waits().await;
        sqlx::raw_sql("commit").execute(&mut closing).await.expect("committed");
    };
    let back = [adjusted("1", "c", 3, 4)];
    let ((), ()) = tokio::join!(apply(&catalog, &back), commit);
    let closed = Crossing { closed: true, ..open("1", true, 4, 5, 1) };
    assert_eq!(crossings(&catalog).await, [closed, open("1", false, 8, 5, 1)]);
    catalog.close().await;
}
