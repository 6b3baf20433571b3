//! Emulated AWS APIs on loopback, as far as the functions and their callers use them.
//!
//! - [`s3`]: buckets over a folder
//! - [`secrets_manager`]: secrets and their rotation
//! - [`invoke_api`]: Lambda's `Invoke`
//! - [`function_url`]: HTTP requests as events of a function URL
//! - [`signature`]: the access key of a request
//! - [`api_error`]: errors in the form of AWS' JSON protocols

pub mod api_error;
pub mod function_url;
pub mod invoke_api;
pub mod s3;
pub mod secrets_manager;
mod signature;
