//! `pipegen.toml` as validated plain data. Knows no Terraform.
//!
//! The file is optional: `[defaults]`, then `[environments.NAME]`. Every fault in it is reported together, with its line.
//!
//! - `environment`: the suffix of every name
//! - `settings`: what can be set, with meaning and range
//! - `presets`: what the settings are by kind of environment
//! - `sizing`: what follows from the peak number of updates
//! - `connections`: how many connections to the database the functions may hold
//! - `engines`: the versions of database, cache and provider
//! - [`machines`]: instance classes and what they hold
//! - `network_range`: the network's addresses
//! - `principal`: somebody in AWS, who is let in
//! - `cache_readers`: who may read the cache directly
//! - `suppliers`: who may put events on the stream
//! - `account`: the account that an environment belongs to
//! - `tags`: tags of the user's own
//! - `reader`: typed look-ups through the layers of a file
//! - `combinations`: rules over more than one setting
//! - `fault`: what is wrong, where, and what to do

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
pub use tags::OWN as OWN_TAGS;
