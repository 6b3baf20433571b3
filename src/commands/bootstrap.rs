//! Builds the bootstrap, the same bytes in any folder.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::artifact::PROVIDED_GLIBC;
use crate::config::Architecture;

/// What cargo is told beside the package: the flags that decide about the binary, all of them here.
const BUILD: [&str; 8] = [
    "--profile",
    "bootstrap",
    "--package",
    "pipegen-lambda",
    "--bin",
    "bootstrap",
    // Never `--workspace`: the other crates' features would change the binary.
    "--locked",
    "--message-format=json-render-diagnostics",
];

/// Builds the bootstrap in the workspace that this folder lies in, and says where it is. Cargo's own talk goes to standard
/// error. Does next to nothing if it is up to date.
pub fn build(architecture: Architecture) -> anyhow::Result<PathBuf> {
    let here = env::current_dir().context("cannot tell the current folder")?;
    let workspace = find_workspace(&here).with_context(|| {
        format!("neither `{}` nor a folder above it is pipegen's workspace: name a built bootstrap with `--bootstrap`, or start pipegen in its workspace", here.display())
    })?;
    let target_folder = env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), |set| here.join(set));
    let mut command = cargo(architecture)?;
    command.current_dir(&workspace).args(BUILD).arg("--target-dir").arg(&target_folder);
    fix_environment(&mut command);
    command.env("CARGO_ENCODED_RUSTFLAGS", remapping(&workspace, &target_folder)?);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().context("cannot start cargo")?;
    if !output.status.success() {
        bail!("the bootstrap could not be built ({}); what cargo says stands above", output.status);
    }
    executable(&output.stdout).context("cargo did not say where the bootstrap is")
}

/// The closest folder, this one or above it, that holds the Lambda's crate.
fn find_workspace(from: &Path) -> Option<PathBuf> {
    let is_workspace = |folder: &&Path| {
        let manifest = std::fs::read_to_string(folder.join("lambda/Cargo.toml")).unwrap_or_default();
        manifest.lines().any(|line| line == "name = \"pipegen-lambda\"")
    };
    from.ancestors().find(is_workspace).map(Path::to_path_buf)
}

/// Cargo for this architecture: the plain one where this machine is of that kind, else `cargo zigbuild`.
fn cargo(architecture: Architecture) -> anyhow::Result<Command> {
    let target = architecture.target();
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    if cfg!(all(target_os = "linux", target_env = "gnu")) && env::consts::ARCH == architecture.rust_name() {
        command.arg("build");
        return Ok(command);
    }
    let found = Command::new("cargo-zigbuild").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        bail!(
            "this machine builds no {} Linux programs by itself: install `cargo-zigbuild` (`pip install cargo-zigbuild \
             ziglang`) and the target (`rustup target add {target}`), or name a built bootstrap with `--bootstrap`",
            architecture.as_str()
        );
    }
    command.args(["zigbuild", "--target", &format!("{target}.{PROVIDED_GLIBC}")]);
    Ok(command)
}

/// Keeps what would change the binary out of the build: the user's own flags and profiles, and what `cargo run` sets for
/// pipegen itself, which some build scripts would take for a reason to run again.
fn fix_environment(command: &mut Command) {
    const LEFT_OUT: [&str; 5] = ["CARGO_BIN_", "CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PROFILE_", "LD_LIBRARY_PATH"];
    for (name, _) in env::vars_os() {
        if LEFT_OUT.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command.env("CARGO_INCREMENTAL", "0");
}

/// Compiler flags that replace this machine's folders by fixed ones. They take the place of any flags that the user has
/// configured. Where two fit, the compiler takes the later one.
fn remapping(workspace: &Path, target_folder: &Path) -> anyhow::Result<OsString> {
    let (sysroot, commit) = compiler(workspace)?;
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    let home = home.context("cannot tell cargo's home folder")?;

    let mut folders = vec![
        (workspace.to_path_buf(), "/pipegen".to_owned()),
        (target_folder.to_path_buf(), "/target".to_owned()),
        (home.clone(), "/cargo".to_owned()),
    ];
    let registries = registry_folders(workspace, &home)?;
    folders.extend(registries.into_iter().map(|folder| (folder, "/cargo/registry".to_owned())));
    // Where the standard library's sources are installed, the compiler shows them instead of its own fixed path.
    folders.push((sysroot.join("lib/rustlib/src/rust"), format!("/rustc/{commit}")));

    let mut flags = OsString::new();
    for (folder, fixed) in folders {
        if !flags.is_empty() {
            flags.push("\x1f");
        }
        flags.push("--remap-path-prefix=");
        flags.push(folder);
        flags.push(format!("={fixed}"));
    }
    Ok(flags)
}

/// Where the dependencies' sources lie: in a folder named after the registry's address, so in another one where there is a
/// mirror. They are downloaded now if need be: that folder must be known before the first file is compiled.
fn registry_folders(workspace: &Path, home: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let lock = std::fs::read_to_string(workspace.join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let dependency = locked_version(&lock, "lambda_runtime").map(|version| format!("lambda_runtime-{version}"));
    let dependency = dependency.context("Cargo.lock has no `lambda_runtime`")?;
    let find = || {
        let registries = std::fs::read_dir(home.join("registry/src")).into_iter().flatten().flatten();
        let registries = registries.map(|entry| entry.path()).filter(|folder| folder.join(&dependency).is_dir());
        let mut registries: Vec<_> = registries.collect();
        registries.sort();
        registries
    };
    let found = find();
    if !found.is_empty() {
        return Ok(found);
    }
    let mut fetch = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    fetch.args(["fetch", "--locked"]).current_dir(workspace).stdin(Stdio::null()).stdout(Stdio::null());
    fix_environment(&mut fetch);
    let status = fetch.status().context("cannot start cargo")?;
    if !status.success() {
        bail!("the bootstrap's dependencies could not be downloaded ({status}); what cargo says stands above");
    }
    // Still nothing where the sources are vendored: then they lie in the workspace.
    Ok(find())
}

/// The version of a package in Cargo.lock.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

/// The compiler's folder and the commit that it was built from.
fn compiler(workspace: &Path) -> anyhow::Result<(PathBuf, String)> {
    let ask = |arguments: &[&str]| {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let output = Command::new(rustc).current_dir(workspace).args(arguments).stderr(Stdio::inherit()).output();
        let output = output.context("cannot start rustc")?;
        String::from_utf8(output.stdout).context("rustc's answer is no text")
    };
    let version = ask(&["--version", "--verbose"])?;
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: ")).unwrap_or("unknown");
    Ok((ask(&["--print", "sysroot"])?.trim_end().into(), commit.to_owned()))
}

/// The path of the bootstrap in cargo's messages.
fn executable(messages: &[u8]) -> Option<PathBuf> {
    let messages = messages.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let mut built = messages.filter(|message: &serde_json::Value| {
        message["reason"] == "compiler-artifact" && message["target"]["name"] == "bootstrap"
    });
    built.find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_version_is_found() {
        let lock = include_str!("../../Cargo.lock");
        assert!(locked_version(lock, "lambda_runtime").is_some_and(|version| version.starts_with("1.")));
        assert_eq!(locked_version(lock, "no_such_package"), None);
    }

    #[test]
    fn the_workspace_is_found_from_below() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(find_workspace(&workspace.join("lambda/store/src")).as_deref(), Some(workspace));
        assert_eq!(find_workspace(Path::new("/")), None);
    }

    #[test]
    fn the_bootstrap_is_found_in_cargos_messages() {
        let messages = br#"{"reason":"compiler-artifact","target":{"name":"pipegen_lambda"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"bootstrap"},"executable":"/target/bootstrap/bootstrap"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages), Some(PathBuf::from("/target/bootstrap/bootstrap")));
        assert_eq!(executable(b""), None);
    }
}
