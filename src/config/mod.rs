//! `pipegen.toml` as validated plain data, without any knowledge of Terraform.
//!
//! The file is optional: `[defaults]`, then `[environments.NAME]`. Every fault in it is reported together, with its
//! line.
//!
//! - `file`: a whole file
//! - `environment`: the environment, which is the suffix of every name
//! - `settings`: the settings of an environment, with their ranges and defaults
//! - `combinations`: rules over more than one setting
//! - `descriptions`: the meaning and the unit of every setting
//! - `settings_page`: every setting with its meaning, values and defaults, for `docs/settings.md`
//! - `presets`: the defaults that differ by preset
//! - `sizing`: shards, batch size and connections for a peak number of updates
//! - `connections`: connections to the database
//! - `architecture`: processor architectures of functions
//! - `engines`: the versions of database, cache and provider
//! - [`instance_types`]: instance classes and what they hold
//! - `network_range`: the network's addresses
//! - `principal`: ARNs of roles, users and accounts
//! - `readers`: principals that may call the catalog's URL
//! - `cache_readers`: clients that may read the cache directly
//! - `suppliers`: suppliers, who may put events on the stream
//! - `low_stock`: limits at which a product's stock is low
//! - `account`: the account, and the permissions boundary of its roles
//! - `tags`: the user's own tags
//! - `text_list`: lists of texts that are parsed one by one
//! - `reader`: typed look-ups through the layers of a file
//! - `fault`: mistakes in the settings, and their report

mod account;
mod architecture;
mod cache_readers;
mod combinations;
mod connections;
mod descriptions;
mod engines;
mod environment;
mod fault;
mod file;
pub mod instance_types;
mod low_stock;
mod network_range;
mod presets;
mod principal;
mod reader;
mod readers;
mod settings;
mod settings_page;
mod sizing;
mod suppliers;
mod tags;
mod text_list;

pub use architecture::Architecture;
pub use cache_readers::CacheReader;
pub use connections::login_connections;
pub use engines::CacheEngine;
pub use environment::Environment;
pub use fault::{Fault, SettingsFile, report};
pub use file::{Config, load};
pub use low_stock::LowStock;
pub use network_range::NetworkRange;
pub use presets::Preset;
pub use principal::{LONGEST_IAM_NAME, Principal};
pub use settings::{Backend, REGION, Settings};
pub use settings_page::{Setting, SettingGroup, reference};
pub use sizing::{ARCHIVE_BATCH, ARCHIVE_WINDOW_SECONDS, Sizing};
pub use suppliers::{Supplier, supplier_names};
pub use tags::OWN_TAGS;
