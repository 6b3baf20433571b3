//! Batches in any order, size and number, also concurrent ones, leave the same catalog.

use std::time::Duration;

use pipegen_contract::event_type;
use pipegen_event::Event;
use pipegen_store::EventOutcome;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use super::test_catalog::{TestCatalog, adjusted, counted, event};

/// Generates events on few products, suppliers, ids and times, so that they overlap. An event's data follows from its
/// identity and time: of two events with the same identity and time but different data, the first to arrive would win,
/// and the catalog would depend on the order.
pub(crate) fn overlapping_events(runner: &mut TestRunner, size: usize) -> Vec<Event> {
    let one = (0..event_type::ALL.len(), select(vec!["acme", "globex"]), 0..12_u32, 0..9_u32, 0..12_i64);
    let one = one.prop_map(|(kind, supplier, sku, id, minute)| {
        let salt = i64::from(id) + minute;
        // One of each type.
        let events: [(&str, Value); event_type::ALL.len()] = [
            ("stock.counted", json!({"quantity": salt})),
            ("stock.adjusted", json!({"delta": if salt % 2 == 0 { 1 } else { -1 }})),
            ("price.changed", json!({"amount": format!("{salt}.50"), "currency": "GBP"})),
            ("product.described", json!({"title": format!("title {salt} by {supplier}"), "attributes": {"size": "L"}})),
        ];
        let (kind, data) = &events[kind];
        event(kind, supplier, &format!("sku {sku}"), &format!("id-{id}"), minute, data)
    });
    prop::collection::vec(one, size).new_tree(runner).expect("events").current()
}

pub(crate) fn shuffled(runner: &mut TestRunner, events: &[Event]) -> Vec<Event> {
    Just(events.to_vec()).prop_shuffle().new_tree(runner).expect("an order").current()
}

async fn apply(catalog: &TestCatalog, events: &[Event], batch: usize) {
    let store = TestCatalog::another_store(&catalog.servers);
    for batch in events.chunks(batch) {
        store.apply(&batch.iter().collect::<Vec<_>>()).await.expect("applied");
    }
}

async fn empty(catalog: &TestCatalog) {
    catalog.execute("truncate product, description, offer, ledger").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn order_batch_size_repetition_and_concurrency_do_not_matter() {
    let catalog = TestCatalog::open().await;
    // A deadlock would be resolved after a second and the batch run again, unseen: here it must hang.
    catalog.execute("alter system set deadlock_timeout = '10min'").await;
    catalog.execute("select pg_reload_conf()").await;
    let mut runner = TestRunner::deterministic();
    let events = overlapping_events(&mut runner, 400);
    apply(&catalog, &events, 400).await;
    let expected = catalog.shown().await;
    assert_eq!(expected.len(), 12);

    for batch in [1, 7, 150] {
        empty(&catalog).await;
        let twice = [shuffled(&mut runner, &events), shuffled(&mut runner, &events)].concat();
        apply(&catalog, &twice, batch).await;
        assert_eq!(catalog.shown().await, expected, "twice, in batches of {batch}");
    }

    empty(&catalog).await;
    let orders: Vec<_> = (0..4).map(|_| shuffled(&mut runner, &events)).collect();
    let concurrent = orders.iter().map(|events| apply(&catalog, events, 60));
    let together = async { for_all(concurrent.collect()).await };
    tokio::time::timeout(Duration::from_mins(2), together).await.expect("no two batches wait for each other");
    assert_eq!(catalog.shown().await, expected, "four at a time");
    catalog.close().await;
}

/// Polls all of them, side by side.
async fn for_all<F: Future<Output = ()>>(futures: Vec<F>) {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    std::future::poll_fn(|context| {
        futures.retain_mut(|future| future.as_mut().poll(context).is_pending());
        if futures.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

/// Without its lock the batch could neither know the product's version nor write the next one. While it waits, it holds
/// no lock that the other transaction may want.
#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_another_transaction_creates_meanwhile_is_locked_after_it() {
    let catalog = TestCatalog::open().await;
    catalog.store.apply(&[&counted("0", "a", 5, 10)]).await.expect("applied");
    let store = TestCatalog::another_store(&catalog.servers);
    let mut other = PgConnection::connect(&catalog.servers.database_url).await.expect("connected");
    let create = "begin; insert into product (sku, version) values ('1', 9000000000000000)";
    sqlx::raw_sql(create).execute(&mut other).await.expect("created");

    let events = [counted("0", "b", 6, 10), counted("1", "b", 6, 10)];
    let commit = async {
        catalog.until_somebody_waits().await;
        let lock = "select from product where sku = '0' for update nowait; commit";
        sqlx::raw_sql(lock).execute(&mut other).await.expect("nobody has locked it");
    };
    let events: Vec<_> = events.iter().collect();
    let (applied, ()) = tokio::join!(store.apply(&events), commit);
    assert_eq!(applied.expect("applied").products[1].version, 9_000_000_000_000_001);
    assert_eq!(catalog.number("select version from product where sku = '1'").await, 9_000_000_000_000_001);
    catalog.close().await;
}

/// Each of four writers has batches of old products and of new ones that its neighbours create as well, two writers in
/// the order of the SKUs and two against it.
#[tokio::test(flavor = "multi_thread")]
async fn batches_that_create_the_same_products_never_wait_for_each_other() {
    const BATCHES: i64 = 60;
    let catalog = TestCatalog::open().await;
    catalog.execute("alter system set deadlock_timeout = '10min'").await;
    catalog.execute("select pg_reload_conf()").await;
    // The new products are among the old ones, by their order.
    let sku = |number: i64, batch: Option<i64>| match batch {
        Some(batch) => format!("{number:02} new {batch}"),
        None => format!("{number:02} old"),
    };
    let counts = |numbers: std::ops::Range<i64>, batch| {
        numbers.map(move |number| counted(&sku(number, batch), "count", number, number)).collect::<Vec<_>>()
    };
    apply(&catalog, &counts(0..40, None), 40).await;

    let write = async |writer: i64| {
        let store = TestCatalog::another_store(&catalog.servers);
        for batch in 0..BATCHES {
            let numbers = 5 * writer..5 * writer + 20;
            let mut events = counts(numbers.clone(), Some(batch));
            events.extend(numbers.map(|number| adjusted(&sku(number, None), &format!("{writer} {batch}"), 50, 1)));
            if writer % 2 == 1 {
                events.reverse();
            }
            // A store that has created nothing yet begins with the locks.
            let store = if (batch + writer) % 2 == 0 { &TestCatalog::another_store(&catalog.servers) } else { &store };
            store.apply(&events.iter().collect::<Vec<_>>()).await.expect("applied");
        }
    };
    let together = for_all((0..4).map(write).collect());
    tokio::time::timeout(Duration::from_mins(2), together).await.expect("no two batches wait for each other");
    assert_eq!(catalog.number("select count(*) from product").await, 40 + BATCHES * 35);
    let wrong = "select count(*) from offer where sku like '%new%' and on_hand <> left(sku, 2)::int";
    assert_eq!(catalog.number(wrong).await, 0);
    let sum = "select sum(on_hand - left(sku, 2)::int)::bigint from offer where sku like '%old'";
    assert_eq!(catalog.number(sum).await, 4 * BATCHES * 20, "no adjustment was lost");
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_has_its_outcome() {
    let catalog = TestCatalog::open().await;
    let count = event("stock.counted", "acme", "1", "a", 5, &json!({"quantity": 10}));
    let early = event("stock.adjusted", "acme", "1", "b", 4, &json!({"delta": -1}));
    let late = event("stock.adjusted", "acme", "1", "c", 6, &json!({"delta": -1}));
    let applied = catalog.store.apply(&[&count, &early, &late, &late]).await.expect("applied");
    assert_eq!(
        applied.outcomes,
        [EventOutcome::Applied, EventOutcome::Stale, EventOutcome::Applied, EventOutcome::Duplicate]
    );
    assert_eq!(catalog.shown().await[0]["available"], 9);

    let again = catalog.store.apply(&[&count, &late]).await.expect("applied");
    assert_eq!(again.outcomes, [EventOutcome::Duplicate, EventOutcome::Duplicate]);
    assert_eq!(
        again.products, applied.products,
        "the cache is refreshed again for a batch that is retried, with the same versions"
    );
    catalog.close().await;
}

/// A count of what is there anyway, the same price and the same text change no view, but what comes late is older.
#[tokio::test(flavor = "multi_thread")]
async fn what_says_the_same_again_makes_earlier_events_stale() {
    let catalog = TestCatalog::open().await;
    let of = |kind: &str, id: &str, minute, data: &Value| event(kind, "acme", "1", id, minute, data);
    for (kind, data, late_kind, late_data) in [
        ("stock.counted", json!({"quantity": 5}), "stock.adjusted", json!({"delta": 1})),
        (
            "price.changed",
            json!({"amount": "2.5", "currency": "GBP"}),
            "price.changed",
            json!({"amount": "9", "currency": "GBP"}),
        ),
        ("product.described", json!({"title": "title"}), "product.described", json!({"title": "another"})),
    ] {
        let mut versions = Vec::new();
        for (event, outcome) in [
            (of(kind, "first", 1, &data), EventOutcome::Applied),
            (of(kind, "again", 3, &data), EventOutcome::Applied),
            (of(late_kind, "late", 2, &late_data), EventOutcome::Stale),
        ] {
            // Another store, so that nothing is known but what the tables have.
            let applied = TestCatalog::another_store(&catalog.servers).apply(&[&event]).await.expect("applied");
            assert_eq!(applied.outcomes, [outcome], "{event:?}");
            versions.push(applied.products[0].version);
        }
        assert!(versions.iter().all(|version| *version == versions[0]), "no view has changed: {versions:?}");
    }
    catalog.close().await;
}

/// A rejected event's product was created in order to be locked.
#[tokio::test(flavor = "multi_thread")]
async fn a_product_of_which_everything_was_rejected_leaves_no_row() {
    let catalog = TestCatalog::open().await;
    catalog.execute("update ledger_floor set occurred_at = '2100-01-01Z'").await;
    let rejected = catalog.store.apply(&[&counted("1", "a", 1, 1)]).await.expect("applied");
    assert!(matches!(rejected.outcomes[..], [EventOutcome::Rejected(_)]), "{rejected:?}");
    assert_eq!((rejected.products, catalog.number("select count(*) from product").await), (vec![], 0));
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_shows_every_offer_and_every_field() {
    let catalog = TestCatalog::open().await;
    let events = [
        event("stock.counted", "globex", "A B", "1", 1, &json!({"quantity": 5})),
        event("stock.adjusted", "acme", "A B", "2", 1, &json!({"delta": -3})),
        event("price.changed", "initech", "A B", "3", 1, &json!({"amount": "02.5000", "currency": "GBP"})),
        event(
            "product.described",
            "acme",
            "A B",
            "4",
            1,
            &json!({"title": "Ärmel", "description": "long", "category": "c", "attributes": {"b": "2", "a": "1"}}),
        ),
    ];
    catalog.store.apply(&events.iter().collect::<Vec<_>>()).await.expect("applied");
    let expected = json!({
        "sku": "A B", "title": "Ärmel", "description": "long", "category": "c", "attributes": {"a": "1", "b": "2"},
        "available": 5,
        "offers": [
            {"supplier": "acme", "on_hand": -3, "price": null},
            {"supplier": "globex", "on_hand": 5, "price": null},
            {"supplier": "initech", "on_hand": 0, "price": {"amount": "2.5", "currency": "GBP"}},
        ],
    });
    assert_eq!(catalog.shown().await, [expected]);
    catalog.close().await;
}
