//! Readers of the catalog, several in a process.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use pipegen_lambda::catalog::read;
use tokio::time::{sleep, timeout};

use crate::world::{Catalog, World};

/// The time in which a batch is usually committed and told.
const WHILE_BUSY: Duration = Duration::from_millis(12);

/// A process of the catalog; a new one takes its place now and then.
pub(crate) type CatalogProcess = Rc<RefCell<Arc<Catalog>>>;

/// Reads again and again, until the run is over.
pub(crate) async fn read_on(world: Arc<World>, process: CatalogProcess) {
    while !world.is_stopped() {
        // When nothing changes any more, nobody is in a hurry.
        let hurry = if world.is_healed() { 10 } else { 1 };
        let pause = hurry * world.schedule.up_to(world.plan.between_reads);
        if timeout(pause, world.busy.notified()).await.is_ok() {
            sleep(world.schedule.up_to(WHILE_BUSY)).await;
        }
        if world.schedule.one_in(20) {
            process.replace(world.catalog());
        }
        let products = world.plan.products;
        let (first, count) = (world.schedule.below(products), 1 + world.schedule.below(products));
        let skus: Vec<String> = (first..first + count).map(|number| format!("p{}", number % products)).collect();
        let catalog = Arc::clone(&process.borrow());
        read_once(&world, &catalog, &skus).await;
    }
}

/// Reads these products once, and compares what is shown with what was acknowledged before.
pub(crate) async fn read_once(world: &World, catalog: &Catalog, skus: &[String]) {
    let skus: Vec<&str> = skus.iter().map(String::as_str).collect();
    let expected: Vec<i64> = skus.iter().map(|sku| world.expected(sku)).collect();
    let began = world.schedule.elapsed();
    let Ok(products) = read(&skus, catalog).await else { return };
    for ((sku, expected), view) in skus.iter().zip(expected).zip(products.views) {
        let version = view.as_ref().map_or(0, |view| view.version);
        let from = if products.hit { "cache" } else { "database" };
        world.schedule.note(format!("read {sku}={version} from the {from}, begun at {:.3}", began.as_secs_f64()));
        if version < expected {
            world.schedule.broken(format!(
                "P3: {sku} is read in version {version} from the {from}; {expected} was acknowledged before",
            ));
        }
        if let Some(view) = view
            && world.database.view_as_of(sku, version).as_deref() != Some(&*view.json)
        {
            world.schedule.broken(format!("P2: {sku} never was {}", view.json));
        }
    }
}
