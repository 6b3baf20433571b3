//! `pipegen.toml` as validated plain data, without any knowledge of Terraform.
//!
//! The file is optional: `[defaults]`, then `[environments.NAME]`. Every fault in it is reported together, with its
//! line.
//!
//! - `file`: a whole file
//! - `environment`: the environment, which is the suffix of every name
//! - `settings`: the settings of an environment, read from the layers of a file
//! - `combinations`: rules over more than one setting
//! - `meanings`, `reference`: the meaning of every setting, and everything about it for `docs/settings.md`
//! - `presets`: defaults by kind of environment
//! - `sizing`: shards, batch size and connections for a peak number of updates
//! - `connections`: connections to the database
//! - `architecture`: processor architectures of functions
//! - `engines`: the versions of database, cache and provider
//! - [`machines`]: instance classes and what they hold
//! - `network_range`: the network's addresses
//! - `principal`: ARNs of roles, users and accounts
//! - `cache_readers`: clients that may read the cache directly
//! - `suppliers`: suppliers, who may put events on the stream
//! - `account`: the account, and the permissions boundary of its roles
//! - `tags`: the user's own tags
//! - `reader`: typed look-ups through the layers of a file
//! - `fault`: mistakes in the settings, and their report

mod account;
mod architecture;
mod cache_readers;
mod combinations;
mod connections;
mod engines;
mod environment;
mod fault;
mod file;
pub mod machines;
mod meanings;
mod network_range;
mod presets;
mod principal;
mod reader;
mod reference;
mod settings;
mod sizing;
mod suppliers;
mod tags;

pub use architecture::Architecture;
pub use cache_readers::CacheReader;
pub use connections::login_connections;
pub use engines::CacheEngine;
pub use environment::Environment;
pub use fault::{Fault, Source, report};
pub use file::{Config, load};
pub use network_range::NetworkRange;
pub use presets::Preset;
pub use principal::{LONGEST_IAM_NAME, Principal};
pub use reference::{Setting, SettingGroup, reference};
pub use settings::{Backend, REGION, Settings};
pub use sizing::{ARCHIVE_BATCH, ARCHIVE_WINDOW_SECONDS, Sizing};
pub use suppliers::{ROLE_PREFIX, Supplier, supplier_names};
pub use tags::OWN_TAGS;
