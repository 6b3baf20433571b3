//! Histories of the store: the real `pipegen_store::Store` on a real PostgreSQL, used by many sessions at once while
//! time passes, all from one seed. What is left, and what was seen on the way, must be what the naive model says.
//!
//! - [`plan`]: a seed's operations, and [`planner`], which makes them
//! - [`events`]: the events that are delivered
//! - [`catalog`]: the database of one history, and how time passes in it
//! - [`journal`]: what was told and seen
//! - [`sessions`], [`holds`]: processors, `maintain`, and a session that holds locks
//! - [`readers`], [`follower`]: readers of views, and of the changes feed
//! - [`verdict`]: what must hold whenever everything is at rest
//! - [`history`]: one history
//! - [`seeds`]: many of them
//!
//! `PIPEGEN_SEEDS` says how many seeds, `PIPEGEN_FIRST_SEED` which is the first, `PIPEGEN_AT_ONCE` how many run at a
//! time; `PIPEGEN_SHRINK` looks for the fewest operations that a failure needs.

#![allow(dead_code, reason = "the parts of other suites that are used here bring more than is used here")]

#[path = "../pipeline/run/databases.rs"]
mod databases;
#[path = "../pipeline/run/export.rs"]
mod export;
#[path = "../pipeline/model/mod.rs"]
mod model;
#[path = "../pipeline/records/mod.rs"]
mod records;
#[path = "../history/wire.rs"]
mod wire;

mod catalog;
mod events;
mod follower;
mod history;
mod holds;
mod journal;
mod plan;
mod planner;
mod readers;
mod seeds;
mod sessions;
mod verdict;
