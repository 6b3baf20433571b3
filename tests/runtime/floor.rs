//! Events in what was pruned from the ledger.

use chrono::TimeDelta;
use pipegen_event::Reason;
use pipegen_store::Outcome;

use super::workshop::{Workshop, adjusted, at, counted};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_up_to_the_floor_is_let_in_again() {
    let workshop = Workshop::open().await;
    let events = [adjusted("1", "a", 1, 5), adjusted("1", "b", 2, 7), adjusted("1", "c", 3, 11)];
    workshop.store.apply(&events.iter().collect::<Vec<_>>()).await.expect("applied");
    // As pruning leaves it: the level stays, the rows go, the floor says how far.
    workshop
        .execute(
            "delete from ledger where id in ('a', 'b');
             update ledger_floor set occurred_at = '2026-11-23T05:02:00Z'",
        )
        .await;
    let new = counted("2", "d", 2, 1);
    let again = workshop.store.apply(&[&events[0], &events[1], &events[2], &new]).await.expect("applied");
    let reasons: Vec<_> = again
        .outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Rejected(rejection) => Some(rejection.reason),
            _ => None,
        })
        .collect();
    assert_eq!(reasons, [Some(Reason::TooOld), Some(Reason::TooOld), None, Some(Reason::TooOld)]);
    assert_eq!(again.outcomes[2], Outcome::Duplicate);
    let shown = workshop.shown().await;
    assert_eq!((shown.len(), &shown[0]["available"]), (1, &23.into()), "no level changed, no product came to be");
    assert_eq!(workshop.number("select count(*) from product").await, 1);

    // A count after the floor still finds all that is later than it.
    workshop.store.apply(&[&counted("1", "e", 2, 100).clone(), &counted("1", "f", 3, 100)]).await.expect("applied");
    assert_eq!(workshop.shown().await[0]["available"], 100);
    workshop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pruning_takes_old_rows_only_and_changes_no_level() {
    let workshop = Workshop::open().await;
    let events: Vec<_> = (0..10).map(|n| adjusted("1", &format!("id-{n}"), n, 1)).collect();
    workshop.store.apply(&events.iter().collect::<Vec<_>>()).await.expect("applied");
    workshop
        .execute("update ledger set applied_at = now() - interval '9 days' where occurred_at < '2026-11-23T05:07:00Z'")
        .await;

    let age = TimeDelta::days(8);
    assert_eq!(workshop.store.prune_ledger(age, 4).await.expect("pruned"), 4, "a bounded number");
    assert_eq!(workshop.store.prune_ledger(age, 4).await.expect("pruned"), 3);
    assert_eq!(workshop.store.prune_ledger(age, 4).await.expect("pruned"), 0);
    assert_eq!(workshop.number("select count(*) from ledger").await, 3);
    let floor = "select (extract(epoch from occurred_at))::bigint from ledger_floor";
    assert_eq!(workshop.number(floor).await, at(6).timestamp());
    assert_eq!(workshop.shown().await[0]["available"], 10);

    let again = workshop.store.apply(&events.iter().collect::<Vec<_>>()).await.expect("applied");
    let duplicates = again.outcomes.iter().filter(|outcome| **outcome == Outcome::Duplicate).count();
    assert_eq!((duplicates, &workshop.shown().await[0]["available"]), (3, &10.into()), "nothing is let in twice");
    assert_eq!(workshop.store.gauges().await.expect("read").pending, 0);
    workshop.close().await;
}
