//! The AWS stack, one file for each purpose. Reads and writes no files; [`build()`] lists all parts,
//! in dependency order.
//!
//! - [`names`]: every name, from one table
//! - `build`: the document under construction, with everything that resources are declared from
//! - `units`: seconds and bytes
//! - `account`: the provider and the account
//! - `access`: policy documents and their statements
//! - `keep`: the lifecycle of resources that outlive the stack
//! - `encryption`: the key
//! - `identity`: a role for each function
//! - `network`, `security_groups`, `endpoints`: subnets, the connections that are allowed, the AWS services that can be
//!   reached
//! - `logs`, `bucket`: log groups and buckets
//! - `stream`, `database`, `cache`, `secrets`, `archive`, `quarantine`, `crossings`: stores of data
//! - [`cold_storage`]: the archive's transition to a colder storage class, if it saves money
//! - `queries`: the archive as an Athena table
//! - `access_logs`: S3 access logs of the buckets
//! - `functions`: one file for each function
//! - `triggers`: event source mappings
//! - `urls`: the URLs of the catalog and of `ingest`
//! - `readers`, `suppliers`: permissions to call these, and to put events on the stream
//! - `rotation`: rotation of the database passwords
//! - `schedule`: the schedule that runs `maintain` every minute
//! - `flow_logs`: traffic that the network refused
//! - `metrics`: the metrics that alarms and dashboard show
//! - `low_stock`: notifications of low-stock crossings
//! - `topic`, `alarms`, `dashboard`: notifications of faults, and what to look at after one
//! - `outputs`: the values that `terraform output` prints
//! - `versions`: the versions of Terraform and provider, and the backend
//! - [`changes`]: changes to an earlier render that AWS cannot make in one apply, or that cost data or time

mod access;
mod access_logs;
mod account;
mod alarms;
mod archive;
mod bucket;
mod build;
mod cache;
pub mod changes;
pub mod cold_storage;
mod crossings;
mod dashboard;
mod database;
mod encryption;
mod endpoints;
mod flow_logs;
mod functions;
mod identity;
mod keep;
mod logs;
mod low_stock;
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
mod security_groups;
mod stream;
mod suppliers;
mod topic;
mod triggers;
mod units;
mod urls;
mod versions;

use pipegen_contract::role::Role;

use crate::config::{Config, Sizing};
use crate::terraform::{Document, InvalidBlock};
use alarms::Watched;
use build::Build;
pub use build::Package;
use cold_storage::ColdStorage;
use functions::{Buckets, Dependencies};
use names::Names;
use outputs::Outputs;

/// The rendered stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The text of `main.tf.json`.
    pub main: String,
    /// The text of `versions.tf.json`.
    pub versions: String,
    /// The number of declared resources.
    pub resources: usize,
    pub cold_storage: ColdStorage,
}

/// Renders the stack of one environment. An error is a mistake in pipegen itself.
pub fn build(config: &Config, package: &Package) -> Result<Rendered, Vec<InvalidBlock>> {
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
    let log_encryption = logs::key_statement(build, account, &database::log_groups(build));
    let alarm_encryption = topic::key_statement(build, account);
    let low_stock = low_stock::key_statement(build, account);
    let key = &encryption::declare(build, account, [log_encryption, alarm_encryption].into_iter().chain(low_stock));
    let migrate_role = &identity::declare(build, account, Role::Migrate);
    let processor_role = &identity::declare(build, account, Role::Processor);
    let archiver_role = &identity::declare(build, account, Role::Archiver);
    let catalog_role = &identity::declare(build, account, Role::Catalog);
    let maintain_role = &identity::declare(build, account, Role::Maintain);
    let rotate_role = &identity::declare(build, account, Role::Rotate);
    let ingest_role = &identity::declare(build, account, Role::Ingest);
    let roles = [migrate_role, processor_role, archiver_role, catalog_role, maintain_role, rotate_role];
    let network = &network::declare(build, &roles);
    let stream = &stream::declare(build, key);
    let database = &database::declare(build, key, network);
    let cache = &cache::declare(build, key, network);
    let logins = &secrets::declare(build, key);
    let cold_storage = ColdStorage::of(settings, build.sizing);
    let archive = &archive::declare(build, account, key, &cold_storage);
    let quarantine = &quarantine::declare(build, account, key);
    let queries = &queries::declare(build, account, key, archive);
    let crossings = &crossings::declare(build, account, key);
    access_logs::declare(build, account, &[archive, quarantine, &queries.results, crossings]);
    let buckets = Buckets { archive, quarantine, crossings };
    let endpoints = &endpoints::declare(build, account, network, buckets, database, logins);
    let dependencies = &Dependencies { key, network, endpoints, stream, database, logins, cache, buckets };
    let migrated = &functions::migrate::declare(build, migrate_role, dependencies);
    let processor = &functions::processor::declare(build, processor_role, dependencies, migrated);
    triggers::processor(build, stream, processor, quarantine);
    let archiver = &functions::archiver::declare(build, archiver_role, dependencies);
    triggers::archiver(build, stream, archiver, archive, quarantine);
    let catalog = &functions::catalog::declare(build, catalog_role, dependencies, migrated);
    let catalog_url = urls::declare(build, catalog);
    readers::declare(build, catalog);
    let maintain = &functions::maintain::declare(build, maintain_role, dependencies, migrated);
    schedule::declare(build, account, key, maintain, crossings);
    let rotate = &functions::rotate::declare(build, rotate_role, dependencies, migrated);
    rotation::declare(build, account, logins, rotate, migrated);
    let ingest = &functions::ingest::declare(build, ingest_role, dependencies);
    let ingest_url = urls::declare(build, ingest);
    let supplier_roles = suppliers::declare(build, key, stream, ingest);
    low_stock::declare(build, key, crossings);
    flow_logs::declare(build, account, key, network);
    let topic = &topic::declare(build, account, key);
    let watched = &Watched { stream, ingest, processor, archiver, catalog, rotate, database, cache };
    let alarms = alarms::table(build, watched);
    let arns = alarms::declare(build, topic, &alarms);
    dashboard::declare(build, watched, &alarms, &arns);
    let outputs = Outputs {
        stream,
        database,
        cache,
        archive,
        quarantine,
        crossings,
        queries,
        catalog_url,
        ingest_url,
        supplier_roles,
    };
    outputs::declare(build, outputs);

    let versions = versions::text(config);
    let document = std::mem::take(&mut build.document);
    let resources = document.resources();
    document.finish().map(|main| Rendered { main, versions, resources, cold_storage })
}
