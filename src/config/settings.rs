//! The settings of an environment, with the range and the default of each, read from the layers of a file. Defaults
//! that differ by preset are in `presets`.

use super::account;
use super::architecture::Architecture;
use super::cache_readers::{self, CacheReader};
use super::connections;
use super::engines::{CacheEngine, DATABASE_VERSIONS, PROVIDER_VERSIONS};
use super::instance_types::{CACHE_NODE_TYPES, DATABASE_CLASSES, DatabaseClass};
use super::low_stock::{self, LowStock};
use super::network_range::{NetworkRange, PREFIXES};
use super::presets::Preset;
use super::principal::Principal;
use super::reader::Reader;
use super::readers;
use super::suppliers::{self, Supplier};
use super::tags;

/// The only region: names, prices and limits are checked for it.
pub const REGION: &str = "us-east-1";

/// The retentions that `CloudWatch` Logs has, in days. It can also keep logs for ever, which would outlive every
/// destroy.
const LOG_RETENTION_DAYS: &[u32] =
    &[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// Three years, a leap day among them: the least that regulators want.
const LEAST_RETENTION_DAYS: u32 = 1096;

/// The settings of one environment, all within their ranges. Their meanings are in [`super::descriptions`], in the
/// same order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub preset: Preset,
    pub architecture: Architecture,
    pub lambda_memory_mb: u32,
    pub aws_provider: u32,
    pub keep_on_destroy: bool,
    pub account_id: Option<String>,
    pub permissions_boundary: Option<String>,
    pub tags: Vec<(String, String)>,
    pub peak_updates_per_minute: u32,
    pub horizon_days: u32,
    pub stream_retention_hours: u32,
    pub suppliers: Vec<Supplier>,
    pub direct_stream_access: bool,
    pub database_version: u32,
    pub database_instance_class: DatabaseClass,
    pub database_storage_gb: u32,
    pub database_multi_az: bool,
    pub database_backup_days: u32,
    pub secret_rotation_days: u32,
    pub cache_engine: CacheEngine,
    pub cache_node_type: &'static str,
    pub cache_nodes: u32,
    pub cache_view_seconds: u32,
    pub cache_readers: Vec<CacheReader>,
    pub readers: Vec<Principal>,
    pub catalog_concurrency: Option<u32>,
    pub catalog_connections: u32,
    pub low_stock: LowStock,
    pub low_stock_email: Option<String>,
    pub archive_retention_days: u32,
    pub log_retention_days: u32,
    pub alarm_email: Option<String>,
    pub runbook_url: Option<String>,
    pub network_cidr: NetworkRange,
    pub secrets_endpoint_zones: u32,
    pub key_rotation_days: u32,
    pub backend: Option<Backend>,
}

/// Terraform's S3 backend, which locks by a file beside the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// The bucket, which must exist.
    pub bucket: String,
    /// The beginning of the state's key. The environment follows, so that no two environments can share a state.
    pub prefix: String,
    pub region: String,
}

impl Settings {
    /// Reads every setting; faults are left in the reader.
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let presets = Preset::ALL.map(|preset| (preset.name, preset));
        let preset = reader.choice("preset", &presets, Preset::DEFAULT);
        let architectures = Architecture::ALL.map(|it| (it.as_str(), it));
        let node_types: Vec<_> = CACHE_NODE_TYPES.iter().map(|name| (*name, *name)).collect();
        let engines = CacheEngine::ALL.map(|engine| (engine.as_str(), engine));
        let network_cidr = network_cidr(reader);
        let peak_updates_per_minute = reader.integer("peak_updates_per_minute", 1..=1_000_000, 1000);
        let catalog_concurrency = reader.optional_integer("catalog_concurrency", 1..=10_000);
        let catalog_connections =
            reader.integer("catalog_connections", 2..=1000, default_catalog_connections(catalog_concurrency));
        let needed = connections::needed(peak_updates_per_minute, catalog_connections);
        reader.choice("region", &[(REGION, ())], ());
        Self {
            preset,
            architecture: reader.choice("architecture", &architectures, Architecture::X86_64),
            lambda_memory_mb: reader.integer("lambda_memory_mb", 128..=10_240, preset.lambda_memory_mb),
            aws_provider: reader.listed("aws_provider", PROVIDER_VERSIONS, 5),
            keep_on_destroy: reader.flag("keep_on_destroy", false),
            account_id: reader.optional_text("account_id", "the 12 digits of an account", account::account_id),
            permissions_boundary: reader.optional_text(
                "permissions_boundary",
                "the ARN of a policy",
                account::policy_arn,
            ),
            tags: tags::tags(reader),
            peak_updates_per_minute,
            horizon_days: reader.integer("horizon_days", 1..=90, 7),
            stream_retention_hours: reader.integer("stream_retention_hours", 24..=8760, preset.stream_retention_hours),
            suppliers: suppliers::suppliers(reader),
            direct_stream_access: reader.flag("direct_stream_access", true),
            database_version: reader.listed("database_version", DATABASE_VERSIONS, 16),
            database_instance_class: database_class(reader, preset, needed),
            database_storage_gb: reader.integer("database_storage_gb", 20..=65_536, preset.database_storage_gb),
            database_multi_az: reader.flag("database_multi_az", preset.database_multi_az),
            database_backup_days: reader.integer("database_backup_days", 1..=35, preset.database_backup_days),
            secret_rotation_days: reader.integer("secret_rotation_days", 1..=90, 30),
            cache_engine: reader.choice("cache_engine", &engines, CacheEngine::Redis),
            cache_node_type: reader.choice("cache_node_type", &node_types, preset.cache_node_type),
            cache_nodes: reader.integer("cache_nodes", 1..=6, preset.cache_nodes),
            cache_view_seconds: reader.integer("cache_view_seconds", 10..=86_400, 300),
            cache_readers: cache_readers::cache_readers(reader, network_cidr),
            readers: readers::readers(reader),
            catalog_concurrency,
            catalog_connections,
            low_stock: low_stock::low_stock(reader),
            low_stock_email: reader.optional_text("low_stock_email", "an e-mail address", email_address),
            archive_retention_days: archive_retention_days(reader),
            log_retention_days: reader.listed("log_retention_days", LOG_RETENTION_DAYS, preset.log_retention_days),
            alarm_email: reader.optional_text("alarm_email", "an e-mail address", email_address),
            runbook_url: reader.optional_text("runbook_url", "an address that begins with `https://`", page_address),
            network_cidr,
            secrets_endpoint_zones: reader.integer("secrets_endpoint_zones", 1..=2, preset.secrets_endpoint_zones),
            key_rotation_days: reader.integer("key_rotation_days", 90..=2560, preset.key_rotation_days),
            backend: backend(reader),
        }
    }
}

fn database_class(reader: &mut Reader<'_>, preset: Preset, connections: u32) -> DatabaseClass {
    let classes: Vec<_> = DATABASE_CLASSES.iter().map(|class| (class.name, *class)).collect();
    let default = DatabaseClass::at_least(preset.database_instance_class, connections);
    reader.choice("database_instance_class", &classes, default)
}

/// Returns the default of `catalog_connections`. Each execution environment holds one connection, and while a new
/// version replaces an old one there are twice as many as `catalog_concurrency`: more connections than that are never
/// used.
fn default_catalog_connections(catalog_concurrency: Option<u32>) -> u32 {
    let most = catalog_concurrency.map_or(u32::MAX, |concurrency| 2 * concurrency);
    most.min(20)
}

fn network_cidr(reader: &mut Reader<'_>) -> NetworkRange {
    let (widest, narrowest) = (PREFIXES.start(), PREFIXES.end());
    let values = format!("a private IPv4 range `ADDRESS/PREFIX`, /{widest} to /{narrowest}");
    reader.text("network_cidr", &values, NetworkRange::DEFAULT, NetworkRange::parse)
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

/// Parses an address, strictly enough to catch a slip. Whether it exists shows when its owner confirms the
/// subscription.
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

/// Parses the address of a page, to which an anchor is appended.
fn page_address(text: &str) -> Result<String, String> {
    let fits = text.len() <= 200
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && url::Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.fragment().is_none());
    let rule = "a page's address looks like `https://wiki.example.com/runbook`, with at most 200 characters and no `#`";
    if fits { Ok(text.to_owned()) } else { Err(rule.into()) }
}

fn backend(reader: &mut Reader<'_>) -> Option<Backend> {
    let bucket = reader.optional_text("state_bucket", "the name of a bucket", bucket_name);
    let prefix = reader.text("state_prefix", "letters, digits and `/._-`", "pipegen".to_owned(), state_prefix);
    let region = reader.text("state_region", "the name of a region", REGION.to_owned(), region_name);
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
