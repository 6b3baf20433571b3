//! What a supplier may put behind one count, and on one SKU.

use std::time::Instant;

use pipegen_contract::env;
use pipegen_contract::role::Role;
use pipegen_event::Reason;
use pipegen_store::{MAX_OFFERS, Outcome};
use serde_json::{Value, json};

use super::bootstrap::{Functions, answer, batch, peak_memory};
use super::workshop::{Workshop, adjusted, at, counted, event};

/// How much more memory than before the processor may take for a count, in KiB.
const MOST_GROWTH: u64 = 64 * 1024;

/// A million adjustments, a millisecond apart, the first a second after `at(0)`. The tables' statistics are fresh, so that the
/// planner knows that nearly all of the ledger is of one SKU.
const MILLION: &str = "
    insert into product (sku, version) values ('HOT', 1);
    insert into offer (sku, supplier, on_hand) values ('HOT', 'acme', 1000000);
    insert into ledger (sku, supplier, id, occurred_at, delta)
        select 'HOT', 'acme', 'id-' || n, timestamptz '2026-11-23T05:00:01Z' + n * interval '1 ms', 1
        from generate_series(1, 1000000) as n;
    analyze";

#[tokio::test(flavor = "multi_thread")]
async fn a_million_adjustments_behind_a_count_take_no_memory() {
    let functions = Functions::migrated().await;
    functions.workshop.execute(MILLION).await;
    let mut function = functions.surroundings.function(Role::Processor);
    function.name = "lambda-processor-with-a-million".to_owned();
    // The adjustments lie as they are; what counts is that the events are not too old.
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

    // Behind it lie all of them, then none.
    let late = process("counted", "HOT", "late", 0, json!({"quantity": 5})).await;
    assert_eq!(functions.workshop.shown().await[1]["available"], 1_000_005);
    let last = process("counted", "HOT", "last", 60, json!({"quantity": 7})).await;
    assert_eq!(functions.workshop.shown().await[1]["available"], 7);
    let growth = peak_memory(&processor) - before;
    println!("{growth} KiB more than {before}; the late count took {late:?}, the one that supersedes all {last:?}");
    assert!(growth < MOST_GROWTH, "{growth} KiB");

    // So many go with one count; those that are left have no effect.
    let left = functions.workshop.number("select count(*) from ledger").await;
    assert_eq!(left, 950_000);
    process("adjusted", "HOT", "id-1000000", 61, json!({"delta": 2})).await;
    assert_eq!(functions.workshop.shown().await[1]["available"], 9);
    functions.close().await;
}

/// With one SKU's rows being nearly all, the planner would read the whole ledger for each count of another one.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowded_sku_is_in_nobody_elses_way() {
    let workshop = Workshop::open().await;
    workshop.execute(MILLION).await;
    let counts: Vec<_> = (0..300).map(|number| counted(&format!("S{number}"), "a", 1, 5)).collect();
    let store = Workshop::another_store(&workshop.servers);
    store.apply(&counts.iter().collect::<Vec<_>>()).await.expect("applied");
    // A session tells what it has read when it ends, at the latest.
    drop(store);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let read = "select coalesce(seq_tup_read, 0) from pg_stat_user_tables where relname = 'ledger'";
    assert!(workshop.number(read).await <= 2_000_000, "the ledger was read as a whole");
    workshop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sku_has_so_many_offers_at_most() {
    let workshop = Workshop::open().await;
    let by = |supplier: usize, id: &str| {
        event("stock.counted", &format!("s{supplier:05}"), "1", id, 1, &json!({"quantity": 1}))
    };
    let first: Vec<_> = (0..MAX_OFFERS).map(|supplier| by(supplier, "a")).collect();
    let applied = workshop.store.apply(&first.iter().collect::<Vec<_>>()).await.expect("applied");
    assert!(applied.outcomes.iter().all(|outcome| *outcome == Outcome::Applied));

    // One that has an offer may speak, one more may not, however often it comes.
    let batch = [by(MAX_OFFERS, "a"), by(7, "b"), adjusted("2", "c", 1, 1)];
    for expected in [Outcome::Applied, Outcome::Duplicate] {
        let outcomes = workshop.store.apply(&batch.iter().collect::<Vec<_>>()).await.expect("applied").outcomes;
        let Outcome::Rejected(rejection) = &outcomes[0] else { panic!("{outcomes:?}") };
        assert_eq!(rejection.reason, Reason::TooManyOffers);
        assert_eq!(outcomes[1..], [expected.clone(), expected]);
    }
    let offers = |view: &Value| view["offers"].as_array().expect("a list").len();
    assert_eq!(offers(&workshop.shown().await[0]), MAX_OFFERS);

    // A table that has more all the same does not fill anybody's memory, and no offer is overwritten.
    workshop
        .execute("insert into offer (sku, supplier, on_hand) select '1', 't' || n, 1 from generate_series(1, 5000) n")
        .await;
    let outcomes = workshop.store.apply(&[&event("stock.counted", "t77", "1", "a", 1, &json!({"quantity": 9}))]).await;
    assert!(matches!(outcomes.expect("applied").outcomes[0], Outcome::Rejected(_)));
    assert_eq!(offers(&workshop.shown().await[0]), MAX_OFFERS);
    assert_eq!(workshop.number("select on_hand from offer where supplier = 't77'").await, 1);
    workshop.close().await;
}
