//! Builds the bootstrap, the same bytes in any folder.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

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

/// The glibc that `cargo zigbuild` links for.
const GLIBC: &str = "2.34";

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
    let (own, target) = match architecture {
        Architecture::X86_64 => ("x86_64", "x86_64-unknown-linux-gnu"),
        Architecture::Arm64 => ("aarch64", "aarch64-unknown-linux-gnu"),
    };
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    if cfg!(all(target_os = "linux", target_env = "gnu")) && env::consts::ARCH == own {
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
    command.args(["zigbuild", "--target", &format!("{target}.{GLIBC}")]);
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
    // A folder for each registry, named after its address: a mirror has another one for the same sources.
    let registries = std::fs::read_dir(home.join("registry/src")).into_iter().flatten().flatten();
    let mut registries: Vec<_> = registries.map(|entry| entry.path()).collect();
    registries.sort();
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
