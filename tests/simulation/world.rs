//! Everything in one run: the plan, the models of the servers, and what is known.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use parking_lot::Mutex;
use pipegen_lambda::cache::Cache;
use pipegen_lambda::database::{CatalogDatabase, Login};
use pipegen_lambda::objects::S3;
use pipegen_lambda::resources::{ArchiverResources, CatalogResources, ProcessorResources};
use pipegen_lambda::settings::{
    ArchiverSettings, CacheEndpoint, CacheSettings, DatabaseSettings, DatabaseTls, ProcessorSettings, Secret,
};
use pipegen_lambda::singleflight::SingleFlight;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

use crate::database::{Client, Database};
use crate::known::Known;
use crate::objects::Objects;
use crate::plan::Plan;
use crate::poller::Message;
use crate::redis_cluster::{Cluster, Endpoint};
use crate::schedule::Schedule;
use crate::stream::Stream;

/// The resources of the processor and of the catalog on the models.
pub(crate) type Processor = ProcessorResources<Client, Endpoint>;
pub(crate) type Catalog = CatalogResources<Client, Endpoint>;

pub(crate) const ARCHIVE: &str = "archive";
pub(crate) const QUARANTINE: &str = "quarantine";

/// A run.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) schedule: Arc<Schedule>,
    pub(crate) database: Arc<Database>,
    pub(crate) cache: Arc<Cluster>,
    pub(crate) objects: Objects,
    pub(crate) stream: Stream,
    pub(crate) known: Known,
    /// The mappings, which hear of every record.
    pub(crate) mappings: Mutex<Vec<UnboundedSender<Message>>>,
    /// Told when a batch begins to be processed: who reads then, reads while things change.
    pub(crate) busy: Notify,
    healed: AtomicBool,
    stopped: AtomicBool,
}

impl World {
    pub(crate) fn new(plan: Plan) -> Arc<Self> {
        let schedule = Schedule::new(plan.seed);
        Arc::new(Self {
            database: Database::new(&schedule, plan.database_faults),
            cache: Cluster::new(&schedule, plan.standstills),
            objects: Objects::new(&schedule, plan.objects_faults),
            stream: Stream::new(&schedule, plan.shards),
            known: Known::new(plan.view_seconds),
            mappings: Mutex::default(),
            busy: Notify::new(),
            healed: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            schedule,
            plan,
        })
    }

    /// Puts a record on the stream.
    pub(crate) fn put(&self, partition_key: &str, data: &[u8]) {
        self.stream.put(partition_key, data);
        self.tell(|| Message::Put);
    }

    /// Tells the mappings something.
    pub(crate) fn tell(&self, message: impl Fn() -> Message) {
        for mapping in &*self.mappings.lock() {
            // One that has ended hears nothing.
            mapping.send(message()).ok();
        }
    }

    /// Ends all faults.
    pub(crate) fn heal(&self) {
        self.schedule.note("healed");
        self.database.heal();
        self.objects.heal();
        self.cache.set_trouble(None);
        self.healed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_healed(&self) -> bool {
        self.healed.load(Ordering::Relaxed)
    }

    /// Lets readers and maintenance end.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    pub(crate) fn processor(&self) -> Arc<Processor> {
        let settings = ProcessorSettings {
            database: unused_database(),
            cache: unused_cache(self.plan.view_seconds),
            horizon: TimeDelta::days(7),
            suppliers: None,
            quarantine_bucket: QUARANTINE.to_owned(),
        };
        let (database, cache) = (self.client((0, Duration::ZERO)), self.cache());
        Arc::new(ProcessorResources { settings, database, cache, s3: S3::new(&self.objects.configuration()) })
    }

    pub(crate) fn archiver(&self) -> Arc<ArchiverResources> {
        let settings = ArchiverSettings { archive_bucket: ARCHIVE.to_owned() };
        Arc::new(ArchiverResources { settings, s3: S3::new(&self.objects.configuration()) })
    }

    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        let freezes = (self.plan.freezes, self.plan.longest_freeze);
        let (database, cache) = (self.client(freezes), self.cache());
        Arc::new(CatalogResources { database, cache, single_flight: SingleFlight::new(1) })
    }

    /// Makes a client of the cache.
    pub(crate) fn cache(&self) -> Cache<Endpoint> {
        Cache::on(Endpoint(Arc::clone(&self.cache)), self.plan.view_seconds).expect("it does not connect yet")
    }

    /// Makes a client of the tables.
    pub(crate) fn client(&self, freezes: (usize, Duration)) -> CatalogDatabase<Client> {
        CatalogDatabase::on(self.database.client(freezes), Login::Fixed(PgConnectOptions::new_without_pgpass()))
    }
}

fn unused_database() -> DatabaseSettings {
    let text = || "unused".to_owned();
    DatabaseSettings { host: text(), port: 1, name: text(), secret_arn: text(), tls: DatabaseTls::Disabled }
}

fn unused_cache(view_seconds: u32) -> CacheSettings {
    CacheSettings { endpoint: CacheEndpoint::Url(Secret("unused".to_owned())), view_seconds }
}
