//! `pipegen`: renders the inventory pipeline as Terraform JSON, packages its Lambda, and runs it on one machine.
//!
//! - [`cli`]: what can be typed
//! - [`commands`]: one file a subcommand
//! - [`terraform`]: Terraform JSON, and nothing about what it describes

pub mod cli;
pub mod commands;
pub mod terraform;
