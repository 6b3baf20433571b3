//! What a supplier's integrator runs: `pipegen schema` and `pipegen send`. No server is needed but one that a test
//! starts in its own process.
//!
//! - `schema`: the schemas and the catalog entry that are printed
//!
//! Shared by them:
//!
//! - `folder`: a temporary folder to run `pipegen` in

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod folder;
mod schema;
