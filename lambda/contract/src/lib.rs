//! Names that both halves use: what Terraform sets is what the runtime reads, by construction.
//!
//! - [`marker`]: what tells that a program is a bootstrap, and for which contract
//! - [`role`]: the handler names, one a role of the bootstrap
//! - [`env`]: environment variables of the functions
//! - [`event_type`]: the supplier's event types
//! - [`object_key`]: where objects lie in the archive and quarantine buckets
//! - [`archive_line`]: what an archived record looks like
//! - [`cache`]: the Redis layout, a public contract for services that read it directly
//! - [`database`]: roles in PostgreSQL
//! - [`failure`]: what a function reports that failed
//! - [`metric`]: what the functions measure
//! - [`batch_line`]: the log line that a processor writes for each batch
#![no_std]

extern crate alloc;

pub mod archive_line;
pub mod batch_line;
pub mod cache;
pub mod database;
pub mod env;
pub mod event_type;
pub mod failure;
pub mod marker;
pub mod metric;
pub mod object_key;
pub mod role;
