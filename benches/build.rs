//! Another build of the workspace: a folder that was built, or a commit that is built here.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::report::target_folder;

/// The command and its bootstrap.
pub(crate) struct Build {
    pub(crate) pipegen: PathBuf,
    pub(crate) bootstrap: PathBuf,
}

impl Build {
    /// Returns the build in a folder, or builds a commit unless an earlier run did.
    pub(crate) fn find(folder_or_commit: &str) -> Result<Self> {
        let folder = Path::new(folder_or_commit);
        if folder.is_dir() {
            return Self::in_folder(&folder.canonicalize()?);
        }
        let commit = git(&["rev-parse", "--verify", "--quiet", &format!("{folder_or_commit}^{{commit}}")])
            .with_context(|| format!("`{folder_or_commit}` is neither a folder nor a commit"))?;
        let checkout = target_folder().join("bench").join(&commit);
        if !checkout.exists() {
            let checkout = checkout.to_str().context("the target folder has a name that is not UTF-8")?;
            git(&["worktree", "add", "--detach", checkout, &commit])?;
        }
        cargo(&checkout, &["--release", "--bin", "pipegen"])?;
        cargo(&checkout, &["--profile", "bootstrap", "--package", "pipegen-lambda", "--bin", "bootstrap"])?;
        Self::in_folder(&checkout)
    }

    fn in_folder(folder: &Path) -> Result<Self> {
        let built = |path: &str| {
            let path = folder.join("target").join(path);
            ensure!(path.is_file(), "there is no {}: build it first", path.display());
            Ok(path)
        };
        Ok(Self { pipegen: built("release/pipegen")?, bootstrap: built("bootstrap/bootstrap")? })
    }
}

/// Builds in another checkout, into its own target folder and with its own compiler.
fn cargo(checkout: &Path, arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("cargo");
    command.current_dir(checkout).env_remove("RUSTUP_TOOLCHAIN").args(["build", "--locked"]).args(arguments);
    // Cargo has set these for the benchmarks; some build scripts would take them for their own.
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CARGO_")) {
        if !["CARGO_HOME", "CARGO_NET_OFFLINE"].iter().any(|kept| name == *kept) {
            command.env_remove(name);
        }
    }
    let status = command.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("{} could not be built ({status}); see Cargo's messages above", checkout.display());
    }
    Ok(())
}

/// Returns what git prints, in the repository of the benchmarks.
fn git(arguments: &[&str]) -> Result<String> {
    let output = Command::new("git").current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output();
    let output = output.context("cannot start git")?;
    let error = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    ensure!(output.status.success(), "git {}: {error}", arguments.join(" "));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
