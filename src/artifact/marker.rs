//! The marker in a bootstrap, which holds the version of the contract that it was built for.

use memchr::memmem;
use pipegen_contract::marker::{BEGIN, END, VERSION};

use super::bootstrap_error::BootstrapError;

/// The most digits of a version: as many as the largest `u32` has.
const LONGEST_VERSION: usize = 10;

/// Checks that a bootstrap was built for the version of the contract that is rendered.
pub fn check(bootstrap: &[u8]) -> Result<(), BootstrapError> {
    match version(bootstrap) {
        None => Err(BootstrapError::Unmarked),
        Some(version) if version == VERSION.to_string() => Ok(()),
        Some(version) => Err(BootstrapError::Contract { version: version.to_owned() }),
    }
}

/// Returns the version in the first whole marker. A beginning without a version is not a marker: a program that looks
/// for markers has one, too.
fn version(bootstrap: &[u8]) -> Option<&str> {
    memmem::find_iter(bootstrap, BEGIN).find_map(|place| {
        let rest = bootstrap.get(place + BEGIN.len()..)?;
        let length = rest.iter().take(LONGEST_VERSION).take_while(|byte| byte.is_ascii_digit()).count();
        let (version, end) = rest.split_at_checked(length).filter(|(version, _)| !version.is_empty())?;
        end.starts_with(END.as_bytes()).then(|| str::from_utf8(version).ok()).flatten()
    })
}
