//! The pipeline on one machine: what `pipegen local` is made of. In the order in which a record meets them:
//!
//! - [`records`]: the files that are played, line by line
//! - [`play`]: the run itself
//! - [`mapping`]: Lambda's rules for reading a stream, as a pure state machine
//! - [`host`]: runs the bootstrap as Lambda would
//! - [`functions`]: the functions and what they are set to
//! - [`destination`]: what becomes of batches that are given up
//! - [`tally`], [`summary`]: what happened
//!
//! And what they stand on:
//!
//! - [`servers`]: PostgreSQL and Redis, throwaway or given
//! - [`objects`]: S3 over a folder
//! - [`place`]: the folder of a run
//! - [`process`]: child processes, watched, stopped and reaped
//! - [`guard`]: what cleans up when pipegen itself is killed
//! - [`console`]: what is said on standard error

pub mod console;
pub mod credentials;
pub mod destination;
pub mod functions;
pub mod guard;
pub mod host;
pub mod loopback;
pub mod mapping;
pub mod objects;
pub mod place;
pub mod play;
pub mod process;
pub mod records;
pub mod secrets;
pub mod servers;
pub mod summary;
pub mod tally;
