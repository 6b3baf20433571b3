//! Pending refreshes: versions with which the cache could not be refreshed.

use pipegen_store::View;

use super::test_catalog::{TestCatalog, adjusted, counted};

#[tokio::test(flavor = "multi_thread")]
async fn only_a_refresh_with_the_version_or_a_later_one_settles_it() {
    let catalog = TestCatalog::open().await;
    let old = catalog.store.apply(&[&counted("1", "a", 1, 5), &counted("2", "b", 1, 5)]).await.expect("applied").views;
    let new = catalog.store.apply(&[&adjusted("1", "c", 2, 1)]).await.expect("applied").views;
    catalog.store.add_pending(&new).await.expect("added");
    catalog.store.add_pending(&old).await.expect("added");
    assert_eq!(catalog.store.pending(10).await.expect("listed"), ["1", "2"]);

    catalog.store.settle_pending(&old).await.expect("settled");
    assert_eq!(catalog.store.pending(10).await.expect("listed"), ["1"], "the greater version stayed");
    catalog.store.settle_pending(&new).await.expect("settled");
    assert_eq!(catalog.store.pending(10).await.expect("listed"), Vec::<String>::new());

    let views: Vec<View> = catalog.store.views(&["2", "1", "unknown"]).await.expect("read");
    assert_eq!(views, [new, old.get(1..).expect("two").to_vec()].concat(), "sorted, current, known");
    catalog.close().await;
}
