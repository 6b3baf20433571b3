//! Open loads on the whole pipeline: `pipegen local` with four shards, its functions, PostgreSQL, Redis and S3.
//!
//! - [`steady`], [`burst`], [`day`]: the benchmarks
//! - [`run`]: one load, from the start of the pipeline to the check of its work
//! - [`supply`]: the records and when they are due; [`sender`]: puts them on the stream
//! - [`reader`]: reads of the catalog; [`observer`]: lag, CPU time and memory
//! - [`pipeline`]: `pipegen local` as a child process
//! - [`latencies`]: latencies, and percentiles of them; [`figures`]: groups and charts

pub(super) mod burst;
pub(super) mod day;
mod figures;
mod latencies;
mod observer;
mod pipeline;
mod reader;
mod run;
mod sender;
pub(super) mod steady;
mod supply;
