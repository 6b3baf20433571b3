//! What runs: functions, event source mappings, schedules and a function URL, as plain data.
//!
//! - [`state`]: out of Terraform's state
//! - [`package`]: the bootstrap out of the zip

pub mod package;
pub mod state;
