//! Names that the rendered stack and the runtime share, so that Terraform sets exactly what the runtime reads.
//!
//! - [`marker`]: the marker in every bootstrap, with the version of this contract
//! - [`role`]: the handler names, one for each role of the bootstrap
//! - [`mod@env`]: environment variables of the functions
//! - [`event_type`]: the supplier's event types
//! - [`object_key`]: the keys of objects in the archive and quarantine buckets
//! - [`archive_line`]: the fields of an archived record
//! - [`cache`]: the Redis layout, a public contract for services that read it directly
//! - [`database`]: roles in PostgreSQL
//! - [`failure`]: the error types that a failed function reports
//! - [`low_stock`]: the low-stock limits in the input of `migrate`
//! - [`metric`]: the metrics that the functions write
//! - [`payload`]: the largest payload of an invocation
//! - [`probe`]: the supplier and the SKUs of events that try the pipeline
//! - [`supplier_role`]: the names of the suppliers' IAM roles
//! - [`batch_line`]: the log line that the processor writes for each batch
#![no_std]

extern crate alloc;

pub mod archive_line;
pub mod batch_line;
pub mod cache;
pub mod database;
pub mod env;
pub mod event_type;
pub mod failure;
pub mod low_stock;
pub mod marker;
pub mod metric;
pub mod object_key;
pub mod payload;
pub mod probe;
pub mod role;
pub mod supplier_role;
