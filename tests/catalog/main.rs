//! The catalog's read path on a real PostgreSQL and a real Redis.
//!
//! - `world`: the servers, a writer, and readers
//! - `proxy`: a server that keeps its answers back
//! - `answers`: what readers are answered
//! - `fills`: what may be put into the cache
//! - `interleavings`: readers and writers in each other's way
//! - `trouble`: servers that are away, silent or full

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answers;
mod fills;
mod interleavings;
mod proxy;
mod trouble;
mod world;
