//! Histories under faults: suppliers and readers use a whole pipeline (real bootstrap processes, PostgreSQL, Redis, S3)
//! while faults strike it, all from one seed. Then everything is healed and drained, and what was recorded must be
//! explained by the promises in docs/ARCHITECTURE.md.
//!
//! - [`plan`]: a seed's faults
//! - [`pipeline`]: the pipeline of one run, and its servers
//! - [`wire`]: a proxy whose connections can be reset, delayed, silenced
//! - [`nemesis`]: carries a plan out
//! - [`suppliers`], [`readers`]: what uses the pipeline meanwhile, and records what it saw
//! - [`known`]: what every read must show by now
//! - [`verdict`]: what must hold at the end
//! - [`soak`]: many seeds, with a report
//!
//! `PIPEGEN_SEEDS` says how many seeds, `PIPEGEN_FIRST_SEED` which is the first; `PIPEGEN_FAULTS` leaves only these
//! numbers of a plan's faults, so that a failing seed can be shrunk; `PIPEGEN_REPORT` names a file for the report.

#![allow(dead_code, reason = "the parts of the suite `pipeline` that are used here bring more than is used here")]

#[path = "../pipeline/model/mod.rs"]
mod model;
#[path = "../pipeline/records/mod.rs"]
mod records;
#[path = "../pipeline/run/mod.rs"]
mod run;

mod known;
mod nemesis;
mod pipeline;
mod plan;
mod readers;
mod soak;
mod suppliers;
mod verdict;
mod wire;
