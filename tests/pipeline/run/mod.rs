//! Runs of the built `pipegen local`, seen from outside.
//!
//! - [`local`]: the command, started, waited for or interrupted
//! - [`play`]: a run to its end, with everything that it left
//! - [`export`], [`quarantine`], [`archive`], [`cache`]: what it left, held against the model
//! - [`objects`]: how the two buckets hold their lines
//! - [`batches`]: its batches, while it goes on
//! - [`scene`]: a run that is fed by hand while its catalog is read by a [`reader`]
//! - [`postgresql`]: the run's database, stopped and started again
//! - [`processes`]: the processes that belong to it

pub(crate) mod archive;
pub(crate) mod batches;
pub(crate) mod cache;
pub(crate) mod export;
pub(crate) mod local;
pub(crate) mod objects;
pub(crate) mod play;
pub(crate) mod postgresql;
pub(crate) mod processes;
pub(crate) mod quarantine;
pub(crate) mod reader;
pub(crate) mod scene;
