//! Tests of the naive model with which the suite `pipeline` compares the pipeline. They need no server.
//!
//! - [`json`]: the JSON parser
//! - [`time`]: the parser of timestamps, compared with chrono
//! - [`decode`]: every rule of docs/ARCHITECTURE.md, "Events", with hand-written records
//! - [`catalog`]: every definition of docs/ARCHITECTURE.md, "Meaning", with hand-written events
//! - [`files`]: whole files: order and repetition change nothing; the shipped sample contains every case

#[path = "../pipeline/cases/mod.rs"]
mod cases;
#[path = "../pipeline/model/mod.rs"]
mod model;
#[path = "../pipeline/records/mod.rs"]
mod records;

mod catalog;
mod decode;
mod files;
mod json;
mod time;
