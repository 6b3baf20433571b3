//! Emulated AWS APIs on loopback, as far as the functions and their callers use them.
//!
//! - [`s3`]: buckets on the disk
//! - [`secrets_manager`]: secrets and their rotation
//! - [`kinesis`]: records put on the run's stream
//! - [`sts`]: the account's number
//! - [`invoke_api`]: Lambda's `Invoke`
//! - [`function_url`]: HTTP requests as events of a function URL
//! - [`url_callers`]: the callers of a function URL that wants signatures
//! - [`signature`]: the check of a request's signature
//! - [`access_key`]: the check of a request's access key
//! - [`api_error`]: errors in the form of AWS' JSON protocols

mod access_key;
pub mod api_error;
pub mod function_url;
pub mod invoke_api;
pub mod kinesis;
pub mod s3;
pub mod secrets_manager;
mod signature;
pub mod sts;
pub mod url_callers;
