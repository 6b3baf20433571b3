//! The stack, one file a role. Knows no files; [`build`] is the bill of materials in dependency order.
//!
//! - [`names`]: every name, from one table
//! - `account`: the provider and the account
//! - `access`: what policies are made of
//! - `encryption`: the key
//! - `identity`: a role for each function
//! - `network`, `connections`, `endpoints`: the network, who may talk to whom, the ways out
//! - `keep`: what outlives the stack
//! - `logs`, `bucket`: what every log group and every bucket has
//! - `metrics`: what is measured
//! - `stream`, `database`, `cache`, `secrets`, `archive`, `quarantine`: where data lies
//! - [`cold_storage`]: whether the archive's objects are worth moving to a colder class
//! - `queries`: the archive as a table
//! - `access_logs`: who read or wrote which object
//! - `functions`: one file a function
//! - `triggers`: what feeds functions from the stream
//! - `readers`, `suppliers`: who may ask the catalog, who may put events on the stream
//! - `rotation`: new database passwords, again and again
//! - `schedule`: what runs every minute
//! - `flow_logs`: what the network refused
//! - `topic`, `alarms`, `dashboard`: what wakes somebody, and what they then look at
//! - `outputs`: what `terraform output` tells
//! - `versions`: which Terraform and provider, and where the state is
//! - [`changes`]: what AWS cannot change in one apply of the stack that takes an earlier one's place

mod access;
mod access_logs;
pub mod account;
mod alarms;
mod archive;
mod bucket;
mod cache;
pub mod changes;
pub mod cold_storage;
mod connections;
mod dashboard;
mod database;
mod encryption;
mod endpoints;
mod flow_logs;
mod functions;
mod identity;
mod keep;
mod logs;
mod metrics;
pub mod names;
mod network;
mod outputs;
mod quarantine;
mod queries;
mod readers;
mod rotation;
mod schedule;
mod secrets;
mod stream;
mod suppliers;
mod topic;
mod triggers;
mod versions;

use pipegen_contract::role::Role;

use crate::config::{Config, Settings, Sizing};
use crate::terraform::{Document, Fault};
use alarms::Watched;
use cold_storage::ColdStorage;
use functions::Surroundings;
use names::Names;
use outputs::Told;

/// The Lambda package, as the stack sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The zip's name beside the rendered files.
    pub file_name: String,
    /// The zip's SHA-256 in base64, which Terraform compares.
    pub source_code_hash: String,
}

/// The rendered stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The text of `main.tf.json`.
    pub main: String,
    /// The text of `versions.tf.json`.
    pub versions: String,
    /// How many resources it declares.
    pub resources: usize,
    /// What becomes of the archive's objects.
    pub cold_storage: ColdStorage,
}

/// What every part of the stack works with.
struct Build<'a> {
    document: Document,
    names: Names,
    settings: &'a Settings,
    sizing: Sizing,
    package: &'a Package,
}

/// Renders the stack of one environment. A fault is the program's own mistake.
pub fn build(config: &Config, package: &Package) -> Result<Rendered, Vec<Fault>> {
    let comment = "Rendered by pipegen. Change pipegen.toml and render again: what is changed here is overwritten.";
    let settings = &config.settings;
    let build = &mut Build {
        document: Document::new(comment),
        names: Names::new(config.environment.clone()),
        settings,
        sizing: Sizing::for_peak(settings.peak_updates_per_minute),
        package,
    };

    let account = &account::declare(build);
    let key = &encryption::declare(build, account);
    let migrate = &identity::declare(build, account, Role::Migrate);
    let processor = &identity::declare(build, account, Role::Processor);
    let archiver = &identity::declare(build, account, Role::Archiver);
    let catalog = &identity::declare(build, account, Role::Catalog);
    let maintain = &identity::declare(build, account, Role::Maintain);
    let rotate = &identity::declare(build, account, Role::Rotate);
    let network = &network::declare(build, &[migrate, processor, archiver, catalog, maintain, rotate]);
    let stream = &stream::declare(build, key);
    let database = &database::declare(build, key, network);
    let cache = &cache::declare(build, key, network);
    let logins = &secrets::declare(build, key);
    let cold_storage = ColdStorage::of(settings, build.sizing);
    let archive = &archive::declare(build, account, key, &cold_storage);
    let quarantine = &quarantine::declare(build, account, key);
    let queries = &queries::declare(build, account, key, archive);
    access_logs::declare(build, account, &[archive, quarantine, &queries.results]);
    let endpoints = &endpoints::declare(build, account, network, archive, quarantine, database, logins);
    let with = &Surroundings { key, network, endpoints, stream, database, logins, cache, archive, quarantine };
    let migrated = &functions::migrate::declare(build, migrate, with);
    let processor = &functions::processor::declare(build, processor, with, migrated);
    triggers::processor(build, stream, processor, quarantine);
    let archiver = &functions::archiver::declare(build, archiver, with);
    triggers::archiver(build, stream, archiver, archive, quarantine);
    let catalog = &functions::catalog::declare(build, catalog, with, migrated);
    let catalog_url = readers::declare(build, catalog);
    let maintain = &functions::maintain::declare(build, maintain, with, migrated);
    schedule::declare(build, account, key, maintain);
    let rotate = &functions::rotate::declare(build, rotate, with, migrated);
    rotation::declare(build, account, logins, rotate, migrated);
    let supplier_roles = suppliers::declare(build, key, stream);
    flow_logs::declare(build, account, key, network);
    let topic = &topic::declare(build, account, key);
    let watched = &Watched { stream, processor, archiver, catalog, rotate, database, cache };
    let alarms = alarms::table(build, watched);
    let arns = alarms::declare(build, topic, &alarms);
    dashboard::declare(build, watched, &alarms, &arns);
    let told = Told { stream, database, cache, archive, quarantine, queries, catalog_url, supplier_roles };
    outputs::declare(build, told);

    let versions = versions::text(config);
    let document = std::mem::take(&mut build.document);
    let resources = document.resources();
    document.finish().map(|main| Rendered { main, versions, resources, cold_storage })
}
