//! The whole pipeline: every function, what the functions call, and what makes them run.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use bytes::Bytes;
use pipegen_contract::database::Access;
use pipegen_contract::role::Role;
use serde_json::json;

use crate::emulators::s3::{self, Buckets};
use crate::emulators::secrets_manager::{self, RotationFunction, Rotations, Secrets};
use crate::emulators::{function_url, invoke_api};
use crate::event_source::mapping::MappingSettings;
use crate::event_source::on_failure::{OnFailureDestination, Storage};
use crate::event_source::poller::Poller;
use crate::lambda_host::credentials::Credentials;
use crate::lambda_host::{Function, FunctionPool, Outcome};
use crate::local::functions::{ARCHIVE_BUCKET, QUARANTINE_BUCKET, Surroundings, invoke_once};
use crate::local::maintenance::Maintenance;
use crate::local::play::{Consumers, Played, play};
use crate::local::schedule::Schedule;
use crate::local::summary::{Archive, Rotated, Summary};
use crate::records::Source;
use crate::servers::{MasterLogin, Servers};
use crate::session::console::Console;
use crate::session::listener::{Listener, Server};
use crate::session::process::Supervisor;
use crate::session::working_folder::WorkingFolder;

/// How often `maintain` runs, as the stack schedules it.
const MAINTENANCE: Duration = Duration::from_mins(1);
/// The event source mappings' ids: always the same, so that kept objects of several runs lie together.
const PROCESSOR_MAPPING: &str = "00000000-0000-4000-8000-000000000001";
const ARCHIVER_MAPPING: &str = "00000000-0000-4000-8000-000000000002";

/// What a pipeline is started with.
pub struct Ground<'a> {
    /// The program that every function is.
    pub bootstrap: PathBuf,
    /// Database and cache.
    pub servers: Servers,
    /// Where objects and logs lie.
    pub place: &'a WorkingFolder,
    /// What runs the functions' processes.
    pub supervisor: &'a Arc<Supervisor>,
    /// What is said on the way.
    pub console: &'a Arc<Console>,
}

impl Ground<'_> {
    fn host(&self, function: Function) -> anyhow::Result<Arc<FunctionPool>> {
        let (supervisor, console) = (Arc::clone(self.supervisor), Arc::clone(self.console));
        FunctionPool::new(function, supervisor, console, self.place.logs().as_deref()).map(Arc::new)
    }
}

/// The running pipeline. Its servers end when this is dropped.
pub struct Pipeline {
    hosts: BTreeMap<Role, Arc<FunctionPool>>,
    console: Arc<Console>,
    objects: Arc<Buckets>,
    maintenance: Arc<Maintenance>,
    rotations: Arc<Rotations>,
    servers: Vec<Server>,
}

impl Pipeline {
    /// Makes the functions and what they call, and brings the database up to date.
    pub async fn start(ground: Ground<'_>) -> anyhow::Result<Self> {
        let (place, console) = (ground.place, ground.console);
        let open = |what: &str| Listener::open(0).with_context(|| format!("cannot listen for {what}"));
        let (for_objects, for_secrets, for_lambda) = (open("S3")?, open("Secrets Manager")?, open("Lambda")?);
        let credentials = Credentials::generate();
        let secrets = Arc::new(Secrets::default());
        let surroundings = Surroundings {
            master: secrets.create_with("rds!db-local", &master_login(&ground.servers)),
            logins: Access::ALL.map(|access| (access, secrets.create(&secret_name(access)))).into(),
            bootstrap: ground.bootstrap.clone(),
            servers: ground.servers.clone(),
            s3: for_objects.url(),
            secrets_manager: for_secrets.url(),
            credentials: credentials.clone(),
        };
        let host = |role: Role| Ok((role, ground.host(surroundings.function(role))?));
        let hosts = Role::ALL.into_iter().map(host).collect::<anyhow::Result<BTreeMap<_, _>>>()?;
        let of = |role: Role| Arc::clone(&hosts[&role]);

        let objects = Buckets::open(place.join("objects"), &[QUARANTINE_BUCKET, ARCHIVE_BUCKET]);
        let objects = Arc::new(objects.context("cannot make the buckets")?);
        let rotations = Arc::new(Rotations::new(secrets, of(Role::Rotate)));
        console.say(&told(&for_lambda, &for_secrets, &credentials));
        let serve = || -> io::Result<_> {
            Ok(vec![
                s3::serve(for_objects, Arc::clone(&objects), &credentials)?,
                secrets_manager::serve(for_secrets, Arc::clone(&rotations), credentials.clone(), Arc::clone(console))?,
                invoke_api::serve(for_lambda, hosts.values().cloned().collect(), credentials.clone())?,
            ])
        };
        let servers = serve().context("cannot serve what the functions call")?;

        let migrate = of(Role::Migrate);
        invoke_once(&migrate).await?;
        migrate.close().await;
        let maintenance = Arc::new(Maintenance::new(of(Role::Maintain), "{}".into(), Arc::clone(console)));
        Ok(Self { hosts, console: Arc::clone(console), objects, maintenance, rotations, servers })
    }

    /// Serves the catalog.
    pub fn serve_catalog(&mut self, door: Listener) -> anyhow::Result<()> {
        self.console.say(&format!("the catalog answers at {}/products/…", door.url()));
        let server = function_url::serve(door, self.host(Role::Catalog), Arc::clone(&self.console));
        self.servers.push(server.context("cannot serve the catalog")?);
        Ok(())
    }

    /// Starts what runs by the clock: `maintain`, and rotations of every login if a period is named.
    pub fn schedules(&self, rotate_every: Option<Duration>) -> Vec<Schedule> {
        let maintain = Maintenance::every(&self.maintenance, MAINTENANCE);
        let rotate = rotate_every.map(|period| {
            let (rotations, console) = (Arc::clone(&self.rotations), Arc::clone(&self.console));
            Schedule::every(period, move || rotate_all(Arc::clone(&rotations), Arc::clone(&console)))
        });
        [maintain].into_iter().chain(rotate).collect()
    }

    /// Plays a source to its end.
    pub async fn play(&self, source: Source, parallelization: usize) -> anyhow::Result<Played> {
        let consumer = |role: Role, settings: MappingSettings, mapping: &str| Poller {
            pool: self.host(role),
            settings,
            on_failure: OnFailureDestination {
                storage: Storage::Local(Arc::clone(&self.objects)),
                bucket: QUARANTINE_BUCKET.to_owned(),
                mapping: mapping.to_owned(),
            },
            progress: None,
        };
        let processor = MappingSettings { parallelization, ..MappingSettings::default() };
        let consumers = Consumers {
            processor: consumer(Role::Processor, processor, PROCESSOR_MAPPING),
            archiver: consumer(Role::Archiver, MappingSettings::archiver(), ARCHIVER_MAPPING),
        };
        play(source, consumers, Arc::clone(&self.console)).await
    }

    /// Runs `maintain` once more, since no more records come.
    pub async fn maintain(&self) {
        self.maintenance.run().await;
    }

    /// What happened.
    pub fn summary(&self, played: &Played) -> Summary {
        let archived = played.archived.statistics;
        Summary {
            function_errors: self.host(Role::Processor).errors(),
            archive: Archive {
                records: archived.delivered,
                objects: Some(self.objects.stored(ARCHIVE_BUCKET)),
                discarded: archived.discarded,
            },
            maintain: self.maintenance.done(),
            rotations: Rotated { finished: self.rotations.finished(), failed: self.rotations.failed() },
            errors_by_function: self
                .hosts
                .iter()
                .map(|(role, host)| (role.handler().to_owned(), host.errors()))
                .collect(),
            ..Summary::of(&played.processed)
        }
    }

    fn host(&self, role: Role) -> Arc<FunctionPool> {
        Arc::clone(&self.hosts[&role])
    }
}

/// What somebody who wants to invoke a function or rotate a secret must know. Nobody else gets to see the key. The region is there twice:
/// version 1 of the AWS CLI and Boto3 read only the second variable.
fn told(lambda: &Listener, secrets: &Listener, Credentials { key_id, secret_key, .. }: &Credentials) -> String {
    format!(
        "Lambda and Secrets Manager: AWS_ENDPOINT_URL_LAMBDA={} AWS_ENDPOINT_URL_SECRETS_MANAGER={} AWS_REGION=us-east-1 \
         AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID={key_id} AWS_SECRET_ACCESS_KEY={secret_key}",
        lambda.url(),
        secrets.url(),
    )
}

async fn rotate_all(rotations: Arc<Rotations>, console: Arc<Console>) {
    for access in Access::ALL {
        if let Err(error) = rotations.rotate(&secret_name(access)).await {
            console.warn(&format!("a rotation ended: {error}"));
        }
    }
}

/// The master login, as RDS keeps it.
fn master_login(servers: &Servers) -> String {
    let MasterLogin { username, password } = &servers.database.master;
    json!({"username": username, "password": password}).to_string()
}

/// The name of the secret with an access' login.
fn secret_name(access: Access) -> String {
    format!("secret-{}-local", access.name())
}

#[async_trait]
impl RotationFunction for FunctionPool {
    async fn step(&self, event: Bytes) -> Result<(), String> {
        let invocation = self.invoke(event).await.map_err(|error| error.to_string())?;
        match invocation.outcome {
            Outcome::Answered(_) => Ok(()),
            Outcome::Failed => Err(invocation.failure.unwrap_or_default()),
        }
    }
}
