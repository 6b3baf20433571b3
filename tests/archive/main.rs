//! `pipegen archive` and `pipegen rejected` on objects that the runtime's own writer made. Needs no server but S3's
//! emulator, which is part of pipegen.
//!
//! - [`damage`]: every kind of damage is seen by `verify`, and nothing else is
//! - [`order`]: records come in order and once, however objects overlap
//! - [`command`]: output, exit codes, filters
//! - [`rejected`]: the quarantine, grouped, shown, and put again
//! - [`memory`]: a month needs no more memory than an hour
//! - [`s3`]: the same from S3
//! - [`interrupt`]: every command ends on a signal
//!
//! [`kept`] makes the objects.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop there")]

mod command;
mod damage;
mod interrupt;
mod kept;
mod memory;
mod order;
mod rejected;
mod s3;
