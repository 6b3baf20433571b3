//! The commands of a supplier's integrator: `pipegen schema` and `pipegen send`. No server is needed but one that a test
//! starts in its own process.
//!
//! - `schema`: the schemas and the catalog entry that are printed
//! - `check`: `send --check`: what is good, what is refused, and how files may look
//! - `deliver`: limits, retries, checkpoints, signals
//! - `guide`: the examples of the guides and of `--help`
//! - `tables`: which events the rows of tables become
//!
//! Shared by them:
//!
//! - `events`: events of now
//! - `folder`: a temporary folder to run `pipegen` in
//! - `stream`: a stream that does to requests what a test wants

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod check;
mod deliver;
mod events;
mod folder;
mod guide;
mod schema;
mod stream;
mod tables;
