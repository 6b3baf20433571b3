//! `pipegen`: renders the inventory pipeline as Terraform JSON, packages its Lambda, and runs it on one machine.
//!
//! - [`cli`]: what can be typed
//! - [`commands`]: one file a subcommand

pub mod cli;
pub mod commands;
