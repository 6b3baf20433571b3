//! The whole pipeline on real servers, as a black box: the built `pipegen local` sends records through the real
//! bootstrap into a real PostgreSQL and a real Redis, and all of its results are compared with the naive model.
//!
//! The tests:
//!
//! - [`whole_files`]: records files as they are, shuffled, repeated, spread over shards; synthetic records for every
//!   rule of docs/ARCHITECTURE.md, "Meaning"; a case for every rule of docs/ARCHITECTURE.md, "Events"
//! - [`crashes`]: the bootstrap killed ten times while it works
//! - [`following`]: a reader that follows the changes, killed again and again
//! - [`outages`]: Redis or PostgreSQL down for a while
//! - [`low_stock`]: crossings of low-stock limits, told while functions are killed
//! - [`rotation`]: every login rotated again and again
//! - [`memory`]: the memory that the largest batches take
//! - [`log_contents`]: no content and no credential in any log
//! - [`serving`]: the catalog, read after the last record
//! - [`served`]: events sent to a served run, faults on purpose
//! - [`over_https`]: suppliers' events over HTTPS
//! - [`page`]: the page of a served run, in headless Chromium
//! - [`changes_page`]: the changes of a served run, as events and on their page
//! - [`sending`]: a table, sent to the open stream of a run
//! - [`refusals`]: a line that is not a record; no PostgreSQL
//! - [`kept`]: what a run keeps, verified, played again, and put on another run's stream
//! - [`rebuilding`]: a catalog from the archive, also after an earlier attempt was interrupted or killed
//! - [`interrupt`]: Ctrl-C at the start and in the middle
//!
//! Their parts:
//!
//! - [`records`], [`cases`]: the input
//! - [`model`]: the expected results
//! - [`run`]: a run and its results
//!
//! `PIPEGEN_RECORDS` names a records file to use instead of the sample that ships, `PIPEGEN_BOOTSTRAP` a built
//! bootstrap; without it, one is built. Cargo runs tests in the package's folder, so use absolute paths.

mod cases;
mod model;
mod records;
mod run;

mod changes_page;
mod crashes;
mod following;
mod interrupt;
mod kept;
mod log_contents;
mod low_stock;
mod memory;
mod outages;
mod over_https;
mod page;
mod rebuilding;
mod refusals;
mod rotation;
mod sending;
mod served;
mod serving;
mod whole_files;
