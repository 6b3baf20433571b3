//! The number available of each product, and the rows that name the products that each transaction has changed.

use pipegen_event::Event;
use pipegen_store::Store;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use super::meaning::{overlapping_events, shuffled};
use super::test_catalog::{TestCatalog, adjusted, counted, event};

/// Products of which the row says that something else is available than the offers do, and says it of this version.
const WRONG: &str = "select count(*) from product where available_version = version and available <> (
    select coalesce(sum(greatest(on_hand, 0)), 0) from offer where offer.sku = product.sku)";

/// Applies the batch, and compares what the store says of its products with their views.
async fn apply(catalog: &TestCatalog, store: &Store, batch: &[Event]) {
    let applied = store.apply(&batch.iter().collect::<Vec<_>>()).await.expect("applied");
    let skus: Vec<&str> = applied.products.iter().map(|product| &*product.sku).collect();
    let views = store.views(&skus).await.expect("read");
    for (product, view) in applied.products.iter().zip(views) {
        let shown: Value = serde_json::from_str(&view.json).expect("JSON");
        assert_eq!((view.version, &shown["available"]), (product.version, &product.available.into()), "{product:?}");
    }
    assert_eq!(catalog.number(WRONG).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_available_is_the_sum_of_the_levels_also_after_older_code() {
    let catalog = TestCatalog::open().await;
    let mut runner = TestRunner::deterministic();
    let events = overlapping_events(&mut runner, 300);
    let mut negative = 0;
    for (number, batch) in shuffled(&mut runner, &events).chunks(9).enumerate() {
        apply(&catalog, &catalog.store, batch).await;
        // Delivered again.
        if number % 3 == 0 {
            apply(&catalog, &catalog.store, batch).await;
        }
        negative += catalog.number("select count(*) from offer where on_hand < 0").await;
        // As code of before the column changes levels: it leaves the column as it is.
        if number % 4 == 0 {
            catalog
                .execute(
                    "update offer set on_hand = on_hand + 5 where sku < 'sku 6';
                     update product set version = version + 1 where sku < 'sku 6'",
                )
                .await;
        }
    }
    let unknown = catalog.number("select count(*) from product where available_version is distinct from version").await;
    assert!(negative > 0, "the sum leaves some out");
    let all: Vec<Event> = (0..12).map(|sku| adjusted(&format!("sku {sku}"), "last", 100, 1)).collect();
    apply(&catalog, &catalog.store, &all).await;
    let known = catalog.number("select count(*) from product where available_version = version").await;
    assert_eq!((known, unknown > 0), (12, true));
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_of_older_code_is_pending_with_what_is_available() {
    let catalog = TestCatalog::open().await;
    let applied = catalog.store.apply(&[&counted("1", "a", 1, 5), &counted("2", "a", 1, 7)]).await.expect("applied");
    catalog.store.add_pending(&applied.products).await.expect("added");
    catalog.execute("update offer set on_hand = 6 where sku = '1'; update product set version = version + 1").await;
    catalog.execute("delete from product where sku = '2'; delete from offer where sku = '2'").await;
    let pending = catalog.store.pending(10).await.expect("listed");
    let shown: Vec<_> = pending.iter().map(|product| (product.version, product.available)).collect();
    assert_eq!(shown, [(applied.products[0].version + 1, 6), (applied.products[1].version, 0)], "the second is gone");
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_transaction_names_the_products_that_it_has_changed() {
    let catalog = TestCatalog::open().await;
    let probe = event("stock.counted", "pipegen-probe", "pipegen-probe-1", "a", 1, &json!({"quantity": 1}));
    let batch = [counted("1", "a", 1, 5), counted("2", "a", 1, 5), probe.clone()];
    let applied = catalog.store.apply(&batch.iter().collect::<Vec<_>>()).await.expect("applied");
    let time = applied.products[0].version;
    // Nothing new; a change and its opposite; a probe alone.
    let back = [adjusted("2", "b", 2, 1), adjusted("2", "c", 2, -1)];
    catalog.store.apply(&batch.iter().collect::<Vec<_>>()).await.expect("applied");
    catalog.store.apply(&back.iter().collect::<Vec<_>>()).await.expect("applied");
    let probe = Event { time: probe.time + chrono::TimeDelta::minutes(1), ..probe };
    catalog.store.apply(&[&probe]).await.expect("applied");
    catalog.store.apply(&[&counted("1", "a", 1, 5), &adjusted("2", "d", 2, 1)]).await.expect("applied");

    let mut admin = PgConnection::connect(&catalog.servers.database_url).await.expect("connected");
    let rows: Vec<(i64, Vec<String>)> = sqlx::query_as(
        "select (extract(epoch from changed_at) * 1000000)::bigint, skus from change order by transaction",
    )
    .fetch_all(&mut admin)
    .await
    .expect("read");
    let skus: Vec<_> = rows.iter().map(|(_, skus)| skus.join(" ")).collect();
    assert_eq!(skus, ["", "1 2", "2"], "the first row is the migration's");
    assert_eq!(rows[1].0, time, "the time of the versions");
    catalog.close().await;
}
