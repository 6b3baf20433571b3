//! `pipegen`: renders the inventory pipeline as Terraform JSON, packages its Lambda, and runs it on one machine.
//!
//! - [`artifact`]: a bootstrap's bytes, checked, packed and named
//! - [`cli`]: what can be typed
//! - [`commands`]: one file a subcommand
//! - [`local`]: the pipeline on one machine, real servers and the real bootstrap
//! - [`config`]: `pipegen.toml` as validated plain data
//! - [`cost`]: what an environment costs a month
//! - [`diagram`]: the stack as a picture
//! - [`stack`]: every AWS resource, one file a role
//! - [`terraform`]: Terraform JSON, and nothing about what it describes

pub mod artifact;
pub mod cli;
pub mod commands;
pub mod config;
pub mod cost;
pub mod diagram;
pub mod local;
pub mod stack;
pub mod terraform;
