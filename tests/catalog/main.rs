//! The catalog's read path on a real PostgreSQL and a real Redis.
//!
//! - `answers`: the responses to readers
//! - `fills`: filling of the cache
//! - `interleavings`: concurrent readers and writers
//! - `trouble`: servers that are unreachable, hung, demoted or full
//! - `test_products`: the servers, and a test's own products, writer and readers
//! - `proxy`: a proxy that holds responses, hangs, or switches to another server
//! - `redis_servers`: Redis servers beside the shared one

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answers;
mod fills;
mod interleavings;
#[expect(dead_code, reason = "the suite `runtime` uses it too, and closes connections")]
mod proxy;
#[path = "../runtime/redis_servers.rs"]
mod redis_servers;
mod test_products;
mod trouble;
