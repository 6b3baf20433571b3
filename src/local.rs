//! The pipeline on one machine: what `pipegen local` is made of. In the order in which a record meets them:
//!
//! - [`records`]: the files that are played, line by line
//! - [`play`]: one reading of a file for all consumers of the stream
//! - [`consumer`]: one of them: its mapping followed, its function invoked
//! - [`mapping`]: Lambda's rules for reading a stream, as a pure state machine
//! - [`host`]: runs the bootstrap as Lambda would
//! - [`destination`]: what becomes of batches that are given up
//! - [`tally`], [`summary`], [`progress`]: what happened
//!
//! What makes the other functions run:
//!
//! - [`function_url`]: HTTP requests
//! - [`maintenance`], [`schedule`]: the clock
//! - [`secrets`]: rotations, and where the logins are
//! - [`invoke`]: whoever asks
//!
//! And what all of it stands on:
//!
//! - [`pipeline`]: all of it together
//! - [`functions`]: the functions and what they are set to
//! - [`servers`]: PostgreSQL and Redis, throwaway or given
//! - [`objects`]: S3 over a folder
//! - [`loopback`], [`credentials`]: HTTP on this machine, and who is let in
//! - [`place`]: the folder of a run
//! - [`process`]: child processes, watched, stopped and reaped
//! - [`guard`]: what cleans up when pipegen itself is killed
//! - [`console`]: what is said on standard error

pub mod applied;
pub mod console;
pub mod consumer;
pub mod credentials;
pub mod destination;
pub mod function_url;
pub mod functions;
pub mod guard;
pub mod host;
pub mod invoke;
pub mod loopback;
pub mod maintenance;
pub mod mapping;
pub mod objects;
pub mod pipeline;
pub mod place;
pub mod play;
pub mod process;
pub mod progress;
pub mod records;
pub mod schedule;
pub mod secrets;
pub mod servers;
pub mod summary;
pub mod tally;
