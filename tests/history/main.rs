//! Histories under faults: suppliers and readers use a whole pipeline (real bootstrap processes, PostgreSQL, Redis, S3)
//! while faults strike it, all from one seed. Then everything is healed and drained, and what was recorded must be
//! explained by the promises in docs/ARCHITECTURE.md.
//!
//! - [`plan`]: a seed's faults
//! - [`pipeline`]: the pipeline of one run, and its servers
//! - [`wire`]: a proxy whose connections can be reset, delayed, silenced
//! - [`nemesis`]: carries a plan out
//! - [`suppliers`], [`readers`], [`follower`]: what uses the pipeline meanwhile, and records what it saw
//! - [`known`]: what every read must show by now
//! - [`verdict`]: what must hold at the end
//! - [`history`]: one history, from its beginning to its verdict
//! - [`timeline`], [`picture`]: the course of a history, and its picture
//! - [`soak`], [`report`]: many seeds, and their report
//!
//! `PIPEGEN_SEEDS` says how many seeds, `PIPEGEN_FIRST_SEED` which is the first. `PIPEGEN_FAULTS=0,3` leaves only these
//! faults in a plan, `PIPEGEN_SHRINK` looks for the fewest that a failure needs, `PIPEGEN_REPORT` names a folder for the
//! report. `scripts/soak` sets them.

#![allow(dead_code, reason = "the parts of the suite `pipeline` that are used here bring more than is used here")]

#[path = "../pipeline/model/mod.rs"]
mod model;
#[path = "../pipeline/records/mod.rs"]
mod records;
#[path = "../pipeline/run/mod.rs"]
mod run;

mod follower;
mod history;
mod known;
mod nemesis;
mod picture;
mod pipeline;
mod plan;
mod readers;
mod report;
mod soak;
mod suppliers;
mod timeline;
mod verdict;
mod wire;
