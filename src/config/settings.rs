//! What can be set.

use std::ops::RangeInclusive;

use super::account;
use super::architecture::Architecture;
use super::cache_readers::{self, CacheReader};
use super::connections;
use super::engines::{CacheEngine, DATABASE_VERSIONS, PROVIDER_VERSIONS};
use super::machines::{CACHE_NODE_TYPES, DATABASE_CLASSES, DatabaseClass};
use super::network_range::NetworkRange;
use super::presets::Preset;
use super::principal::{self, Principal};
use super::reader::Reader;
use super::suppliers::{self, Supplier};
use super::tags;

/// The only region: names, prices and limits are checked for it.
pub const REGION: &str = "us-east-1";

/// Days for which `CloudWatch` can keep logs. It can also keep them for ever, which would outlive every destroy.
const LOG_RETENTION_DAYS: &[u32] =
    &[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// Three years, a leap day among them: what the regulators want at least.
const LEAST_RETENTION_DAYS: u32 = 1096;

/// Connections of the catalog if nothing is said.
const CATALOG_CONNECTIONS: u32 = 20;

/// The settings of one environment, all within their ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `preset`: the kind of environment, `throwaway`, `staging` or `production`; by default `staging`. It says what every
    /// setting is that the file leaves out and that has no default of its own below.
    pub preset: Preset,
    /// `architecture`: what the functions run on, `x86_64` or `arm64`. By default `x86_64`, because every build machine
    /// and CI runner can make that; `arm64` costs a fifth less and wants a build for it.
    pub architecture: Architecture,
    /// `network_cidr`: the network's private range, /16 to /24. By default 10.64.0.0/20. Only the first half is used.
    pub network_cidr: NetworkRange,
    /// `peak_updates_per_minute`: updates in the busiest minute. Shards, parallelization, batch size and connections
    /// follow from it ([`super::Sizing`]).
    pub peak_updates_per_minute: u32,
    /// `horizon_days`: an event whose time is longer before its arrival is refused.
    pub horizon_days: u32,
    /// `stream_retention_hours`: how long the stream keeps a record, so how long the database may be away. More than 24 hours
    /// cost $0.02 a shard and hour, more than 168 besides $0.023 a month for each GB that is older. Lambda gives up on a batch
    /// after 168 hours at the latest, so what lies longer can only be read by somebody else.
    pub stream_retention_hours: u32,
    /// `archive_retention_days`: how long archived and quarantined events are kept, three years at least.
    pub archive_retention_days: u32,
    /// `log_retention_days`: how long logs are kept.
    pub log_retention_days: u32,
    /// `database_version`: PostgreSQL's major version, 16, 17 or 18; by default 16. AWS keeps the minor one. Once the community
    /// no longer maintains it, RDS upgrades the database rather than charge for extended support. `docs/ENGINES.md` says how to
    /// upgrade before.
    pub database_version: u32,
    /// `database_instance_class`: by default the preset's, or the next larger one that has a connection for everybody at the
    /// peak.
    pub database_instance_class: DatabaseClass,
    /// `database_storage_gb`: storage at first, in GiB; it grows by itself up to five times that.
    pub database_storage_gb: u32,
    /// `database_multi_az`: keeps a standby in the other zone.
    pub database_multi_az: bool,
    /// `database_backup_days`: how far back the database can be restored to any second.
    pub database_backup_days: u32,
    /// `secret_rotation_days`: how often the functions' passwords for the database are renewed.
    pub secret_rotation_days: u32,
    /// `catalog_concurrency`: how many of the catalog's invocations run at the same time at most; Lambda keeps so many of the
    /// account's for it, and readers beyond get 429. By default none are kept: the catalog shares what the account has with the
    /// functions that take in events, and a new account has 10, of which nothing can be kept. AWS wants 100 to be left for the rest.
    pub catalog_concurrency: Option<u32>,
    /// `catalog_connections`: connections to the database that the catalog may hold, one for each request that it answers at
    /// the same time. A read beyond that is answered from the cache, or asked to come again. By default 20, or twice
    /// `catalog_concurrency` if that is less.
    pub catalog_connections: u32,
    /// `cache_engine`: `redis` (7.1, the last that `ElastiCache` has) or `valkey`, which costs a fifth less. `docs/ENGINES.md` says
    /// what a change does to a cache that is there.
    pub cache_engine: CacheEngine,
    /// `cache_node_type`.
    pub cache_node_type: &'static str,
    /// `cache_nodes`: with two or more, one that fails is replaced within seconds.
    pub cache_nodes: u32,
    /// `cache_view_seconds`: how long a product view stays in the cache.
    pub cache_view_seconds: u32,
    /// `cache_readers`: whose connections reach the cache besides the functions': security groups (`sg-…`) and ranges of this
    /// network's addresses. There is then a user for them that logs in by IAM and only reads. By default none.
    pub cache_readers: Vec<CacheReader>,
    /// `lambda_memory_mb`: memory of each function in MiB; processor time grows with it.
    pub lambda_memory_mb: u32,
    /// `secrets_endpoint_zones`: in how many of the two zones the way to Secrets Manager has a foot. Each costs $7.30 a month;
    /// with one, functions in the other zone go through that zone, and fail to log in anew while it is away.
    pub secrets_endpoint_zones: u32,
    /// `key_rotation_days`: days between two rotations of the key; each of the first two adds $1 a month for good.
    pub key_rotation_days: u32,
    /// `readers`: the ARNs of who may ask the catalog over its URL: roles, users or whole accounts (`arn:aws:iam::…:root`). By
    /// default nobody but who may call functions of this account anyway.
    pub readers: Vec<Principal>,
    /// `suppliers`: who may put events on the stream, each with a role of its own: from the supplier's name to the ARN that may
    /// take the role, or to `{ principal = "arn:…", external_id = "…" }`. Events of all others are refused. By default none has
    /// a role, and everybody's events are accepted.
    pub suppliers: Vec<Supplier>,
    /// `alarm_email`: where alarms are sent. AWS asks that address to agree before it sends any.
    pub alarm_email: Option<String>,
    /// `aws_provider`: the major version of Terraform's provider, 5 or 6; by default 5, the one that the tests run. Readers can be
    /// held to the catalog's URL only with 6. `docs/PROVIDERS.md` says what else differs, and what was tried.
    pub aws_provider: u32,
    /// `keep_on_destroy`: whether data outlives the stack. By default it does not: `terraform destroy` leaves nothing. With it Terraform
    /// refuses to destroy the key, the stream, the database or a bucket, and AWS to delete the database or a bucket that is not empty; should
    /// a database go all the same, it leaves a last snapshot and its backups.
    pub keep_on_destroy: bool,
    /// `account_id`: the number of the only account that Terraform may apply this in. By default any that it has credentials for.
    pub account_id: Option<String>,
    /// `permissions_boundary`: the ARN of a policy that bounds what any role may do; it is put on every role. By default none.
    pub permissions_boundary: Option<String>,
    /// `tags`: a table of tags that every resource gets besides `Application`, `Environment` and `ManagedBy`. A table of an environment
    /// stands in place of the defaults' one. By default none.
    pub tags: Vec<(String, String)>,
    /// `state_bucket` and, if that is set, `state_prefix` and `state_region`: where Terraform keeps its state.
    pub backend: Option<Backend>,
}

/// Terraform's S3 backend, which locks by a file beside the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// The bucket, which must exist.
    pub bucket: String,
    /// What the state's key begins with. The environment follows, so that no two environments can share a state.
    pub prefix: String,
    /// The bucket's region.
    pub region: String,
}

impl Settings {
    /// Reads every setting; what is wrong is left in the reader.
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let presets = Preset::ALL.map(|preset| (preset.name, preset));
        let preset = reader.choice("preset", &presets, Preset::DEFAULT);
        let architectures = Architecture::ALL.map(|it| (it.as_str(), it));
        let node_types: Vec<_> = CACHE_NODE_TYPES.iter().map(|name| (*name, *name)).collect();
        let engines = CacheEngine::ALL.map(|engine| (engine.as_str(), engine));
        let network_cidr = reader.text("network_cidr", NetworkRange::DEFAULT, NetworkRange::parse);
        let peak_updates_per_minute = reader.integer("peak_updates_per_minute", 1..=1_000_000, 1000);
        let catalog_concurrency = optional(reader, "catalog_concurrency", 1..=10_000);
        let connections = catalog_concurrency.map_or(CATALOG_CONNECTIONS, |most| CATALOG_CONNECTIONS.min(2 * most));
        let catalog_connections = reader.integer("catalog_connections", 2..=1000, connections);
        let needed = connections::needed(peak_updates_per_minute, catalog_connections);
        reader.choice("region", &[(REGION, ())], ());
        Self {
            preset,
            architecture: reader.choice("architecture", &architectures, Architecture::X86_64),
            network_cidr,
            peak_updates_per_minute,
            horizon_days: reader.integer("horizon_days", 1..=90, 7),
            stream_retention_hours: reader.integer("stream_retention_hours", 24..=8760, preset.stream_retention_hours),
            archive_retention_days: archive_retention_days(reader),
            log_retention_days: reader.listed("log_retention_days", LOG_RETENTION_DAYS, preset.log_retention_days),
            database_version: reader.listed("database_version", DATABASE_VERSIONS, 16),
            database_instance_class: database_class(reader, preset, needed),
            database_storage_gb: reader.integer("database_storage_gb", 20..=65_536, preset.database_storage_gb),
            database_multi_az: reader.flag("database_multi_az", preset.database_multi_az),
            database_backup_days: reader.integer("database_backup_days", 1..=35, preset.database_backup_days),
            secret_rotation_days: reader.integer("secret_rotation_days", 1..=90, 30),
            catalog_concurrency,
            catalog_connections,
            cache_engine: reader.choice("cache_engine", &engines, CacheEngine::Redis),
            cache_node_type: reader.choice("cache_node_type", &node_types, preset.cache_node_type),
            cache_nodes: reader.integer("cache_nodes", 1..=6, preset.cache_nodes),
            cache_view_seconds: reader.integer("cache_view_seconds", 10..=86_400, 300),
            cache_readers: cache_readers::cache_readers(reader, network_cidr),
            lambda_memory_mb: reader.integer("lambda_memory_mb", 128..=10_240, preset.lambda_memory_mb),
            secrets_endpoint_zones: reader.integer("secrets_endpoint_zones", 1..=2, preset.secrets_endpoint_zones),
            key_rotation_days: reader.integer("key_rotation_days", 90..=2560, preset.key_rotation_days),
            readers: principal::readers(reader),
            suppliers: suppliers::suppliers(reader),
            alarm_email: reader.text("alarm_email", None, |text| email_address(text).map(Some)),
            aws_provider: reader.listed("aws_provider", PROVIDER_VERSIONS, 5),
            keep_on_destroy: reader.flag("keep_on_destroy", false),
            account_id: reader.text("account_id", None, |text| account::account_id(text).map(Some)),
            permissions_boundary: reader.text("permissions_boundary", None, |text| account::policy_arn(text).map(Some)),
            tags: tags::tags(reader),
            backend: backend(reader),
        }
    }
}

fn database_class(reader: &mut Reader<'_>, preset: Preset, connections: u32) -> DatabaseClass {
    let classes: Vec<_> = DATABASE_CLASSES.iter().map(|class| (class.name, *class)).collect();
    let default = DatabaseClass::at_least(preset.database_instance_class, connections);
    reader.choice("database_instance_class", &classes, default)
}

/// An integer that need not be said.
fn optional(reader: &mut Reader<'_>, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
    let (least, before) = (*range.start(), reader.faults.len());
    let value = reader.integer(key, range, least);
    (reader.span(key).is_some() && reader.faults.len() == before).then_some(value)
}

fn archive_retention_days(reader: &mut Reader<'_>) -> u32 {
    let key = "archive_retention_days";
    let before = reader.faults.len();
    // S3 lifecycle rules count days in a 32-bit integer; a century is more than anybody means.
    let days = reader.integer(key, LEAST_RETENTION_DAYS..=36_525, LEAST_RETENTION_DAYS);
    if let Some(fault) = reader.faults.get_mut(before) {
        fault.help = Some("every change is kept for at least three years".into());
    }
    days
}

/// Enough to catch what was typed wrong; whether the address exists shows when it agrees to be sent alarms.
fn email_address(text: &str) -> Result<String, String> {
    let fits = text.split_once('@').is_some_and(|(name, host)| {
        let plain = |part: &str, others: &str| part.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c));
        let labels = || host.split('.');
        (1..=64).contains(&name.len())
            && host.len() <= 253
            && plain(name, "!#$%&'*+-/=?^_`{|}~.")
            && labels().count() >= 2
            && labels().all(|label| !label.is_empty() && plain(label, "-"))
    });
    if fits { Ok(text.to_owned()) } else { Err("an address looks like `name@example.com`".into()) }
}

fn backend(reader: &mut Reader<'_>) -> Option<Backend> {
    let bucket = reader.text("state_bucket", None, |text| bucket_name(text).map(Some));
    let prefix = reader.text("state_prefix", "pipegen".to_owned(), state_prefix);
    let region = reader.text("state_region", REGION.to_owned(), region_name);
    bucket.map(|bucket| Backend { bucket, prefix, region })
}

fn bucket_name(text: &str) -> Result<String, String> {
    let fits = (3..=63).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c))
        && !text.starts_with(['.', '-'])
        && !text.ends_with(['.', '-'])
        && !text.contains("..");
    let rule = "a bucket's name has 3 to 63 lower-case letters, digits, single points and hyphens";
    if fits { Ok(text.to_owned()) } else { Err(rule.into()) }
}

fn state_prefix(text: &str) -> Result<String, String> {
    let fits = !text.is_empty()
        && text.len() <= 900
        && !text.starts_with('/')
        && !text.ends_with('/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    let rule = "a state's prefix has letters, digits and `/._-`, with no `/` at either end";
    if fits { Ok(text.to_owned()) } else { Err(rule.into()) }
}

fn region_name(text: &str) -> Result<String, String> {
    let parts: Vec<_> = text.split('-').collect();
    let fits = parts.len() >= 3
        && parts
            .iter()
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
    if fits { Ok(text.to_owned()) } else { Err("a region looks like `us-east-1`".into()) }
}
