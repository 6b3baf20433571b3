//! Versions that the cache could not be told.

use pipegen_store::View;

use super::workshop::{Workshop, adjusted, counted};

#[tokio::test(flavor = "multi_thread")]
async fn only_who_told_a_version_or_a_later_one_settles_it() {
    let workshop = Workshop::open().await;
    let old = workshop.store.apply(&[&counted("1", "a", 1, 5), &counted("2", "b", 1, 5)]).await.expect("applied").views;
    let new = workshop.store.apply(&[&adjusted("1", "c", 2, 1)]).await.expect("applied").views;
    workshop.store.add_pending(&new).await.expect("added");
    workshop.store.add_pending(&old).await.expect("added");
    assert_eq!(workshop.store.pending(10).await.expect("listed"), ["1", "2"]);

    workshop.store.settle_pending(&old).await.expect("settled");
    assert_eq!(workshop.store.pending(10).await.expect("listed"), ["1"], "the greater version stayed");
    workshop.store.settle_pending(&new).await.expect("settled");
    assert_eq!(workshop.store.pending(10).await.expect("listed"), Vec::<String>::new());

    let views: Vec<View> = workshop.store.views(&["2", "1", "unknown"]).await.expect("read");
    assert_eq!(views, [new, old.get(1..).expect("two").to_vec()].concat(), "sorted, current, known");
    workshop.close().await;
}
