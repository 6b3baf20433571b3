//! Data that PostgreSQL refuses, and errors that are not an event's fault. A trigger refuses the data: the decoder
//! accepts nothing that PostgreSQL is known to refuse.

use pipegen_event::{Event, Reason};
use pipegen_store::{ErrorKind, EventOutcome, Store};

use super::proxy::Proxy;
use super::test_catalog::{TestCatalog, adjusted};

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
    let catalog = TestCatalog::open().await;
    catalog.execute(DATA_ERROR).await;
    let batch = batch();
    let applied = catalog.store.apply(&batch.iter().collect::<Vec<_>>()).await.expect("applied");
    for (event, outcome) in batch.iter().zip(&applied.outcomes) {
        match outcome {
            EventOutcome::Rejected(rejection) => {
                assert!(event.id.starts_with("poison"), "{}", event.id.as_str());
                assert_eq!(rejection.reason, Reason::RefusedByDatabase);
                assert!(rejection.detail.contains("22P05"), "{}", rejection.detail);
            }
            outcome => assert_eq!((outcome, event.id.starts_with("good")), (&EventOutcome::Applied, true)),
        }
    }
    assert_eq!(applied.products.len(), 96);
    assert_eq!(catalog.shown().await.len(), 96, "no product is left of a refused event");
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_serves_one_batch_after_another_also_after_a_refused_event() {
    let catalog = TestCatalog::open().await;
    catalog.execute(DATA_ERROR).await;
    let proxy = Proxy::before(&catalog.servers.database_url).await;
    let store = Store::new(proxy.url.parse().expect("a URL"), 1);
    for part in batch().chunks(25) {
        store.apply(&part.iter().collect::<Vec<_>>()).await.expect("applied");
    }
    assert_eq!(catalog.shown().await.len(), 96);
    // Each session is asked for with its search path.
    assert_eq!(proxy.heard("search_path"), 1, "connections");
    // The last event is refused. Its transaction would hold locks, and the changes feed, as long as the function is frozen.
    let open = "select count(*) from pg_stat_activity where state like 'idle in transaction%'";
    assert_eq!(catalog.number(open).await, 0, "transactions that stay open");
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_constraint_is_our_own_mistake() {
    let catalog = TestCatalog::open().await;
    catalog.execute("alter table ledger add constraint ours check (delta < 1)").await;
    let error = catalog.store.apply(&batch().iter().collect::<Vec<_>>()).await.expect_err("the batch is retried");
    assert_eq!((error.kind(), error.sqlstate().as_deref()), (ErrorKind::Other, Some("23514")));
    assert_eq!(catalog.shown().await.len(), 0, "nothing is half applied");
    catalog.close().await;
}
