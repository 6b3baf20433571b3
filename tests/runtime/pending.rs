//! Pending refreshes: versions with which the cache could not be refreshed.

use super::test_catalog::{TestCatalog, adjusted, counted};

#[tokio::test(flavor = "multi_thread")]
async fn only_a_refresh_with_the_version_or_a_later_one_settles_it() {
    let catalog = TestCatalog::open().await;
    let old =
        catalog.store.apply(&[&counted("1", "a", 1, 5), &counted("2", "b", 1, 5)]).await.expect("applied").products;
    let new = catalog.store.apply(&[&adjusted("1", "c", 2, 1)]).await.expect("applied").products;
    catalog.store.add_pending(&new).await.expect("added");
    catalog.store.add_pending(&old).await.expect("added");
    assert_eq!(catalog.store.pending(10).await.expect("listed"), [new[0].clone(), old[1].clone()]);

    catalog.store.settle_pending(&old).await.expect("settled");
    assert_eq!(catalog.store.pending(10).await.expect("listed"), new, "the greater version stayed");
    catalog.store.settle_pending(&new).await.expect("settled");
    assert!(catalog.store.pending(10).await.expect("listed").is_empty());

    let views = catalog.store.views(&["2", "1", "unknown"]).await.expect("read");
    let versions: Vec<_> = views.iter().map(|view| (&*view.sku, view.version)).collect();
    assert_eq!(versions, [("2", old[1].version), ("1", new[0].version)], "in their order, current, known");
    catalog.close().await;
}
