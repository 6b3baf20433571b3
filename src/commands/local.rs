//! `pipegen local`.

use crate::cli::LocalArgs;

/// Not there yet.
pub fn run(_args: LocalArgs) -> anyhow::Result<()> {
    anyhow::bail!("not there yet")
}
