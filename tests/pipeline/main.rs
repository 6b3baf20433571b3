//! The whole pipeline on real servers, as a black box: the built `pipegen local` plays records through the real bootstrap
//! into a real PostgreSQL and a real Redis, and everything that it leaves is held against the naive model.
//!
//! The tests, in the order of what can go wrong:
//!
//! - [`plays`]: the records as they are, shuffled, repeated, spread over shards; a crowd in which every rule of §4 works
//!   all the time; a case for every rule of §3
//! - [`crashes`]: the bootstrap killed ten times on the way
//! - [`outages`]: Redis or PostgreSQL away for a while
//! - [`rotation`]: every login renewed again and again
//! - [`memory`]: the largest batches
//! - [`markers`]: what must be in no log
//! - [`serving`]: the catalog, asked after the last record
//! - [`refusals`]: a line that is no record; no PostgreSQL
//! - [`interrupt`]: Ctrl-C at the start and in the middle
//!
//! What they are made of:
//!
//! - [`records`], [`cases`]: what is played
//! - [`model`]: what must come of it
//! - [`run`]: a run and what it left
//!
//! `PIPEGEN_RECORDS` names a records file to play in the place of the sample that ships, `PIPEGEN_BOOTSTRAP` a built
//! bootstrap, which is built otherwise. Cargo runs tests in the package's folder, so whole paths are safest.

mod cases;
mod model;
mod records;
mod run;

mod crashes;
mod interrupt;
mod markers;
mod memory;
mod outages;
mod plays;
mod refusals;
mod rotation;
mod serving;
