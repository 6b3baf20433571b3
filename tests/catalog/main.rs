//! The catalog's read path on a real PostgreSQL and a real Redis.
//!
//! - `world`: the servers, a writer, and readers
//! - `proxy`: a server that keeps its answers back, falls silent, or is another one from some moment on
//! - `answers`: what readers are answered
//! - `fills`: what may be put into the cache
//! - `interleavings`: readers and writers in each other's way
//! - `redis_servers`: Redis servers beside the shared one
//! - `trouble`: servers that are away, silent, demoted or full

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answers;
mod fills;
mod interleavings;
mod proxy;
#[path = "../runtime/redis_servers.rs"]
mod redis_servers;
mod trouble;
mod world;
