//! `pipegen`: renders the inventory pipeline as Terraform JSON, packages its Lambda, and runs it on one machine.
//!
//! The command line:
//!
//! - [`cli`]: arguments and help
//! - [`commands`]: one file a subcommand
//! - [`printer`]: standard output and standard error
//! - [`numbers`]: numbers as people read them
//!
//! The stack, as Terraform JSON:
//!
//! - [`config`]: `pipegen.toml` as validated plain data
//! - [`stack`]: every AWS resource, one file for each purpose
//! - [`terraform`]: Terraform JSON, and nothing about what it describes
//! - [`artifact`]: a bootstrap's bytes, checked, packed and named
//! - [`bootstrap`]: the bootstrap, built by Cargo
//! - [`cost`]: the estimated costs of an environment
//! - [`diagram`]: the stack as a picture
//!
//! The stack where it is deployed:
//!
//! - [`aws`]: its account
//! - [`send`]: suppliers' events, from files to a stream
//! - [`tables`]: tables (CSV) as events
//! - [`archive`]: the archive and the quarantine: found, read, verified
//! - [`rebuild`]: a catalog from the archive
//!
//! - [`probe`]: events that try it
//!
//! The stack on one machine, `pipegen local`:
//!
//! - [`deployment`]: the part of a stack that runs, as plain data
//! - [`local`]: runs a deployment
//! - [`event_source`]: event source mappings
//! - [`emulators`]: the AWS APIs that functions use
//! - [`lambda_host`]: runs the bootstrap as Lambda would
//! - [`servers`]: PostgreSQL and Redis
//! - [`stream`]: the stream, open to whoever puts records on it
//! - [`records`]: files of records
//! - [`session`]: the working folder, child processes and signals of a run

pub mod archive;
pub mod artifact;
pub mod aws;
pub mod bootstrap;
pub mod cli;
pub mod commands;
pub mod config;
pub mod cost;
pub mod deployment;
pub mod diagram;
pub mod emulators;
pub mod event_source;
pub mod lambda_host;
pub mod local;
pub mod numbers;
pub mod printer;
pub mod probe;
pub mod rebuild;
pub mod records;
pub mod send;
pub mod servers;
pub mod session;
pub mod stack;
pub mod stream;
pub mod tables;
pub mod terraform;
