//! Holds the naive model to the design, so that it can be trusted where it judges the pipeline. Needs no server.
//!
//! - [`json`]: what is JSON, and what the reader keeps of it
//! - [`time`]: points in time, against chrono
//! - [`judging`]: every rule of §3, by hand-made records
//! - [`catalog`]: every definition of §4, by hand-made events
//! - [`files`]: whole files: order and repetition change nothing; the shipped sample has everything in it

#[path = "../pipeline/cases/mod.rs"]
mod cases;
#[path = "../pipeline/model/mod.rs"]
mod model;
#[path = "../pipeline/records/mod.rs"]
mod records;

mod catalog;
mod files;
mod json;
mod judging;
mod time;
