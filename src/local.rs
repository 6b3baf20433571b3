//! The pipeline on one machine: what `pipegen local` is made of.
//!
//! - [`records`]: the files that are played, line by line
//! - [`mapping`]: Lambda's rules for reading a stream, as a pure state machine

pub mod mapping;
pub mod records;
