//! Explains why the system does not start a bootstrap. It says "No such file or directory" of a file that exists if its
//! loader does not.

use std::env::consts::{ARCH, OS};
use std::path::Path;

use crate::artifact::{BootstrapError, Platform};

/// The end of each message: the remedy.
const HELP: &str = "build one for this machine with `cargo build --release --package pipegen-lambda`";

/// Returns the fault of the file, if it can be seen.
pub(super) fn reason(bootstrap: &Path) -> Option<String> {
    let bytes = std::fs::read(bootstrap).ok()?;
    problem(&bytes).map(|problem| format!("{problem}; {HELP}"))
}

fn problem(bytes: &[u8]) -> Option<String> {
    if let Some(script) = bytes.strip_prefix(b"#!") {
        let line = String::from_utf8_lossy(script.split(|byte| *byte == b'\n').next()?).into_owned();
        let interpreter = line.trim().split(' ').next()?.to_owned();
        return (!Path::new(&interpreter).exists())
            .then(|| format!("its interpreter `{interpreter}` does not exist on this machine"));
    }
    let Platform { machine, loader } = match Platform::of(bytes) {
        Ok(platform) => platform,
        // Programs of other systems have another format.
        Err(BootstrapError::NotElf(_)) if OS != "linux" => return None,
        Err(error) => return Some(error.to_string()),
    };
    // In the spelling of Lambda.
    let own = if ARCH == "aarch64" { "arm64" } else { ARCH };
    if OS != "linux" || machine != own {
        return Some(format!("it is for Linux on {machine}, this machine is {OS} on {own}"));
    }
    let loader = loader.filter(|loader| !Path::new(loader).exists())?;
    Some(format!("its loader `{loader}` does not exist on this machine"))
}
