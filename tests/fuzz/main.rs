//! Everything that comes from outside, by the checks of the fuzzers: inputs that they have found worth keeping, and many
//! more that are made of those, the same in every run. `scripts/nightly/fuzz` runs the fuzzers.
//!
//! - [`checks`]: the checks, and what they use
//! - [`corpus`]: the inputs that are kept, one file for each check
//! - [`mutations`]: inputs made of others

mod checks;
mod corpus;
mod mutations;

use std::panic::catch_unwind;

use checks::ALL;
use mutations::Mutations;

/// The inputs that are made for each check.
const MADE: usize = 1000;

/// Runs a check on its corpus, and on what is made of it.
fn run(name: &str) {
    let (_, check) = ALL.iter().find(|(known, _)| *known == name).expect("a check of this name");
    let corpus = corpus::read(name);
    let made = Mutations::of(&corpus).take(MADE);
    for input in corpus.iter().cloned().chain(made) {
        let outcome = catch_unwind(|| check(&input));
        assert!(outcome.is_ok(), "{name} fails on the input {}", corpus::line(&input));
    }
}

macro_rules! tests {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            run(stringify!($name));
        })*

        #[test]
        fn every_check_is_run() {
            assert_eq!(ALL.map(|(name, _)| name), [$(stringify!($name)),*]);
        }
    };
}

tests! {
    archive_object
    catalog_request
    decoder
    ingest_request
    kinesis_event
    records_file
    settings_file
    table
}
