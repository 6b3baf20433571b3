//! The AWS APIs that functions and their callers use, on this machine.
//!
//! - [`s3`]: buckets over a folder
//! - [`secrets_manager`]: secrets, and their rotation
//! - [`invoke_api`]: Lambda's `Invoke`
//! - [`function_url`]: HTTP requests as events of a function URL

pub mod api_error;
pub mod function_url;
pub mod invoke_api;
pub mod s3;
pub mod secrets_manager;
mod signature;
