//! Runs of the built `pipegen local`, from outside.
//!
//! - [`local`]: the command as a child process
//! - [`results`]: a whole run and all of its results
//! - [`export`], [`quarantine`], [`archive`], [`cache`]: the single results, compared with the model
//! - [`objects`]: the objects in the two buckets
//! - [`batches`]: the batches of a run, from the processor's log
//! - [`stepwise`]: a run whose records are fed part by part while its catalog is read by a [`reader`]
//! - [`served`]: a run that is used over its one port
//! - [`browser`]: headless Chromium
//! - [`databases`]: a PostgreSQL server with empty databases
//! - [`postgresql`]: the run's database, stopped and restarted
//! - [`processes`]: the processes of a run

pub(crate) mod archive;
pub(crate) mod batches;
pub(crate) mod browser;
pub(crate) mod cache;
pub(crate) mod databases;
pub(crate) mod export;
pub(crate) mod local;
pub(crate) mod objects;
pub(crate) mod postgresql;
pub(crate) mod processes;
pub(crate) mod quarantine;
pub(crate) mod reader;
pub(crate) mod results;
pub(crate) mod served;
pub(crate) mod stepwise;
