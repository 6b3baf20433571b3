//! Events in what was pruned from the ledger.

use pipegen_event::Reason;
use pipegen_store::Outcome;

use super::workshop::{Workshop, adjusted, counted};

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
