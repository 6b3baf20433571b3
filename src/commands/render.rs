//! `pipegen render`.

use crate::cli::RenderArgs;

/// Not there yet.
pub fn run(_args: RenderArgs) -> anyhow::Result<()> {
    anyhow::bail!("not there yet")
}
