//! Runs a deployment on this machine.
//!
//! - [`pipeline`]: the stack with servers of its own
//! - [`applied`]: a stack that Terraform has applied to an emulated account
//! - [`account`]: that account
//! - [`functions`]: the functions and what they are set to
//! - [`play`]: one reading of a file for all consumers of the stream
//! - [`maintenance`], [`schedule`]: the clock
//! - [`summary`]: what happened

pub mod account;
pub mod applied;
pub mod functions;
pub mod maintenance;
pub mod pipeline;
pub mod play;
pub mod schedule;
pub mod summary;
