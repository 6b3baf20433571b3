//! Bounds on what a supplier can put behind one count, and on one SKU.

use std::time::Instant;

use pipegen_contract::env;
use pipegen_contract::role::Role;
use pipegen_event::Reason;
use pipegen_store::{EventOutcome, MAX_OFFERS};
use serde_json::{Value, json};

use super::bootstrap::{Functions, answer, batch, peak_memory};
use super::test_catalog::{TestCatalog, adjusted, at, counted, event};

/// The most additional memory that the processor may use for a count, in KiB.
const MAX_GROWTH: u64 = 64 * 1024;

/// A million adjustments, a millisecond apart, the first a second after `at(0)`. The tables' statistics are fresh, so
/// that the planner knows that nearly all of the ledger is of one SKU.
const MILLION: &str = "
    insert into product (sku, version, offers) values ('HOT', 1, 1);
    insert into offer (sku, supplier, on_hand, adjusted_at)
        values ('HOT', 'acme', 1000000, timestamptz '2026-11-23T05:16:41Z');
    insert into ledger (sku, supplier, id, occurred_at, delta)
        select 'HOT', 'acme', 'id-' || n, timestamptz '2026-11-23T05:00:01Z' + n * interval '1 ms', 1
        from generate_series(1, 1000000) as n;
    analyze";

#[tokio::test(flavor = "multi_thread")]
async fn a_million_adjustments_behind_a_count_take_no_memory() {
    let functions = Functions::migrated().await;
    functions.catalog.execute(MILLION).await;
    let mut function = functions.backend.function(Role::Processor).expect("there");
    function.name = "lambda-processor-with-a-million".to_owned();
    // The adjustments are in the past; the horizon is long enough that the events are not too old.
    let processor = functions.run(function, &[(env::HORIZON_SECONDS, Some("315360000"))]);
    let process = async |kind: &str, sku: &str, id: &str, minute: i64, data: Value| {
        let text = json!({"specversion": "1.0", "id": id, "source": "/suppliers/acme", "subject": sku,
            "type": format!("com.retailtech.stock.{kind}.v1"), "time": at(minute).to_rfc3339(), "data": data});
        let began = Instant::now();
        assert_eq!(answer(&processor, &batch(&[text.to_string()])).await["batchItemFailures"], json!([]));
        began.elapsed()
    };
    process("counted", "COLD", "first", 1, json!({"quantity": 1})).await;
    let before = peak_memory(&processor);

    // All of them are later than the first count, none is later than the second.
    let late = process("counted", "HOT", "late", 0, json!({"quantity": 5})).await;
    assert_eq!(functions.catalog.shown().await[1]["available"], 1_000_005);
    let last = process("counted", "HOT", "last", 60, json!({"quantity": 7})).await;
    assert_eq!(functions.catalog.shown().await[1]["available"], 7);
    let growth = peak_memory(&processor) - before;
    println!("{growth} KiB more than {before}; the late count took {late:?}, the one that supersedes all {last:?}");
    assert!(growth < MAX_GROWTH, "{growth} KiB");

    // One count removes so many; those that are left have no effect.
    let left = functions.catalog.number("select count(*) from ledger").await;
    assert_eq!(left, 950_000);
    process("adjusted", "HOT", "id-1000000", 61, json!({"delta": 2})).await;
    assert_eq!(functions.catalog.shown().await[1]["available"], 9);
    functions.close().await;
}

/// With one SKU's rows being nearly all, the planner would read the whole ledger for each count of another one.
#[tokio::test(flavor = "multi_thread")]
async fn a_sku_with_many_adjustments_slows_down_no_other() {
    let catalog = TestCatalog::open().await;
    catalog.execute(MILLION).await;
    let counts: Vec<_> = (0..300).map(|number| counted(&format!("S{number}"), "a", 1, 5)).collect();
    let store = TestCatalog::another_store(&catalog.servers);
    store.apply(&counts.iter().collect::<Vec<_>>()).await.expect("applied");
    // A session reports its statistics when it ends, at the latest.
    drop(store);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let read = "select coalesce(seq_tup_read, 0) from pg_stat_user_tables where relname = 'ledger'";
    assert!(catalog.number(read).await <= 2_000_000, "the ledger was read as a whole");
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sku_has_a_limited_number_of_offers() {
    let catalog = TestCatalog::open().await;
    let by = |supplier: usize, id: &str| {
        event("stock.counted", &format!("s{supplier:05}"), "1", id, 1, &json!({"quantity": 1}))
    };
    let first: Vec<_> = (0..MAX_OFFERS).map(|supplier| by(supplier, "a")).collect();
    let applied = catalog.store.apply(&first.iter().collect::<Vec<_>>()).await.expect("applied");
    assert!(applied.outcomes.iter().all(|outcome| *outcome == EventOutcome::Applied));

    // A supplier with an offer is accepted, one more is rejected, each time.
    let batch = [by(MAX_OFFERS, "a"), by(7, "b"), adjusted("2", "c", 1, 1)];
    for expected in [EventOutcome::Applied, EventOutcome::Duplicate] {
        let outcomes = catalog.store.apply(&batch.iter().collect::<Vec<_>>()).await.expect("applied").outcomes;
        let EventOutcome::Rejected(rejection) = &outcomes[0] else { panic!("{outcomes:?}") };
        assert_eq!(rejection.reason, Reason::TooManyOffers);
        assert_eq!(outcomes[1..], [expected.clone(), expected]);
    }
    let offers = |view: &Value| view["offers"].as_array().expect("a list").len();
    assert_eq!(offers(&catalog.shown().await[0]), MAX_OFFERS);

    // A table that has more all the same does not fill the memory: a batch loads the offers that it touches, and a view
    // has so many.
    catalog
        .execute("insert into offer (sku, supplier, on_hand) select '1', 't' || n, 1 from generate_series(1, 5000) n")
        .await;
    let by = |supplier| event("stock.counted", supplier, "1", "a", 1, &json!({"quantity": 9}));
    let outcomes = catalog.store.apply(&[&by("t77"), &by("u")]).await.expect("applied").outcomes;
    assert!(matches!(outcomes[..], [EventOutcome::Applied, EventOutcome::Rejected(_)]), "{outcomes:?}");
    assert_eq!(offers(&catalog.shown().await[0]), MAX_OFFERS);
    assert_eq!(catalog.number("select count(*) from offer where sku = '1'").await, 6000);
    catalog.close().await;
}
