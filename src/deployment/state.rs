//! Reads a deployment from Terraform's state of a folder.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use super::Deployment;
use super::resources::ResourceValues;

impl Deployment {
    /// Asks Terraform (`terraform` on the `PATH`) for the state of a folder.
    pub fn from_folder(folder: &Path) -> anyhow::Result<Self> {
        let name = folder.display();
        ensure!(folder.is_dir(), "--applied {name} is not a folder: name one that `pipegen render` has written");
        let mut chdir = OsString::from("-chdir=");
        chdir.push(folder);
        let output = Command::new("terraform")
            .arg(chdir)
            .args(["show", "-json", "-no-color"])
            .output()
            .context("cannot run `terraform`: install it, or put it on the PATH")?;
        ensure!(
            output.status.success(),
            "`terraform -chdir={name} show -json` failed ({}): {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Self::from_state(&output.stdout).with_context(|| format!("the state of {name}"))
    }

    /// Reads what `terraform show -json` prints about a state.
    pub fn from_state(shown: &[u8]) -> anyhow::Result<Self> {
        let shown: Shown = serde_json::from_slice(shown).context("it is not what `terraform show -json` prints")?;
        let resources = shown.values.map(|values| values.root_module.resources).unwrap_or_default();
        ensure!(!resources.is_empty(), "it is empty: run `terraform apply` first");
        Self::from_resources(resources)
    }
}

#[derive(Deserialize)]
struct Shown {
    values: Option<ShownValues>,
}

#[derive(Deserialize)]
struct ShownValues {
    root_module: RootModule,
}

#[derive(Deserialize)]
struct RootModule {
    #[serde(default)]
    resources: Vec<ResourceValues>,
}
