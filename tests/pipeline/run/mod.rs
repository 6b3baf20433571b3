//! Runs of the built `pipegen local`, seen from outside.
//!
//! - [`local`]: the command, started, waited for or interrupted
//! - [`play`]: a run to its end, with everything that it left
//! - [`export`], [`quarantine`], [`cache`]: what it left, held against the model
//! - [`processes`]: the processes that belong to it

pub(crate) mod cache;
pub(crate) mod export;
pub(crate) mod local;
pub(crate) mod play;
pub(crate) mod processes;
pub(crate) mod quarantine;
