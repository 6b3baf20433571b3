//! The parts of `pipegen local` that start servers and processes, one by one. The whole pipeline with the real
//! bootstrap is in `tests/pipeline`; the bootstrap here only pretends, so that it can be told to fail.
//!
//! - [`applied`]: a stack that Terraform has applied, run from its state
//! - [`calls`]: functions that are called over HTTP
//! - [`environment`]: the environment of a function's process, against the rendered stack
//! - [`host`]: environments that answer, fail, die, hang
//! - [`rotate`]: the rotation contract, with the runtime's own steps
//! - [`servers`]: PostgreSQL and Redis come, are guarded by a password, and go
//! - [`run`]: the command from start to end, and everything that must not be left when it is stopped
//! - [`served`]: the port of a served run, with AWS' own clients
//! - [`fixture`]: a host of the pretended bootstrap, and helpers of several tests

mod applied;
mod calls;
mod environment;
mod fixture;
mod host;
mod rotate;
mod run;
mod served;
mod servers;
