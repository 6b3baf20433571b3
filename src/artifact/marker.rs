//! The marker in a bootstrap, which tells for which contract it was built.

use memchr::memmem;
use pipegen_contract::marker::{BEGIN, END, VERSION};

use super::misfit::Misfit;

/// The longest version that is taken for one: as many digits as the largest `u32` has.
const LONGEST_VERSION: usize = 10;

/// Looks for the marker of the contract that is rendered.
pub(super) fn check(bootstrap: &[u8]) -> Result<(), Misfit> {
    match version(bootstrap) {
        None => Err(Misfit::Unmarked),
        Some(version) if version == VERSION.to_string() => Ok(()),
        Some(version) => Err(Misfit::Contract(version.to_owned())),
    }
}

/// The version in the first whole marker. A beginning without a version is none: whoever looks for markers holds one, too.
fn version(bootstrap: &[u8]) -> Option<&str> {
    memmem::find_iter(bootstrap, BEGIN).find_map(|place| {
        let rest = bootstrap.get(place + BEGIN.len()..)?;
        let length = rest.iter().take(LONGEST_VERSION).take_while(|byte| byte.is_ascii_digit()).count();
        let (version, end) = rest.split_at_checked(length).filter(|(version, _)| !version.is_empty())?;
        end.starts_with(END.as_bytes()).then(|| str::from_utf8(version).ok()).flatten()
    })
}
