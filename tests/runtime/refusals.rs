//! What PostgreSQL refuses, and what is not an event's fault. The refusals are a trigger's: nothing that the decoder lets
//! through is known to be refused.

use pipegen_event::{Event, Reason};
use pipegen_store::{ErrorKind, Outcome};

use super::workshop::{Workshop, adjusted};

const DATA_ERROR: &str = "
    create function refuse() returns trigger language plpgsql as $$
    begin
        if new.id like 'poison%' then raise exception 'refused' using errcode = '22P05'; end if;
        return new;
    end $$;
    create trigger refuse before insert on ledger for each row execute function refuse();";

fn batch() -> Vec<Event> {
    (0..100)
        .map(|n| adjusted(&n.to_string(), &format!("{}-{n}", if n % 33 == 0 { "poison" } else { "good" }), n, 1))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_event_that_cannot_be_stored_is_rejected_and_the_rest_applied() {
    let workshop = Workshop::open().await;
    workshop.execute(DATA_ERROR).await;
    let batch = batch();
    let applied = workshop.store.apply(&batch.iter().collect::<Vec<_>>()).await.expect("applied");
    for (event, outcome) in batch.iter().zip(&applied.outcomes) {
        match outcome {
            Outcome::Rejected(rejection) => {
                assert!(event.id.starts_with("poison"), "{}", event.id.as_str());
                assert_eq!(rejection.reason, Reason::RefusedByDatabase);
                assert!(rejection.detail.contains("22P05"), "{}", rejection.detail);
            }
            outcome => assert_eq!((outcome, event.id.starts_with("good")), (&Outcome::Applied, true)),
        }
    }
    assert_eq!(applied.views.len(), 96);
    assert_eq!(workshop.shown().await.len(), 96, "no product is left of a refused event");
    workshop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_constraint_is_our_own_mistake() {
    let workshop = Workshop::open().await;
    workshop.execute("alter table ledger add constraint ours check (delta < 1)").await;
    let error = workshop.store.apply(&batch().iter().collect::<Vec<_>>()).await.expect_err("the batch comes again");
    assert_eq!((error.kind(), error.sqlstate().as_deref()), (ErrorKind::Other, Some("23514")));
    assert_eq!(workshop.shown().await.len(), 0, "nothing is half applied");
    workshop.close().await;
}
