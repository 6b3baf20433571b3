//! The checks for fuzzers, which each run one of them.

#[path = "checks/mod.rs"]
mod checks;

/// Runs a check.
///
/// # Panics
/// If the product does what it never may, or there is no check of this name.
pub fn run(name: &str, bytes: &[u8]) {
    let (_, check) = checks::ALL.iter().find(|(known, _)| *known == name).expect("a check of this name");
    check(bytes);
}
