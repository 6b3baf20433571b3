//! Events from before the ledger's floor, below which rows were pruned.

use chrono::TimeDelta;
use pipegen_event::Reason;
use pipegen_store::EventOutcome;

use super::test_catalog::{TestCatalog, adjusted, at, counted};

#[tokio::test(flavor = "multi_thread")]
async fn no_event_up_to_the_floor_is_applied_again() {
    let catalog = TestCatalog::open().await;
    let events = [adjusted("1", "a", 1, 5), adjusted("1", "b", 2, 7), adjusted("1", "c", 3, 11)];
    catalog.store.apply(&events.iter().collect::<Vec<_>>()).await.expect("applied");
    // As after pruning: the level stays, the rows are gone, the floor is their latest time.
    catalog
        .execute(
            "delete from ledger where id in ('a', 'b');
             update ledger_floor set occurred_at = '2026-11-23T05:02:00Z'",
        )
        .await;
    let new = counted("2", "d", 2, 1);
    let again = catalog.store.apply(&[&events[0], &events[1], &events[2], &new]).await.expect("applied");
    let reasons: Vec<_> = again
        .outcomes
        .iter()
        .map(|outcome| match outcome {
            EventOutcome::Rejected(rejection) => Some(rejection.reason),
            _ => None,
        })
        .collect();
    assert_eq!(reasons, [Some(Reason::TooOld), Some(Reason::TooOld), None, Some(Reason::TooOld)]);
    assert_eq!(again.outcomes[2], EventOutcome::Duplicate);
    let shown = catalog.shown().await;
    assert_eq!((shown.len(), &shown[0]["available"]), (1, &23.into()), "no level changed, no product came to be");
    assert_eq!(catalog.number("select count(*) from product").await, 1);

    // A count after the floor still finds all that is later than it.
    catalog.store.apply(&[&counted("1", "e", 2, 100).clone(), &counted("1", "f", 3, 100)]).await.expect("applied");
    assert_eq!(catalog.shown().await[0]["available"], 100);
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pruning_takes_old_rows_only_and_changes_no_level() {
    let catalog = TestCatalog::open().await;
    let events: Vec<_> = (0..10).map(|n| adjusted("1", &format!("id-{n}"), n, 1)).collect();
    catalog.store.apply(&events.iter().collect::<Vec<_>>()).await.expect("applied");
    catalog
        .execute("update ledger set applied_at = now() - interval '9 days' where occurred_at < '2026-11-23T05:07:00Z'")
        .await;

    let age = TimeDelta::days(8);
    assert_eq!(catalog.store.prune_ledger(age, 4).await.expect("pruned"), 4, "a bounded number");
    assert_eq!(catalog.store.prune_ledger(age, 4).await.expect("pruned"), 3);
    assert_eq!(catalog.store.prune_ledger(age, 4).await.expect("pruned"), 0);
    assert_eq!(catalog.number("select count(*) from ledger").await, 3);
    let floor = "select (extract(epoch from occurred_at))::bigint from ledger_floor";
    assert_eq!(catalog.number(floor).await, at(6).timestamp());
    assert_eq!(catalog.shown().await[0]["available"], 10);

    let again = catalog.store.apply(&events.iter().collect::<Vec<_>>()).await.expect("applied");
    let duplicates = again.outcomes.iter().filter(|outcome| **outcome == EventOutcome::Duplicate).count();
    assert_eq!((duplicates, &catalog.shown().await[0]["available"]), (3, &10.into()), "nothing is applied twice");
    assert_eq!(catalog.store.gauges().await.expect("read").pending, 0);
    catalog.close().await;
}

/// The exception of P2: an identity is known for as long as its row is there.
#[tokio::test(flavor = "multi_thread")]
async fn an_adjustment_is_corrected_until_it_is_pruned() {
    let catalog = TestCatalog::open().await;
    catalog.store.apply(&[&adjusted("1", "a", 1, 5)]).await.expect("applied");
    catalog.store.apply(&[&adjusted("1", "a", 2, 7)]).await.expect("applied");
    assert_eq!(catalog.shown().await[0]["available"], 7);
    catalog.execute("update ledger set applied_at = now() - interval '9 days'").await;
    assert_eq!(catalog.store.prune_ledger(TimeDelta::days(8), 10).await.expect("pruned"), 1);
    for _ in 0..2 {
        catalog.store.apply(&[&adjusted("1", "a", 3, 11)]).await.expect("applied");
        assert_eq!(catalog.shown().await[0]["available"], 18, "a new event, once");
    }
    catalog.close().await;
}
