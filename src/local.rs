//! The pipeline on one machine: what `pipegen local` is made of.
//!
//! - [`records`]: the files that are played, line by line
//! - [`mapping`]: Lambda's rules for reading a stream, as a pure state machine
//! - [`host`]: runs the bootstrap as Lambda would
//! - [`servers`]: PostgreSQL and Redis, throwaway or given
//! - [`objects`]: S3 over a folder
//! - [`place`]: the folder of a run
//! - [`process`]: child processes, watched, stopped and reaped
//! - [`guard`]: what cleans up when pipegen itself is killed
//! - [`console`]: what is said on standard error

pub mod console;
pub mod guard;
pub mod host;
pub mod mapping;
pub mod objects;
pub mod place;
pub mod process;
pub mod records;
pub mod servers;
