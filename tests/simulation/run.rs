//! One run, from its beginning to its verdict.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use pipegen_lambda::pending::drain;
use tokio::runtime::Builder;
use tokio::task::{JoinHandle, LocalSet, spawn_local};
use tokio::time::{sleep, timeout};

use crate::judge::judge;
use crate::model::decode::{Decoded, decode};
use crate::plan::{CacheFault, CacheFaultKind, Plan};
use crate::poller::{Leftover, Message, Poller};
use crate::processes::{Process, maintain};
use crate::readers::{CatalogProcess, read_on, read_once};
use crate::schedule::Finding;
use crate::stream::Kept;
use crate::suppliers::supply;
use crate::world::World;

/// The time within which everything must be processed once all is healed.
const RECOVERY: Duration = Duration::from_mins(5);

/// The time after which nothing of what was begun is still on its way, but frozen readers.
const SETTLED: Duration = Duration::from_secs(65);

/// The result of a run.
pub(crate) struct Outcome {
    pub(crate) findings: Vec<Finding>,
    pub(crate) trace: Vec<String>,
    pub(crate) steps: u64,
}

/// Runs a plan.
pub(crate) fn run(plan: Plan) -> Outcome {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    LocalSet::new().block_on(&runtime, async {
        let world = World::new(plan);
        history(&world).await;
        let schedule = &world.schedule;
        Outcome { findings: schedule.findings(), trace: schedule.trace(), steps: schedule.steps() }
    })
}

async fn history(world: &Arc<World>) {
    let schedule = &world.schedule;
    let processors = start(world, |world| Process::Processor(world.processor()));
    let archivers = world.plan.archives.then(|| start(world, |world| Process::Archiver(world.archiver())));
    let catalogs: Vec<CatalogProcess> =
        (0..world.plan.catalogs).map(|_| Rc::new(RefCell::new(world.catalog()))).collect();
    for catalog in &catalogs {
        for _ in 0..world.plan.readers {
            schedule.spawn(read_on(Arc::clone(world), Rc::clone(catalog)));
        }
    }
    schedule.spawn(maintain(Arc::clone(world)));
    schedule.spawn(update_mappings(Arc::clone(world)));
    schedule.spawn(strike(Arc::clone(world)));
    supply(Arc::clone(world)).await;
    sleep(schedule.up_to(Duration::from_secs(2))).await;
    world.heal();

    world.tell(|| Message::End);
    let Some(processors) = ended(world, processors).await else { return };
    if let Some(archivers) = archivers
        && ended(world, archivers).await.is_none()
    {
        return;
    }
    sleep(SETTLED).await;
    catch_up(world, processors).await;
    drain_all(world).await;
    world.stop();
    sleep(world.plan.longest_freeze + world.plan.between_reads).await;
    sleep(world.known.remembered_from().saturating_sub(schedule.elapsed())).await;
    for catalog in catalogs {
        for number in 0..world.plan.products {
            let catalog = Arc::clone(&catalog.borrow());
            read_once(world, &catalog, &[format!("p{number}")]).await;
        }
    }
    judge(world);
}

fn start(world: &Arc<World>, new_process: fn(&World) -> Process) -> JoinHandle<Leftover> {
    spawn_local(Poller::new(world, new_process).run())
}

async fn ended(world: &World, mapping: JoinHandle<Leftover>) -> Option<Leftover> {
    let Ok(leftover) = timeout(RECOVERY, mapping).await else {
        world.schedule.broken("P4: not everything is processed, long after all was healed");
        return None;
    };
    Some(leftover.expect("the mapping does not panic"))
}

/// Gives each process that is left another batch: together they must make up for every refresh that the cache missed, if
/// none of them was lost and no commit came late.
async fn catch_up(world: &World, processors: Leftover) {
    // A batch without events refreshes nothing, and so notices nothing.
    let has_event = |kept: &Kept| decode(&kept.record).iter().any(|decoded| matches!(decoded, Decoded::Accepted(_)));
    let kept = (0..world.stream.shards()).find_map(|shard| world.stream.from(shard, 0).into_iter().find(has_event));
    // A row whose commit came late is left to maintenance: the process has caught up already.
    let owe_it = !processors.has_lost_processes && world.plan.database_faults == 0;
    let Some(record) = kept.filter(|_| owe_it).map(|kept| kept.encoded) else { return };
    let origin = pipegen::event_source::mapping::Origin::new("arn:aws:kinesis:us-east-1:0:stream/stream", "role");
    let event = pipegen::event_source::mapping::event(&[record], &origin);
    for process in processors.processes {
        process.invoke(world, &event).await;
    }
    let pending = world.database.pending();
    if !pending.is_empty() {
        world.schedule.broken(format!("P3: the processors leave refreshes pending: {pending:?}"));
    }
}

async fn drain_all(world: &World) {
    let (database, cache) = (world.client((0, Duration::ZERO)), world.cache());
    for _ in 0..10 {
        drain(&database, &cache).await.map_err(|error| error.to_string()).expect("everything is healed");
        if world.database.pending().is_empty() {
            break;
        }
        sleep(Duration::from_secs(2)).await;
    }
}

async fn update_mappings(world: Arc<World>) {
    for at in world.plan.updates.clone() {
        sleep(at.saturating_sub(world.schedule.elapsed())).await;
        world.tell(|| Message::Update);
    }
}

/// Carries out the faults of the cache, one after the other.
async fn strike(world: Arc<World>) {
    for CacheFault { at, kind, lasts } in world.plan.cache_faults.clone() {
        sleep(at.saturating_sub(world.schedule.elapsed())).await;
        if world.is_healed() {
            return;
        }
        world.schedule.note(format!("cache: {kind:?} for {lasts:?}"));
        match kind {
            CacheFaultKind::Flush => world.cache.primary(crate::redis_node::Node::flush),
            CacheFaultKind::Eviction => {
                let number = world.schedule.below(world.plan.products);
                world.cache.primary(|node| node.evict(number));
            }
            CacheFaultKind::Failover => world.cache.fail_over(),
            trouble => {
                world.cache.set_trouble(Some(trouble));
                sleep(lasts).await;
                if !world.is_healed() {
                    world.cache.set_trouble(None);
                }
                continue;
            }
        }
        world.known.cache_forgot(world.schedule.elapsed());
    }
}
